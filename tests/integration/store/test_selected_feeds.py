"""Random stores and definitions: a feed is what a naive query says, entry for entry, and no change is overlooked.

The naive query reads whole tables and selects in Python. Articles are written as in a newsroom: by the program, and by
plain SQL.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from syndication.model.selection import Selection, Term, term_key
from syndication.model.values import Author, Section
from syndication.store.access.audit_log import Actor
from syndication.store.articles import withdrawals
from syndication.store.publishing import section_state
from syndication.store.publishing.published import get_published
from syndication.store.tables.articles import ArticleRow
from tests.support.desk import Desk
from tests.support.newsroom import at, section
from tests.support.thorough import THOROUGH

SEEDS = range(40 if THOROUGH else 2)
STEPS = 25
IDS = [f"a{number}" for number in range(14)]
FILED = ("taiwan", "formosa", "china", "sports", "typo")
TAGS = ("Ferries", "ferries ", "FERRIES", "Straße", "STRASSE", "夜車", "ｒａｉｌ", "rail", "!", "\u200b", "x" * 300)
AUTHORS = ("Lin Mei-hua", "LIN  MEI-HUA", "Noa", "Mary O’Hara", "#noa")
AUTHOR_IDS = (None, None, "noa", "NOA", "#noa", "lin mei-hua", "17", "#", "\u200b", "x" * 300)
LANGUAGES = (None, None, "en", "EN", "zh-Hant", "zh-hant")
LANGUAGE = "en"
DESK = Actor("desk", "test")


@dataclass
class Row:
    """An article as the tables have it."""

    id: str
    status: str
    published_at: object
    expires_at: object
    terms: set[Term] = field(default_factory=set)


def stored(desk) -> dict[str, Row]:
    """Reads everything, and makes terms of names in the simplest way."""
    with desk.database.read() as conn:
        rows = {}
        for row in conn.execute(ArticleRow.__table__.select()):
            key = term_key("language", row.language or LANGUAGE)
            rows[row.id] = Row(row.id, row.status, row.published_at, row.expires_at, {Term("language", key)})
        for kind, table, column in (
            ("section", "article_section", "section"),
            ("tag", "article_tag", "tag"),
        ):
            for id, name in conn.execute(text(f"SELECT article_id, {column} FROM {table}")):
                key = term_key(kind, name)
                if key and len(key) <= 200:
                    rows[id].terms.add(Term(kind, key))
        for id, name, own in conn.execute(text("SELECT article_id, name, id FROM article_author")):
            rows[id].terms.add(Term("author", {"#noa": "noa"}.get(name, " ".join(name.split()).casefold())))
            known = {"noa": "#noa", "NOA": "#noa", "#noa": "#noa", "lin mei-hua": "#lin mei-hua", "17": "#17"}
            if own in (*known, "\u200b"):
                rows[id].terms.add(Term("author", known.get(own, "#\u200b")))
    return rows


def names(desk, term: Term) -> set[Term]:
    """A section stands for its former slugs too; the section of all stories for every term."""
    named = desk.sections.get(term.key) if term.kind == "section" else None
    return {Term("section", slug) for slug in named.filed_under} if named and named.selection is None else {term}


def selects(desk, one: Section, terms: set[Term]) -> bool:
    if one.slug == "all":
        return True
    if one.selection is None:
        return any(Term("section", slug) in terms for slug in one.filed_under)
    has = [
        [term == Term("section", "all") or bool(names(desk, term) & terms) for term in group]
        for group in (one.selection.any, one.selection.all, one.selection.none)
    ]
    return (any(has[0]) or not has[0]) and all(has[1]) and not any(has[2])


def naive(desk, one: Section, rows: dict[str, Row]) -> list[str]:
    """The ids of the entries, newest first."""
    now = desk.clock.now
    public = [
        row
        for row in rows.values()
        if row.status == "published"
        and row.published_at <= now
        and (row.expires_at is None or row.expires_at > now)
        and selects(desk, one, row.terms)
    ]
    public.sort(key=lambda row: (row.published_at, row.id), reverse=True)
    since = now - timedelta(hours=one.hours)
    return [
        row.id
        for place, row in enumerate(public, 1)
        if place <= one.entries or (place <= one.max_entries and row.published_at > since)
    ]


def random_term(dice) -> Term:
    kind = dice.choice(("section", "section", "tag", "tag", "author", "language"))
    name = {
        "section": ("all", "taiwan", "china", "sports"),
        "tag": TAGS[:8],
        "author": (*AUTHORS[:4], "#noa", "# NOA", "#17", "#lin mei-hua"),
        "language": LANGUAGES[2:],
    }[kind]
    return Term(kind, term_key(kind, dice.choice(name)))


def random_feeds(dice) -> dict[str, Section]:
    feeds = {}
    for number in range(7):
        counts = dice.choice(((1, 0, 0), (2, 0, 0), (3, 0, 1), (0, 1, 0), (0, 2, 1), (0, 0, 1), (0, 0, 2), (2, 1, 1)))
        any_, all_, none = (tuple(random_term(dice) for _ in range(count)) for count in counts)
        none = tuple(term for term in none if term.key != "all")
        slug = f"feed-{number}"
        feeds[slug] = section(
            slug,
            selection=Selection(any_, all_, none),
            owner="editors",
            entries=dice.randint(1, 4),
            hours=dice.choice((0, 2, 30)),
            max_entries=dice.randint(4, 9),
        )
    return feeds


def random_article(dice, id):
    moment = at(minutes=dice.randint(-4_000, 60))
    return id, {
        "sections": tuple(dice.sample(FILED, dice.randint(0, 3))),
        "tags": tuple(dice.choice(TAGS) for _ in range(dice.randint(0, 3))),
        "authors": tuple(Author(name, id=dice.choice(AUTHOR_IDS)) for name in dice.sample(AUTHORS, dice.randint(0, 2))),
        "language": dice.choice(LANGUAGES),
        "published_at": moment,
        "expires_at": dice.choice((None, None, moment + timedelta(minutes=dice.randint(1, 5_000)))),
        "status": dice.choice(("published", "published", "published", "draft")),
    }


STATEMENTS = (
    "UPDATE article_tag SET tag = :tag WHERE article_id = :id",
    "UPDATE article_tag SET tag = :tag WHERE position = 0 AND tag = :other",
    "DELETE FROM article_tag WHERE article_id = :id AND position = 0",
    "INSERT INTO article_tag (article_id, position, tag) SELECT id, -7, :tag FROM article WHERE id = :id"
    " AND NOT EXISTS (SELECT 1 FROM article_tag WHERE article_id = :id AND position = -7)",
    "DELETE FROM article_author WHERE article_id = :id",
    "UPDATE article_author SET name = :name WHERE article_id = :id",
    "UPDATE article_author SET id = :author_id WHERE article_id = :id",
    "UPDATE article_author SET id = :author_id, name = :name WHERE position = 0 AND id IS NOT NULL",
    "UPDATE article SET language = :language WHERE id = :id",
    "UPDATE article SET status = 'draft' WHERE id = :id",
    "UPDATE article SET status = 'published' WHERE id = :id",
    "UPDATE article SET expires_at = published_at WHERE id = :id",
    "DELETE FROM article_section WHERE article_id = :id",
    "UPDATE article_section SET section = 'sports' WHERE article_id = :id AND section = 'china'"
    " AND NOT EXISTS (SELECT 1 FROM article_section WHERE article_id = :id AND section = 'sports')",
    "INSERT INTO article_section (article_id, section) SELECT id, 'china' FROM article WHERE id = :id"
    " AND NOT EXISTS (SELECT 1 FROM article_section WHERE article_id = :id AND section = 'china')",
    "DELETE FROM article WHERE id = :id",
    "UPDATE article_tag SET article_id = :id, position = 90 WHERE article_id = :another AND position = 1"
    " AND EXISTS (SELECT 1 FROM article WHERE id = :id)"
    " AND NOT EXISTS (SELECT 1 FROM article_tag WHERE article_id = :id AND position = 90)",
)


def change(desk, dice) -> str:
    """One random change, by whatever writes; returns what it was."""
    id = dice.choice(IDS)
    what = dice.choice(("put", "put", "put", "sql", "sql", "sql", "sql", "withdraw", "restore"))
    if what == "put":
        _, values = random_article(dice, id)
        return f"put {id} {values}: {desk.put(id, **values)}"
    if what == "sql":
        statement = dice.choice(STATEMENTS)
        given = {
            "id": id,
            "another": dice.choice(IDS),
            "tag": dice.choice(TAGS),
            "other": dice.choice(TAGS),
            "name": dice.choice(AUTHORS),
            "author_id": dice.choice(AUTHOR_IDS),
            "language": dice.choice(LANGUAGES),
        }
        given = {name: value for name, value in given.items() if f":{name}" in statement}
        with desk.database.write() as conn:
            conn.execute(text(statement), given)
        return f"{statement} {given}"
    if what == "withdraw":
        withdrawals.withdraw(desk.database, [id], by=DESK)
    else:
        withdrawals.restore(desk.database, [id], by=DESK)
    return f"{what} {id}"


def marked(desk) -> set[str]:
    with desk.database.read() as conn:
        return {state.section for state in section_state.list_states(conn) if state.pending}


def entries(desk, slug) -> list[str]:
    with desk.database.read() as conn:
        return list(get_published(conn, slug).entries)


@pytest.fixture
def desk(database, clock, request):
    desk = Desk(database, clock, language=LANGUAGE)
    dice = random.Random(request.param)
    taiwan = replace(desk.sections["taiwan"], formerly=("formosa",))
    small = {
        slug: replace(one, entries=2, hours=5, max_entries=6)
        for slug, one in ({**desk.sections, "taiwan": taiwan}).items()
    }
    desk.sections = small | random_feeds(dice)
    desk.restart()
    desk.dice = dice
    return desk


@pytest.mark.parametrize("desk", SEEDS, indirect=True)
def test_a_feed_is_what_a_naive_query_says_and_every_change_marks_it(desk):
    done, dice = [], desk.dice
    for _ in range(10):
        done.append(change(desk, dice))
    desk.work()
    marks = defaultdict(int)
    for _ in range(STEPS):
        before = stored(desk)
        answers = {slug: naive(desk, one, before) for slug, one in desk.sections.items()}
        for slug, answer in answers.items():
            assert entries(desk, slug) == answer, (slug, desk.sections[slug].selection, done)
        done.append(change(desk, dice))
        after = stored(desk)
        while desk.regenerator.process_changes():
            pass
        found = marked(desk)
        for slug, one in desk.sections.items():
            if naive(desk, one, after) != answers[slug]:
                assert slug in found, (slug, one.selection, done)
                marks["needed"] += 1
        marks["made"] += len(found)
        desk.later(seconds=dice.choice((1, 60, 2_400)))
    assert marks["needed"] > 5, "too little happened to prove anything"


def test_only_the_feeds_of_its_terms_are_marked_by_a_change(database, clock):
    desk = Desk(database, clock, language=LANGUAGE)
    feeds = {f"tag-{number}": Selection(any=(Term("tag", f"t{number}"),)) for number in range(12)}
    feeds |= {
        "but-sports": Selection(none=(Term("section", "sports"),)),
        "both": Selection(all=(Term("tag", "t1"), Term("author", "noa"))),
        "taiwan-but-t2": Selection(any=(Term("section", "taiwan"),), none=(Term("tag", "t2"),)),
        "chinese": Selection(any=(Term("language", "zh-hant"),)),
        "english": Selection(all=(Term("language", "en"),)),
        "not-english": Selection(none=(Term("language", "en"),)),
    }
    desk.sections |= {slug: section(slug, selection=one, owner="editors") for slug, one in feeds.items()}
    desk.restart()
    desk.work()

    def marks(**values):
        desk.put("story", **values)
        while desk.regenerator.process_changes():
            pass
        found = marked(desk)
        desk.later()
        return found

    tagged = {f"tag-{number}" for number in range(10)}
    named = tuple(f"T{number}" for number in range(10))
    authors = (Author("Noa"), Author("Lin"), Author("Yu"))
    common = {"all", "english"}
    first = marks(tags=named, authors=authors, sections=("china",))
    assert first == common | tagged | {"china", "both", "but-sports"}
    moved = marks(tags=("t1",), authors=(Author("Yu"),), sections=("sports",))
    assert moved == first | {"sports"}
    assert marks(tags=("t1",), title="Another", sections=("sports",)) == common | {"tag-1", "sports"}
    assert marks(tags=("t2",), sections=("taiwan",)) == common | {
        "tag-1", "tag-2", "sports", "taiwan", "but-sports", "taiwan-but-t2",
    }  # fmt: skip
    assert marks(tags=(), sections=("taiwan",)) == common | {"tag-2", "taiwan", "but-sports", "taiwan-but-t2"}
    assert marks(tags=(), sections=(), language="zh-Hant") == common | {
        "chinese", "not-english", "taiwan", "but-sports", "taiwan-but-t2",
    }  # fmt: skip
    desk.put("draft", status="draft", tags=("t7",), sections=("sports",))
    while desk.regenerator.process_changes():
        pass
    assert marked(desk) == common | {"tag-7", "sports", "but-sports"}, "what it was before is not known"


def test_a_feed_without_sports_shows_none_before_the_change_is_gathered_either(database, clock):
    desk = Desk(database, clock)
    selection = Selection(none=(Term("tag", "sports"), Term("author", "the desk")))
    desk.sections["calm"] = section("calm", selection=selection, owner="editors")
    desk.restart()
    desk.put("a1", tags=("rail",))
    desk.work()
    assert entries(desk, "calm") == ["a1"]
    desk.put("a2", tags=(" SPORTS",))
    desk.put("a3", tags=(), authors=(Author("The Desk"),))
    with desk.database.write() as conn:
        section_state.request(conn, ["calm"], desk.database.now(conn))
    clock.advance(1)
    list(desk.regenerator.regenerate_pending())
    assert entries(desk, "calm") == ["a1"]
    desk.work()
    assert entries(desk, "calm") == ["a1"]


def test_a_change_marks_a_feed_whose_entry_another_worker_has_still_to_publish(database, clock):
    desk = Desk(database, clock)
    desk.sections["noa"] = section("noa", selection=Selection(all=(Term("author", "noa"),)), owner="editors")
    desk.restart()
    desk.put("a1", sections=("china",), authors=(Author("Noa"),))
    while desk.regenerator.process_changes():
        pass
    with database.write() as conn:
        # As if another worker had read these feeds with the story, and were about to publish them.
        conn.execute(text("UPDATE section_state SET completed_generation = requested_generation"))
        conn.execute(text("DELETE FROM article_section WHERE article_id = 'a1'"))
        conn.execute(text("DELETE FROM article_author WHERE article_id = 'a1'"))
    while desk.regenerator.process_changes():
        pass
    assert marked(desk) == {"all", "china", "noa"}
