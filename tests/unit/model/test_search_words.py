"""The words of a text: the same for what is stored and for what is looked for."""

import time

import pytest

from syndication.model.search_words import MAX_INDEXED, WantedWord, article_words, text_of, wanted_words, words_of
from tests.support.newsroom import article


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Night train, 2026-0142", ["night", "train", "2026", "0142"]),
        ("CAFÉ Straße ﬁn", ["cafe", "strasse", "fin"]),
        ("Ⅳ x_y don't", ["iv", "x", "y", "don", "t"]),
        ("地震2026", ["地", "震", "地震", "2026"]),
        ("हिन्दी", ["हिन्दी"]),
        ("%_'\":* \x00\ud800", []),
    ],
)
def test_a_text_is_split_into_words(text, words):
    assert list(words_of(text)) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("train train", [("train", False)]),
        ("elect*", [("elect", True)]),
        ("el*", [("el", False)]),
        ("two-elect*", [("two", False), ("elect", True)]),
        ("花蓮縣", [("花蓮", False), ("蓮縣", False)]),
        ("雨", [("雨", False)]),
        ("https://daily.example/news/7", [("news", False), ("7", False)]),
    ],
)
def test_wanted_words_are_those_that_a_text_has(text, words):
    assert list(wanted_words(text)) == [WantedWord(*word) for word in words]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<p>one</p><p>two", "one two"),
        ("s<b>pl</b>it <a href='x'>link</a>", "split link"),
        ("a<script>x()</script>b<style>y</style>c<!-- z -->d", "a b c d"),
        ("a<script>never closed", "a"),
        ("1 < 2 &amp; 3 &gt; 2", "1 < 2 & 3 > 2"),
        ("\u0130<!-- x -->a", "i\u0307 a"),
    ],
)
def test_a_body_is_read_without_its_markup(body, words):
    assert " ".join(text_of(body).split()) == words


@pytest.mark.parametrize("body", ["<" * 400_000, "<!--" * 100_000, "<script" * 60_000, "<a " * 150_000, "&" * 400_000])
def test_no_body_takes_long(body):
    started = time.process_time()
    text_of(body)
    assert time.process_time() - started < 2


def test_an_article_of_very_many_words_keeps_its_title():
    words = article_words(article("a", title="Ferry", html=" ".join(f"w{n:06}" for n in range(100_000))))
    assert "ferry" in words and sum(len(word) + 1 for word in words) <= MAX_INDEXED
