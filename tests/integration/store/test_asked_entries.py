"""Feeds that readers asked for: what a simple search finds is in them, each story with the same bytes in all feeds."""

import random
import re
from datetime import timedelta

import pytest

from syndication.model.asked_addresses import AskedAddress
from syndication.model.selection import term_key
from syndication.model.values import FORMATS, Author
from syndication.store.articles import articles
from syndication.store.articles.term_registry import find_public_term
from syndication.store.publishing import documents
from tests.support.asked import SECTIONS, AskedWorker, ask, settings_with
from tests.support.newsroom import NOON, article

TAGS = ("Rail", "rail", "渡輪", "Café", "Sport & Spiel")
AUTHORS = ("Lin Mei-hua", "Zoë N", "LIN MEI-HUA", "O’Brien")
ENTRY = {
    "atom": re.compile(r"<entry>.*?<id>([^<]+)</id>.*?</entry>", re.DOTALL),
    "rss": re.compile(r"<item>.*?<guid[^>]*>([^<]+)</guid>.*?</item>", re.DOTALL),
}


def some(rng, names, most):
    return tuple(rng.sample(names, rng.randint(0, most)))


def store(rng):
    """Random articles: public, in the future, expired, drafts and withdrawn, in any sections, with any names."""
    found = []
    for number in range(40):
        hours = rng.choice((-90, -30, -2, 2))
        times = {"published_at": NOON + timedelta(hours=hours, minutes=number)}
        if rng.random() < 0.2:
            times["expires_at"] = NOON + timedelta(hours=rng.choice((-1, 3)))
            times["published_at"] = NOON - timedelta(hours=5, minutes=number)
        found.append(
            article(
                f"a{number:02}",
                sections=some(rng, SECTIONS[1:], 3),
                tags=some(rng, TAGS, 3),
                authors=tuple(Author(name) for name in some(rng, AUTHORS, 2)),
                status=rng.choice(("published", "published", "published", "draft", "withdrawn")),
                **(times | {"updated_at": times["published_at"]}),
            )
        )
    return found


def wanted(asked, article):
    """Whether an article is in a feed, as plainly as it can be said."""
    if asked.kind == "combination":
        inside = "all" in asked.any or set(asked.any) & set(article.sections)
        return bool(inside) and not set(asked.none) & set(article.sections)
    names = article.tags if asked.kind == "tag" else [author.name for author in article.authors]
    return asked.term in {slug_of(asked.kind, name) for name in names}


def slug_of(kind, name):
    return {"sport & spiel": "sport-spiel", "café": "cafe", "zoë n": "zoe-n", "o’brien": "o-brien"}.get(
        term_key(kind, name), term_key(kind, name).replace(" ", "-")
    )


@pytest.mark.parametrize("seed", range(3))
def test_each_feed_has_what_a_simple_search_finds_and_each_story_the_same_bytes_in_all(database, clock, seed):
    rng = random.Random(seed)
    written = store(rng)
    public = [
        one for one in written
        if one.status == "published" and one.published_at <= NOON and (not one.expires_at or one.expires_at > NOON)
    ]  # fmt: skip
    clock.now = NOON - timedelta(minutes=1)
    worker = AskedWorker(settings_with(), database, clock)
    list(articles.put_articles(database, written))
    worker.work()
    slugs = [
        "tag/rail",
        "tag/渡輪",
        "tag/cafe",
        "tag/sport-spiel",
        "author/lin-mei-hua",
        "author/zoe-n",
        "author/o-brien",
    ]
    for _ in range(6):
        parts, none = rng.sample(SECTIONS[1:], rng.randint(1, 3)), rng.sample(SECTIONS[1:], rng.randint(0, 2))
        slugs.append("~".join(["+".join(rng.choice((["all"], parts))), *none]))
    asked = {}
    for slug in slugs:
        found = worker.asked._addresses.resolve(slug)
        if not isinstance(found, AskedAddress):
            continue
        key = name = ""
        if found.kind != "combination":
            with database.read() as conn:
                term = find_public_term(conn, found.kind, found.term, clock.now)
            assert (term is not None) == any(wanted(found, one) for one in public), slug
            if term is None:
                continue
            key, name = term.term.key, term.name
        asked[found.slug] = found
        ask(database, found.slug, found.kind, key, name)
    worker.work()
    same = {}
    with database.read() as conn:
        loaded = documents.load_documents(conn, [*asked, *SECTIONS])
    assert len(loaded) == len(FORMATS) * (len(asked) + len(SECTIONS))
    for document in loaded:
        if document.format not in ENTRY:
            continue
        text = document.identity.decode()
        entries = {match[1]: match[0] for match in ENTRY[document.format].finditer(text)}
        for id, entry in entries.items():
            assert same.setdefault((document.format, id), entry) == entry, (document.section, id)
        if document.section in asked:
            expected = {one.id for one in public if wanted(asked[document.section], one)}
            assert {id.rpartition("/")[2] for id in entries} == expected, document.section
    assert len(asked) > 5
