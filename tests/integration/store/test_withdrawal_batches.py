"""Stories withdrawn by one act: the reason, what becomes of each, and undoing exactly that act."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from syndication.store.access.audit_log import Actor, list_entries, source_actor
from syndication.store.articles import withdrawal_batches, withdrawals
from syndication.store.articles.withdrawal_batches import TooLateError, get_batch, undo, withdraw_together
from syndication.store.tables.articles import WithdrawalBatchRow, WithdrawnArticleRow
from tests.support.desk import Desk

MEI = Actor("user mei", "192.0.2.7")
LIN = Actor("user lin", "192.0.2.8")
CMS = source_actor("cms")


@pytest.fixture
def desk(database, clock):
    desk = Desk(database, clock)
    for number in range(1, 5):
        desk.put(f"a{number}", title=f"Story {number}")
    desk.work()
    return desk


def out(desk):
    with desk.database.read() as conn:
        found = withdrawals.get_withdrawals(conn, [f"a{n}" for n in range(1, 9)])
    return {id: one.by for id, one in found.items()}


def outcomes(batch):
    return {one.id: one.outcome for one in batch.articles}


def undone(batch):
    return {one.id: one.undone for one in batch.articles if one.undone}


def statuses(desk):
    with desk.database.read() as conn:
        return {row.id: row.status for row in conn.execute(text("SELECT id, status FROM article ORDER BY id"))}


def test_each_story_has_its_outcome_and_the_reason_stays_with_the_withdrawal(desk):
    withdrawals.withdraw(desk.database, ["a2"], LIN)
    withdrawals.withdraw(desk.database, ["a3"], CMS)
    batch = withdraw_together(desk.database, ["a3", "a1", "a2", "nobody", "a1"], MEI, "Legal complaint")
    assert outcomes(batch) == {"a3": "taken-over", "a1": "withdrawn", "a2": "unchanged", "nobody": "unknown"}
    assert out(desk) == {"a1": MEI.name, "a2": LIN.name, "a3": MEI.name}
    with desk.database.read() as conn:
        assert get_batch(conn, batch.id) == batch
        reasons = {id: one.reason for id, one in withdrawals.get_withdrawals(conn, ["a1", "a2", "a3"]).items()}
        acts = {(act.target, act.outcome, act.detail) for act in list_entries(conn, 9, act="withdraw", actor=MEI.name)}
    assert reasons == {"a1": "Legal complaint", "a2": None, "a3": "Legal complaint"}
    assert acts == {
        ("a1", "withdrawn", "Legal complaint"), ("a2", "unchanged", "Legal complaint"),
        ("a3", "withdrawn", "Legal complaint"), ("nobody", "unknown", "Legal complaint"),
    }  # fmt: skip


def test_no_feed_has_the_reason(desk):
    withdraw_together(desk.database, ["a1"], MEI, "Pulled by the lawyers")
    desk.later()
    assert "Story 1" not in desk.everything() and "Pulled by the lawyers" not in desk.everything()


def test_undo_restores_what_the_act_withdrew_and_nothing_else(desk):
    desk.put("a4", title="Story 4", status="draft")
    withdrawals.withdraw(desk.database, ["a2"], LIN)
    before = statuses(desk)
    batch = withdraw_together(desk.database, ["a1", "a2", "a3", "a4"], MEI)
    assert set(statuses(desk).values()) == {"withdrawn"}
    after = undo(desk.database, batch.id, LIN)
    assert undone(after) == {"a1": "restored", "a3": "restored", "a4": "restored"}
    assert (after.undone_by, after.may_be_undone(after.at)) == (LIN.name, False)
    assert statuses(desk) == before and out(desk) == {"a2": LIN.name}
    desk.later()
    assert "Story 1" in desk.body("all") and "Story 2" not in desk.body("all")


def test_what_others_decided_meanwhile_stays_and_is_said(desk):
    batch = withdraw_together(desk.database, ["a1", "a2", "a3", "a4"], MEI)
    withdrawals.restore(desk.database, ["a1", "a2"], LIN)
    withdrawals.withdraw(desk.database, ["a2"], LIN)
    desk.put("a3", title="Written again")
    with desk.database.write() as conn:
        conn.execute(text("DELETE FROM article WHERE id = 'a4'"))
    after = undo(desk.database, batch.id, MEI)
    assert undone(after) == {"a1": "already-restored", "a2": "kept", "a3": "restored-changed", "a4": "deleted"}
    assert out(desk) == {"a2": LIN.name}
    assert statuses(desk) == {"a1": "published", "a2": "withdrawn", "a3": "published"}
    assert desk.put("a4") == "created"


def test_a_withdrawal_that_was_taken_over_is_given_back(desk):
    withdrawals.withdraw(desk.database, ["a1", "a2"], CMS)
    batch = withdraw_together(desk.database, ["a1", "a2"], MEI, "Keep it out")
    desk.put("a2", title="Another text from its sender")
    after = undo(desk.database, batch.id, MEI)
    assert undone(after) == {"a1": "given-back", "a2": "kept"}
    assert out(desk) == {"a1": CMS.name, "a2": MEI.name}
    with desk.database.read() as conn:
        assert withdrawals.get_withdrawal(conn, "a1").reason is None
    with desk.database.write() as conn:
        assert withdrawals.restore_own(conn, ["a1", "a2"], CMS, desk.database.now(conn)) == ["a1"]


def test_undoing_again_changes_nothing(desk):
    batch = withdraw_together(desk.database, ["a1", "a2"], MEI)
    first = undo(desk.database, batch.id, MEI)
    withdrawals.withdraw(desk.database, ["a1"], LIN)
    assert undo(desk.database, batch.id, LIN) == first and out(desk) == {"a1": LIN.name}
    assert undo(desk.database, "nothing", LIN) is None


def test_after_an_hour_it_is_too_late(desk, clock):
    batch = withdraw_together(desk.database, ["a1"], MEI)
    clock.advance(3600)
    with pytest.raises(TooLateError):
        undo(desk.database, batch.id, MEI)
    assert out(desk) == {"a1": MEI.name}


REJECT = {
    "sqlite": [
        "CREATE TRIGGER newsroom_own BEFORE UPDATE ON article WHEN NEW.id = 'a2' AND NEW.status {when} 'withdrawn'"
        " BEGIN SELECT RAISE(ABORT, 'a secret title'); END"
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION newsroom_check() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN RAISE check_violation USING MESSAGE = ''a secret title''; END'",
        "CREATE TRIGGER newsroom_own BEFORE UPDATE ON article FOR EACH ROW"
        " WHEN (NEW.id = 'a2' AND NEW.status {when} 'withdrawn') EXECUTE FUNCTION newsroom_check()",
    ],
}


def reject(database, when):
    with database.write() as conn:
        for statement in REJECT[database.dialect]:
            conn.execute(text(statement.format(when=when)))


def drop(database):
    on = " ON article" if database.dialect == "postgresql" else ""
    with database.write() as conn:
        conn.execute(text(f"DROP TRIGGER newsroom_own{on}"))


def test_a_story_that_the_database_rejects_leaves_the_others_withdrawn_and_is_named(desk):
    reject(desk.database, "=")
    batch = withdraw_together(desk.database, ["a1", "a2", "a3"], MEI)
    assert outcomes(batch) == {"a1": "withdrawn", "a2": "failed", "a3": "withdrawn"}
    assert sorted(out(desk)) == ["a1", "a3"]
    detail = batch.articles[1].detail
    assert "newsroom_own" in detail and "secret" not in detail
    with desk.database.read() as conn:
        (act,) = list_entries(conn, 9, target="a2", act="withdraw")
        assert (act.outcome, act.detail) == ("failed", detail)


def test_a_story_that_cannot_be_restored_is_said_and_tried_again(desk):
    batch = withdraw_together(desk.database, ["a1", "a2"], MEI)
    reject(desk.database, "<>")
    after = undo(desk.database, batch.id, MEI)
    assert undone(after) == {"a1": "restored", "a2": "failed"} and "newsroom_own" in after.articles[1].detail
    assert after.may_be_undone(after.at) and sorted(out(desk)) == ["a2"]
    drop(desk.database)
    assert undone(undo(desk.database, batch.id, MEI)) == {"a1": "restored", "a2": "restored"}
    assert out(desk) == {}


def test_the_reason_follows_an_article_to_its_new_id(desk):
    withdraw_together(desk.database, ["a1"], MEI, "Mistake")
    with desk.database.write() as conn:
        conn.execute(text("UPDATE article SET id = 'a8' WHERE id = 'a1'"))
    with desk.database.read() as conn:
        assert withdrawals.get_withdrawal(conn, "a8").reason == "Mistake"


def test_acts_are_forgotten_after_their_time_and_withdrawals_stay(desk, clock):
    withdraw_together(desk.database, ["a1"], MEI, "Mistake")
    clock.advance(withdrawal_batches.KEPT.total_seconds() + 1)
    young = withdraw_together(desk.database, ["a2"], MEI)
    with desk.database.write() as conn:
        withdrawal_batches.prune(conn, clock() - withdrawal_batches.KEPT + timedelta(seconds=1))
        assert list(conn.scalars(select(WithdrawalBatchRow.id))) == [young.id]
        assert list(conn.scalars(select(WithdrawnArticleRow.article_id))) == ["a2"]
    assert sorted(out(desk)) == ["a1", "a2"]
