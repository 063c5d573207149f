"""The command ``notifications``: what it prints, its exit codes, and that a test is sent as every message is."""

import json

import pytest
from click.testing import CliRunner

from syndication.cli import main
from syndication.config.loading import load_settings
from syndication.notifications.sending import MessageQueue, SendTimes
from syndication.outbound.engine import Engine
from syndication.store.db.database import Database
from syndication.store.notifications import outbox
from syndication.store.processes import workers
from syndication.store.processes.workers import WorkerProcess
from tests.support.caches import cache
from tests.support.notified import SECRET


@pytest.fixture
def hook():
    with cache() as server:
        yield server


@pytest.fixture
def config(sqlite_url, hook, tmp_path):
    (tmp_path / "syndication.toml").write_text(
        f'[database]\nurl = "{sqlite_url}"\n[[notification]]\nname = "desk"\nkind = "webhook"\n'
        f'url = "{hook.url}/s3cret-path"\nsecret = "{SECRET}"\nallow_private = true\n'
    )
    (tmp_path / "sections.toml").write_text("")
    return tmp_path / "syndication.toml"


@pytest.fixture
def run(config):
    return lambda *arguments: CliRunner().invoke(main, ["--config", str(config), *arguments])


@pytest.fixture
def store(sqlite_url):
    database = Database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def worker(store, config):
    """What sends a worker's messages, and a heartbeat."""
    with store.write() as conn:
        now = store.now(conn)
        workers.record_heartbeat(conn, WorkerProcess("w1", "here", 1, now, now))
    settings = load_settings(config, {})
    engine = Engine(store, [MessageQueue(lambda: settings, "w1", times=SendTimes(look=0.05))])
    engine.start()
    yield engine
    engine.stop()
    assert not engine.is_running


def test_a_test_is_followed_until_it_was_sent(run, hook, worker):
    done = run("notifications", "--test", "desk")
    assert done.exit_code == 0 and done.output.endswith("Sent to desk.\n")
    assert json.loads(hook.asked[0].body)["type"] == "notification.test"
    assert run("notifications").output.startswith("desk  Working (webhook), last sent ")


def test_a_test_that_fails_says_why_and_is_not_tried_again(run, hook, worker):
    hook.answers = [500]
    done = run("notifications", "--test", "desk")
    assert done.exit_code == 1 and "not sent to desk: the webhook answered 500." in done.output
    listed = run("notifications")
    assert (
        listed.exit_code == 1 and "Failing (webhook), nothing sent yet. Not sent, and not tried again" in listed.output
    )
    assert len(hook.asked) == 1 and "s3cret" not in done.output + listed.output


def test_without_a_worker_the_exit_code_is_3(run, store):
    done = run("notifications", "--test", "desk")
    assert done.exit_code == 3 and "no worker is running to send it" in done.output
    with store.read() as conn:
        assert outbox.channel_states(conn, ["desk"])["desk"].waiting == 1


def test_an_unknown_channel_is_told_what_there_is(run):
    done = run("notifications", "--test", "dessk")
    assert done.exit_code == 1 and "there is no channel 'dessk': did you mean desk?" in done.output


def test_the_list_is_json_too(run):
    (found,) = json.loads(run("notifications", "--json").output)
    assert (found["channel"], found["kind"], found["status"], found["waiting"]) == ("desk", "webhook", "unused", 0)


def test_the_check_counts_channels_and_shows_no_secret(run):
    assert "1 channel of notifications" in run("config", "--check").output
    shown = run("config").output
    assert "notification.desk.url = ***" in shown and "s3cret" not in shown and SECRET not in shown
