"""An editor holds a feed at its present version or at an earlier one, on both databases."""

import json
import re
from datetime import timedelta

import feedparser
import pytest
from sqlalchemy import delete, func, select, update

from syndication.pipeline.gather import Newsroom
from syndication.pipeline.regenerate import Regenerator
from syndication.pipeline.sweep import Sweeper
from syndication.store import triggers
from syndication.store.access.audit_log import Actor, list_entries
from syndication.store.articles import delivery_list, withdrawals
from syndication.store.articles.delivery_list import DeliveryFilter
from syndication.store.publishing import editor_holds, entry_states, versions
from syndication.store.publishing.editor_holds import Refused
from syndication.store.publishing.section_state import section_status
from syndication.store.tables.access import FeedVersionRow
from syndication.store.tables.articles import ArticleRow
from syndication.store.tables.publishing import DocumentRow, EntryStateRow, HoldRow
from tests.support.desk import PACE, Desk, hold
from tests.support.newsroom import at, section

FORMATS = ("atom", "rss", "json")
MEI, JO = Actor("user mei", "192.0.2.1"), Actor("user jo", "command line")


@pytest.fixture
def desk(database, clock):
    """Returns a desk whose Taiwan feed has the versions 1 (a0 to a3), 2 (b1 is new) and 3 (a1 corrected)."""
    desk = Desk(database, clock)
    desk.sections["taiwan"] = section("taiwan", entries=10)
    desk.restart()
    for n in range(4):
        desk.put(f"a{n}", published_at=at(hours=-1, minutes=-n), updated_at=at(hours=-1, minutes=-n))
    desk.later()
    desk.put(
        "b1", published_at=at(minutes=-5), updated_at=at(minutes=-5), html="<p>Wrong & published <b>everywhere</b>"
    )
    desk.later()
    desk.put("a1", title="Story a1 corrected", published_at=at(hours=-1, minutes=-1), updated_at=at(hours=-1))
    desk.later()
    assert desk.state().version == 3
    clock.advance(1)
    return desk


def hold_it(desk, version=None, until=None, by=MEI, replaces=None, slug="taiwan"):
    with desk.database.write() as conn:
        return editor_holds.hold(conn, slug, version, until, "wrong story", by, desk.clock(), replaces)


def release_it(desk, number=None, by=MEI):
    with desk.database.write() as conn:
        return editor_holds.release(conn, "taiwan", by, desk.clock(), number)


def documents_of(desk):
    return {format: desk.document(format=format) for format in FORMATS}


def shown(desk, format="atom"):
    if format == "json":
        return [item["title"].removeprefix("Story ") for item in json.loads(desk.body(format="json"))["items"]]
    return [entry.title.removeprefix("Story ") for entry in feedparser.parse(desk.body(format=format)).entries]


def entries_of(desk):
    """Returns each entry's bytes in each format, in order."""
    return {
        "atom": re.findall(r"<entry.*?</entry>", desk.body(format="atom"), re.DOTALL),
        "rss": re.findall(r"<item.*?</item>", desk.body(format="rss"), re.DOTALL),
        "json": desk.body(format="json").partition('"items":')[2],
    }


def write(desk, *statements):
    with desk.database.write() as conn:
        for statement in statements:
            conn.execute(statement)


def test_a_held_feed_keeps_every_document_while_stories_change(desk):
    before = documents_of(desk)
    hold_it(desk)
    assert desk.work()["taiwan"].result == "unchanged"
    desk.put("c1", published_at=at(minutes=-1), updated_at=at(minutes=-1))
    desk.put("a2", title="Story a2 corrected", published_at=at(hours=-1, minutes=-2), updated_at=at(minutes=-1))
    write(desk, delete(ArticleRow).where(ArticleRow.id == "a3"))
    write(desk, update(ArticleRow).where(ArticleRow.id == "a0").values(status="draft"))
    done = desk.later()
    assert done["taiwan"].result == "unchanged" and done["taiwan"].held_by == "user mei"
    assert documents_of(desk) == before
    assert "Story c1" in desk.body("all"), "other feeds go on"
    assert section_status(desk.state()) == "held"
    assert desk.later(hours=5).get("taiwan") is None and documents_of(desk) == before


def test_a_release_publishes_what_waited_at_once(desk):
    held = hold_it(desk)
    desk.put("c1", published_at=at(minutes=-1), updated_at=at(minutes=-1))
    desk.later()
    assert release_it(desk, held.number) is True
    assert desk.work()["taiwan"].result == "published"
    assert shown(desk) == ["c1", "b1", "a0", "a1 corrected", "a2", "a3"]
    assert desk.state().editor_hold is None and section_status(desk.state()) == "current"


def test_a_hold_ends_at_its_time_without_a_write(desk):
    hold_it(desk, until=desk.clock() + timedelta(minutes=30))
    desk.put("c1", published_at=at(minutes=-1), updated_at=at(minutes=-1))
    desk.work()
    assert desk.regenerator.look().next_due == desk.state().editor_hold.until
    assert desk.later(minutes=29) == {} and "c1" not in shown(desk)
    assert desk.later(minutes=1)["taiwan"].result == "published"
    assert shown(desk)[0] == "c1" and desk.state().editor_hold is None
    with desk.database.read() as conn:
        (entry,) = list_entries(conn, 1)
        assert (entry.actor, entry.act, entry.target, entry.outcome) == ("the service", "release", "taiwan", "over")
        assert conn.scalar(select(func.count()).select_from(HoldRow)) == 0


def test_a_hold_that_ends_without_a_change_is_removed(desk):
    hold_it(desk, until=desk.clock() + timedelta(minutes=30))
    desk.work()
    assert desk.later(minutes=30)["taiwan"].result == "unchanged"
    assert desk.state().editor_hold is None and section_status(desk.state()) == "current"


def test_a_withdrawal_passes_within_one_regeneration(desk):
    held = entries_of(desk)
    hold_it(desk)
    desk.put("c1", published_at=at(minutes=-1), updated_at=at(minutes=-1))
    withdrawals.withdraw(desk.database, ["b1"], MEI)
    assert desk.work()["taiwan"].result == "published"
    for format in FORMATS:
        assert shown(desk, format) == ["a0", "a1 corrected", "a2", "a3"]
    assert "everywhere" not in "".join(document.identity.decode() for document in documents_of(desk).values())
    assert entries_of(desk)["atom"] == held["atom"][1:] and entries_of(desk)["rss"] == held["rss"][1:]
    assert desk.tombstones() == {"b1": "withdrawn"} and section_status(desk.state()) == "held"
    withdrawals.restore(desk.database, ["b1"], MEI)
    assert desk.later()["taiwan"].result == "published"
    assert entries_of(desk) == held, "as it was held"


@pytest.mark.parametrize("deleted", [False, True], ids=["there", "deleted"])
def test_an_expiry_passes(desk, deleted):
    write(desk, update(ArticleRow).where(ArticleRow.id == "a2").values(expires_at=desk.clock() + timedelta(minutes=9)))
    desk.later()
    hold_it(desk)
    if deleted:
        write(desk, delete(ArticleRow).where(ArticleRow.id == "a2"))
    desk.later()
    assert "a2" in shown(desk)
    assert desk.later(minutes=9)["taiwan"].result == "published"
    assert shown(desk) == ["b1", "a0", "a1 corrected", "a3"] and desk.tombstones() == {"a2": "expired"}


def test_an_embargo_passes_and_its_end_too(desk):
    hold_it(desk)
    write(desk, update(ArticleRow).where(ArticleRow.id == "a2").values(published_at=desk.clock() + timedelta(hours=2)))
    desk.later()
    assert shown(desk) == ["b1", "a0", "a1 corrected", "a3"]
    desk.later(hours=2)
    assert shown(desk) == ["b1", "a0", "a1 corrected", "a2", "a3"]


def test_a_deleted_story_can_be_withdrawn(desk):
    hold_it(desk)
    write(desk, delete(ArticleRow).where(ArticleRow.id == "b1"))
    desk.later()
    assert shown(desk)[0] == "b1"
    assert withdrawals.withdraw(desk.database, ["b1"], MEI) == []
    desk.later()
    assert shown(desk) == ["a0", "a1 corrected", "a2", "a3"]


def test_a_roll_back_publishes_the_entries_of_the_old_version_byte_for_byte(database, clock):
    desk = Desk(database, clock)
    desk.sections["taiwan"] = section("taiwan", entries=10)
    desk.restart()
    for n in range(4):
        desk.put(
            f"a{n}", published_at=at(hours=-1, minutes=-n), updated_at=at(hours=-1, minutes=-n), html=f"<p>{n}</p>"
        )
    desk.later()
    old, head = entries_of(desk), desk.body().partition("<entry")[0]
    desk.put("b1", published_at=at(minutes=-5), updated_at=at(minutes=-5))
    desk.put("a1", title="Story a1 corrected", published_at=at(hours=-1, minutes=-1), updated_at=at(hours=-1))
    write(desk, delete(ArticleRow).where(ArticleRow.id == "a3"))
    desk.later()
    before = desk.document()
    held = hold_it(desk, 1)
    assert held.is_rolled_back and desk.later()["taiwan"].result == "published"
    assert entries_of(desk) == old
    now = desk.document()
    assert now.version == 3 and now.etag != before.etag and now.last_modified > before.last_modified
    stamp = re.compile(r"<updated>[^<]*</updated>")
    assert stamp.sub("", desk.body().partition("<entry")[0]) == stamp.sub("", head)
    assert desk.tombstones() == {}
    with database.read() as conn:
        changes = {change.article_id: change for change in versions.list_versions(conn, "taiwan", 1)[0].changes}
    assert {id: (change.change, change.reason) for id, change in changes.items()} == {
        "a1": ("changed", "date"), "a3": ("added", None), "b1": ("gone", "rolled-back")
    }  # fmt: skip
    assert desk.later(hours=1).get("taiwan") is None
    release_it(desk)
    desk.work()
    assert shown(desk) == ["b1", "a0", "a1 corrected", "a2"]


def test_a_withdrawal_after_a_roll_back_takes_the_story_out_of_the_old_version(desk):
    hold_it(desk, 1)
    desk.work()
    assert shown(desk) == ["a0", "a1", "a2", "a3"]
    withdrawals.withdraw(desk.database, ["a1", "b1"], MEI)
    desk.later()
    for format in FORMATS:
        assert shown(desk, format) == ["a0", "a2", "a3"]
    release_it(desk)
    desk.later()
    assert shown(desk) == ["a0", "a2", "a3"]


def test_a_roll_back_leaves_out_what_was_withdrawn_before(desk):
    withdrawals.withdraw(desk.database, ["a1"], MEI)
    desk.later()
    hold_it(desk, 2)
    desk.later()
    assert shown(desk) == ["b1", "a0", "a2", "a3"]


def test_a_regeneration_that_began_before_the_hold_writes_nothing(desk):
    before = documents_of(desk)
    desk.put("c1", published_at=at(minutes=-1), updated_at=at(minutes=-1))
    desk.regenerator.process_changes()
    render = desk.regenerator.renderer.render

    def held_meanwhile(*args, **kwargs):
        if desk.state().editor_hold is None:
            hold_it(desk)
        return render(*args, **kwargs)

    desk.regenerator.renderer.render = held_meanwhile
    assert desk.regenerator.regenerate("taiwan").result == "overtaken"
    assert documents_of(desk) == before
    assert desk.work()["taiwan"].result == "unchanged" and documents_of(desk) == before


def test_a_held_regeneration_that_began_before_the_release_writes_nothing(desk):
    hold_it(desk, 1)
    assemble = desk.regenerator.renderer.assemble

    def released_meanwhile(feed, entries):
        release_it(desk)
        desk.regenerator.renderer.assemble = assemble
        return assemble(feed, entries)

    desk.regenerator.renderer.assemble = released_meanwhile
    assert desk.regenerator.regenerate("taiwan").result == "overtaken"
    desk.work()
    assert shown(desk)[0] == "b1" and desk.document().version == 3


def test_another_worker_rolls_back_after_one_has_died(desk, database, clock):
    hold_it(desk, 1)
    dead = desk.regenerator
    assert dead._claim(), "it died with the lease"
    other = Regenerator(database, Newsroom(desk.site, desk.sections), PACE, "other")
    other.register()
    assert other.regenerate_next() is None
    clock.advance(31)
    assert other.regenerate_next().result == "published"
    assert shown(desk) == ["a0", "a1", "a2", "a3"]


def test_the_second_of_two_editors_learns_of_the_first(desk):
    first = hold_it(desk)
    second = hold_it(desk, 1, by=JO)
    assert second == Refused("held", first) and desk.state().editor_hold == first
    assert hold_it(desk, 1, by=JO, replaces=first.number + 1) == Refused("changed", first)
    changed = hold_it(desk, 1, by=JO, replaces=first.number)
    assert changed.by == "user jo" and changed.from_version == 3 and changed.number == first.number + 1
    assert release_it(desk, first.number) == Refused("changed", changed)
    assert release_it(desk, changed.number) is True and release_it(desk, changed.number) is False


def test_a_changed_hold_keeps_its_version(desk):
    first = hold_it(desk, 2)
    desk.work()
    longer = hold_it(desk, None, desk.clock() + timedelta(hours=1), replaces=first.number)
    assert longer.version == 2 and longer.from_version == 3
    assert desk.later().get("taiwan").result == "unchanged" and shown(desk)[0] == "b1"


def test_versions_that_are_not_kept_and_unpublished_feeds_are_refused(desk):
    assert hold_it(desk, 9) == Refused("not-kept") and hold_it(desk, slug="nowhere") == Refused("unpublished")
    for n in range(PACE.keep_versions):
        desk.put("a0", title=f"Story a0 {n}", published_at=at(hours=-1), updated_at=at(hours=-1, minutes=n))
        desk.later()
    assert hold_it(desk, 3) == Refused("not-kept") and hold_it(desk, 4).version == 4


def test_states_are_kept_as_long_as_their_versions(desk):
    def kept():
        with desk.database.read() as conn:
            query = select(EntryStateRow.article_id, EntryStateRow.version).where(EntryStateRow.section == "taiwan")
            return {tuple(row) for row in conn.execute(query)}

    assert kept() == {("a0", 1), ("a1", 1), ("a2", 1), ("a3", 1), ("b1", 2), ("a1", 3)}
    for n in range(PACE.keep_versions):
        desk.put("b1", title=f"Story b1 {n}", published_at=at(minutes=-5), updated_at=at(minutes=n))
        desk.later()
    assert ("a1", 1) not in kept() and ("b1", 2) not in kept() and len(kept()) == 4 + PACE.keep_versions
    with desk.database.read() as conn:
        numbers = versions.list_kept(conn, "taiwan")
        states = {number: entry_states.read(conn, "taiwan", number) for number in numbers}
    assert all([state.article_id for state in found] == ["b1", "a0", "a1", "a2", "a3"] for found in states.values())


def test_a_held_feed_whose_version_is_lost_stays_as_it_is_and_withdrawals_pass(desk):
    hold_it(desk)
    before = documents_of(desk)
    write(desk, delete(EntryStateRow), update(FeedVersionRow).values(entry_order=None))
    assert desk.work()["taiwan"].result == "unchanged" and documents_of(desk) == before
    withdrawals.withdraw(desk.database, ["a2"], MEI)
    desk.later()
    for format in FORMATS:
        assert shown(desk, format) == ["b1", "a0", "a1 corrected", "a3"]


def test_entries_that_vanished_before_an_editors_hold_stay(desk):
    hold(desk, 60)
    write(desk, delete(ArticleRow).where(ArticleRow.id.in_(["a0", "a1", "a2", "a3"])))
    desk.work()
    assert desk.state().hold is not None
    hold_it(desk)
    desk.later()
    assert desk.state().hold is None and desk.state().is_held is False and len(shown(desk)) == 5
    desk.later(minutes=5)
    assert len(shown(desk)) == 5
    release_it(desk)
    assert desk.later()["taiwan"].hold.event == "begun", "the protection begins again"


def test_a_sweep_finds_a_withdrawal_that_no_trigger_noticed(desk):
    hold_it(desk)
    desk.work()
    with desk.database.write() as conn:
        triggers.drop_triggers(conn)
        conn.execute(update(ArticleRow).where(ArticleRow.id == "a2").values(status="withdrawn"))
        triggers.create_triggers(conn)
    desk.clock.advance(300)
    assert desk.work() == {} and "a2" in shown(desk)
    newsroom = Newsroom(desk.site, desk.sections)
    for _ in Sweeper(desk.database, newsroom, "desk", timedelta(minutes=5)).sweep():
        pass
    desk.later()
    assert shown(desk) == ["b1", "a0", "a1 corrected", "a3"]


def test_a_new_title_of_a_held_feed_waits(desk):
    before = documents_of(desk)
    hold_it(desk)
    desk.work()
    desk.sections["taiwan"] = section("taiwan", entries=10, title="Formosa")
    desk.restart()
    assert desk.later()["taiwan"].result == "unchanged" and documents_of(desk) == before
    release_it(desk)
    desk.later()
    assert "Formosa" in desk.body()


def test_changes_wait_for_the_release_and_withdrawals_do_not(desk):
    def waiting():
        with desk.database.snapshot() as conn:
            found = delivery_list.read_deliveries(conn, DeliveryFilter(waiting=True), "newest", desk.clock(), 50)[0]
        feeds = [(change.article_id, feed) for change in found for feed in change.feeds if feed.section == "taiwan"]
        return {id: feed.published_at is not None for id, feed in reversed(feeds)}  # The newest of each.

    held = hold_it(desk)
    desk.put("c1", published_at=at(minutes=-1), updated_at=at(minutes=-1))
    desk.put("a2", title="Story a2 corrected", published_at=at(hours=-1, minutes=-2), updated_at=at(minutes=-1))
    withdrawals.withdraw(desk.database, ["b1"], MEI)
    desk.later()
    assert {id: waiting()[id] for id in ("c1", "a2", "b1")} == {"c1": False, "a2": False, "b1": True}
    assert release_it(desk, held.number) is True
    desk.later()
    assert {id: waiting()[id] for id in ("c1", "a2", "b1")} == {"c1": True, "a2": True, "b1": True}


def test_holding_rolling_back_and_releasing_are_in_the_audit_log(desk):
    held = hold_it(desk)
    hold_it(desk, 1, until=desk.clock() + timedelta(hours=1), by=JO, replaces=held.number)
    release_it(desk)
    with desk.database.read() as conn:
        found = [(entry.actor, entry.act, entry.target, entry.outcome) for entry in list_entries(conn, 3)]
        detail = list_entries(conn, 3)[1].detail
    assert found == [
        ("user mei", "release", "taiwan", "released"),
        ("user jo", "roll-back", "taiwan", "held"),
        ("user mei", "hold", "taiwan", "held"),
    ]
    assert "wrong story" in detail and "version 1" in detail


def test_documents_of_a_held_feed_are_not_written_again(desk):
    with desk.database.read() as conn:
        before = conn.execute(select(DocumentRow.__table__).where(DocumentRow.section == "taiwan")).all()
    hold_it(desk)
    desk.work()
    with desk.database.read() as conn:
        assert conn.execute(select(DocumentRow.__table__).where(DocumentRow.section == "taiwan")).all() == before
