"""The key and the slug of a tag or an author."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.model.selection import Selection, Term, term_key, term_slug


@pytest.mark.parametrize(
    ("name", "key", "slug"),
    [
        ("Ferries", "ferries", "ferries"),
        ("  Green\tEnergy ", "green energy", "green-energy"),
        ("Café", "café", "cafe"),
        ("ＦＥＲＲＹ", "ferry", "ferry"),
        ("STRASSE", "strasse", "strasse"),
        ("臺灣", "臺灣", "臺灣"),
        ("C++", "c++", "c"),
        ("R&B", "r&b", "r-b"),
        ("a/b.c~d+e", "a/b.c~d+e", "a-b-c-d-e"),
        ("Lin Mei-hua", "lin mei-hua", "lin-mei-hua"),
        ("\x00\ud800", "", ""),
        ("!!!", "!!!", ""),
    ],
)
def test_spellings_of_a_name_share_key_and_slug(name: str, key: str, slug: str) -> None:
    assert (term_key("tag", name), term_slug(term_key("tag", name))) == (key, slug)


@given(st.text())
def test_key_and_slug_are_stable(name: str) -> None:
    key = term_key("author", name)
    assert term_key("author", key) == key
    slug = term_slug(key)
    assert term_slug(slug) == slug
    assert not set(slug) & set("+~./ %?#")


def test_a_section_keeps_its_slug_as_key() -> None:
    assert term_key("section", "world") == "world"


def test_terms_of_a_selection_are_all_that_it_names() -> None:
    world, sports, tag = Term("section", "world"), Term("section", "sports"), Term("tag", "ferries")
    chosen = Selection(any=(world,), all=(tag,), none=(sports,))
    assert chosen.terms == {world, sports, tag}
    assert chosen.is_filtered
    assert not Selection(any=(world, sports)).is_filtered
