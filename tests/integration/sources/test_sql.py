"""A newsroom's own tables as a source: every public act there is here after one look, on both databases."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from syndication.sources import sweep
from syndication.sources.look import Looker, LookResult
from syndication.sources.reader import SourceError
from syndication.sources.sql.reader import SqlReader
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.sources import source_rows, source_states
from syndication.store.sources.source_states import SourceState
from tests.support.foreign_newsroom import ForeignNewsroom
from tests.support.newsroom import at

EDITOR = Actor("user mei", "192.0.2.7")
SLUGS = {"taiwan": "taiwan", "world": "world"}


class Follower:
    """A source with the looks of one worker."""

    def __init__(self, database: Database, cms: ForeignNewsroom, **changes) -> None:
        self.database = database
        self.table = cms.table(**changes)
        self.reader = SqlReader(self.table, SLUGS)
        self.owner = "w1"
        with database.write() as conn:
            now = database.now(conn)
            source_states.register(conn, self.table.name, "sql")
        self.looker = self._looker("w1", now)

    def _looker(self, owner, now):
        return Looker(self.database, self.table, self.reader, owner, "settings", started_at=now)

    @property
    def state(self) -> SourceState:
        with self.database.read() as conn:
            found = source_states.get(conn, self.table.name)
        assert found is not None
        return found

    def look(self) -> LookResult:
        with self.database.write() as conn:
            now = self.database.now(conn)
            state = source_states.claim(conn, self.table.name, self.owner, now, timedelta(seconds=30))
        assert state is not None
        return self.looker.look(state)

    def accept(self) -> None:
        with self.database.write() as conn:
            assert source_states.accept(conn, self.table.name, EDITOR, self.database.now(conn))

    def get(self, id: str):
        with self.database.read() as conn:
            return articles.get_article(conn, id)

    def public(self) -> set[str]:
        """Returns the ids of the articles that are not withdrawn."""
        with self.database.read() as conn:
            known = source_rows.public_ids(conn, self.table.name)
            found = articles.load_articles(conn, sorted(known | {str(n) for n in range(1, 50)}))
        return {id for id, article in found.items() if article.status == "published"}


@pytest.fixture(params=["sqlite", pytest.param("postgresql")])
def cms(request, new_url: Callable[[str], str], tmp_path) -> ForeignNewsroom:
    if request.param == "sqlite":
        return ForeignNewsroom(f"sqlite:///{tmp_path}/cms.db")
    return ForeignNewsroom(new_url("postgresql"))


@pytest.fixture
def follow(sqlite_database: Database, cms: ForeignNewsroom) -> Iterator[Callable[..., Follower]]:
    """Follows the newsroom with changed settings; closes its connections."""
    made = []

    def follow(**changes) -> Follower:
        made.append(Follower(sqlite_database, cms, **changes))
        return made[-1]

    yield follow
    for follower in made:
        follower.reader.close()


@pytest.fixture
def follower(follow: Callable[..., Follower], cms: ForeignNewsroom) -> Follower:
    for number in range(1, 11):
        cms.publish(number)
    cms.do("INSERT INTO topic VALUES (1, 'rail')")
    cms.do("INSERT INTO topic VALUES (1, 'night')")
    follower = follow()
    follower.look()
    return follower


def test_first_look_stores_every_story_with_its_fields(follower):
    story = follower.get("1")
    assert story.title == "Story 1" and story.url == "/news/s1" and story.html == "<p>Body 1</p>"
    assert story.sections == ("taiwan",) and sorted(story.tags) == ["night", "rail"]
    assert [author.name for author in story.authors] == ["Lin Mei-hua"] and story.published_at == at(minutes=-1)
    assert follower.public() == {str(number) for number in range(1, 11)} and follower.state.articles == 10


def test_look_without_a_change_there_writes_nothing(follower):
    assert follower.look().outcome == "unchanged"
    before = follower.state
    assert follower.look().outcome == "unchanged" and follower.state == before


ACTS = [
    ("UPDATE story SET headline = 'Changed' WHERE number = 1", "title", "Changed"),
    ("UPDATE story SET body = '<p>Other</p>' WHERE number = 1", "html", "<p>Other</p>"),
    ("UPDATE story SET path = 'other' WHERE number = 1", "url", "/news/other"),
    ("UPDATE writer SET name = 'Lin Mei' WHERE number = 1", "authors", "Lin Mei"),
    ("DELETE FROM topic WHERE name = 'night'", "tags", "rail"),
    ("UPDATE story SET live = 0 WHERE number = 1", "status", "withdrawn"),
    ("DELETE FROM story WHERE number = 1", "status", "withdrawn"),
    ("UPDATE story SET goes_live = '2026-03-14 09:00:00' WHERE number = 1", "published_at", "2026-03-14 09:00"),
]


@pytest.mark.parametrize(("act", "name", "wanted"), ACTS)
def test_public_act_there_is_here_after_one_look(follower, cms, act, name, wanted):
    cms.do(act)
    assert follower.look().outcome == "changed"
    assert wanted in str(getattr(follower.get("1"), name))


def test_old_story_inserted_outside_of_the_window_appears(follow, cms):
    for number in range(1, 11):
        cms.publish(number)
    follower = follow(window=5)
    follower.look()
    cms.publish(11, minutes=100_000)
    follower.look()
    assert "11" in follower.public()


def test_story_unpublished_outside_of_the_window_is_withdrawn(follow, cms):
    for number in range(1, 11):
        cms.publish(number)
    follower = follow(window=5)
    follower.look()
    cms.do("UPDATE story SET live = 0 WHERE number = 10")
    follower.look()
    assert follower.get("10").status == "withdrawn"


def test_edit_outside_of_the_window_is_found_by_a_sweep(follow, cms, clock):
    for number in range(1, 11):
        cms.publish(number)
    follower = follow(window=5)
    follower.look()
    cms.do("UPDATE story SET headline = 'Changed' WHERE number = 10")
    follower.look()
    assert follower.get("10").title == "Story 10"
    clock.advance(86_400)
    follower.look()
    assert follower.get("10").title == "Changed"


def inner(cms: ForeignNewsroom) -> str:
    """Returns articles that a story without its writer is missing from."""
    return cms.table().articles.replace("LEFT JOIN", "JOIN")


@pytest.mark.parametrize("number", [2, 9])
def test_stored_story_that_articles_leaves_out_is_withdrawn(follow, cms, clock, number):
    for n in range(1, 11):
        cms.publish(n)
    follower = follow(window=5, articles=inner(cms))
    follower.look()
    cms.do("UPDATE story SET writer = 7 WHERE number = ?", number)
    clock.advance(86_400)
    assert follower.look().counts.withdrawn == 1 and follower.get(str(number)).status == "withdrawn"
    assert follower.look().outcome == "unchanged" and follower.state.refused == 1
    cms.do("UPDATE story SET writer = 1 WHERE number = ?", number)
    clock.advance(86_400)
    assert follower.look().counts.restored == 1 and follower.get(str(number)).status == "published"


def test_sweep_goes_on_after_a_page_without_articles(follow, cms, monkeypatch):
    monkeypatch.setattr(sweep, "PAGE", 2)
    for number in range(1, 11):
        cms.publish(number)
    cms.do("UPDATE story SET writer = 7 WHERE number IN (5, 6, 7, 8)")
    follower = follow(window=2, articles=inner(cms))
    follower.look()
    assert follower.public() == {"1", "2", "3", "4", "9", "10"} and follower.state.refused == 4


def test_invalid_story_that_is_for_members_closes_the_stored_one(follow, cms):
    cms.publish(1)
    access = "CASE WHEN s.headline = '' THEN 'paid' WHEN s.number = 2 THEN NULL ELSE 'public' END AS access"
    follower = follow(articles=cms.table().articles.replace("s.path AS url", f"s.path AS url, {access}"))
    follower.look()
    assert follower.get("1").access == "public"
    cms.do("UPDATE story SET headline = '' WHERE number = 1")
    cms.publish(2)
    follower.look()
    assert (follower.get("1").title, follower.get("1").access) == ("Story 1", "members")
    assert follower.get("2").access == "members"


def test_wrong_column_is_refused_with_the_right_name(follow, cms):
    follower = follow(
        articles="SELECT number AS id, headline AS titel, path AS url FROM story WHERE number IN :ids",
    )
    with pytest.raises(SourceError, match="did you mean title") as error:
        follower.look()
    assert "no column 'title'" in str(error.value)


def test_check_warns_of_a_scan_and_of_lost_stories(follow, cms):
    cms.do("DROP INDEX ix_story")
    values = "n, 'T', 'p', 'b', 1, '2026-03-14 09:00:00', NULL"
    if cms.dialect == "postgresql":
        cms.do(f"INSERT INTO story SELECT {values} FROM generate_series(1, 5000) AS n")
        cms.do("ANALYZE story")
    else:
        numbers = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5000)"
        cms.do(f"{numbers} INSERT INTO story SELECT {values}, NULL FROM r")
    said = follow(articles=inner(cms)).reader.check()
    assert any("ids reads the whole table story" in words for words in said), said
    assert any("fewer stories than ids" in words for words in said), said


def test_check_of_good_statements_says_nothing(follower):
    assert list(follower.reader.check()) == []


def test_trace_says_where_the_story_is_there(follower, cms):
    cms.do("UPDATE story SET live = 0 WHERE number = 2")
    assert [follower.reader.trace(id) for id in ("1", "2", "77")] == ["public", "not public", None]
