"""The real WordPress: each of its feed addresses is in the ready set, with the ids that WordPress itself shows."""

import json
from urllib.parse import quote

import feedparser
import pytest

from syndication.sources.http import request
from tests.service.test_newsboat import Newsboat
from tests.service.test_newsboat import pytestmark as needs_newsboat
from tests.support.old_site import configure, old_site, publish, served_by_us
from tests.support.service import command

SECTIONS = """
[[section]]
slug = "world"
title = "World"
[[section]]
slug = "taiwan"
title = "Taiwan"
[[old_site]]
system = "wordpress"
categories = {{ asia = "world", "渡輪" = "taiwan", {asia} = "world" }}
tags = {{ ferries = "all" }}
authors = {{ ann = "all", {ann} = "all" }}
"""

STORIES = """
$world = category('World'); $asia = category('Asia', $world); category('Taiwan'); category('Ferry news', 0, '渡輪');
foreach ([['World'], ['Asia'], ['Asia'], ['Taiwan', 'Ferry news'], ['World', 'Taiwan']] as $number => $names)
    story(['post_title' => "Story $number", 'post_category' => array_map('category', $names),
        'post_date' => "2026-03-14 08:0$number:00"]);
return ['asia' => $asia, 'ann' => author()];
"""

THEME = """<?php add_theme_support('automatic-feed-links'); add_theme_support('title-tag');
?><!doctype html><html><head><?php wp_head(); ?></head><body><nav><?php wp_list_categories(); ?></nav></body></html>"""

RSS = (
    "/feed/", "/feed", "/feed/rss/", "/feed/rss2/", "/feed/rdf/", "/rss/", "/rss2/", "/?feed=rss2", "/?feed=rss",
    "/?feed=feed", "/index.php?feed=rss2", "/?utm_source=x&feed=rss2", "/wp-rss2.php", "/wp-feed.php",
)  # fmt: skip
ATOM = ("/feed/atom/", "/atom/", "/?feed=atom", "/wp-atom.php")
ARCHIVES = (
    "/category/world/feed/", "/category/world/feed/atom/", "/category/world/asia/feed/", "/category/asia/feed/",
    "/category/world/atom/", "/category/world/?feed=rss2", "/?feed=rss2&category_name=asia", "/?cat={asia}&feed=rss2",
    f"/category/{quote('渡輪')}/feed/", "/tag/ferries/feed/", "/?feed=rss2&tag=ferries", "/author/ann/feed/",
    "/?author={ann}&feed=atom", "/?feed=atom&author_name=ann",
)  # fmt: skip
NOT_OURS = (
    "/comments/feed/", "/?feed=comments-rss2", "/category/unknown/feed/", "/tag/att/feed/", "/feed/?paged=2",
    "/?s=story&feed=rss2", "/2026/03/feed/", "/2026/03/story-1/feed/", "/category/asia/",
)  # fmt: skip


@pytest.fixture
def moved(site, tmp_path):
    """The site with stories in nested categories, and what answers its addresses here once they are imported."""
    ids = site.do(STORIES)
    (site.site / "wp-content/themes/plain/index.php").write_text(THEME)
    configure(tmp_path, site.url, SECTIONS.format(**ids))
    assert command("migrate", folder=tmp_path, env={}).returncode == 0
    # With its subcategories, as WordPress' own archive of "World".
    for slug, path in (("world", "/category/world/feed/"), ("taiwan", "/category/taiwan/feed/")):
        status, body = site.get(path)
        assert status == 200
        (tmp_path / "old.xml").write_bytes(body)
        done = command("import", "--section", slug, "old.xml", folder=tmp_path, env={})
        assert done.returncode == 0, done.stderr
    publish(tmp_path)
    return site, served_by_us(tmp_path), ids


def ask(site, path):
    """What WordPress answers, behind the redirects to its own spelling of an address."""
    return request(site.url + path, allow_private=True)


def test_every_address_of_wordpress_leads_to_a_feed_with_the_same_ids(moved):
    site, ours, ids = moved
    for path in (path.format(**ids) for path in (*RSS, *ATOM, *ARCHIVES)):
        theirs = ask(site, path)
        assert theirs.status == 200 and b"<html" not in theirs.body[:500].lower(), path
        old = feedparser.parse(theirs.body)
        answer = ours(path, {})
        assert answer is not None and answer[0] == 200, path
        new = feedparser.parse(answer[2])
        assert old.entries and old.version[:3] == new.version[:3], path
        # RSS 0.92 and 1.0 have no guid: their readers know a story by its address.
        key = "link" if old.version in ("rss092", "rss10") else "id"
        assert {entry[key] for entry in old.entries} <= {entry[key] for entry in new.entries}, path


@needs_newsboat
@pytest.mark.parametrize("path", ["/feed/", "/category/world/feed/atom/"])
def test_newsboat_shows_nothing_twice_after_wordpress(moved, tmp_path, path):
    site, ours, _ = moved
    with old_site() as front:
        front.front = lambda target, _: (200, {"Content-Type": "text/xml"}, site.get(target)[1])
        boat = Newsboat(tmp_path / "reader", front.url + path)
        boat.reload()
        before = boat.items()
        front.front = ours
        boat.reload()
        assert before and boat.items().keys() == before.keys()
        assert {id: item["title"] for id, item in boat.items().items()} == {
            id: item["title"] for id, item in before.items()
        }


def test_what_is_no_feed_of_stories_is_left_to_wordpress(moved):
    _, ours, _ = moved
    assert [path for path in NOT_OURS if ours(path, {}) is not None] == []


def test_takeover_finds_the_feeds_that_wordpress_announces(moved, tmp_path):
    site, _, _ = moved
    words = ("source", "takeover", site.url, "--allow-private", "--pause", "0", "--pages", "6", "--json")
    answer = json.loads(command(*words, folder=tmp_path, env={}).stdout)
    rows = {feed["url"].removeprefix(site.url): feed for feed in answer["feeds"]}
    assert not answer["unread"] and rows["/comments/feed/"]["goes_to"] is None
    for path, goes_to in (
        ("/feed/", "all"), ("/category/world/feed/", "world"), ("/category/world/asia/feed/", "world"),
        ("/category/taiwan/feed/", "taiwan"),
    ):  # fmt: skip
        row = rows[path]
        assert row["goes_to"] == f"/feeds/{goes_to}.rss", path
        assert row["agree"] == row["entries"] > 0 and not row["missing"], path
