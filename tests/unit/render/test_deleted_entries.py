"""Tombstones in an Atom document (RFC 6721)."""

from datetime import timedelta

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from syndication.model.values import DeletedEntry, Feed
from syndication.render.atom import MOST_DELETED
from syndication.render.kept_entries import cut_entries, splice
from syndication.render.renderer import Renderer
from tests.support.newsroom import NOON, at, entry, feed, site
from tests.support.reference_renderer import plain_feedgen

AT = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
NASTY = "tag:x.example,2026:<entry>&\"' </feed>"


def tag(id: str) -> str:
    return f"tag:daily.example,2026-01-01:article/{id}"


def told(value: Feed) -> list[tuple[str, str]]:
    """Returns what the document says is deleted; both renderers write the same."""
    bodies = Renderer().render(value).bodies
    assert bodies == plain_feedgen(value)
    return [(one.get("ref", ""), one.get("when", "")) for one in etree.fromstring(bodies["atom"]).findall(AT)]


def test_tombstones_stand_in_the_head_in_their_order_with_the_time_of_their_version() -> None:
    value = feed(entry("a1"), deleted=(DeletedEntry(tag("new"), None), DeletedEntry(tag("b"), at(hours=-2))))
    assert told(value) == [(tag("new"), "2026-03-14T12:00:00Z"), (tag("b"), "2026-03-14T10:00:00Z")]
    root = etree.fromstring(Renderer().render(value).bodies["atom"])
    names = [etree.QName(child).localname for child in root]
    assert names[-3:] == ["deleted-entry", "deleted-entry", "entry"]


def test_a_tombstone_of_this_version_says_what_the_next_version_reads() -> None:
    now, stored = (feed(entry("a1"), deleted=(DeletedEntry(tag("b"), moment),)) for moment in (None, NOON))
    assert Renderer().render(now) == Renderer().render(stored)


def test_only_atom_changes_and_only_if_something_is_deleted() -> None:
    plain = Renderer().render(feed(entry("a1"))).bodies
    other = Renderer().render(feed(entry("a1"), deleted=(DeletedEntry(tag("b"), None),))).bodies
    assert b"tombstones" not in plain["atom"]
    assert (other["rss"], other["json"]) == (plain["rss"], plain["json"])
    added = f'<at:deleted-entry ref="{tag("b")}" when="2026-03-14T12:00:00Z"/>'.encode()
    without = other["atom"].replace(added, b"").replace(b' xmlns:at="http://purl.org/atompub/tombstones/1.0"', b"")
    assert without == plain["atom"]


def test_an_entry_that_is_shown_is_not_deleted() -> None:
    gone = tuple(DeletedEntry(tag(id), None) for id in ("a1", "b"))
    assert [ref for ref, _ in told(feed(entry("a1"), deleted=gone))] == [tag("b")]
    assert b"tombstones" not in Renderer().render(feed(entry("a1"), deleted=gone[:1])).bodies["atom"]
    # Readers know the entry by its atom:id.
    guid = feed(entry("a1", id="number 7"), deleted=(DeletedEntry(" number 7", None), DeletedEntry("number 8", None)))
    assert [ref for ref, _ in told(guid)] == [f"tag:daily.example,{site().authority_date}:guid/number%208"]


def test_an_entry_that_is_left_out_stays_deleted() -> None:
    value = feed(entry("a1", url=""), entry("a2"), deleted=(DeletedEntry(tag("a1"), None),))
    out = Renderer().render(value)
    assert [item.article_id for item in out.left_out] == ["a1"]
    assert told(value) == [(tag("a1"), "2026-03-14T12:00:00Z")]


def test_the_newest_are_told_and_each_once() -> None:
    gone = [DeletedEntry(tag(f"b{n:02}"), NOON - timedelta(minutes=n)) for n in range(MOST_DELETED + 9)]
    refs = [ref for ref, _ in told(feed(entry("b01"), deleted=(gone[0], *gone)))]
    assert refs == [tag("b00"), *(tag(f"b{n:02}") for n in range(2, MOST_DELETED + 1))]


def test_an_id_is_escaped_and_cannot_be_taken_for_an_entry() -> None:
    value = feed(entry("a1"), entry("a2"), deleted=(DeletedEntry(NASTY, None),))
    ((ref, _),) = told(value)
    assert all(sign not in ref for sign in '<>"')
    bodies = Renderer().render(value).bodies
    assert len(cut_entries(bodies)) == 2
    assert feedparser.parse(bodies["atom"]).bozo == 0


def test_an_empty_feed_has_tombstones() -> None:
    assert [ref for ref, _ in told(feed(deleted=(DeletedEntry(tag("b"), None),)))] == [tag("b")]


def test_kept_entries_stand_below_the_tombstones_of_the_new_head() -> None:
    gone = (DeletedEntry(tag("c"), None),)
    old = Renderer().render(feed(entry("a"), entry("b"), deleted=(DeletedEntry(tag("x"), at(hours=-1)),)))
    new = Renderer().render(feed(entry("a"), deleted=gone))
    both = Renderer().render(feed(entry("a"), entry("b"), deleted=gone))
    kept = splice(new.entries, old.bodies, old.entries, ["a", "b"])
    assert Renderer().assemble(feed(deleted=gone), kept).bodies == both.bodies


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=12), max_size=8))
def test_any_id_is_written_as_the_reference_writes_it(ids: list[str]) -> None:
    value = feed(entry("a1"), deleted=tuple(DeletedEntry(id, None) for id in ids))
    refs = [ref for ref, _ in told(value)]
    assert len(refs) == len(set(refs)) <= len(set(ids))
    parsed = feedparser.parse(Renderer().render(value).bodies["atom"])
    assert not parsed.bozo and len(parsed.entries) == 1


@pytest.mark.parametrize("count", [1, MOST_DELETED])
def test_a_reader_that_knows_no_tombstones_reads_the_feed(count: int) -> None:
    gone = tuple(DeletedEntry(tag(f"b{n}"), None) for n in range(count))
    parsed = feedparser.parse(Renderer().render(feed(entry("a1"), deleted=gone)).bodies["atom"])
    assert parsed.bozo == 0 and [one.title for one in parsed.entries] == ["Story a1"]
