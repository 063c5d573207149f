"""Withdrawals by the API: the reason, several at once, followed until served, undone; and what each caller sees."""

from urllib.parse import quote

import pytest
from click.testing import CliRunner

from syndication.cli import main
from syndication.model.field_limits import MAX_REASON, MAX_WITHDRAWALS
from tests.support.api import when

WRITER = ("read", "write")


@pytest.fixture
def newsroom(api):
    for number in range(1, 5):
        api.put(f"a{number}", title=f"Story {number}", url=f"/{number}")
    api.desk.work()
    api.loader.load()
    api.worker_seen()
    return api


def withdraw(api, *ids, scopes=None, **more):
    body = {"ids": list(ids)} | more
    said = api.ask("POST", "/withdrawals", body, scopes=scopes) if scopes else api.ask("POST", "/withdrawals", body)
    assert said.status == 200, said.json
    return said.json


def outcomes(said, key="outcome"):
    return {one["id"]: one[key] for one in said["articles"]}


def trace(api, id, *scopes):
    return api.get(f"/articles/{id}/trace", scopes or ("read", "preview")).json


def test_a_withdrawal_needs_no_body_and_keeps_a_reason_in_one_line(newsroom):
    said = newsroom.ask("POST", "/articles/a1/withdraw").json
    assert said["outcome"] == "withdrawn" and said["message"].startswith("Withdrawn. Updating")
    assert trace(newsroom, "a1")["withdrawal"]["reason"] is None
    said = newsroom.ask("POST", "/articles/a2/withdraw", {"reason": " Legal\r\ncomplaint\x1b "}).json
    found = trace(newsroom, "a2")["withdrawal"]
    assert (found["reason"], found["withdrawal"]) == ("Legal complaint", said["withdrawal"])
    (act,) = newsroom.audit(act="withdraw", target="a2")
    assert (act.outcome, act.detail) == ("withdrawn", "Legal complaint")
    events = newsroom.get("/articles/a2/history").json["events"]
    assert "Legal complaint" in [event["act"]["detail"] for event in events if event["act"]]
    again = newsroom.ask("POST", "/articles/a2/withdraw", {"reason": "Another"}).json
    assert (again["outcome"], again["withdrawal"]) == ("unchanged", None)
    assert trace(newsroom, "a2")["withdrawal"]["reason"] == "Legal complaint"


@pytest.mark.parametrize("body", [{"reason": "x" * (MAX_REASON + 1)}, {"reason": 5}, {"why": "x"}, []])
def test_a_reason_of_another_shape_is_refused_and_nothing_withdrawn(newsroom, body):
    said = newsroom.ask("POST", "/articles/a1/withdraw", body)
    assert (said.status, said.kind) == (422, "invalid") and not trace(newsroom, "a1")["withdrawn"]


def test_several_stories_are_withdrawn_by_one_act_followed_and_undone(newsroom):
    newsroom.ask("POST", "/articles/a3/withdraw")
    newsroom.desk.later()
    batch = withdraw(newsroom, "a1", "a2", "a3", "nobody", reason="Duplicate")
    assert batch["message"] == "4 stories: 2 withdrawn, 1 withdrawn before, 1 not found."
    assert outcomes(batch) == {"a1": "withdrawn", "a2": "withdrawn", "a3": "unchanged", "nobody": "unknown"}
    assert batch["can_undo"] and batch["reason"] == "Duplicate"
    path = f"/withdrawals/{batch['id']}"
    assert newsroom.get(path).json == batch
    waits = newsroom.get(f"{path}/delivery").json
    assert (waits["stage"], waits["still_shown"], waits["served"]) == ("updating", 2, False)
    assert waits["message"] == "2 stories withdrawn. Updating all, taiwan."
    newsroom.desk.later()
    loading = newsroom.get(f"{path}/delivery").json
    assert (loading["stage"], loading["still_shown"], loading["behind"]) == ("loading", 0, 1)
    newsroom.desk.put("another", title="Another", url="/another")
    newsroom.desk.later()
    served(newsroom)
    done = newsroom.get(f"{path}/delivery?publication={loading['publication']}").json
    assert done["served"]
    assert done["message"] == "2 stories withdrawn: every web process serves the feeds without them."
    undone = newsroom.ask("POST", f"{path}/undo").json
    assert outcomes(undone, "undone") == {"a1": "restored", "a2": "restored", "a3": None, "nobody": None}
    assert undone["message"] == "2 stories: 2 restored." and not undone["can_undo"]
    back = newsroom.get(f"{path}/delivery").json
    assert back["message"] == "2 stories restored. Updating all, taiwan."
    newsroom.desk.later()
    served(newsroom)
    assert newsroom.get(f"{path}/delivery").json["message"] == "2 stories restored: every web process serves them."
    assert "Story 1" in newsroom.desk.body() and "Story 3" not in newsroom.desk.body()
    assert newsroom.ask("POST", f"{path}/undo").json == undone


def served(api):
    api.loader.load()
    api.worker_seen()


def test_nobody_to_carry_it_out_is_said(newsroom, clock):
    batch = withdraw(newsroom, "a1", "a2")
    clock.advance(60)
    said = newsroom.get(f"/withdrawals/{batch['id']}/delivery").json
    assert (said["stage"], said["blocked"]) == ("no-worker", True)
    assert "none is running, and they are still in all, taiwan" in said["message"]


def test_stories_that_no_feed_had_are_out_at_once(newsroom):
    newsroom.put("d1", title="Draft", url="/d", status="draft", published_at=None)
    batch = withdraw(newsroom, "d1")
    said = newsroom.get(f"/withdrawals/{batch['id']}/delivery").json
    assert (said["served"], said["message"]) == (True, "1 story withdrawn. It is in no feed.")


def test_it_is_too_late_after_an_hour(newsroom, clock):
    batch = withdraw(newsroom, "a1")
    clock.advance(3600)
    said = newsroom.ask("POST", f"/withdrawals/{batch['id']}/undo")
    assert (said.status, said.kind) == (409, "too-late") and trace(newsroom, "a1")["withdrawn"]
    assert not newsroom.get(f"/withdrawals/{batch['id']}").json["can_undo"]


def test_one_act_has_a_largest_number_of_stories(newsroom):
    for ids in ([], ["a1"] * (MAX_WITHDRAWALS + 1)):
        said = newsroom.ask("POST", "/withdrawals", {"ids": ids})
        assert (said.status, said.json["errors"][0]["field"]) == (422, "ids")
    longest = ["夜" * 496 + f"{number:04}" for number in range(MAX_WITHDRAWALS)]
    assert set(outcomes(withdraw(newsroom, *longest)).values()) == {"unknown"}
    assert withdraw(newsroom, "a1", "a1")["message"] == "1 story: 1 withdrawn."


def test_a_writer_who_may_not_preview_learns_of_no_hidden_story(newsroom):
    """A hidden story is like an unknown one, and stays as it is; of others' acts, it is left out."""
    newsroom.put("h1", title="Hidden", url="/h", published_at=when(hours=5))
    batch = withdraw(newsroom, "a1", "h1", "nobody", scopes=WRITER)
    assert outcomes(batch) == {"a1": "withdrawn", "h1": "unknown", "nobody": "unknown"}
    assert {one["title"] for one in batch["articles"][1:]} == {None}
    assert not trace(newsroom, "h1")["withdrawn"]
    others = withdraw(newsroom, "a2", "h1", "nobody", reason="Names a source")
    seen = newsroom.get(f"/withdrawals/{others['id']}", WRITER).json
    assert (list(outcomes(seen)), seen["reason"]) == (["a2"], None)
    assert trace(newsroom, "a2", *WRITER)["withdrawal"] | {"at": ""} == {
        "at": "", "by": others["by"], "reason": None, "withdrawal": others["id"],
    }  # fmt: skip
    assert trace(newsroom, "a2")["withdrawal"]["reason"] == "Names a source"


def test_of_a_story_that_another_system_withdrew_it_says_so(newsroom):
    from syndication.store.access.audit_log import source_actor
    from syndication.store.articles.withdrawals import withdraw as out

    out(newsroom.database, ["a1"], source_actor("cms"))
    said = newsroom.ask("POST", "/articles/a1/withdraw", {"reason": "Wrong"}).json
    assert said["message"].startswith("The article was out already.")
    undone = newsroom.ask("POST", f"/withdrawals/{said['withdrawal']}/undo").json
    assert undone["articles"][0]["undone_message"] == "Out as before: source cms may publish it again."


@pytest.fixture
def command(sqlite_api):
    def run(*words):
        done = CliRunner().invoke(main, words, env={"SYNDICATION_DATABASE__URL": sqlite_api.database.url})
        return done.exit_code, done.stdout, done.stderr

    return run


def test_the_command_line_gives_a_reason_and_undoes_a_withdrawal(sqlite_api, command):
    for id in ("a1", "a2"):
        sqlite_api.put(id, url=f"/{id}")
    code, out, err = command("withdraw", "a1", "a2", "nobody", "--reason", "Duplicate", "--no-wait")
    assert (code, out) == (3, "a1 is withdrawn.\na2 is withdrawn.\n") and "There is no article 'nobody'." in err
    undo = err.strip().splitlines()[-1].rpartition(": syndication ")[2].split()
    assert trace(sqlite_api, "a1")["withdrawal"]["reason"] == "Duplicate"
    assert "Withdrawn because: Duplicate" in command("trace", "a1")[1]
    assert "(Duplicate)" in command("audit-log", "--target", "a1")[1]
    assert command("restore", "a2", "--no-wait")[0] == 3
    code, out, err = command(*undo, "--no-wait")
    assert (code, out) == (3, "a2: it had been restored before.\na1 is restored.\n")
    assert not trace(sqlite_api, "a1")["withdrawn"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "Name at least one ID."),
        (("--undo", "nothing"), 1, "There is no withdrawal 'nothing'."),
        (("a1", "--undo", "x"), 2, "--undo takes no ID"),
        (("a1", "--reason", "x" * 501), 2, "must have at most 500 characters"),
    ],
)
def test_a_wrong_use_of_the_command_is_explained(sqlite_api, command, words, code, said):
    found = command("withdraw", *words)
    assert found[0] == code and said in found[2]


def test_any_id_is_withdrawn_and_undone(newsroom):
    ids = ["2026/03/night train", "two\nlines", "夜車 🚆", "a%2fb", "..", "x" * 500]
    for number, id in enumerate(ids):
        newsroom.put(id, url=f"/any/{number}")
    batch = withdraw(newsroom, *ids)
    assert list(outcomes(batch)) == ids and set(outcomes(batch).values()) == {"withdrawn"}
    undone = newsroom.ask("POST", f"/withdrawals/{batch['id']}/undo").json
    assert set(outcomes(undone, "undone").values()) == {"restored"}
    assert not trace(newsroom, quote(ids[1], safe=""))["withdrawn"]
