"""The queue notes the section that an article leaves, whatever writes: once the link is gone, nothing else knows it."""

import pytest
from sqlalchemy import delete, text

from syndication.store.articles import articles
from syndication.store.publishing import change_queue
from syndication.store.tables.publishing import ChangeRow
from tests.support.newsroom import article


def former(database, *statements):
    list(articles.put_articles(database, [article("a1", sections=("taiwan", "china")), article("a2", sections=())]))
    with database.write() as conn:
        conn.execute(delete(ChangeRow))
    with database.write() as conn:
        for statement in statements:
            conn.execute(text(statement))
    with database.write() as conn:
        return {id: set(slugs) for id, slugs in change_queue.take(conn).former.items()}


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("DELETE FROM article_section WHERE section = 'china'", {"a1": {"china"}}),
        ("UPDATE article_section SET section = 'sports' WHERE section = 'china'", {"a1": {"china"}}),
        ("UPDATE article_section SET article_id = 'a2' WHERE section = 'taiwan'", {"a1": {"taiwan"}}),
        ("UPDATE article_section SET position = 9", {}),
        ("UPDATE article SET title = 'New', status = 'draft'", {}),
        ("INSERT INTO article_section (article_id, section) VALUES ('a2', 'sports')", {}),
        ("DELETE FROM article WHERE id = 'a1'", {"a1": {"taiwan", "china"}}),
        ("UPDATE article SET id = 'b1' WHERE id = 'a1'", {"a1": {"taiwan", "china"}}),
    ],
)
def test_a_link_that_goes_is_noted_with_its_section(database, statement, expected):
    assert former(database, statement) == expected


def test_the_programs_own_writes_note_it_too(database):
    former(database)
    list(articles.put_articles(database, [article("a1", sections=("sports",))]))
    with database.write() as conn:
        read = change_queue.take(conn)
    assert set(read.former["a1"]) == {"taiwan", "china"} and not read.everything
