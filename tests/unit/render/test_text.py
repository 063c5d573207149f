"""Lines of text: what they keep, and what can be seen of them."""

import pytest

from syndication.model.visible_text import is_visible, visible_or
from syndication.render.text import legal, one_line, visible_line


def test_only_illegal_characters_are_removed():
    assert legal("a\tb\n\r\x00\x1f\x7f\ud800\ufffe\uffff\U0001f600\U0010ffff") == "a\tb\n\r\x7f\U0001f600\U0010ffff"


@pytest.mark.parametrize("space", [*"\u00a0\u1680\u2002\u2003\u2007\u2009\u200a\u202f\u205f\u3000"])
def test_one_line_keeps_spaces_that_are_text(space):
    assert one_line(f"a{space}b{space}{space}c{space}") == f"a{space}b{space}{space}c{space}"


@pytest.mark.parametrize("white", [" ", "  ", "\t", "\n", "\r\n", "\f", " \n\t "])
def test_one_line_makes_ascii_white_space_one_space(white):
    assert one_line(f"{white}a{white}b{white}") == "a b"


@pytest.mark.parametrize("separator", [*"\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029"])
def test_controls_that_separate_words_become_a_space(separator):
    assert one_line(f"a{separator}b{separator}\x01{separator}c") == "a b c"


@pytest.mark.parametrize("illegal", [*"\x00\x01\x07\x08\x0e\x10\x1b\ud800\udfff\ufffe\uffff"])
def test_other_illegal_characters_leave_without_a_trace(illegal):
    assert one_line(f"Rail{illegal}way{illegal} x") == "Railway x"


INVISIBLE = {
    "nothing": "",
    "white space": " \u00a0\u3000\u2028\u1680\t",
    "controls": "\x01\x7f\x85\x9f",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff",
    "soft hyphen": "\u00ad",
    "directions": "\u061c\u200e\u200f\u202a\u202e\u2066\u2069",
    "variation selectors": "\ufe0f\ufe00\U000e0100\u180b\u180f",
    "combining marks": "\u0301\u0e35\u20e3\u1ab0",
    "grapheme joiner": "\u034f",
    "Hangul fillers": "\u115f\u1160\u3164\uffa0",
    "Khmer inherent vowels": "\u17b4\u17b5",
    "tags": "\U000e0001\U000e0041\U000e007f",
    "annotation": "\ufff9\ufffa\ufffb",
    "musical format": "\U0001d173\U0001d17a",
    "invisible operators": "\u2061\u2064\u2065",
    "blank symbols": "\u2800\U0001d159",
    "noncharacters": "\U0001fffe\ufdd0",
}


@pytest.mark.parametrize("text", INVISIBLE.values(), ids=INVISIBLE)
def test_a_line_of_invisible_characters_is_empty(text):
    assert not is_visible(text) and visible_line(text) == ""


@pytest.mark.parametrize(
    "text",
    ["\u200bVisible", "…", "❤️", "🏽", "🇹", "\u0600", "\u0915\u093e", "ᄀ", "\ue000", "\ufffd", "\U000fabcd", "0"],
)
def test_a_line_with_one_visible_character_stays_whole(text):
    assert visible_line(text) == text


def test_an_invisible_text_is_replaced_as_a_whole():
    assert [visible_or(text, "a1") for text in (None, "", "\u200b", "\u200bTitle")] == ["a1", "a1", "a1", "\u200bTitle"]
