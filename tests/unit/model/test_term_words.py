"""The beginnings that tags and authors are found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.model.selection import term_key, term_slug
from syndication.model.term_words import LONGEST, MAX_BEGINNINGS, MAX_WORDS, beginnings, searched_slug


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Green  Energy", ("green-energy", "energy")),
        ("Åsa Öberg", ("asa-oberg", "oberg")),
        ("臺灣渡輪", ("臺灣渡輪", "灣渡輪", "渡輪", "輪")),
        ("NATO峰會", ("nato峰會", "峰會", "會")),
        ("हिन्दी समाचार", ("हिन्दी-समाचार", "समाचार")),
        ("C++", ("c",)),
        ("!!!", ()),
    ],
)
def test_each_word_begins_what_a_term_is_found_by(name, expected):
    assert beginnings(term_key("tag", name)) == expected


@given(st.text(max_size=300))
def test_any_name_has_few_short_beginnings_and_is_found_by_itself(name):
    key = term_key("tag", name)
    found = beginnings(key)
    assert len(found) <= MAX_BEGINNINGS and all(0 < len(word) <= LONGEST for word in found)
    asked = searched_slug(name)
    assert asked.count("-") < MAX_WORDS and bool(found) == bool(asked) == bool(term_slug(key))
    if 0 < len(found) < MAX_BEGINNINGS:
        assert all(any(one.startswith(word) for one in found) for word in asked.split("-"))
