"""The states of articles that stood in feeds: what is recorded with a version, by whom, and what is pruned."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from syndication.config.loading import load_settings
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles, field_locks
from syndication.store.articles.revisions import forget_revisions
from syndication.store.articles.withdrawals import withdraw
from syndication.store.publishing import article_states, editor_holds, version_entries, versions
from syndication.store.tables.publishing import EntryStateRow
from syndication.store.tables.revisions import ArticleRevisionRow
from syndication.worker import retention
from tests.support.desk import PACE, Desk
from tests.support.full_newsroom import HOSTILE
from tests.support.newsroom import article, at

MEI = Actor("user mei", "192.0.2.7")


@pytest.fixture
def desk(database, clock):
    made = Desk(database, clock)
    made.sections = {slug: made.sections[slug] for slug in ("all", "taiwan")}
    made.restart()
    return made


def kept(database, id="a1"):
    """Returns the titles of an article's kept states, newest first."""
    row = ArticleRevisionRow
    with database.read() as conn:
        return list(conn.scalars(select(row.title).where(row.article_id == id).order_by(row.shown_at.desc())))


def write(database, by=MEI, **changes):
    def decide(_stored):
        return article("a1", **{"published_at": at(), **changes})

    return articles.change_article(database, "a1", decide, by)[0]


def publish(desk, *titles):
    for title in titles:
        desk.put(title=title, published_at=at())
        desk.later()


def prune(database, desk, **worker):
    settings = load_settings(environ={f"SYNDICATION_WORKER__{k.upper()}": str(v) for k, v in worker.items()})
    with database.write() as conn:
        retention.prune(conn, settings, desk.clock())


def test_each_state_that_a_feed_showed_is_kept_once(database, desk):
    publish(desk, "One", "Two", "Two", "Three")
    assert kept(database) == ["Three", "Two", "One"]


def test_what_no_feed_showed_is_not_kept(database, desk):
    desk.put(title="Draft", status="draft")
    desk.later()
    desk.put(title="Embargo", published_at=at(hours=1))
    desk.later()
    desk.put(title="Seen", published_at=at())
    desk.put(title="Overwritten before a worker looked", published_at=at())
    desk.put(title="Shown", published_at=at())
    desk.later()
    assert kept(database) == ["Shown"]


def test_a_state_that_came_back_is_the_newest(database, desk):
    publish(desk, "One", "Two", "One")
    assert kept(database) == ["One", "Two"]


def test_a_state_is_read_back_as_it_was_whatever_it_has(database, desk):
    whole = article(
        "a1", title=HOSTILE, html=f"<p>{HOSTILE}</p>", tags=(HOSTILE,), summary=HOSTILE, published_at=at(),
        expires_at=at(hours=3),
    )  # fmt: skip
    list(articles.put_articles(database, [whole]))
    desk.work()
    with database.read() as conn:
        stored = articles.load_articles(conn, ["a1"])["a1"]
        digest = conn.scalar(select(ArticleRevisionRow.digest))
        found = article_states.load_states(conn, [("a1", digest)])
    assert found == {("a1", digest): article_states.unpack(article_states.pack(stored, digest).packed)}
    assert found["a1", digest]["html"] == whole.html


def test_who_wrote_a_state_is_known_exactly(database, desk):
    write(database, title="By Mei")
    desk.later()
    with database.write() as conn:
        conn.execute(text("UPDATE article SET title = 'By SQL' WHERE id = 'a1'"))
    desk.later()
    write(database, Actor("token cms", "192.0.2.8"), title="By the CMS")
    with database.write() as conn:
        conn.execute(text("UPDATE article SET title = 'By SQL, after the CMS' WHERE id = 'a1'"))
    desk.later()
    row = ArticleRevisionRow
    with database.read() as conn:
        titles = {one.digest: one.title for one in conn.execute(select(row.digest, row.title))}
        found = article_states.writers(conn, "a1", titles)
    assert {titles[digest]: by for digest, (by, _) in found.items()} == {"By Mei": "user mei"}
    assert sorted(titles.values()) == ["By Mei", "By SQL", "By SQL, after the CMS"]


def test_the_writer_of_a_state_is_known_in_spite_of_locks_and_sections_named_twice(database, desk):
    write(database, title="Locked")
    with database.write() as conn:
        field_locks.set_locks(conn, "a1", ["title"], MEI, database.now(conn))
    write(database, Actor("token cms", "192.0.2.8"), title="Of the CMS", sections=("taiwan", "taiwan"), summary="New")
    desk.later()
    with database.read() as conn:
        digest = conn.scalar(select(ArticleRevisionRow.digest))
        assert article_states.writers(conn, "a1", [digest])[digest][0] == "token cms"


def test_the_writer_outlives_the_audit_log(database, desk):
    write(database, title="By Mei")
    desk.later()
    desk.clock.advance(timedelta(days=400).total_seconds())
    prune(database, desk)
    row = ArticleRevisionRow
    with database.read() as conn:
        assert conn.execute(select(row.written_by, row.written_at)).one() == ("user mei", at())


def test_only_so_many_states_of_each_article_are_kept(database, desk):
    publish(desk, *(f"Title {n}" for n in range(6)))
    desk.put("a2", title="Other", published_at=at())
    desk.later()
    prune(database, desk, keep_revisions=2)
    assert (kept(database), kept(database, "a2")) == (["Title 5", "Title 4"], ["Other"])


def test_old_states_are_deleted_and_what_stands_in_a_feed_is_kept(database, desk):
    publish(desk, "One", "Two")
    desk.clock.advance(timedelta(days=31).total_seconds())
    prune(database, desk, revision_days=30)
    assert kept(database) == ["Two"]
    desk.put(status="draft")
    desk.later()
    prune(database, desk, revision_days=30)
    assert kept(database) == []


def test_each_version_of_a_feed_has_its_entries(database, desk):
    desk.put("a1", title="One", published_at=at(minutes=-2))
    desk.put("a2", title="Second", published_at=at(minutes=-1))
    desk.later()
    desk.put("a1", title="Two", published_at=at(minutes=-2))
    desk.later()
    desk.put("a2", title="Second", published_at=at(minutes=-3))
    desk.later()
    desk.put("a1", title="Two", published_at=at(minutes=-2), status="draft")
    desk.later()
    with database.read() as conn:
        found = [version_entries.entries_of_version(conn, "taiwan", version) for version in range(6)]
        titles = article_states.load_titles(conn, {(one.article_id, one.digest) for some in found for one in some})
    shown = [[titles[one.article_id, one.digest] for one in some] for some in found]
    assert shown == [[], ["Second", "One"], ["Second", "Two"], ["Two", "Second"], ["Second"], ["Second"]]
    assert len(found[5]) == 1  # It is still there: a version that does not exist yet is not asked for.


def test_entries_are_kept_as_long_as_the_versions_that_have_them(database, desk):
    desk.put("a2", published_at=at(minutes=-9))
    publish(desk, *(f"Title {n}" for n in range(9)))
    row = EntryStateRow
    with database.read() as conn:
        rows = conn.execute(
            select(row.article_id, row.version, row.last_version).where(row.section == "taiwan").order_by(row.version)
        )
        found = [tuple(one) for one in rows]
    assert found == [("a2", 1, None), *(("a1", n, n) for n in range(5, 9)), ("a1", 9, None)]
    assert PACE.keep_versions == 5


def test_a_change_that_no_reader_sees_is_a_state_of_the_article_but_not_of_the_feed(database, desk):
    publish(desk, "One")
    desk.put(title="One", published_at=at(), slug="another")
    desk.later()
    with database.read() as conn:
        assert len(version_entries.stretches(conn, "a1", ["taiwan"])) == 1
    assert len(kept(database)) == 2
    publish(desk, "Two")
    desk.clock.advance(timedelta(days=400).total_seconds())
    prune(database, desk)
    assert kept(database) == ["Two"]


def test_deleted_states_can_be_rolled_back_to_in_no_feed(database, desk):
    desk.put("a2", published_at=at(minutes=-9))
    desk.later()
    publish(desk, "One", "Two")
    withdraw(database, ["a1"], by=MEI)
    desk.later()
    row = EntryStateRow
    with database.write() as conn:
        assert versions.is_complete(conn, "taiwan", 2)
        assert forget_revisions(conn, "a1", MEI, database.now(conn)) == 2
        assert [versions.is_complete(conn, "taiwan", version) for version in (1, 2, 3, 4)] == [True, False, False, True]
        assert set(conn.scalars(select(row.article_id).where(row.body.is_not(None)))) == {"a2"}
    assert kept(database) == []
    desk.put("a2", title="Goes on", published_at=at(minutes=-9))
    desk.later()
    assert "Goes on" in desk.body()


def test_a_feed_that_is_rolled_back_has_the_states_that_readers_get(database, desk):
    publish(desk, "One", "Two")
    with database.write() as conn:
        editor_holds.hold(conn, "taiwan", 1, None, "wrong", MEI, desk.clock())
    desk.later()
    with database.write() as conn:
        editor_holds.release(conn, "taiwan", MEI, desk.clock())
    desk.later()
    with database.read() as conn:
        found = [version_entries.entries_of_version(conn, "taiwan", version) for version in (1, 2, 3, 4)]
        titles = article_states.load_titles(conn, {(one.article_id, one.digest) for some in found for one in some})
    assert [[titles[one.article_id, one.digest] for one in some] for some in found] == [["One"], ["Two"]] * 2
