"""What one look does to the store, whatever the kind of source; on both databases."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from structlog.testing import capture_logs

from syndication.sources import sweep
from syndication.store.access.audit_log import Actor, list_entries
from syndication.store.articles import articles, withdrawals
from syndication.store.db.database import Database
from syndication.store.sources import source_rows, source_states
from syndication.store.sources.source_states import LeaseLost
from tests.support.fake_source import FakeSource, Following, SourceError
from tests.support.locks import wait_for_a_lock
from tests.support.newsroom import article, at

EDITOR = Actor("user mei", "192.0.2.7")

IDS = tuple("abcdefghij")


@pytest.fixture
def following(database: Database) -> Following:
    following = Following(database, FakeSource(*IDS))
    following.look()
    return following


def accept(following: Following) -> bool:
    with following.database.write() as conn:
        return source_states.accept(conn, following.table.name, EDITOR, following.database.now(conn))


def everything(database: Database) -> list[str]:
    """Returns what the store holds of articles and rows, without times of looks."""
    with database.read() as conn:
        found = articles.load_articles(conn, sorted({*IDS, "k", "l", "m"}))
        rows = source_rows.find(conn, "cms", sorted({*IDS, "k", "l", "m"}))
    kept = [(row.foreign_id, row.article_id, row.digest, row.vanished_at is None) for row in rows.values()]
    return [*map(repr, sorted(found.items())), *map(repr, sorted(kept))]


# Vanished and back


def test_vanished_story_is_withdrawn_by_the_source(following):
    del following.source.stories["c"]
    assert following.look().counts.withdrawn == 1 and following.status("c") == "withdrawn"
    with following.database.read() as conn:
        assert withdrawals.get_withdrawal(conn, "c").by == "source cms"
        acts = [(entry.actor, entry.act) for entry in list_entries(conn, 100, target="c")]
    assert acts == [("source cms", "withdraw"), ("source cms", "put")]


def test_story_that_returns_is_restored_with_its_changes(following):
    before = following.source.stories.pop("c")
    following.look()
    following.source.publish("c", title="Back", published_at=before.published_at)
    assert following.look().counts.restored == 1
    with following.database.read() as conn:
        back = articles.get_article(conn, "c")
    assert back.status == "published" and back.title == "Back"


def test_withdrawal_of_an_editor_outlasts_changes_and_returns_there(following):
    withdrawals.withdraw(following.database, ["a", "b"], EDITOR)
    following.source.publish("a", title="Changed")
    story = following.source.stories.pop("b")
    following.look()
    following.source.stories["b"] = story
    following.look()
    assert (following.status("a"), following.status("b")) == ("withdrawn", "withdrawn")


def test_editor_who_withdraws_what_the_source_withdrew_decides(following):
    story = following.source.stories.pop("b")
    following.look()
    withdrawals.withdraw(following.database, ["b"], EDITOR)
    following.source.stories["b"] = story
    following.look()
    assert following.status("b") == "withdrawn"


def test_writer_who_sends_it_as_withdrawn_decides_too(following):
    story = following.source.stories.pop("b")
    following.look()
    list(articles.put_articles(following.database, [article("b", status="withdrawn")], by=EDITOR))
    following.source.stories["b"] = story
    following.look()
    assert following.status("b") == "withdrawn"


def test_editor_may_restore_what_vanished_there(following):
    del following.source.stories["b"]
    following.look()
    withdrawals.restore(following.database, ["b"], EDITOR)
    following.look()
    assert following.status("b") == "published"


def test_ids_that_the_source_calls_removed_are_withdrawn(following):
    following.source.gone = ["d", "unknown"]
    following.look()
    assert following.status("d") == "withdrawn"


def test_story_that_vanished_is_withdrawn_though_others_cannot_be_read(following):
    following.source.publish("a", title="Changed")
    del following.source.stories["c"]

    def unreadable(name: str) -> None:
        if name == "read":
            raise SourceError("it does not render")

    following.source.step = unreadable
    with pytest.raises(SourceError):
        following.look()
    assert following.status("c") == "withdrawn"
    following.source.step = lambda name: None
    assert following.look().counts.stored == 1


def test_withdrawal_waits_for_no_older_story(database):
    following = Following(database, FakeSource(*IDS, window=5))
    following.look()
    del following.source.stories["c"]
    following.source.publish("k", published_at=at(minutes=-1000))
    seen: list[str | None] = []
    following.source.step = lambda name: seen.append(following.status("c")) if name == "read" else None
    following.look()
    assert seen == ["withdrawn"] and following.status("k") == "published"


def test_long_reading_renews_the_lease_by_slices(database, clock):
    following = Following(database, FakeSource(*IDS, window=5))
    following.look()
    for n in range(250):
        following.source.publish(f"n{n:03}", published_at=at(minutes=-1000))
        following.source.unshown.add(f"n{n:03}")
    held: list[bool] = []

    def slow(name: str) -> None:
        if name == "read":
            clock.advance(0.2)
            held.append(following.state.lease_until > clock())

    following.source.step = slow
    following.look()
    assert held == [True] * 250


def test_look_whose_time_is_over_ends_after_a_slice(following):
    for n in range(250):
        following.source.publish(f"n{n:03}", published_at=at(minutes=-1000))
        following.source.unshown.add(f"n{n:03}")
    following.restart(seconds=0.0)
    outcomes = [following.look().outcome for _ in range(5)]
    assert outcomes[0] == "unfinished" and outcomes[-1] == "unchanged" and following.state.refused == 250


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_editor_who_takes_over_during_the_restore_decides(following):
    story = following.source.stories.pop("b")
    following.look()
    following.source.stories["b"] = story
    looks = threading.Thread(target=following.look)
    with following.database.write() as conn:
        withdrawals.withdraw_in_transaction(conn, ["b"], EDITOR, following.database.now(conn))
        looks.start()
        with psycopg.connect(following.database.url, autocommit=True) as watching:
            wait_for_a_lock(watching)
    looks.join()
    assert following.status("b") == "withdrawn"


# Listed, and not shown


class Steady:
    """Seconds that a test lets pass."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def reads(following: Following) -> list[str]:
    """Looks once; returns a name for each story that was read."""
    steps: list[str] = []
    following.source.step = steps.append
    following.look()
    following.source.step = lambda name: None
    return [name for name in steps if name == "read"]


def test_new_story_that_is_not_shown_is_refused_and_asked_after_a_pause(following):
    steady = Steady()
    following.restart(steady=steady)
    following.source.publish("k")
    following.source.unshown = {"k"}
    following.look()
    assert "does not show it" in following.refused()["k"] and following.state.refused == 1
    assert reads(following) == []
    steady.now = 31
    assert reads(following) == ["read"] and reads(following) == []
    steady.now = 62
    assert reads(following) == [], "the second pause is a minute"
    following.source.unshown.clear()
    steady.now = 92
    following.look()
    assert following.status("k") == "published" and following.refused() == {}
    steady.now = 9000
    assert reads(following) == []


def test_stored_story_that_is_not_shown_is_withdrawn_until_it_is(following):
    following.source.publish("c", title="Changed", published_at=at(minutes=-3))
    following.source.unshown = {"c"}
    assert following.look().counts.withdrawn == 1
    assert following.status("c") == "withdrawn" and "does not show it" in following.refused()["c"]
    assert (following.state.articles, following.state.refused) == (9, 1) and reads(following) == []
    following.source.publish("k")
    assert following.look().counts.withdrawn == 0
    following.source.unshown.clear()
    following.source.publish("c", title="Back", published_at=at(minutes=-3))
    assert following.look().counts.restored == 1 and following.status("c") == "published"
    assert following.refused() == {} and following.state.articles == 11


def test_stories_that_were_not_shown_leave_the_list_without_a_hold(following):
    following.source.unshown = set(IDS[:2])
    change(following, 2)
    following.look()
    following.source.unshown |= {"c", "d"}
    for id in "cd":
        following.source.publish(id, title="Changed", published_at=at(minutes=-3))
    following.look()
    vanish(following, 4)
    assert following.look().counts.withdrawn == 0 and following.state.held_since is None
    assert following.refused() == {} and following.status("a") == "withdrawn"


def change(following: Following, number: int) -> None:
    for n, id in enumerate(IDS[:number]):
        following.source.publish(id, title="Changed", published_at=at(minutes=-n - 1))


def test_too_many_that_are_not_shown_change_nothing_until_accepted(following):
    change(following, 3)
    following.source.unshown = set(IDS[:3])
    before = everything(following.database)
    for _ in range(2):
        with pytest.raises(SourceError, match="lists 3 stories that it does not show"):
            following.look()
    assert everything(following.database) == before and following.state.held_vanished == 3
    assert accept(following) and following.look().counts.withdrawn == 3
    assert following.state.held_since is None and following.status("a") == "withdrawn"


def test_sweep_holds_too_many_that_are_not_shown(database, clock):
    following = Following(database, FakeSource(*IDS, window=2))
    following.look()
    clock.advance(1)
    following.source.unshown = set(IDS[4:8])
    following.restart(settings="others")
    for _ in range(2):
        with capture_logs() as logs, pytest.raises(SourceError, match="lists 4 stories"):
            following.look()
    assert following.state.held_vanished == 4 and following.status("f") == "published"
    assert not [line for line in logs if line["event"] in ("source_held", "source_released")]
    assert accept(following) and following.look().counts.withdrawn == 4
    assert following.state.held_since is None and following.state.swept_at is not None


# Holds


def vanish(following: Following, number: int) -> None:
    for id in IDS[:number]:
        following.source.stories.pop(id)


def test_more_than_a_fifth_vanishing_changes_nothing_and_is_told(following):
    vanish(following, 3)
    before = everything(following.database)
    with capture_logs() as logs:
        assert following.look().outcome == "held" and following.look().outcome == "held"
    assert following.state.held_vanished == 3 and following.state.status == "held"
    assert [line["log_level"] for line in logs if line["event"] == "source_held"] == ["error"]
    assert everything(following.database) == before


def test_held_look_without_a_change_lists_nothing_again(following):
    vanish(following, 3)
    following.look()
    steps: list[str] = []
    following.source.step = steps.append
    assert following.look().outcome == "held" and steps == ["fingerprint"]
    following.source.publish("k")
    assert following.look().outcome == "held" and "public_ids" in steps


@pytest.mark.parametrize("number", [1, 2])
def test_a_fifth_or_two_vanishing_are_a_decision(following, number):
    vanish(following, number)
    assert following.look().outcome == "changed" and following.state.held_since is None


def test_answer_without_any_story_changes_nothing(following):
    following.source.stories.clear()
    before = everything(following.database)
    assert following.look().outcome == "held" and everything(following.database) == before


def test_tables_of_another_newsroom_change_nothing(following):
    before = everything(following.database)
    following.source.stories = {f"x{n}": article(f"x{n}", published_at=at(minutes=-n)) for n in range(10)}
    assert following.look().outcome == "held" and everything(following.database) == before
    assert following.status("x1") is None


def test_hold_ends_when_the_stories_are_back(following):
    kept = dict(following.source.stories)
    vanish(following, 5)
    following.look()
    following.source.stories = kept
    following.source.publish("k")
    assert following.look().outcome == "changed"
    assert following.state.held_since is None and following.status("k") == "published"


def test_accepting_a_hold_withdraws_what_vanished_once(following):
    vanish(following, 5)
    following.look()
    assert accept(following) and following.look().counts.withdrawn == 5
    assert [following.status(id) for id in IDS[:5]] == ["withdrawn"] * 5 and following.state.held_since is None
    for id in IDS[5:9]:
        following.source.stories.pop(id)
    assert following.look().outcome == "held"


def test_accepting_where_there_is_nothing_to_accept_does_nothing(following):
    assert not accept(following) and following.state.accepted_at is None


def test_many_new_stories_at_once_are_no_hold(following):
    for n in range(200):
        following.source.publish(f"n{n:03}")
    assert following.look().counts.stored == 200


# Whose an id is


def test_id_of_another_writer_is_refused_until_it_is_accepted(database):
    list(articles.put_articles(database, [article("b", title="Ours")], by=EDITOR))
    following = Following(database, FakeSource("a", "b"))
    with capture_logs() as logs:
        for _ in range(3):
            following.look()
    assert "belongs to another writer" in following.refused()["b"] and following.state.refused == 1
    assert len([line for line in logs if line["event"] == "source_refused"]) == 1
    with database.read() as conn:
        assert articles.get_article(conn, "b").title == "Ours"
    assert accept(following)
    following.look()
    with database.read() as conn:
        assert articles.get_article(conn, "b").title == "Story b"
    assert following.state.refused == 0 and following.state.taking_over_at is None


def test_id_of_another_source_stays_its_own(database):
    first, second = Following(database, FakeSource("a", "b")), Following(database, FakeSource("b", "c"), "wire")
    second.others, first.others = frozenset({"cms"}), frozenset({"wire"})
    second.restart()
    first.look()
    second.look()
    assert "belongs to the source cms" in second.refused()["b"]
    accept(second)
    second.look()
    assert "belongs to the source cms" in second.refused()["b"]
    del first.source.stories["b"], second.source.stories["b"]
    second.look()
    assert first.status("b") == "published" and not second.refused()


def test_source_with_a_new_name_takes_over_by_acceptance(database):
    Following(database, FakeSource("a", "b")).look()
    renamed = Following(database, FakeSource("a", "b"), "wordpress")
    renamed.look()
    assert len(renamed.refused()) == 2 and accept(renamed)
    renamed.look()
    assert not renamed.refused() and renamed.state.articles == 2
    with database.read() as conn:
        assert source_rows.origin(conn, "a").source == "wordpress"


def test_refused_change_keeps_the_last_version_that_was_right(following):
    following.source.refusals["a"] = "title is empty"
    following.look()
    assert following.refused() == {"a": "title is empty"} and following.status("a") == "published"
    del following.source.stories["a"]
    following.look()
    assert following.status("a") == "withdrawn" and following.refused() == {}


def test_refused_change_closes_the_version_that_is_stored(following):
    following.source.publish("a", access="members", title="x" * 100_000)
    following.source.publish("b", access="paid", title="")
    following.source.refusals["b"] = "it has no title"
    following.look()
    with following.database.read() as conn:
        found = articles.load_articles(conn, ["a", "b"])
    assert found["a"].access == "members" and found["a"].title == "Story a" and "a" in following.refused()
    assert found["b"].access == "public", "nobody said that it is closed"


def test_access_of_another_name_is_for_members(following):
    following.source.publish("k", access="paid")
    following.look()
    with following.database.read() as conn:
        assert articles.get_article(conn, "k").access == "members"


def test_story_that_the_api_would_refuse_is_refused(following):
    following.source.publish("k", title="x" * 100_000)
    following.look()
    assert "title" in following.refused()["k"] and following.status("k") is None


def test_story_without_a_section_goes_to_that_of_the_source(database):
    following = Following(database, FakeSource(), section="world")
    following.source.publish("a", sections=())
    following.source.publish("b")
    following.look()
    with database.read() as conn:
        found = articles.load_articles(conn, ["a", "b"])
    assert (found["a"].sections, found["b"].sections) == (("world",), ("taiwan",))


# Sweeps, settings, bookmarks


def test_story_outside_of_the_window_is_stored_by_the_first_sweep(database):
    following = Following(database, FakeSource(*IDS, window=2))
    assert following.look().counts.stored == 10 and following.state.swept_at is not None


def test_first_looks_read_each_story_once(database):
    following = Following(database, FakeSource(*IDS, window=2))
    read: list[str] = []
    following.source.step = lambda name: read.append(name) if name == "read" else None
    following.look()
    following.look()
    assert len(read) == len(IDS) and following.state.swept_at is not None


def test_sweep_goes_on_where_its_time_was_over(database):
    following = Following(database, FakeSource(*(f"{n:04}" for n in range(300)), window=2))
    following.restart(seconds=0.0)
    outcomes = [following.look().outcome for _ in range(12)]
    assert outcomes[0] == "unfinished" and outcomes[-1] == "unchanged" and following.state.articles == 300


def test_acceptance_during_a_sweep_begins_it_again(database, monkeypatch):
    monkeypatch.setattr(sweep, "PAGE", 3)
    list(articles.put_articles(database, [article("b", title="Ours")], by=EDITOR))
    following = Following(database, FakeSource(*IDS, window=2))
    pages: list[str] = []

    def accepted(name: str) -> None:
        if name == "page":
            pages.append(name)
        if name == "page" and len(pages) == 3:
            assert accept(following)

    following.source.step = accepted
    assert following.look().outcome == "unfinished" and following.state.sweep_after is None
    following.look()
    with database.read() as conn:
        assert articles.get_article(conn, "b").title == "Story b"
    assert following.state.taking_over_at is None and not following.refused()


def test_acceptance_during_a_look_counts_for_the_next(following, clock):
    list(articles.put_articles(following.database, [article("k")], by=EDITOR))
    following.source.publish("k")
    following.look()
    accept(following)
    first = following.state.accepted_at

    def accepted(name: str) -> None:
        if name == "page" and following.state.accepted_at in (None, first):
            clock.advance(1)
            accept(following)

    following.source.step = accepted
    following.look()
    assert following.state.accepted_at is not None and following.state.taking_over_at > first


def test_acceptance_has_nothing_to_do_for_a_story_that_is_wrong(following):
    following.source.refusals["k"] = "it has no title"
    following.source.publish("k")
    following.look()
    assert following.state.refused == 1 and not accept(following)


def test_ids_of_configured_sources_are_not_for_accept_to_give(following):
    other = Following(following.database, FakeSource("k"), "wire")
    other.look()
    following.others = frozenset({"wire"})
    following.restart()
    following.source.publish("k")
    following.look()
    with following.database.read() as conn:
        assert source_rows.count_claims(conn, "cms", ["wire"]) == 0
        assert source_rows.count_claims(conn, "cms", []) == 1


def test_ping_during_a_look_that_fails_is_answered_by_the_next(following, clock):
    with following.database.write() as conn:
        source_states.request_look(conn, "cms", EDITOR, clock())
    state = following.state
    for moment, wanted in ((clock(), None), (at(seconds=9), at(seconds=9))):
        with following.database.write() as conn:
            source_states.request_look(conn, "cms", EDITOR, moment)
            source_states.record_failure(conn, state, "down", clock(), clock(), None)
        assert following.state.requested_at == wanted


def test_changed_settings_read_every_story_again(following):
    following.restart(settings="others")
    following.source.step = lambda name: read.append(name)
    read: list[str] = []
    following.look()
    assert read.count("read") == 10


def test_quiet_look_asks_for_neither_ids_nor_stories(following):
    following.look()
    steps: list[str] = []
    following.source.step = steps.append
    assert following.look().outcome == "unchanged" and steps == ["fingerprint"]


def test_bookmark_of_a_look_is_given_to_the_next(following):
    following.source.mark = "etag"
    following.look()
    following.look()
    assert following.source.given == "etag" and not following.source.asked


def test_lag_is_from_publication_there_to_storage_here(following, clock):
    following.source.publish("k", published_at=at(seconds=10))
    clock.advance(12)
    following.look()
    assert following.state.lag_ms == 2000


# Workers


def test_worker_whose_lease_another_took_writes_nothing(following, clock):
    following.source.publish("k")
    before = everything(following.database)

    def taken(name: str) -> None:
        with following.database.write() as conn:
            source_states.claim(
                conn, "cms", "w2", following.database.now(conn) + timedelta(minutes=1), timedelta(seconds=30)
            )

    following.source.step = taken
    with pytest.raises(LeaseLost):
        following.look()
    assert everything(following.database) == before


class Killed(BaseException):
    """The worker dies here."""


class DyingDatabase(Database):
    """Its process dies at one of its steps: before a transaction, before its commit, or after that."""

    left = 1_000_000

    def step(self, name: str) -> None:
        del name
        self.left -= 1
        if self.left < 0:
            raise Killed

    @contextmanager
    def write(self):
        self.step("begin")
        with super().write() as conn:
            yield conn
            self.step("commit")
        self.step("committed")


def test_death_between_any_two_steps_loses_nothing(database_url, clock):
    """Dies at each step in turn; what is there after one more look is as if no worker had died."""
    database = DyingDatabase(database_url, clock=clock)
    for place in range(100):
        following = Following(database, FakeSource(*(f"{place}-{id}" for id in IDS)), f"s{place}")
        following.look()
        following.source.publish(f"{place}-k")
        following.source.publish(f"{place}-a", title="Changed")
        del following.source.stories[f"{place}-c"]
        following.source.step = database.step
        following.restart()
        database.left = place
        try:
            following.look()
            died = False
        except Killed:
            died = True
        database.left = 1_000_000
        following.restart("w1")
        following.look()
        with database.read() as conn:
            found = articles.load_articles(conn, [f"{place}-{id}" for id in (*IDS, "k")])
        status = {id.partition("-")[2]: story.status for id, story in found.items()}
        assert status == dict.fromkeys((*IDS, "k"), "published") | {"c": "withdrawn"}, place
        assert found[f"{place}-a"].title == "Changed" and following.look().outcome == "unchanged"
        if not died:
            break
    database.close()
    assert 12 < place < 99
