"""Each act in a real Ghost changes what the look sees, and what is read is what Ghost shows to everybody."""

from contextlib import closing
from datetime import datetime

import pytest

from syndication.config.source_schemas.ghost import GhostSource
from syndication.model.access import public_part
from syndication.pipeline.entries import to_entry
from syndication.render.summary import plain
from syndication.sources.ghost.reader import GhostReader
from tests.support.ghost import recording, steps
from tests.support.newsroom import NOON, section, site

HOME = recording()["home"]


def reader(ghost, *sections, **settings):
    values = {"name": "cms", "kind": "ghost", "url": HOME, "database": ghost.url} | settings
    return GhostReader(GhostSource(**values), sections)


def seen(source):
    """The digests by id, the fingerprint, and the articles by id, of one look."""
    with source.look() as look:
        rows = list(look.window())
        found = {one.row.id: one for one in look.read(rows)}
        assert sorted(look.public_ids()) == sorted(row.id for row in rows) == sorted(found)
        assert all(one.article and not one.refused and not one.warnings for one in found.values())
        articles = {id: one.article for id, one in found.items()}
        return {row.id: row.digest for row in rows}, look.fingerprint(), articles


def test_each_act_is_seen_as_ghost_shows_it(ghost):
    before, shown_before = None, None
    acts = 0
    with closing(reader(ghost)) as source:
        for step in steps():
            ghost.write(step)
            now = seen(source)
            shown = {post["id"]: post for post in step["shown"]["posts"]}
            assert now[0].keys() == shown.keys(), step["act"]
            if before is not None:
                changed = {id for id in before[0].keys() | now[0].keys() if before[0].get(id) != now[0].get(id)}
                there = {id for id in shown_before | shown if shown_before.get(id) != shown.get(id)}
                assert there <= changed, step["act"]
                assert bool(there) == step["public"], step["act"]
                assert not changed or step["public"] or "slug of a tag" in step["act"], step["act"]
                assert (before[1] != now[1]) == (shown_before.keys() != shown.keys()), step["act"]
                acts += bool(there)
            for id, article in now[2].items():
                compare(article, shown[id], step)
            assert seen(source) == now, "nothing changed"
            before, shown_before = now, shown
    assert acts >= 25


def compare(article, post, step):
    act = step["act"]
    assert (article.url, article.title, article.slug) == (post["url"], post["title"], post["slug"]), act
    assert public_part(article).html == (post["html"] or ""), act
    assert "Payers" not in article.html and "__GHOST_URL__" not in article.html, act
    assert article.access == "public" or "Closed" not in article.html, "what is for members is not even read"
    assert article.access == ("public" if post["visibility"] == "public" else "members"), act
    assert [author.name for author in article.authors] == post["authors"], act
    assert list(article.tags) == post["tags"], act
    assert plain(article.summary or "") == (post["custom_excerpt"] or post["meta_description"] or ""), act
    assert article.published_at == datetime.fromisoformat(post["published_at"]), act
    assert article.updated_at == datetime.fromisoformat(post["updated_at"]), act
    image = article.image
    assert (image.url if image else None) == post["feature_image"], act
    if image is not None:
        caption = plain(post["feature_image_caption"] or "") or None
        assert (image.alt, image.caption) == (post["feature_image_alt"], caption), act


def test_feeds_keep_the_ids_addresses_and_categories_of_ghosts_own(ghost):
    with closing(reader(ghost)) as source:
        for step in steps():
            ghost.write(step)
            with source.look() as look:
                found = [one.article for one in look.read(look.window())]
            entries = [to_entry(article, site(home_url=HOME), {}, NOON) for article in found]
            ours = [
                {
                    "guid": entry.id,
                    "link": entry.url,
                    "title": entry.title,
                    "categories": list(entry.tags),
                    "creator": entry.authors[0].name,
                }
                for entry in entries
            ]
            theirs = {item["guid"]: item for item in step["shown"]["rss"]}
            assert {item["guid"]: item for item in ours} == theirs, step["act"]
            assert ours[0]["guid"] == step["shown"]["rss"][0]["guid"], step["act"]


def test_pages_hold_every_post_once_with_the_same_digest(ghost):
    step = max(steps(), key=lambda one: len(one["shown"]["posts"]))
    ghost.write(step)
    with closing(reader(ghost)) as source, source.look() as look:
        rows, after = [], None
        while page := look.page(after, 2):
            assert len(page) <= 2
            rows += page
            after = page[-1].id
        assert sorted(rows) == sorted(look.window()) and [row.id for row in rows] == sorted(row.id for row in rows)


def titles(source):
    with source.look() as look:
        return [one.article.title for one in look.read(look.window())]


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"taiwan": ""}, {"Blocks for some", "Ferry sinks"}),
        ({}, {"Blocks for some", "Ferry sinks", "First snow on Mount Hehuan"}),
        ({"#DESK": "taiwan", "world": ""}, {"Blocks for some", "Ferry sinks"}),
        ({"news": "taiwan", "taiwan": "", "world": ""}, {"Blocks for some", "Coming soon"}),
        ({"taiwan": "", "world": ""}, {"Blocks for some"}),
    ],
)
def test_the_newest_of_a_quiet_section_are_in_the_window(ghost, tags, found):
    ghost.write(next(one for one in steps() if one["act"] == "add a tag to many"))
    feeds = [section(slug, entries=1, max_entries=1) for slug in ("all", "taiwan", "world")]
    with closing(reader(ghost, *feeds, window=1, tags=tags)) as source:
        assert set(titles(source)) == found and titles(source)[0] == "Blocks for some"


def test_an_old_post_that_gets_a_quiet_sections_tag_is_seen_within_a_minute(ghost):
    step = next(one for one in steps() if one["act"] == "edit the body")
    ghost.write(step)
    now = [0.0]
    feeds = [section("news", entries=2, max_entries=2)]
    settings = GhostSource(name="cms", kind="ghost", url=HOME, database=ghost.url, window=1)
    with closing(GhostReader(settings, feeds, lambda: now[0])) as source:
        assert set(titles(source)) == {"Blocks for some", "Ferry sinks", "Coming soon"}
        id = next(row[0] for row in step["tables"]["posts"] if row[2] == "First snow on Mount Hehuan")
        ghost.execute(
            "UPDATE posts_tags SET tag_id = (SELECT id FROM tags WHERE slug = 'news') WHERE post_id = ?", [id]
        )
        now[0] = 61.0
        assert set(titles(source)) == {"Blocks for some", "Ferry sinks", "First snow on Mount Hehuan", "Coming soon"}


def test_internal_tags_are_hidden_and_lead_only_where_the_operator_says(ghost):
    ghost.write(next(one for one in steps() if one["act"] == "publish another one with a paywall"))
    feeds = (section("desk", title="#desk"), section("world"))
    with closing(reader(ghost, *feeds)) as source, source.look() as look:
        ferry = next(one.article for one in look.read(look.window()) if one.article.title == "Ferry sinks")
    assert (ferry.tags, ferry.sections) == (("World",), ("world",))
    with closing(reader(ghost, *feeds, tags={"#desk": "desk", "World": ""})) as source, source.look() as look:
        ferry = next(one.article for one in look.read(look.window()) if one.article.title == "Ferry sinks")
    assert (ferry.tags, ferry.sections) == (("World",), ("desk",))


@pytest.mark.parametrize(
    ("act", "title", "words"),
    [
        ("schedule a post", "A night train to Hualien", "scheduled"),
        ("write a draft", "A draft", "draft"),
        ("publish a page", "About us", "a page, which is in no feed"),
        ("publish a post", "First snow on Hehuan", "public"),
        ("close a post with a paywall", "Ferry sinks", "published for members"),
        ("send by e-mail only", "Blocks for some", "sent by e-mail only"),
    ],
)
def test_a_trace_says_where_a_post_stands_in_ghost(ghost, act, title, words):
    step = next(one for one in steps() if one["act"] == act)
    ghost.write(step)
    id = next(row[0] for row in step["tables"]["posts"] if row[2] == title)
    with closing(reader(ghost)) as source:
        assert source.trace(id) == words
        assert source.trace("unknown") is None


def test_a_check_names_what_the_operator_should_mend(ghost):
    ghost.write(steps()[-1])
    with closing(reader(ghost, section("taiwan"), tags={"taiwan": "nowhere", "wrold": "taiwan"})) as source:
        assert source.check() == [
            "tags names 'wrold', and Ghost has no such tag.",
            "tags leads 'taiwan' to 'nowhere', which is no section.",
        ]
    with closing(reader(ghost, section("taiwan"), tags={"taiwan": "taiwan"})) as source:
        assert source.check() == []
    ghost.execute("DROP TABLE posts_authors", [])
    with closing(reader(ghost, section("taiwan"))) as source:
        (words,) = source.check()
        assert "posts_authors" in words
