"""New entries are rendered in a child process that can be killed: it costs the feed one entry, and no delay."""

import os
import signal
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syndication.errors import SyndicationError
from syndication.pipeline.preview import Previewer, PreviewQuery
from syndication.process.child import Child, Limits
from syndication.process.messages import receive, send
from syndication.render.isolated import IsolatedRenderer
from syndication.render.renderer import Renderer
from tests.support.desk import Desk
from tests.support.newsroom import entry, feed
from tests.support.service import running, until
from tests.unit.render.test_renderer import FULL

# In one chunk, and far beyond limits of CPU time, which are in whole seconds.
SLOW = "<img src=a>" * 380_000


@pytest.fixture
def make():
    made = []

    def new(seconds: int = 10, megabytes: int = 1536) -> IsolatedRenderer:
        died: list[str] = []
        one = IsolatedRenderer(Limits(seconds, megabytes), died.append)
        one.deaths = died
        made.append(one)
        return one

    yield new
    for one in made:
        one.close()


def test_a_child_renders_the_same_bytes(make):
    value = feed(FULL, entry("a2", title="A &amp; B"), entry("bad", url="ftp://x"))
    here, there = Renderer().render(value), Renderer(entries=make()).render(value)
    assert there.bodies == here.bodies and there.entries == here.entries and there.left_out == here.left_out


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        pytest.param({"seconds": 1}, "rendering it took longer than 1 s", id="time"),
        pytest.param({"megabytes": 260}, "rendering it took more than 260 MB of memory", id="memory"),
    ],
)
def test_an_article_over_a_limit_is_left_out_and_not_retried(make, limits, words):
    isolated = make(**limits)
    renderer = Renderer(entries=isolated)
    value = feed(entry("before"), entry("bad", html=SLOW), entry("after"))
    out = renderer.render(value)
    assert [e.article_id for e in out.entries] == ["before", "after"]
    assert [item.reason for item in out.left_out] == [words]
    deaths = list(isolated.deaths)
    assert deaths
    assert renderer.render(value).left_out == out.left_out and isolated.deaths == deaths
    assert not renderer.render(feed(entry("bad", html="mended"))).left_out


@pytest.fixture
def asked(monkeypatch):
    """The articles of each task that a child was asked to do."""
    tasks, ask = [], Child.ask
    monkeypatch.setattr(
        Child, "ask", lambda self, task: tasks.append([one.article_id for one in task[1]]) or ask(self, task)
    )
    return tasks


def test_what_was_begun_is_rendered_once_to_the_same_bytes(make, asked):
    isolated = make()
    renderer = Renderer(entries=isolated, begin=isolated.begin)
    value = feed(entry("old"))
    renderer.render(value)
    value = replace(value, entries=(entry("new"), *value.entries))
    renderer.begin(replace(value, updated=value.updated + timedelta(days=1)), {"new"})
    assert asked == [["old"], ["new"]]
    assert renderer.render(value).bodies == Renderer().render(value).bodies
    renderer.begin(value, {"new"})
    assert asked == [["old"], ["new"]] and isolated.deaths == []


@pytest.mark.parametrize("other", ["content", "language", "entry"])
def test_what_was_begun_for_something_else_is_dropped(make, asked, other):
    isolated = make()
    renderer = Renderer(entries=isolated, begin=isolated.begin)
    value = begun = feed(entry("a"))
    if other == "entry":
        value = feed(entry("a", title="Corrected"))
    else:
        changed = {"content": "summary"} if other == "content" else {"language": "de"}
        value = replace(value, section=replace(value.section, **changed))
    renderer.begin(begun, {"a"})
    for one in (value, begun):
        assert renderer.render(one).bodies == Renderer().render(one).bodies
    assert asked == [["a"]] * 3 and isolated.deaths == []


def test_many_new_entries_are_not_begun(make, asked):
    isolated = make()
    value = feed(*(entry(f"a{n}") for n in range(4)))
    Renderer(entries=isolated, begin=isolated.begin).begin(value, {one.article_id for one in value.entries})
    assert asked == []


@pytest.mark.parametrize("needed", [True, False])
def test_an_article_over_a_limit_that_was_begun_costs_its_feed_one_entry(make, needed):
    isolated = make(seconds=1)
    renderer = Renderer(entries=isolated, begin=isolated.begin)
    good, bad = entry("good"), entry("bad", html=SLOW)
    renderer.begin(feed(bad), {"bad"})
    out = renderer.render(feed(bad, good) if needed else feed(good))
    assert [one.article_id for one in out.entries] == ["good"]
    assert [one.reason for one in out.left_out] == ["rendering it took longer than 1 s"] * needed
    assert isolated.deaths


def test_an_entry_is_begun_although_the_child_was_killed(make):
    isolated = make()
    renderer = Renderer(entries=isolated, begin=isolated.begin)
    for when in ("before", "after"):
        isolated.start()
        if when == "before":
            os.kill(isolated.pid, signal.SIGKILL)
        renderer.begin(feed(entry(when)), {when})
        if when == "after":
            os.kill(isolated.pid, signal.SIGKILL)
        out = renderer.render(feed(entry(when)))
        assert len(out.entries) == 1 and not out.left_out


def test_a_killed_child_is_restarted_and_no_article_is_lost(make):
    isolated = make()
    isolated.start()
    os.kill(isolated.pid, signal.SIGKILL)
    out = Renderer(entries=isolated).render(feed(entry("a"), entry("b")))
    assert len(out.entries) == 2 and not out.left_out


def test_a_child_that_is_asked_to_stop_finishes_its_work(make):
    isolated = make()
    Renderer(entries=isolated).render(feed(entry("a")))
    before = isolated.pid
    os.kill(before, signal.SIGTERM)
    assert Renderer(entries=isolated).render(feed(entry("b"))).entries and isolated.pid == before


def test_an_answer_with_objects_runs_no_code():
    import pickle
    import socket

    ours, its = socket.socketpair()
    with ours, its:
        send(its, Path("x"))
        with pytest.raises(pickle.UnpicklingError, match="is not a built-in type"):
            receive(ours, 1)


def children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_worker_that_is_killed_leaves_no_child(tmp_path, sqlite_url):
    with running(tmp_path, "worker", url=sqlite_url) as worker:
        (child,) = until(lambda: children(worker.process.pid))
        worker.process.kill()
        worker.process.wait()
        until(lambda: not Path(f"/proc/{child}").exists() or "Z" in Path(f"/proc/{child}/stat").read_text())


def test_a_preview_with_a_hostile_body_is_answered_with_the_reason(database, clock, make):
    desk = Desk(database, clock)
    isolated = make(seconds=1)
    previewer = Previewer(database, desk.regenerator.newsroom, Renderer(entries=isolated))
    for html, words in ((SLOW, "took longer than 1 s"), ("<div>" * 5000, "nests 5,000 elements deep")):
        story = {"id": "x", "title": "T", "url": "/x", "html": html, "published_at": "2026-03-14T10:00:00Z"}
        with pytest.raises(SyndicationError, match=words):
            previewer.preview(PreviewQuery(None, [story]))
    assert previewer.preview(PreviewQuery(None, [story | {"html": "fine"}]))["entry"]["atom"]


def test_a_large_feed_is_filled_to_its_limit_and_names_the_rest(monkeypatch):
    monkeypatch.setattr("syndication.render.renderer.LARGEST_DOCUMENT", 30_000)
    out = Renderer().render(feed(*(entry(f"a{n}", html=f"<p>{'x' * 9_000}</p>") for n in range(5))))
    assert [e.article_id for e in out.entries] == ["a0", "a1", "a2"]
    assert all("that newer entries leave (maximum 30,000)" in item.reason for item in out.left_out)


def test_rendering_in_a_child_costs_a_normal_article_little(make):
    isolated = make()
    fresh = [
        entry(f"n{n}", html=f"<p>{n}</p>" + "<p>Words <b>of</b> a <a href='/x'>story</a>.</p>" * 80) for n in range(60)
    ]

    def seconds(renderer: Renderer, some) -> float:
        taken = []
        for one in some:
            started = time.perf_counter()
            renderer.render(feed(one))
            taken.append(time.perf_counter() - started)
        return sorted(taken)[len(taken) // 2]

    here, there = seconds(Renderer(), fresh), seconds(Renderer(entries=isolated), fresh)
    assert there < 5 * here + 0.01, (here, there)
