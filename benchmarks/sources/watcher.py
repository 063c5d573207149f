"""What readers were served, version by version, while acts are done in the CMS."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any, NamedTuple

from benchmarks.latency import Poller
from syndication.render.summary import plain

PAUSE = 0.02
"""Seconds between two rounds of polls: accurate enough beside looks that are a second apart."""

GIVE_UP_SECONDS = 30.0

Story = tuple[object, ...]
"""What of a story is compared: address, title, words, authors, sections, tags, image, files and date."""


class Version(NamedTuple):
    """What all feeds together showed from ``at`` on (perf_counter): stories by the id that readers know."""

    at: float
    stories: Mapping[str, Story]


class Watcher:
    """Polls the feed of everything and those of ``sections`` all the time, as a reader does."""

    def __init__(self, port: int, sections: Sequence[str]) -> None:
        self._poller = Poller(port)
        self._sections = sections
        self._documents: dict[str, bytes] = {}
        self._stopped = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="watcher")
        self.versions: list[Version] = []

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def wait(self, expected: Mapping[str, Story], after: float = 0.0) -> float:
        """Waits for a version after that moment from which on exactly this is served; returns when it came."""
        ends = time.perf_counter() + GIVE_UP_SECONDS
        while time.perf_counter() < ends:
            if self._failed:
                raise RuntimeError("the feeds cannot be polled") from self._failed
            latest = list(takewhile(lambda one: one.at > after and one.stories == expected, reversed(self.versions)))
            if latest:
                return latest[-1].at
            time.sleep(PAUSE)
        raise RuntimeError(self._difference(expected))

    def _difference(self, expected: Mapping[str, Story]) -> str:
        served = self.versions[-1].stories if self.versions else {}
        for id in sorted(served.keys() | expected.keys()):
            if served.get(id) != expected.get(id):
                return f"the feeds show {id} as {served.get(id)}, the CMS as {expected.get(id)}"
        return "the feeds have no new version, and hold what the CMS shows"

    def _run(self) -> None:
        try:
            while not self._stopped.wait(PAUSE):
                found = {slug: self._poller.poll(slug, "json") for slug in ["all", *self._sections]}
                self._documents |= {slug: body for slug, body in found.items() if body is not None}
                # Captions and sizes of pictures are in RSS alone.
                if self._poller.poll("all", "rss") is not None or any(found.values()):
                    self.versions.append(Version(time.perf_counter(), self._stories()))
        except Exception as error:  # noqa: BLE001  # Raised by wait.
            self._failed = error

    def _stories(self) -> dict[str, Story]:
        filed: dict[str, set[str]] = {}
        for slug in self._sections:
            for item in json.loads(self._documents[slug])["items"]:
                filed.setdefault(item["id"], set()).add(slug)
        items = json.loads(self._documents["all"])["items"]
        titles = {slug.title() for slug in self._sections}
        return {item["id"]: _story(item, filed.get(item["id"], set()), titles) for item in items}


def _story(item: Mapping[str, Any], sections: set[str], titles: set[str]) -> Story:
    return story(
        link=item["url"],
        title=item["title"],
        html=item.get("content_html") or "",
        authors=[author["name"] for author in item.get("authors", [])],
        sections=sections,
        tags=set(item.get("tags", [])) - titles,
        image=item.get("image"),
        files=[file["url"] for file in item.get("attachments", [])],
        published=datetime.fromisoformat(item["date_published"]),
    )


def story(
    *,
    link: str,
    title: str,
    html: str,
    authors: Sequence[str],
    sections: set[str],
    tags: set[str],
    image: str | None,
    files: Sequence[str],
    published: datetime,
) -> Story:
    """Returns what is compared of a story; ``html`` by its words alone."""
    words = " ".join(plain(html).split())
    return (link, title, words, tuple(authors), frozenset(sections), frozenset(tags), image, tuple(files), published)
