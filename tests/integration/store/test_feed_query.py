"""The articles that a feed shows, read by a single walk of an index."""

import psycopg
import pytest
from sqlalchemy import insert, text, update

from syndication.model.selection import Term
from syndication.model.wanted_terms import WantedTerms
from syndication.store.articles import articles, feed_query
from syndication.store.articles.selected_articles import walk_newest, walks
from syndication.store.db.database import Database
from syndication.store.tables.articles import ArticleRow, ArticleSectionRow
from tests.support.newsroom import article, at


def wanted(slug):
    return WantedTerms() if slug == "all" else WantedTerms(any=(Term("section", slug),))


def ids(database, slug):
    with database.read() as conn:
        return [candidate.article_id for candidate in feed_query.list_newest(conn, wanted(slug), at(), 10)]


def old_snapshot(url: str, change: str) -> None:
    """A writer whose snapshot is older than a link that another writer commits meanwhile."""
    with psycopg.connect(url) as late, psycopg.connect(url) as quick:
        late.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        late.execute("SELECT 1 FROM article")
        quick.execute("INSERT INTO article_section (article_id, section) VALUES ('a1', 'china')")
        quick.commit()
        late.execute(change)


@pytest.mark.parametrize("change", ["status = 'withdrawn'", "status = 'draft'", "published_at = '2026-03-15 12:00+00'"])
def test_a_stale_link_never_publishes_an_unpublished_article(postgres_url, clock, change):
    database = Database(postgres_url, clock=clock)
    list(articles.put_articles(database, [article("a1")]))
    old_snapshot(postgres_url, f"UPDATE article SET {change}")
    with database.read() as conn:
        assert conn.execute(text("SELECT status FROM article_section WHERE section = 'china'")).scalar() == "published"
    assert ids(database, "china") == []
    with database.write() as conn:
        assert feed_query.repair_links(conn, ["a1", "a2"]) == 1
        assert feed_query.repair_links(conn, None) == 0
    database.close()


def test_a_link_that_a_writer_did_not_see_is_repaired(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    list(articles.put_articles(database, [article("a1", status="draft"), article("a2", sections=("china",))]))
    old_snapshot(postgres_url, "UPDATE article SET status = 'published'")
    assert ids(database, "china") == ["a2"]
    with database.write() as conn:
        assert feed_query.repair_links(conn, None) == 1
    assert ids(database, "china") == ["a2", "a1"]
    database.close()


def test_a_link_that_expired_before_its_article_is_repaired(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    list(articles.put_articles(database, [article("a1", expires_at=at(minutes=-1))]))
    old_snapshot(postgres_url, "UPDATE article SET expires_at = NULL")
    assert ids(database, "china") == []
    with database.write() as conn:
        assert feed_query.repair_links(conn, ["a1"]) == 1
    assert ids(database, "china") == ids(database, "taiwan") == ["a1"]
    database.close()


def test_a_stale_link_never_shows_an_expired_article(postgres_url, clock):
    database = Database(postgres_url, clock=clock)
    list(articles.put_articles(database, [article("a1")]))
    old_snapshot(postgres_url, "UPDATE article SET expires_at = '2026-03-14 11:59+00'")
    assert ids(database, "china") == ids(database, "taiwan") == []
    database.close()


def test_a_link_without_its_trigger_is_repaired(database):
    list(articles.put_articles(database, [article("a1")]))
    with database.write() as conn:
        on = " ON article_section" if database.dialect == "postgresql" else ""
        conn.execute(text(f"DROP TRIGGER syndication_article_section_kept{on}"))
        conn.execute(update(ArticleSectionRow).values(status="draft", published_at=None))
        assert feed_query.repair_links(conn, ["a1"]) == 1
    assert ids(database, "taiwan") == ["a1"]


def fill(database, **values):
    """3000 articles in two sections, one a minute."""
    count = range(3000)
    values = {"slug": "s", "url": "/u", "title": "t", "html": "x" * 500, "status": "published"} | values
    with database.write() as conn:
        conn.execute(insert(ArticleRow), [{"id": f"a{n}", "published_at": at(minutes=-n), **values} for n in count])
        links = [{"article_id": f"a{n}", "section": ("taiwan", "china")[n % 2]} for n in count]
        conn.execute(insert(ArticleSectionRow), links)


def plan_of(database, slug, explain):
    with database.read() as conn:
        (walk,) = walks(conn, wanted(slug))
        query = walk_newest(walk, at()).limit(20).compile(conn, compile_kwargs={"literal_binds": True})
        return "\n".join(row[-1] for row in conn.exec_driver_sql(f"{explain} {query}".replace("%", "%%")))


@pytest.mark.parametrize("analyzed", [False, True])
def test_the_newest_are_a_walk_of_one_index_that_stops(database, analyzed):
    fill(database)
    if analyzed:
        with database.write() as conn:
            conn.exec_driver_sql("ANALYZE")
    plan = plan_of(database, "taiwan", "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN")
    assert "ix_article_section_newest" in plan, plan
    assert "Sort" not in plan and "TEMP B-TREE" not in plan and "SCAN" not in plan and "Seq Scan" not in plan, plan


def test_expired_articles_are_never_read(database):
    fill(database, expires_at=at(minutes=-1))
    if database.dialect == "sqlite":
        plan = plan_of(database, "taiwan", "EXPLAIN QUERY PLAN")
        assert "SEARCH article_section USING COVERING INDEX ix_article_section_newest" in plan, plan
    else:
        with database.write() as conn:
            conn.exec_driver_sql("ANALYZE")
        plan = plan_of(database, "taiwan", "EXPLAIN ANALYZE")
        assert "(never executed)" in plan.partition("using pk_article on article")[2].partition("\n")[0], plan
    assert ids(database, "taiwan") == ids(database, "all") == []
