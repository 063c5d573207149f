"""One canonical address for each selection that a reader may ask for."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.model.asked_addresses import (
    ASKED_KINDS,
    AskedAddress,
    AskedAddresses,
    folded,
    is_asked,
    selection_of,
)
from syndication.model.feed_addresses import feed_path, wsgi_path
from syndication.model.selection import Selection, Term
from tests.support.newsroom import section

OWN = ("all", "taiwan", "asia", "world", "sports", "arts-leisure")
SECTIONS = {slug: section(slug, formerly=("abroad",) if slug == "world" else ()) for slug in OWN} | {
    "mixed": section("mixed", selection=Selection(any=(Term("tag", "a"),), none=(Term("tag", "b"),)), owner="editors"),
    "asia+world": section("asia+world", owner="readers"),
}
ADDRESSES = AskedAddresses.of(SECTIONS, {"abroad": "world"}, ASKED_KINDS, 5)


@pytest.mark.parametrize(
    ("asked", "canonical"),
    [
        ("world+sports", "world+sports"),
        ("sports+world", "world+sports"),
        ("sports+world+sports", "world+sports"),
        ("sports+abroad", "world+sports"),
        ("abroad+world+sports", "world+sports"),
        ("all~sports", "all~sports"),
        ("world+all~sports", "all~sports"),
        ("all~sports~asia~sports", "all~asia~sports"),
        ("world+asia~sports", "asia+world~sports"),
        ("world+asia~world", "asia~world"),
        ("all~arts-leisure", "all~arts-leisure"),
        ("tag/ferries", "tag/ferries"),
        ("tag/Ferries", "tag/ferries"),
        ("tag/Green Energy", "tag/green-energy"),
        ("tag/Café", "tag/cafe"),
        ("tag/臺灣", "tag/臺灣"),
        ("author/lin-mei-hua", "author/lin-mei-hua"),
        ("author/Lin Mei-hua", "author/lin-mei-hua"),
        ("tag/ferries-2", "tag/ferries-2"),
    ],
)
def test_every_spelling_leads_to_one_address(asked: str, canonical: str) -> None:
    found = ADDRESSES.resolve(asked)
    assert isinstance(found, AskedAddress)
    assert found.slug == canonical
    assert ADDRESSES.resolve(canonical) == found


@pytest.mark.parametrize(
    ("asked", "section"),
    [("world+all", "all"), ("world+world", "world"), ("abroad+world", "world"), ("abroad+abroad", "world")],
)
def test_a_question_that_a_section_answers_is_that_sections(asked: str, section: str) -> None:
    assert ADDRESSES.resolve(asked) == section


@pytest.mark.parametrize(
    "asked",
    [
        "", "world", "all", "nothing+world", "world+", "+world", "world++sports", "~sports", "world~", "world~~sports",
        "world~world", "world+asia~world~asia", "sports~all", "world~sports+asia", "World+sports", "world+mixed",
        "asia+world+taiwan+sports+arts-leisure+all~nothing", "taiwan+asia+world+sports+arts-leisure~all",
        "all~taiwan~asia~world~sports~arts-leisure", "world sports", "tag/", "author/", "tag/a/b", "tag/a+b", "tag/!",
        "tag/\ud800", "person/lin", "tag", "/tag/a", "tag//a", "x" * 401, "+".join(["world"] * 100), "tag/" + "x" * 400,
    ],
)  # fmt: skip
def test_nonsense_is_nothing(asked: str) -> None:
    assert ADDRESSES.resolve(asked) is None


def test_kinds_that_are_off_are_nothing_but_still_lead_to_a_section() -> None:
    tags_only = AskedAddresses.of(SECTIONS, {}, ("tag",), 5)
    assert tags_only.resolve("world+sports") is None
    assert tags_only.resolve("author/lin") is None
    assert tags_only.resolve("tag/ferries") is not None
    assert tags_only.resolve("world+all") == "all"


PARTS = st.lists(st.sampled_from(["abroad", *OWN]), min_size=1, max_size=5)


def address(any: list[str], none: list[str]) -> str:
    return "~".join(("+".join(any), *none))


def question(any: list[str], none: list[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Says in other words what is asked for: the articles of which sections, without those of which."""
    wanted = frozenset({"world" if slug == "abroad" else slug for slug in any})
    unwanted = frozenset({"world" if slug == "abroad" else slug for slug in none})
    return frozenset(["all"]) if "all" in wanted else wanted - unwanted, unwanted


@given(PARTS, st.lists(st.sampled_from(["abroad", *OWN[1:]]), max_size=4), st.data())
def test_two_addresses_are_the_same_exactly_if_their_questions_are(
    any: list[str], none: list[str], data: st.DataObject
) -> None:
    other_any = data.draw(st.one_of(st.permutations(any), PARTS))
    other_none = data.draw(st.one_of(st.permutations(none), st.lists(st.sampled_from(OWN[1:]), max_size=4)))
    addresses = AskedAddresses.of(SECTIONS, {"abroad": "world"}, ASKED_KINDS, 12)
    one, two = (
        slug.slug if isinstance(slug := addresses.resolve(text), AskedAddress) else slug or text
        for text in (address(any, none), address(other_any, other_none))
    )
    if is_asked(address(any, none)) and question(any, none)[0]:
        assert (one == two) == (question(any, none) == question(other_any, other_none)) or not is_asked(
            address(other_any, other_none)
        )


@given(st.text(max_size=30))
def test_a_folded_name_stays_as_it_is(name: str) -> None:
    once = folded("tag", name)
    assert folded("tag", once) == once
    found = ADDRESSES.resolve(f"tag/{name}")
    if isinstance(found, AskedAddress):
        assert ADDRESSES.resolve(found.slug) == found


@given(st.text(max_size=30))
def test_any_text_is_canonical_or_leads_to_what_is(text: str) -> None:
    found = ADDRESSES.resolve(text)
    if isinstance(found, AskedAddress):
        again = ADDRESSES.resolve(found.slug)
        assert isinstance(again, AskedAddress) and again.slug == found.slug


def test_a_combination_selects_the_terms_of_its_sections_under_every_name_they_had() -> None:
    found = ADDRESSES.resolve("asia+abroad~sports")
    assert isinstance(found, AskedAddress)
    world = (Term("section", "world"), Term("section", "abroad"))
    assert selection_of(found, SECTIONS) == Selection(
        any=(Term("section", "asia"), *world), none=(Term("section", "sports"),)
    )
    everything = ADDRESSES.resolve("all~sports")
    assert isinstance(everything, AskedAddress)
    assert selection_of(everything, SECTIONS) == Selection(none=(Term("section", "sports"),))


def test_addresses_are_ascii_and_paths_are_as_wsgi_has_them() -> None:
    assert feed_path("world+asia~sports", "rss") == "/feeds/world+asia~sports.rss"
    assert feed_path("tag/臺灣", "json") == f"/feeds/tag/{quote('臺灣')}.json"
    assert wsgi_path("tag/é", "atom") == "/feeds/tag/Ã©.atom"
