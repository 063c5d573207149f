"""The front page's search: which feeds have the words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.web.pages.search import LONGEST_QUERY, found, search_words, words_of
from tests.support.newsroom import section

SECTIONS = [
    section("all", title="The Daily Example", description="Every story"),
    section("taiwan", title="台灣 Taiwan", description="Politics and society"),
    section("arts-leisure", title="Arts & Leisure", description="Stage, Café and ＷＩＤＥ words"),
    section("india", title="हिन्दी समाचार", description=""),
]


def slugs(query):
    return [section.slug for section in found(SECTIONS, search_words(query))]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["all", "taiwan", "arts-leisure", "india"]),
        ("  \t ", ["all", "taiwan", "arts-leisure", "india"]),
        ("TAI", ["taiwan"]),
        ("台灣", ["taiwan"]),
        ("society taiwan", ["taiwan"]),
        ("taiwan stage", []),
        ("cafe", ["arts-leisure"]),
        ("CAFÉ", ["arts-leisure"]),
        ("wide ａｒｔｓ", ["arts-leisure"]),
        ("arts-leisure", ["arts-leisure"]),
        ("हिन्दी", ["india"]),
        ("all stories", ["all"]),
        ("st", ["all", "arts-leisure"]),
    ],
)
def test_a_feed_is_found_by_each_of_its_words(query, expected):
    assert slugs(query) == expected


@given(st.text())
def test_any_text_is_a_query_and_each_feed_is_found_by_what_it_is_called(query):
    words = search_words(query)
    assert words == search_words(" ".join(reversed(query[:LONGEST_QUERY].split())))
    assert set(found(SECTIONS, words)) <= set(SECTIONS)
    named = section("x", title=query)
    assert found([named], search_words(query)) == [named]
    assert all(word in words_of(named) for word in words)
