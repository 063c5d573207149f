"""Editors' feeds beside the files: the file wins, and nothing in the table can stop a process."""

from dataclasses import replace

import pytest

from syndication.config.feeds import merge, merge_reporting
from syndication.config.loading import load_settings
from syndication.model.feed_definition import FeedDefinition, from_json, to_json
from syndication.model.selection import Selection, Term
from syndication.store.publishing.effective_settings import restart_needed

FILES = load_settings(environ={})
ELECTION = FeedDefinition("election", "Election", formerly=("vote",))


def with_section(slug, **changes):
    """The files, with a section that they got later."""
    return replace(FILES, sections={**FILES.sections, slug: replace(FILES.sections["world"], slug=slug, **changes)})


def test_a_feed_gets_the_defaults_of_the_files():
    merged = merge(FILES, [ELECTION])
    section = merged.sections["election"]
    assert (section.owner, section.language, section.entries) == (
        "editors",
        FILES.site.language,
        FILES.main.feeds.entries,
    )
    assert (section.origin, section.feed_title) == ("vote", f"Election – {FILES.site.title}")
    assert merged.redirects["vote"] == "election"
    assert next(iter(merged.sections)) == "all"
    assert list(merged.sections)[1:-1] == list(FILES.sections)[1:]


def test_merging_again_begins_with_the_files():
    assert merge(merge(FILES, [ELECTION]), []).sections == FILES.sections
    assert merge(FILES, []).sections == FILES.sections


def test_the_file_wins_where_both_have_a_slug():
    files = with_section("election", title="Of the file")
    merged = merge_reporting(files, [ELECTION])
    assert merged.settings.sections["election"].title == "Of the file"
    assert merged.settings.sections["election"].owner == "configuration"
    assert merged.problems == ("the editors' feed 'election' is not served: the file has the section 'election'",)


def test_the_file_wins_a_former_slug_and_the_feed_keeps_its_ids():
    merged = merge_reporting(with_section("vote"), [ELECTION])
    assert merged.settings.sections["election"].origin == "vote"
    assert "vote" not in merged.settings.redirects
    assert "does not lead to it: the file has the section 'vote'" in merged.problems[0]


def test_a_retired_feed_and_its_former_slugs_are_gone():
    merged = merge(FILES, [replace(ELECTION, retired=True)])
    assert {"election", "vote"} <= merged.retired
    assert "election" not in merged.sections
    assert "vote" not in merged.redirects


def test_a_slug_that_came_back_does_not_redirect_to_itself():
    merged = merge(FILES, [replace(ELECTION, origin="election")])
    assert merged.redirects["vote"] == "election"
    assert "election" not in merged.redirects
    assert merged.sections["election"].origin == "election"


@pytest.mark.parametrize(
    ("changes", "word"), [({"cache": "gone"}, "names the cache 'gone'"), ({"entries": 900}, "which is too few")]
)
def test_what_the_file_no_longer_has_falls_back_and_is_reported(changes, word):
    merged = merge_reporting(FILES, [replace(ELECTION, **changes)])
    assert word in merged.problems[0]
    assert merged.settings.sections["election"].max_entries >= merged.settings.sections["election"].entries


def test_a_definition_survives_json():
    selection = Selection(
        any=(Term("tag", "フェリー"),), all=(Term("language", "ja"),), none=(Term("section", "sports"),)
    )
    whole = FeedDefinition(
        "election",
        "Wahl",
        "Alles",
        "de",
        "summary",
        5,
        0,
        9,
        80,
        "news",
        "https://a.example/i.png",
        selection,
        ("a",),
        False,
        origin="election",
    )
    assert from_json("election", to_json(whole)) == whole
    assert from_json("election", to_json(ELECTION), retired=True) == replace(ELECTION, retired=True)


def test_what_needs_a_restart_is_named():
    other = load_settings(
        environ={"SYNDICATION_SERVER__PORT": "9", "SYNDICATION_FEEDS__ENTRIES": "9", "SYNDICATION_WORKER__LEASE": "9"}
    )
    assert restart_needed(FILES, other) == ["server.port", "worker.lease"]
