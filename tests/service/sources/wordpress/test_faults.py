"""What a source makes of a WordPress that dies in the middle of a look, has a wrong clock, or publishes all at once."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from syndication.sources.look import Looker
from syndication.sources.reader import SourceError
from syndication.sources.wordpress.reader import Clock, WordPressReader
from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.sources import source_rows, source_states
from tests.support.service import until
from tests.support.wordpress import PREFIX, WordPress
from tests.support.wordpress_copy import SECTIONS, Copy, settings
from tests.support.wordpress_desk import finish, half_written


@contextlib.contextmanager
def killed_while_it_renders(site: WordPress) -> Iterator[None]:
    """Kills PHP when it renders the post with the shortcode ``[slow]``; it stays away until the end."""
    plugin, began = site.site / "wp-content/mu-plugins/slow.php", site.folder / "began"
    plugin.write_text(f"<?php add_shortcode('slow', function () {{ touch('{began}'); sleep(30); }});")

    def kill() -> None:
        until(began.exists)
        site.kill_web()

    killer = Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        killer.join()
        plugin.unlink()
        began.unlink()
        site.start_web()


def test_php_killed_in_the_middle_gives_excerpts_until_it_is_back(site, copy):
    slow = site.do("return story(['post_title' => 'Slow', 'post_content' => 'A [slow] text', 'post_excerpt' => 'Short',"
                   " 'post_date' => '2026-03-13 08:00:00']);")  # fmt: skip
    ids = site.do("$ids = []; for ($i = 0; $i < 21; $i++) $ids[] = story(['post_title' => \"Story $i\"]); return $ids;")
    with killed_while_it_renders(site):
        found = {one.row.id: one for one in copy.look()}
    assert found.keys() == {str(id) for id in (slow, *ids)}
    told = {id for id, one in found.items() if one.warnings}
    assert str(slow) in told and 0 < len(told) <= 2, "what was rendered before stays whole"
    assert all(bool(one.article.html) == (id not in told) for id, one in found.items())
    assert copy.articles[str(slow)].summary == "Short"
    copy.later(60)
    assert {one.row.id for one in copy.look()} == told
    assert "A " in copy.articles[str(slow)].html and all(article.html for article in copy.articles.values())
    assert copy.look() == []


def test_php_killed_without_a_database_changes_nothing(site):
    copy = Copy(site, database="")
    site.do("story(); story(['post_title' => 'Slow', 'post_content' => 'A [slow] text']); return 1;")
    with killed_while_it_renders(site), pytest.raises(SourceError):
        copy.look()
    assert copy.articles == {}
    copy.later(60)
    copy.look()
    assert len(copy.articles) == 2
    copy.reader.close()


@pytest.mark.parametrize("hours", [1, -1])
def test_posts_of_a_site_whose_clock_is_off_appear_and_leave(site, copy, hours):
    site.do("story(); return 1;")
    copy.look()
    # What such a site writes: its own time, and the status publish.
    theirs = (datetime.now(UTC) + timedelta(hours=hours)).replace(microsecond=0)
    id = site.do("return story();")
    site.sql(f"UPDATE {PREFIX}posts SET post_date = '{theirs + timedelta(hours=8):%F %T}',"
             f" post_date_gmt = '{theirs:%F %T}', post_modified_gmt = '{theirs:%F %T}' WHERE ID = {id}")  # fmt: skip
    (found,) = copy.look()
    assert found.row.id == str(id) and found.article.published_at <= datetime.now(UTC)
    assert (hours > 0) == ("in the future" in "".join(found.warnings))
    assert copy.look() == []
    site.do(f"wp_update_post(['ID' => {id}, 'post_status' => 'draft']); return 1;")
    copy.look()
    assert str(id) not in copy.articles


class Follower:
    """A worker that follows the site, with its store."""

    def __init__(self, database: Database, site: WordPress, window: int, /, **more: object) -> None:
        self.database = database
        self._ahead = timedelta()
        table = settings(site, window=window, **more)
        self.reader = WordPressReader(table, SECTIONS, Clock(lambda: datetime.now(UTC) + self._ahead))
        with database.write() as conn:
            source_states.register(conn, "cms", "wordpress")
            now = database.now(conn)
        self._looker = Looker(database, table, self.reader, "w1", "settings", started_at=now, seconds=5.0)

    def look(self) -> str:
        with self.database.write() as conn:
            state = source_states.claim(conn, "cms", "w1", self.database.now(conn), timedelta(seconds=60))
        assert state is not None
        return self._looker.look(state).outcome

    def follow(self) -> int:
        """Looks until nothing is left to do; returns how many looks that took."""
        for looks in range(1, 200):
            if self.look() == "unchanged":
                return looks
        raise AssertionError("it never ends")

    def later(self, seconds: float) -> None:
        """Lets time pass for the reader."""
        self._ahead += timedelta(seconds=seconds)

    def public(self) -> dict[str, bool]:
        """Returns whether each public article has its text."""
        with self.database.read() as conn:
            known = sorted(source_rows.public_ids(conn, "cms"))
            found = articles.load_articles(conn, [f"cms-{id}" for id in known])
        return {id: bool(article.html) for id, article in found.items() if article.status == "published"}


@pytest.mark.parametrize(("posts", "window"), [(60, 20), pytest.param(2000, 500, marks=pytest.mark.thorough)])
def test_all_posts_published_at_once_come_whole_and_none_is_held(site, sqlite_database, posts, window):
    drafts = site.do("return story(['post_status' => 'draft']);")
    site.sql(f"INSERT INTO {PREFIX}posts (post_author, post_date, post_date_gmt, post_content, post_title,"
             " post_excerpt, post_status, post_name, to_ping, pinged, post_modified, post_modified_gmt,"
             " post_content_filtered, guid, post_type) SELECT post_author, '2026-03-14 08:00:00' + INTERVAL seq SECOND,"
             " '2026-03-14 00:00:00' + INTERVAL seq SECOND, post_content, CONCAT('Story ', seq), '', 'draft',"
             " CONCAT('story-', seq), '', '', post_modified, post_modified_gmt, '', CONCAT('http://d/?p=', seq), 'post'"
             f" FROM {PREFIX}posts, seq_1_to_{posts} WHERE ID = {drafts}")  # fmt: skip
    site.sql(f"DELETE FROM {PREFIX}posts WHERE ID = {drafts}")
    follower = Follower(sqlite_database, site, window)
    follower.follow()
    assert follower.public() == {}
    site.sql(f"UPDATE {PREFIX}posts SET post_status = 'publish' WHERE post_type = 'post'")
    follower.follow()
    public = follower.public()
    assert len(public) == posts and all(public.values())
    with sqlite_database.read() as conn:
        state = source_states.get(conn, "cms")
    assert state.held_since is None and state.articles == posts and state.refused == 0
    follower.reader.close()


@pytest.mark.parametrize("database", [True, False], ids=["database", "rest"])
def test_an_old_post_that_is_still_written_is_neither_refused_nor_forgotten(site, sqlite_database, database):
    """One with a date outside of the window: no digest of the newest posts shows that it was finished."""
    more = {} if database else {"database": ""}
    site.do("for ($i = 0; $i < 6; $i++) story(['post_title' => \"Story $i\"]); return 1;")
    follower = Follower(sqlite_database, site, 2, **more)
    follower.follow()
    old = "2020-03-14 08:00:00"
    id = half_written(site, old)
    follower.follow()
    assert f"cms-{id}" not in follower.public() and len(follower.public()) == 6
    guid = finish(site, id)
    follower.follow()
    with sqlite_database.read() as conn:
        state, stored = source_states.get(conn, "cms"), articles.load_articles(conn, [f"cms-{id}"])
    assert stored[f"cms-{id}"].guid == guid and (state.refused, state.articles) == (0, 7)
    follower.reader.close()


@pytest.mark.parametrize("database", [True, False], ids=["database", "rest"])
def test_another_worker_does_not_take_a_stored_post_without_guid_for_a_new_one(site, sqlite_database, database):
    more = {} if database else {"database": ""}
    follower = Follower(sqlite_database, site, 20, **more)
    follower.follow()
    id = half_written(site)
    site.do("story(); return 1;")
    follower.follow()
    assert len(follower.public()) == 1 and f"cms-{id}" not in follower.public()
    follower.later(61)
    follower.follow()
    assert f"cms-{id}" in follower.public()
    other = Follower(sqlite_database, site, 20, **more)
    site.do("story(); return 1;")
    other.follow()
    assert f"cms-{id}" in other.public() and len(other.public()) == 3
    for one in (follower, other):
        one.reader.close()
