"""Each regeneration of a section is one log line with everything needed on call."""

from structlog.testing import capture_logs

from syndication.pipeline.outcome import log_outcome
from tests.support.desk import Desk
from tests.support.newsroom import at


def told(outcome) -> dict:
    with capture_logs() as logs:
        log_outcome(outcome)
    (line,) = logs
    assert line.pop("event") == "regenerated" and line.pop("ms") > 0
    return line


def test_a_published_version_is_one_line(database, clock):
    desk = Desk(database, clock)
    desk.work()
    desk.put("a1")
    desk.put("a2", url="http://[oops")
    outcome = desk.later(seconds=90)["taiwan"]
    size = sum(len(desk.document("taiwan", format).identity) for format in ("atom", "rss", "json"))
    line = told(outcome)
    assert isinstance(line.pop("waited_ms"), float)
    assert line == {
        "log_level": "info", "section": "taiwan", "result": "published", "version": 2, "entries": 1, "left_out": 1,
        "bytes": size, "attempt": 1,
    }  # fmt: skip


def test_the_waiting_time_starts_at_the_due_moment(database, clock):
    desk = Desk(database, clock)
    desk.put("a1", published_at=at(minutes=5), updated_at=None)
    desk.work()
    assert desk.later(minutes=6)["taiwan"].waited_seconds == 60.0


def test_an_unchanged_section_is_logged_too(database, clock):
    desk = Desk(database, clock)
    desk.work()
    clock.advance(1)
    line = told(desk.regenerator.regenerate("taiwan"))
    assert (line["result"], line["version"], line["entries"]) == ("unchanged", 1, 0)


def test_attempts_are_counted_and_a_failure_is_a_warning_with_its_reason(database, clock, monkeypatch):
    desk = Desk(database, clock)
    with monkeypatch.context() as broken:
        broken.setattr(desk.regenerator.renderer, "render", lambda *_: 1 / 0)
        first = told(desk.work()["taiwan"])
        second = told(desk.later(minutes=1)["taiwan"])
    third = told(desk.later(hours=1)["taiwan"])
    assert (first["result"], first["attempt"], first["log_level"]) == ("failed", 1, "warning")
    assert second["attempt"] == 2 and second["error"].startswith("ZeroDivisionError in pipeline/fill.py:")
    assert (third["result"], third["attempt"], third["waited_ms"]) == ("published", 3, 3_660_000.0)


def test_a_section_that_could_not_be_read_has_no_attempt(database, clock, monkeypatch):
    desk = Desk(database, clock)
    monkeypatch.setattr(desk.regenerator, "_read", lambda slug, *rest: 1 / 0)
    assert told(desk.regenerator.regenerate_next())["attempt"] is None
