"""The command line: help, output, errors and exit codes."""

import json
import re
import time
import tomllib

import click
import pytest
from click.testing import CliRunner
from sqlalchemy import delete, text

from syndication.cli import main
from syndication.config.loading import load_settings
from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.processes import workers
from syndication.store.tables.articles import ArticleRow
from tests.support.desk import Desk, hold
from tests.support.newsroom import at

COMMANDS = [
    "audit-log", "config", "copy-database", "deliveries", "demonstrate", "feeds", "find", "hold", "hub", "import",
    "init", "lock", "migrate", "notifications", "purge", "regenerate", "release", "reload", "restore", "revisions",
    "schedule", "serve", "source", "status", "token", "trace", "unlock", "user", "web", "withdraw", "worker",
]  # fmt: skip

LINE = {"id": "a1", "title": "T", "url": "/a1", "sections": ["Taiwan"], "published_at": "2026-03-14T08:00:00+08:00"}


@pytest.fixture
def run(sqlite_url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, input=None):
        return CliRunner().invoke(main, arguments, env={"SYNDICATION_DATABASE__URL": sqlite_url}, input=input)

    return run


@pytest.fixture
def store(sqlite_url):
    database = Database(sqlite_url)
    yield database
    database.close()


def test_every_command_has_help_that_says_what_it_does(run):
    # A hidden one is for our own processes.
    assert sorted(name for name, command in main.commands.items() if not command.hidden) == COMMANDS
    text = run("--help").output
    for command in COMMANDS:
        assert command in text
        assert len(run(command, "--help").output) > 150


def test_the_help_lists_the_exit_codes(run):
    assert "3 no worker is running" in " ".join(run("--help").output.split())
    assert run("regenerate").exit_code == 2
    assert run("nonsense").exit_code == 2


def test_an_import_reports_the_result_of_every_line(run, store, tmp_path):
    lines = [json.dumps(LINE), "{broken", json.dumps(LINE | {"id": "a2", "published_at": "2026-03-14T08:00:00"})]
    lines += [
        json.dumps(LINE | {"id": "a3", "sections": ["Chess & Go", "taiwan"]}),
        json.dumps(LINE | {"id": "a4", "x": 1}),
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    done = run("import", "a.jsonl")
    assert done.exit_code == 1
    assert done.stdout == "2 created, 0 updated, 0 unchanged, 0 kept out, 3 not imported.\n"
    assert "a.jsonl line 2: not valid JSON" in done.stderr
    assert "a.jsonl line 3: published_at must have a time zone, like '2026-03-14T08:00:00+00:00'" in done.stderr
    assert "a.jsonl line 5: x is not a field of an article" in done.stderr
    assert "Section 'chess-go' is not configured. Its articles (1) are stored and appear in `all`" in done.stderr
    pasted = tomllib.loads(done.stderr[done.stderr.index("[[section]]") :])
    assert pasted == {"section": [{"slug": "chess-go", "title": "Chess Go"}]}
    with store.read() as conn:
        assert articles.get_article(conn, "a3").sections == ("chess-go", "taiwan")


def test_an_import_names_the_stories_that_will_not_appear_as_asked(run):
    lines = [LINE, LINE | {"id": "a2", "title": "\x01"}, LINE | {"id": "a3", "url": "ftp://x/1"}]
    done = run("import", "-", input="\n".join(map(json.dumps, lines)))
    assert (done.exit_code, done.stdout.partition(".")[2]) == (0, " 2 will not appear as asked.\n")
    assert "a2 is stored, but its title has no printable characters: add a title. No feed shows the article." in (
        done.stderr
    )
    assert "a3 is stored, but its url 'ftp://x/1' is not an http or https address. No feed" in done.stderr


def test_an_import_says_which_stories_were_deleted_before(run, store):
    run("import", "-", input=json.dumps(LINE))
    with store.write() as conn:
        conn.execute(text("DELETE FROM article"))
    done = run("import", "-", input=json.dumps(LINE))
    assert done.stdout == "1 created, 0 updated, 0 unchanged, 0 kept out, 0 not imported. 1 deleted before.\n"
    assert f"{LINE['id']} was deleted before and is stored again." in done.stderr


def test_importing_twice_changes_nothing(run):
    assert run("import", "-", input=json.dumps(LINE)).stdout.startswith("1 created")
    again = run("import", "-", input=json.dumps(LINE))
    assert (again.exit_code, again.stdout) == (0, "0 created, 0 updated, 1 unchanged, 0 kept out, 0 not imported.\n")


def test_an_import_keeps_withdrawn_articles_out(run):
    run("import", "-", input=json.dumps(LINE))
    done = run("withdraw", "a1")
    assert (done.exit_code, done.stdout) == (0, "a1: withdrawn. It is in no feed: its trace shows why.\n")
    assert "1 kept out" in run("import", "-", input=json.dumps(LINE)).stdout
    done = run("restore", "a1", "--no-wait")
    assert (done.exit_code, done.stdout) == (3, "a1 is restored.\n")
    assert done.stderr.startswith("No worker is running: feeds stay as they are.")


def test_a_missing_file_is_reported_in_one_sentence(run):
    done = run("import", "missing.jsonl")
    words = "missing.jsonl: cannot be read: No such file or directory; nothing was imported from it\n"
    assert (done.exit_code, done.stderr) == (1, words)


@pytest.mark.parametrize("format", ["atom", "rss", "json"])
def test_an_imported_feed_keeps_its_ids(run, store, database, clock, tmp_path, format):
    desk = Desk(database, clock)
    desk.put("old", title="Story from before", html="<p>The body</p>", published_at=at(days=-2), updated_at=at(days=-1))
    desk.work()
    (tmp_path / "old-feed").write_text(desk.body("taiwan", format))
    done = run("import", "--section", "World", "old-feed")
    assert done.stdout.startswith("1 created"), done.output
    guid = "tag:daily.example,2026-01-01:article/old"
    with store.read() as conn:
        found = articles.get_article(conn, guid)
    assert (found.guid, found.title, found.sections) == (guid, "Story from before", ("world",))
    assert (found.published_at, found.url) == (at(days=-2), "https://www.daily.example/news/a1".replace("a1", "old"))
    assert "<p>The body</p>" in found.html and found.authors[0].name == "Lin Mei-hua"
    assert run("import", "--section", "world", "old-feed").stdout.startswith("0 created, 0 updated, 1 unchanged")


def test_regenerate_without_a_worker_fails_at_once(run, sqlite_url, clock):
    Desk(Database(sqlite_url), clock)
    started = time.monotonic()
    done = run("regenerate", "taiwan", "--wait")
    assert done.exit_code == 3 and "No worker is running" in done.stderr
    assert time.monotonic() - started < 6
    assert run("regenerate", "taiwan").exit_code == 3


def taiwan(run):
    sections = json.loads(run("status", "--json").stdout)["sections"]
    return next(one for one in sections if one["section"] == "taiwan")


def test_release_publishes_a_held_section_without_what_vanished(run, sqlite_url, store):
    desk = Desk(store, None)
    hold(desk)
    for n in range(3):
        desk.put(f"a{n}")
    desk.work()
    with store.write() as conn:
        conn.execute(delete(ArticleRow))
    time.sleep(1)  # A section publishes one version a second, by the real clock here.
    desk.work()
    done = run("status")
    assert done.exit_code == 1 and "Held: 3 of 3 entries vanished" in done.stdout
    assert re.search(
        r"taiwan is held: .* at most \d+ s more\. To publish .*: `syndication release taiwan`\.", done.stdout
    )
    assert taiwan(run)["hold"]["vanished"] == 3
    done = run("release", "taiwan", "china")
    assert (done.exit_code, done.stdout) == (3, "taiwan is released.\nchina is not held.\n")
    assert "No worker is running" in done.stderr
    desk.work()
    assert desk.state().entries == 0 and run("release", "taiwan").exit_code == 0
    assert "release taiwan: released" in run("audit-log").stdout


def test_hold_and_release_of_a_feed(run, store):
    desk = Desk(store, None)
    desk.put("a1")
    desk.work()
    time.sleep(1)
    desk.put("a2")
    desk.work()
    done = run("hold", "taiwan", "--reason", "a wrong story", "--for", "90")
    assert done.exit_code == 3 and re.match(r"taiwan is held at version 2 until 20.* UTC\.", done.stdout)
    assert "No worker is running" in done.stderr
    done = run("hold", "taiwan", "--reason", "mine")
    assert done.exit_code == 1 and "holds it since" in done.stderr and "(a wrong story); use --change" in done.stderr
    done = run("hold", "taiwan", "--reason", "worse", "--version", "1", "--change")
    assert "taiwan is rolled back to version 1 until `syndication release taiwan`." in done.stdout
    assert "taiwan is held at version 1 by" in run("regenerate", "taiwan").stdout
    status = run("status")
    assert "Held rolled back to version 1 by" in status.stdout and "(worse). New stories wait" in status.stdout
    found = taiwan(run)
    assert (found["state"], found["editor_hold"]["version"], found["editor_hold"]["reason"]) == ("held", 1, "worse")
    time.sleep(1)
    desk.work()
    assert desk.state().entries == 1
    assert re.search(r"Rolled back to version 1 by .* \(worse\)\. The story waits\.", run("trace", "a2").stdout)
    assert run("release", "taiwan").stdout == "taiwan is released.\n"
    time.sleep(1)
    desk.work()
    assert desk.state().entries == 2 and run("release", "taiwan").stdout == "taiwan is not held.\n"
    assert "version 7 is not kept" in run("hold", "taiwan", "--reason", "r", "--version", "7").stderr
    assert run("hold", "taiwan", "--reason", " ").exit_code == 2 and run("hold", "taiwan").exit_code == 2
    log = run("audit-log").stdout
    assert "roll-back taiwan: held" in log and "hold taiwan: held" in log


def test_an_unknown_section_gets_a_suggestion(run):
    done = run("regenerate", "taiwn")
    assert (done.exit_code, done.stderr) == (1, "Error: there is no section 'taiwn': did you mean taiwan?\n")


def test_status_shows_problems_and_left_out_articles(run, sqlite_url, store):
    desk = Desk(Database(sqlite_url), clock=lambda: at())
    desk.clock = None
    desk.put("bad", title="\x01")
    desk.work()
    done = run("status")
    assert done.exit_code == 1 and "No worker is running" in done.stdout
    assert "left out: bad: its title has no printable characters" in done.stdout
    values = json.loads(run("status", "--json").stdout)
    assert {"problems", "notices", "workers", "web", "sections", "left_out", "oldest_change"} == values.keys()
    assert values["left_out"][0]["article_id"] == "bad"
    for moment in (values["left_out"][0]["since"], values["sections"][0]["updated_at"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", moment)  # RFC 3339


def test_status_shows_a_waiting_section_whose_change_is_gathered(run, sqlite_url, store):
    desk = Desk(Database(sqlite_url), clock=lambda: at())
    desk.work()
    with store.write() as conn:
        conn.exec_driver_sql(
            "UPDATE section_state SET requested_generation = requested_generation + 1,"
            " requested_at = '2026-01-01T00:00:00.000000Z'"
        )
        conn.exec_driver_sql("INSERT INTO section_state (section, fingerprint) VALUES ('gone', 'x')")
    done = run("status")
    assert "A change has been waiting for" in done.stdout and "waiting change: none" not in done.stdout
    assert json.loads(run("status", "--json").stdout)["oldest_change"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("host", "base"),
    [("::1", "http://[::1]:8131"), ("127.0.0.1", "http://127.0.0.1:8131"), ("::", "http://127.0.0.1:8131")],
)
def test_a_loopback_base_url_follows_the_listening_port(run, tmp_path, monkeypatch, host, base):
    from syndication.cli.processes import _environ

    monkeypatch.chdir(tmp_path)
    for name in ("SERVER__HOST", "SERVER__PORT", "SITE__BASE_URL"):  # Noted first, so that they are undone.
        monkeypatch.setenv(f"SYNDICATION_{name}", "")
        monkeypatch.delenv(f"SYNDICATION_{name}")
    context = click.Context(click.Command("serve"), obj=None)
    assert _environ(context, host, 8131)["SYNDICATION_SITE__BASE_URL"] == base
    assert load_settings().site.base_url == base


def test_status_counts_running_workers(run, store):
    with store.write() as conn:
        now = store.now(conn)
        workers.record_heartbeat(conn, workers.WorkerProcess("w", "host", 1, now, now))
    assert "Workers: 1." in run("status").stdout


def test_config_shows_every_setting_and_checks(run):
    assert run("config", "--check").exit_code == 0
    text = run("config").stdout
    assert "site.base_url = http://127.0.0.1:8000" in text and "worker.lease = 30.0" in text


@pytest.mark.parametrize("command", [("status",), ("migrate",), ("import", "-"), ("withdraw", "a1")])
def test_a_file_that_is_no_database_is_reported_in_one_sentence(tmp_path, command):
    other = tmp_path / "other.txt"
    other.write_text("root:x:0:0:root:/root:/bin/bash\n" * 100)
    done = CliRunner().invoke(main, command, env={"SYNDICATION_DATABASE__URL": f"sqlite:///{other}"}, input="")
    assert done.exit_code == 1
    assert done.stderr == f"Error: the database sqlite:///{other} is not a SQLite file (SQLITE_NOTADB).\n"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:secret@127.0.0.1:1/x", "postgresql://u:***@127.0.0.1:1/x does not answer (OperationalError)."),
        ("sqlite:////dev/null/x.db", "the folder /dev/null of the database cannot be created (File exists)."),
        ("sqlite:////dev", "sqlite:////dev cannot be opened (SQLITE_CANTOPEN)."),
    ],
)
def test_an_unreachable_database_is_reported_in_one_sentence(url, words):
    done = CliRunner().invoke(main, ["status"], env={"SYNDICATION_DATABASE__URL": url})
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ") and done.stderr.endswith(f"{words}\n")
    assert done.stderr.count("\n") == 1 and "u:secret" not in done.stderr


def test_a_large_import_runs_analyze(run, monkeypatch):
    analyzed = []
    monkeypatch.setattr(articles, "MANY", 2)
    monkeypatch.setattr(articles, "analyze", analyzed.append)
    run("import", "-", input=json.dumps(LINE))
    assert analyzed == []
    run("import", "-", input="\n".join(json.dumps(LINE | {"id": id}) for id in ("a2", "a3")))
    assert len(analyzed) == 1


def test_fields_are_locked_and_released(run):
    run("import", "-", input=json.dumps(LINE))
    assert run("lock", "a1", "--field", "title", "--field", "html").stdout == "a1: locked are title, html.\n"
    run("import", "-", input=json.dumps(LINE | {"title": "Other", "summary": "New"}))
    assert run("unlock", "a1", "--field", "html").stdout == "a1: locked are title.\n"
    assert run("unlock", "a1").stdout == "a1: no field is locked.\n"
    assert (
        "0 created, 1 updated"
        in run("import", "-", input=json.dumps(LINE | {"title": "Other", "summary": "New"})).stdout
    )
    assert (run("lock", "none", "--field", "title").exit_code, run("lock", "a1", "--field", "x").exit_code) == (1, 2)


def test_an_embargo_is_moved_and_lifted(run, store):
    run("import", "-", input=json.dumps(LINE | {"published_at": "2100-01-01T08:00:00+08:00"}))
    assert run("schedule", "a1", "2100-01-02T08:00").stdout == "a1 is published on 02 Jan 2100, 08:00 (Asia/Taipei).\n"
    assert run("schedule", "a1", "--now").stdout == "a1 is published.\n"
    again = run("schedule", "a1", "2100-01-02T08:00")
    assert (again.exit_code, "is public already" in again.stderr) == (1, True)
    assert (run("schedule", "a1").exit_code, run("schedule", "a1", "tomorrow").exit_code) == (2, 2)
    assert "There is no article" in run("schedule", "none", "--now").stderr


def test_find_prints_articles_with_all_words(run, store, tmp_path):
    run("migrate")
    lines = [
        LINE | {"id": "a1", "title": "Night train"},
        LINE | {"id": "a2", "title": "Night ferry", "sections": ["china"]},
    ]
    (tmp_path / "two.jsonl").write_text("\n".join(map(json.dumps, lines)))
    run("import", "two.jsonl")
    done = run("find", "train", "NIGHT")
    assert done.exit_code == 0 and "a1  Night train" in done.stdout and "a2" not in done.stdout
    assert "1 found, 1 shown." in done.stderr and "being built" in done.stderr
    assert json.loads(run("find", "night", "--json").stdout)["count"] == 2
    assert [one["id"] for one in json.loads(run("find", "--section", "china", "--json").stdout)["articles"]] == ["a2"]
    assert run("find", "nothing").exit_code == 1
