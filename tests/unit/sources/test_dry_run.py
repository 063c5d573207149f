"""A dry run for somebody who waits: its time is limited, and one of a source runs at a time."""

import threading

import pytest

from syndication.errors import ConfigError
from syndication.sources.dry_run import DryRuns, StillRunningError, dry_run
from tests.support.fake_source import FakeSource, source_table

TABLE = source_table(section="taiwan")


def test_dry_run_shows_the_newest_stories_as_stored():
    source = FakeSource(*"abcdefghijkl")
    source.refusals["b"], source.unshown = "it has no title", {"c"}
    source.publish("d", sections=(), access="paid", published_at=source.stories["d"].published_at)
    source.publish("e", title="", published_at=source.stories["e"].published_at)
    found = dry_run(TABLE, lambda: source)
    assert [story.id for story in found.stories] == list("abcdefghij") and not found.problems
    refused = {story.id: story.refused for story in found.stories if story.article is None}
    assert refused.keys() == set("bce") and refused["b"] == "it has no title" and "does not show it" in refused["c"]
    assert (found.stories[3].article.sections, found.stories[3].article.access) == (("taiwan",), "members")


def test_source_that_cannot_be_opened_is_a_problem():
    def opened():
        raise ConfigError("sslrootcert cannot be read")

    assert dry_run(TABLE, opened).problems == ["sslrootcert cannot be read"]


def test_reader_that_fails_is_a_problem_without_its_words():
    source = FakeSource("a")
    source.failure = RuntimeError("an embargoed text")
    assert DryRuns().run(TABLE, lambda: source).problems == ["an unexpected error in the reader (RuntimeError)"]


def test_source_that_hangs_is_given_up_and_tried_again_later():
    source, others, runs = FakeSource("a"), FakeSource("b"), DryRuns(seconds=0.05)
    answered, closed = threading.Event(), threading.Event()
    source.step, source.close = lambda _: answered.wait(30), closed.set
    assert runs.run(TABLE, lambda: source).problems == ["It did not answer within 0.05 s."]
    with pytest.raises(StillRunningError, match="cms is still running"):
        runs.run(TABLE, lambda: source)
    assert DryRuns().run(source_table("wire"), lambda: others).stories[0].id == "b"
    answered.set()
    assert closed.wait(30)
    runs._running["cms"].join(30)
    assert DryRuns().run(TABLE, lambda: source).stories[0].id == "a"
