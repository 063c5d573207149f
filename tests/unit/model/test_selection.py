"""The key and the slug of a tag or an author."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.model.selection import Selection, Term, author_id_key, author_name_key, term_key, term_slug
from syndication.model.values import Author
from syndication.model.wanted_terms import author_terms


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


@pytest.mark.parametrize(
    ("id", "key", "slug"),
    [
        ("lin-mei-hua", "#lin-mei-hua", "lin-mei-hua"),
        (" Lin-Mei-Hua ", "#lin-mei-hua", "lin-mei-hua"),
        ("17", "#17", "17"),
        ("#17", "#17", "17"),
        ("＃ 17", "#17", "17"),
        ("https://daily.example/by/Lin", "#https://daily.example/by/lin", "https-daily-example-by-lin"),
        ("林美華", "#林美華", "林美華"),
        ("", "", ""),
        ("#", "", ""),
        (" # ", "", ""),
    ],
)
def test_an_author_s_id_has_a_key_and_a_slug(id: str, key: str, slug: str) -> None:
    assert (author_id_key(id), term_slug(author_id_key(id))) == (key, slug)


@given(st.text() | st.text("#＃ a\u0338"))
def test_no_name_has_the_key_of_an_id_and_a_selection_finds_both(text: str) -> None:
    name, id = author_name_key(text), author_id_key(text)
    assert not name.startswith("#") and (id.startswith("#") or not id)
    assert term_key("author", name) == name and term_key("author", id) == id


def test_of_an_author_with_an_id_only_the_id_gets_an_address() -> None:
    lin, wu = Author("Lin", id="7"), Author("Wu")
    found = author_terms((one.name, one.id) for one in (lin, wu, Author("LIN", id="8"), Author("Yu", id="x" * 300)))
    assert found.all == {
        Term("author", "lin"): "Lin", Term("author", "#7"): "Lin", Term("author", "wu"): "Wu",
        Term("author", "#8"): "LIN", Term("author", "yu"): "Yu",
    }  # fmt: skip
    assert found.addressed.keys() == found.all.keys() - {Term("author", "lin")}


def test_a_section_keeps_its_slug_as_key() -> None:
    assert term_key("section", "world") == "world"


def test_terms_of_a_selection_are_all_that_it_names() -> None:
    world, sports, tag = Term("section", "world"), Term("section", "sports"), Term("tag", "ferries")
    chosen = Selection(any=(world,), all=(tag,), none=(sports,))
    assert chosen.terms == {world, sports, tag}
    assert chosen.is_filtered
    assert not Selection(any=(world, sports)).is_filtered
