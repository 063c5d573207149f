"""Articles and their sizes, read with one statement of PostgreSQL: the same articles, and no body over a limit."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from syndication.model.field_limits import MAX_FEED_HTML, MAX_TAGS
from syndication.model.values import Author, Enclosure, Image
from syndication.pipeline.known_articles import KnownArticles
from syndication.store.articles.articles import load_articles, put_articles
from syndication.store.articles.small_articles import MOST, load_small
from syndication.store.db.database import Database
from tests.support.desk import Desk
from tests.support.newsroom import article

SIMPLE = replace(article("simple"), authors=(), tags=(), sections=())
RICH = article(
    "rich",
    sections=("taiwan", "china"),
    tags=("rail", "ports", "rain"),
    authors=(Author("Lin Mei-hua", "lin@daily.example"), Author("Chen Shu-fen", id="chen")),
    image=Image("https://cdn.daily.example/1.jpg", "A train", "Lin", "A train in the rain", 800, 600),
    enclosures=(Enclosure("https://cdn.daily.example/1.mp3", "audio/mpeg", 1000, "The hour", 60),),
    expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    html="<p>台灣 %s :room</p>",
)
SMALL = [SIMPLE, RICH, article("a1")]


@pytest.fixture
def database(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    list(put_articles(database, SMALL))
    yield database
    database.close()


def run(database, statement):
    with database.write() as conn:
        conn.execute(text(statement))


def load(database, ids, room=MAX_FEED_HTML):
    with database.read() as conn:
        return load_small(conn, ids, room)


def test_they_are_the_same_articles(database):
    run(database, "UPDATE article SET correction = 'The train was late.' WHERE id = 'rich'")
    ids = [one.id for one in SMALL]
    with database.read() as conn:
        stored = load_articles(conn, ids)
    assert stored["rich"].corrected_at is not None
    assert load(database, ids) == stored
    assert {id: load(database, [id]) for id in ids} == {id: {id: one} for id, one in stored.items()}


def test_bodies_have_room_together_to_the_byte(database):
    needed = sum(len(one.html.encode()) for one in SMALL)
    ids = [one.id for one in SMALL]
    assert load(database, ids, needed).keys() == set(ids)
    assert load(database, ids, needed - 1) is None and load(database, ids, -1) is None


@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE article SET html = repeat('x', {MAX_FEED_HTML + 1}) WHERE id = 'rich'",
        "UPDATE article SET title = repeat('x', 100000) WHERE id = 'rich'",
        "UPDATE article_image SET url = repeat('x', 100000) WHERE article_id = 'rich'",
        "INSERT INTO article_tag (article_id, position, tag)"
        f" SELECT 'rich', n, 't' || n FROM generate_series(10, {MAX_TAGS + 10}) AS n",
    ],
)
def test_one_over_a_limit_keeps_all_of_them_unread(database, change):
    assert load(database, ["simple", "rich"]) is not None
    run(database, change)
    assert load(database, ["simple", "rich"]) is None and load(database, ["simple"]) is not None


def test_many_and_none_and_unknown_ones_are_measured(database):
    assert load(database, []) is None
    assert load(database, ["simple", "unknown"]) is None
    list(put_articles(database, [article(f"m{n}") for n in range(MOST + 1)]))
    ids = [f"m{n}" for n in range(MOST + 1)]
    assert load(database, ids) is None and len(load(database, ids[1:])) == MOST


def test_one_that_nobody_can_read_is_left_out_alone(database, clock):
    desk = Desk(database, clock)
    desk.work()
    run(database, "ALTER TABLE article DROP CONSTRAINT ck_article_updated_at_is_in_the_years_1_to_9999")
    run(database, "UPDATE article SET updated_at = 'infinity' WHERE id = 'rich'")
    desk.regenerator.known = KnownArticles()
    desk.later()
    assert desk.left_out().keys() == {"rich"} and "Story a1" in desk.body()
