"""What every page and command says while something is wrong, in real processes: none is green while another is red."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from syndication.diagnostics.health import LOCKED
from tests.support.caches import cache
from tests.support.service import until
from tests.support.troubled_newsroom import TroubledNewsroom

NO_WORKER = "No worker is running, so feeds are not updating. Start one with `syndication worker`."
NO_WEB = "No web process is running, so nobody can read the feeds. Start one with `syndication web`."
NOT_DONE = "Not done: the database is locked by another program. Try again."
SILENT = "has not reported for"

PAGES = (
    "/", "/articles", "/article?id=a1", "/article/withdraw?id=a1", "/article/edit?id=a1", "/article/schedule?id=a1",
    "/article/new", "/sections/taiwan", "/sections/taiwan/versions", "/sections/taiwan/reader", "/feeds", "/feed/new",
    "/feed?slug=taiwan", "/upcoming", "/charts", "/audit-log", "/tokens", "/users", "/users/mei", "/account",
)  # fmt: skip
"""The pages of the dashboard; each has the verdict in its navigation."""


@dataclass(frozen=True)
class Said:
    """A fault, and what each place says of it.

    ``dot``: the severity in the navigation. ``taiwan`` and ``world`` are the states of two feeds. ``story``: what the
    trace says of a story in the ``section``, and the ``state`` beside its heading. The last ones are the exit code and
    the words of commands that change a story, and what the dashboard says of the same.
    """

    fault: Callable[[TroubledNewsroom], AbstractContextManager[None]]
    verdict: str
    dot: str
    taiwan: str
    world: str
    story: tuple[str, str]
    withdraw: tuple[int, str]
    page: str
    regenerate: tuple[int, str]
    id: str = "a1"
    section: str = "taiwan"


TABLE = {
    "worker stopped": Said(
        lambda newsroom: newsroom.without("worker"), NO_WORKER, "standstill", "Not updating", "Not updating",
        ("In the feed at position 1", "In the feed, not updating"),
        (3, "withdrawn. Waiting for a worker: none is running, and the article is still in all, taiwan."),
        "Withdrawn. Waiting for a worker: none is running, and the article is still in All stories, Taiwan.",
        (3, "No worker is running. Start one with `syndication worker`."),
    ),
    "worker hangs": Said(
        lambda newsroom: newsroom.frozen("worker"), NO_WORKER, "standstill", "Not updating", "Not updating",
        ("In the feed at position 1", "In the feed, not updating"),
        (3, "withdrawn. Waiting for a worker: none is running, and the article is still in all, taiwan."),
        "Withdrawn. Waiting for a worker: none is running, and the article is still in All stories, Taiwan.",
        (3, "No worker is running. Start one with `syndication worker`."),
    ),
    "database locked": Said(
        lambda newsroom: newsroom.locked(), LOCKED, "standstill", "Not updating", "Not updating",
        ("In the feed at position 1", "In the feed, not updating"),
        (1, "is locked by another process"), NOT_DONE, (1, "is locked by another process"),
    ),
    "web process frozen": Said(
        lambda newsroom: newsroom.frozen("other"), SILENT, "problem", "Up to date", "Up to date",
        ("In the feed at position 1", "In the feed"),
        (1, "does not answer: it may still serve the previous version. Restart it."),
        "does not answer: it may still serve the previous version. Restart it.",
        (0, "taiwan: unchanged"),
    ),
    "section failing": Said(
        lambda newsroom: newsroom.failing(), "failed", "problem", "Failing", "Up to date",
        ("The section failed", "In the feed, not updating"),
        (1, "withdrawn, but taiwan is failing: "), "Withdrawn, but Taiwan is failing: ",
        (1, "taiwan: failed: "),
    ),
    "purge given up": Said(
        lambda newsroom: newsroom.unpurged(), "The cache was not purged for", "problem", "Cache not purged",
        "Up to date", ("In the feed at position 1", "In the feed"),
        (1, "withdrawn, but the cache was not purged for"),
        "Withdrawn, but the cache was not purged for",
        (0, "taiwan: unchanged"),
    ),
    "story left out": Said(
        lambda newsroom: newsroom.left_out(), "wrong is left out of", "problem", "Up to date", "Up to date",
        ("It is left out because", "Not in the feed"),
        (0, "withdrawn. It is in no feed"), "Withdrawn. It is in no feed",
        (0, "taiwan: unchanged"), id="wrong",
    ),
    "section held": Said(
        lambda newsroom: newsroom.held(), "World is held: 5 of 6 entries vanished.", "problem", "Up to date", "Held",
        ("Still in the feed, which is held because 5 of 6 entries vanished", "In the feed"),
        (0, "withdrawn: every web process serves the feeds without it."),
        "Withdrawn: every web process serves the feeds without it.",
        (0, "world: unchanged"), id="world-3", section="world",
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)])
def newsroom(request, new_module_url, tmp_path_factory):
    with cache() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr("syndication.cli.following.GIVE_UP_SECONDS", 1.0)
        patch.setattr("syndication.store.db.database.BUSY_SECONDS", 0.5)
        patch.setattr("syndication.cli.feeds.TIMEOUT_SECONDS", 0.5)
        newsroom = TroubledNewsroom(tmp_path_factory.mktemp("newsroom"), new_module_url(request.param), server)
        try:
            for name in ("worker", "web", "other"):
                newsroom.start(name)
            newsroom.fill()
            newsroom.api("/status")
            newsroom.page("/")  # Nobody can log in while the database is locked.
            yield newsroom
        finally:
            newsroom.close()


@pytest.fixture
def well(newsroom):
    until(newsroom.is_well)
    return newsroom


def test_all_is_well_when_it_is(well):
    overview = well.page("/")
    assert "All is well. 3 feeds up to date · 1 worker running · nothing waiting" in overview.words
    assert {well.page(path).dot for path in PAGES} == {"well"}
    assert overview.states("//tr") == ["Up to date"] * 3
    assert (well.run("status").code, well.api("/status")[1]["headline"]) == (0, "All is well.")
    assert well.page("/article?id=a1").states("//main") == ["In the feed"] * 2


@pytest.mark.parametrize("name", TABLE)
def test_what_every_page_and_command_says(well, name):
    said = TABLE[name]
    with said.fault(well):
        _check_the_verdict(well, said)
        _check_the_feeds(well, said)
        _check_the_story(well, said)
        _check_acts(well, said)
    _restore(well, said)


def _check_the_verdict(newsroom: TroubledNewsroom, said: Said) -> None:
    until(lambda: said.verdict in newsroom.page("/").words, 20)  # A verdict is read once a second, if there is time.
    overview, status = newsroom.page("/"), newsroom.api("/status")[1]
    assert said.verdict in overview.words and "All is well" not in overview.words
    assert any(said.verdict.replace("World", "world") in one["message"].replace("World", "world")
               for one in status["findings"])  # fmt: skip
    assert status["headline"] != "All is well."
    done = newsroom.run("status")
    assert done.code == 1 and said.verdict.casefold() in done.words.casefold() and "All is well" not in done.words
    dots = {path: newsroom.page(path).dot for path in PAGES}
    assert dots == dict.fromkeys(PAGES, said.dot)


def _check_the_feeds(newsroom: TroubledNewsroom, said: Said) -> None:
    overview = newsroom.page("/")
    for slug, label in (("taiwan", said.taiwan), ("world", said.world)):
        assert overview.states(f"//tr[@id='row-{slug}']") == [label]
        assert newsroom.page(f"/sections/{slug}").states("//*[@id='section-head']")[:1] == [label]
        assert newsroom.api(f"/sections/{slug}")[1]["state"] in CODES[label]
        (line,) = [part for part in newsroom.run_lines("status") if re.match(rf"{slug} +\d", part)]
        assert label in line
    counts = newsroom.api("/status")[1]["sections"]
    assert (counts["current"] == 0) == (said.dot == "standstill")


CODES = {
    "Up to date": ("current",), "Not updating": ("stalled",), "Failing": ("failing",), "Held": ("held",),
    "Cache not purged": ("current",),
}  # fmt: skip


def _check_the_story(newsroom: TroubledNewsroom, said: Said) -> None:
    words, label = said.story
    page = newsroom.page(f"/article?id={said.id}")
    title = said.section.capitalize()
    assert label in page.states(f"//section[@aria-label='{title}']")
    assert words in page.words
    assert "automatically now" not in page.words and "within about a second" not in page.words
    done = newsroom.run("trace", said.id)
    assert words in done.words
    (traced,) = [
        one for one in newsroom.api(f"/articles/{said.id}/trace")[1]["sections"] if one["section"] == said.section
    ]
    assert words in traced["words"]


def _check_acts(newsroom: TroubledNewsroom, said: Said) -> None:
    code, words = said.regenerate
    done = newsroom.run("regenerate", said.section, "--wait")
    assert done.code == code and words in done.words, done
    page = newsroom.send(f"/article/withdraw?id={said.id}")
    if said.page == NOT_DONE:
        assert page.status == 503 and said.page in page.words and not page.tree.xpath("//*[@data-retry]")
        (form,) = [form for form in page.tree.forms if "withdraw" in (form.action or "")]
        assert form.method == "POST" and form.fields["csrf_token"]
    else:
        until(lambda: said.page in newsroom.page(f"/article?id={said.id}&followed=1").words)
        (note,) = newsroom.page(f"/article?id={said.id}&followed=1").tree.xpath("//p[@id='delivery']/@class")
        assert ("wrong" in note) == (said.withdraw[0] != 0)
        _, delivery = newsroom.api(f"/articles/{said.id}/delivery")
        assert delivery["served"] == (said.withdraw[0] == 0) and delivery["blocked"] == (said.withdraw[0] != 0)
    code, words = said.withdraw
    done = newsroom.run("withdraw", said.id)
    assert done.code == code and words in done.words, done


def _restore(newsroom: TroubledNewsroom, said: Said) -> None:
    if said.page != NOT_DONE and said.id != "wrong":
        until(lambda: newsroom.run("restore", said.id).code == 0)


def test_commands_say_that_no_web_process_is_running(well):
    with well.without("web", "other"):
        done = well.run("status")
        assert done.code == 1 and NO_WEB in done.words and "Up to date" not in done.words
        done = well.run("withdraw", "a1")
        assert done.code == 3 and "withdrawn, but no web process is running to serve that." in done.words
        done = well.run("restore", "a1")
        assert done.code == 3 and "restored, but no web process is running to serve that." in done.words


def test_no_command_promises_what_needs_a_worker(well):
    well.put("soon", published_at=datetime.now(UTC) + timedelta(hours=1))
    with well.without("worker"):
        for arguments in (
            ("schedule", "soon", "--now"), ("withdraw", "a1", "--no-wait"), ("restore", "a1", "--no-wait"),
            ("regenerate", "taiwan"), ("regenerate", "--all"),
        ):  # fmt: skip
            done = well.run(*arguments)
            assert done.code == 3, (arguments, done)
            assert "worker" in done.words
