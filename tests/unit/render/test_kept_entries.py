"""Entries of published documents are put back into a feed, byte for byte."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.model.values import Enclosure
from syndication.render.kept_entries import splice
from syndication.render.renderer import Renderer
from tests.support.newsroom import entry, feed

NASTY = ', "items":[{}]} </entry></item> ,"items":[ \\" ]]> <entry> 😀 \u2028'


def render(*ids):
    return Renderer().render(feed(*(entry(id, title=f"{NASTY} {id}", html=f"<p>{NASTY}</p>") for id in ids)))


def spliced(rendered, old, order):
    entries = splice(rendered.entries, old.bodies, old.entries, order)
    return Renderer().assemble(feed(), entries)


def same(one, other):
    return one == other and one.bodies == other.bodies and one.digests == other.digests


@settings(deadline=None)
@given(st.permutations("abcdefg"), st.sets(st.sampled_from("abcdefg")), st.sets(st.sampled_from("vwxyz")))
def test_a_spliced_feed_has_the_bytes_of_a_rendered_one(order, gone, new):
    old, stays = render(*order), [id for id in order if id not in gone]
    rendered = render(*stays, *sorted(new))
    wanted = [*order, *sorted(new)]
    assert same(spliced(rendered, old, wanted), render(*wanted))


def test_entries_that_are_not_in_the_order_are_left_away():
    old, rendered = render("a", "b", "c"), render("d", "e")
    assert same(spliced(rendered, old, ["a", "d"]), render("a", "d"))
    assert same(spliced(rendered, old, []), render())


def test_the_head_declares_what_only_a_kept_entry_needs():
    episode = entry("b", enclosures=(Enclosure("https://media.daily.example/b.mp3", "audio/mpeg", 9),))
    old, rendered = Renderer().render(feed(entry("a"), episode)), Renderer().render(feed(entry("a")))
    assert b"<itunes:" not in rendered.bodies["rss"] and b"<itunes:" in old.bodies["rss"]
    assert spliced(rendered, old, ["a", "b"]).bodies == old.bodies


@pytest.mark.parametrize("format", ["atom", "rss", "json"])
def test_documents_with_other_entries_are_refused(format):
    old, rendered = render("a", "b"), render("c")
    other = dict(old.bodies) | {format: render("a").bodies[format]}
    with pytest.raises(ValueError, match="zip"):
        splice(rendered.entries, other, old.entries, ["a", "b", "c"])
