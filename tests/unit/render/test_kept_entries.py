"""Entries of published documents are put back into a feed, byte for byte."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.render.kept_entries import splice
from syndication.render.renderer import Renderer
from tests.support.newsroom import entry, feed

NASTY = ', "items":[{}]} </entry></item> ,"items":[ \\" ]]> <entry> 😀 \u2028'


def render(*ids):
    return Renderer().render(feed(*(entry(id, title=f"{NASTY} {id}", html=f"<p>{NASTY}</p>") for id in ids)))


@settings(deadline=None)
@given(st.permutations("abcdefg"), st.sets(st.sampled_from("abcdefg")), st.sets(st.sampled_from("vwxyz")))
def test_a_spliced_feed_has_the_bytes_of_a_rendered_one(order, gone, new):
    old, stays = render(*order), [id for id in order if id not in gone]
    rendered = render(*stays, *sorted(new))
    wanted = [*order, *sorted(new)]
    assert splice(rendered, old.bodies, old.entries, wanted) == render(*wanted)


def test_entries_that_are_not_in_the_order_are_left_away():
    old, rendered = render("a", "b", "c"), render("d", "e")
    assert splice(rendered, old.bodies, old.entries, ["a", "d"]) == render("a", "d")
    assert splice(rendered, old.bodies, old.entries, []) == render()


@pytest.mark.parametrize("format", ["atom", "rss", "json"])
def test_documents_with_other_entries_are_refused(format):
    old, rendered = render("a", "b"), render("c")
    other = dict(old.bodies) | {format: render("a").bodies[format]}
    with pytest.raises(ValueError, match="zip"):
        splice(rendered, other, old.entries, ["a", "b", "c"])
