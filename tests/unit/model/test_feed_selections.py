"""What the feeds of a configuration select."""

from syndication.model.feed_selections import FeedSelections
from syndication.model.selection import Selection, Term
from tests.support.newsroom import section


def test_a_section_that_is_named_by_a_former_slug_stands_for_all_its_slugs():
    politics = section("politics", selection=Selection(any=(Term("section", "election"), Term("tag", "senate"))))
    vote = section("vote", formerly=("election",))
    feeds = FeedSelections({one.slug: one for one in (politics, vote)}, "en")
    for slug in ("vote", "election"):
        assert feeds.select({Term("section", slug)}) == ["politics", "vote"]


def test_a_slug_that_is_in_use_again_stands_for_its_user():
    politics = section("politics", selection=Selection(any=(Term("section", "election"),)))
    feeds = {one.slug: one for one in (politics, section("vote", formerly=("election",)), section("election"))}
    assert FeedSelections(feeds, "en").wanted(politics).any == (Term("section", "election"),)
