"""Searching by words: the index finds what reading the articles finds, on both databases, and forgets what is gone."""

import pytest
from sqlalchemy import text

from syndication.model.selection import Term
from syndication.model.values import Author
from syndication.model.wanted_terms import WantedTerms
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles
from syndication.store.articles.found_articles import ArticleFilter
from syndication.store.articles.search import count, search, search_and_count
from syndication.store.articles.search_index import index_next, is_filled
from syndication.store.articles.withdrawals import withdraw
from tests.support.desk import Desk
from tests.support.newsroom import article, at


@pytest.fixture
def desk(database, clock):
    return Desk(database, clock)


def find(desk, words="", hidden=True, **filters):
    """Returns the ids that are found, and checks that their number is counted."""
    wanted = ArticleFilter(words, hidden=hidden, **filters)
    with desk.database.read() as conn:
        found, _ = search(conn, wanted, desk.clock(), 100, None)
        hits = count(conn, wanted, desk.clock())
        assert hits.count == len(found)
        assert search_and_count(conn, wanted, desk.clock(), 100, None) == (found, None, hits)
    return [one.id for one in found]


def rows(desk):
    with desk.database.read() as conn:
        return conn.execute(text("SELECT article_id FROM article_search ORDER BY place")).scalars().all()


CASES = [
    ("train night", ["en"]),
    ("NIGHT trains", []),
    ("night tra*", ["en"]),
    ("tr*", []),
    ("cafe", ["en"]),
    ("Café", ["en"]),
    ("地震", ["zh"]),
    ("花蓮 地震", ["zh"]),
    ("發生地震", ["zh"]),
    ("花蓮地震", []),
    ("地", ["zh"]),
    ("震地", []),
    ("地震 train", []),
    ("東京", ["ja"]),
    ("กรุงเทพ", ["th"]),
    ("writer ada", ["en"]),
    ("locomotives", ["en"]),
    ("2026-0142", ["en"]),
    ("split", ["en"]),
    ("hidden", []),
    ("AT&T", ["en"]),
    ("members", ["paid"]),
    ("opening", ["paid"]),
]


def publish_all(desk):
    desk.put(
        "en", title="Night train", html="<p>A caf\u00e9 car, s<b>pl</b>it. AT&amp;T</p><script>hidden()</script>",
        url="/news/2026-0142", authors=(Author("Ada Writer"),), tags=("Locomotives",),
    )  # fmt: skip
    desk.put("zh", title="花蓮發生地震", html="<p>無人受傷。</p>")
    desk.put("ja", title="東京の朝", html="")
    desk.put("th", title="ข่าวกรุงเทพมหานคร", html="")
    desk.put("paid", access="members", html="<p>The opening.</p><!--members-only--><p>For members.</p>")


@pytest.mark.parametrize("indexed", [False, True])
def test_words_in_any_order_are_found_in_every_script(desk, indexed):
    publish_all(desk)
    if indexed:
        desk.work()
        assert len(rows(desk)) == 5
    for words, ids in CASES:
        assert find(desk, words) == ids, words


@pytest.mark.parametrize("indexed", [False, True])
def test_what_only_members_read_finds_nothing_for_others(desk, indexed):
    publish_all(desk)
    desk.put("secret", title="Secret train", published_at=at(hours=1))
    desk.put("draft", title="Draft train", status="draft")
    if indexed:
        desk.work()
    assert find(desk, "members", hidden=False) == []
    assert find(desk, "opening", hidden=False) == ["paid"]
    assert find(desk, "train", hidden=False) == ["en"]
    assert sorted(find(desk, "train")) == ["draft", "en", "secret"]


def test_a_change_is_found_at_once_and_what_it_replaced_no_more(desk):
    desk.put("a1", title="Old words")
    desk.work()
    desk.put("a1", title="New words")
    for _ in "read", "gathered", "indexed":
        assert find(desk, "new") == ["a1"] == find(desk, "words")
        assert find(desk, "old") == []
        if _ == "read":
            desk.regenerator.process_changes()
        else:
            desk.work()


def test_what_readers_saw_is_found_until_it_changes(desk):
    desk.put("a1", title="Ferry")
    desk.work()
    desk.put("a1", title="Ferry", status="draft")
    desk.later()
    assert find(desk, "ferry", hidden=False) == ["a1"]
    desk.put("a1", title="Ferry, unpublished", status="draft")
    assert find(desk, "ferry", hidden=False) == []
    desk.later()
    assert find(desk, "ferry", hidden=False) == [] and find(desk, "ferry") == ["a1"]


def test_a_deleted_article_leaves_the_index(desk):
    for id in "ab":
        desk.put(id, title="Ferry")
    desk.work()
    with desk.database.write() as conn:
        conn.execute(text("DELETE FROM article WHERE id = 'a'"))
    assert find(desk, "ferry") == ["b"]
    desk.later()
    assert find(desk, "ferry") == ["b"] == rows(desk)


def test_another_time_is_another_place_and_equal_times_have_one_each(desk):
    for id in "abc":
        desk.put(id, title="Ferry", published_at=at())
    desk.put("d", title="Ferry", published_at=at(microseconds=1))
    desk.put("draft", title="Ferry", published_at=None, status="draft")
    desk.work()
    assert rows(desk)[0] == "draft" and rows(desk)[-1] == "d"
    assert sorted(rows(desk)[1:-1]) == ["a", "b", "c"]
    desk.put("b", title="Ferry", published_at=at(hours=-1))
    desk.later()
    assert rows(desk)[:2] == ["draft", "b"] and find(desk, "ferry")[-2:] == ["b", "draft"]


def test_terms_of_a_feed_go_with_words(desk):
    desk.put("a", title="Ferry", sections=("taiwan",), tags=("Rail",), language="en")
    desk.put("b", title="Ferry", sections=("china",), tags=(), language=None)
    feeds = [
        (WantedTerms(any=(Term("section", "taiwan"), Term("section", "china")), language="en"), ["a", "b"]),
        (WantedTerms(all=((Term("tag", "rail"),), (Term("language", "en"),)), language="en"), ["a"]),
        (WantedTerms(all=((Term("language", "en"),),), language="en"), ["a", "b"]),
        (WantedTerms(none=(Term("tag", "rail"),), language="en"), ["b"]),
        (WantedTerms(any=(Term("section", "china"),), none=(Term("tag", "rail"),), language="en"), ["b"]),
    ]
    for indexed in (False, True):
        if indexed:
            desk.work()
        for wanted, ids in feeds:
            for words in "", "ferry", "ferr*":
                assert sorted(find(desk, words, feed=wanted)) == ids, (words, wanted)


def test_the_index_is_filled_from_what_is_there_and_again_after_a_truncation(desk):
    for n in range(30):
        desk.put(f"a{n}", title="Ferry", published_at=at(minutes=-n))
    desk.work()
    with desk.database.write() as conn:
        for table in ("search_change", "search_fill"):
            conn.execute(text(f"DELETE FROM {table}"))
        if desk.database.dialect == "sqlite":
            conn.execute(text("INSERT INTO article_words (article_words) VALUES ('delete-all')"))
        conn.execute(text("DELETE FROM article_search"))
    with desk.database.read() as conn:
        assert not is_filled(conn)
    while index_next(desk.database):
        pass
    assert len(rows(desk)) == 30 == len(find(desk, "ferry"))
    with desk.database.write() as conn:
        conn.execute(text("DELETE FROM article WHERE id <> 'a0'"))
        conn.execute(text("DELETE FROM change"))
        conn.execute(text("INSERT INTO change (noticed_at) SELECT at FROM deleted_article LIMIT 1"))
    desk.later()
    assert rows(desk) == ["a0"] == find(desk, "ferry")


def test_a_worker_that_read_an_article_before_another_one_does_not_replace_what_that_stored(desk, monkeypatch):
    from syndication.store.articles import search_index

    desk.put("a1", title="Old ferry")
    desk.regenerator.process_changes()
    read = search_index.read_indexed

    def overtaken(conn, ids):
        found = read(conn, ids)
        monkeypatch.setattr(search_index, "read_indexed", read)
        desk.put("a1", title="New ferry")
        desk.regenerator.process_changes()
        while index_next(desk.database):
            pass
        return found

    monkeypatch.setattr(search_index, "read_indexed", overtaken)
    while index_next(desk.database):
        pass
    assert find(desk, "new ferry") == ["a1"] and find(desk, "old") == []


def test_an_article_over_a_limit_is_found_by_what_can_be_read(desk):
    desk.put("a1", title="Ferry")
    with desk.database.write() as conn:
        conn.execute(text("UPDATE article SET slug = :long"), {"long": "x" * 100_000})
    for _ in "read", "indexed":
        assert find(desk, "ferry") == ["a1"]
        desk.work()


PATTERNS = {
    "everywhere": range(40),
    "newest": range(5),
    "clustered": [0, 1, *range(15, 19)],
    "fifth": range(0, 40, 5),
    "second": range(0, 40, 2),
    "oldest": range(28, 40),
    "ancient": range(36, 39),
    "interrupted": [*range(5), *range(12, 40)],
    "nowhere": range(0),
}
"""Words, and which of 40 articles have them, the newest first."""


def test_common_and_rare_words_are_found_newest_first_wherever_they_are(desk, monkeypatch):
    from syndication.store.articles import indexed_hits, word_search

    monkeypatch.setattr(word_search, "MOST_COUNTED", 5)
    for name, value in {"MOST": 6, "FIRST_LOOKED_AT": 4, "TIMES_LOOKED_AT": 2, "MOST_SORTED": 9}.items():
        monkeypatch.setattr(indexed_hits, name, value)
    list(articles.put_articles(desk.database, [_with_words(n) for n in range(40)]))
    while desk.regenerator.process_changes() or index_next(desk.database):
        pass
    for word, there in PATTERNS.items():
        for words in word, f"{word[:4]}*", f"{word[:4]}* boat", f"{word} boa*":
            for hidden in (True, False):
                expected = [f"a{n:02}" for n in there if hidden or n != 1]
                hits, visited = _all_pages(desk, ArticleFilter(words, hidden=hidden))
                assert visited == expected, words
                assert (hits.count, hits.more) == (min(len(expected), 5), len(expected) > 5), words


def _with_words(n):
    title = " ".join(["Boat", *(word for word, there in PATTERNS.items() if n in there)])
    status = "draft" if n == 1 else "published"
    return article(f"a{n:02}", title=title, published_at=at(minutes=-n), status=status)


def _all_pages(desk, wanted):
    with desk.database.read() as conn:
        found, after, hits = search_and_count(conn, wanted, desk.clock(), 3, None)
        assert count(conn, wanted, desk.clock()) == hits
        visited = [one.id for one in found]
        while after is not None:
            found, after = search(conn, wanted, desk.clock(), 3, after)
            visited += [one.id for one in found]
    return hits, visited


def test_what_readers_saw_is_found_while_another_story_waits_to_be_indexed(desk):
    desk.put("seen", title="Seen and gone", published_at=at(hours=-2))
    desk.put("waiting", title="Waiting", published_at=at(hours=-1))
    desk.work()
    withdraw(desk.database, ["seen"], Actor("desk", "here"))
    desk.work()
    desk.put("waiting", title="Waits to be indexed", published_at=at(hours=-1))
    for words in ("gone", ""):
        assert "seen" in find(desk, words, hidden=False), words


def test_what_is_left_out_is_found_by_words(desk):
    desk.put("bad", title="A common word", url="ftp://nowhere")
    desk.put("good", title="Another common word")
    desk.put("worse", title="Something else", url="ftp://nowhere")
    desk.work()
    assert find(desk, "common", feeds="left-out") == ["bad"] == find(desk, "comm*", feeds="left-out")
    desk.put("bad", title="Now uncommon", url="ftp://nowhere")
    assert find(desk, "common", feeds="left-out") == [] and find(desk, "uncommon", feeds="left-out") == ["bad"]
    assert set(find(desk, feeds="left-out")) == {"bad", "worse"}
