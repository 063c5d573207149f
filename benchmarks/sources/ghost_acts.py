"""The acts that a real Ghost did when it was recorded (tests/recordings): its tables, and what it showed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from benchmarks.sources.watcher import Story, story
from tests.support.ghost import GhostTables, recording, steps

QUICK = 2

NOT_SHOWN = ("write an alternative text",)
"""Acts after which the feeds stay as they are: a picture's caption comes before its alternative text."""


class GhostActs:
    """Each act replaces the tables in one transaction, as Ghost left them."""

    sections = ()

    def __init__(self, tables: GhostTables, *, quick: bool) -> None:
        self._tables = tables
        self._steps = steps()
        self._quick = quick
        self._now = self._steps[0]

    def names(self) -> Sequence[str]:
        """Returns the acts that changed what Ghost showed."""
        public = [step["act"] for step in self._steps[1:] if step["public"] and step["act"] not in NOT_SHOWN]
        return public[:QUICK] if self._quick else public

    def source(self) -> str:
        """Returns the [[source]] for the configuration."""
        home = recording()["home"]
        return f'[[source]]\nname = "cms"\nkind = "ghost"\nurl = "{home}"\ndatabase = "{self._tables.url}"\n'

    def prepare(self, name: str) -> None:
        """Writes what Ghost had before the act."""
        self._write(self._steps[self._number(name) - 1])

    def do(self, name: str) -> None:
        """Writes what Ghost had after the act."""
        self._write(self._steps[self._number(name)])

    def shown(self) -> Mapping[str, Story]:
        """Returns what Ghost showed to everybody, by the guid of its RSS."""
        return {post["id"]: _story(post) for post in self._now["shown"]["posts"]}

    def change_times(self) -> Mapping[str, str]:
        """Returns the change time of each post."""
        columns = recording()["columns"]["posts"].split()
        posts = (dict(zip(columns, row, strict=True)) for row in self._now["tables"]["posts"])
        return {post["id"]: post["updated_at"] for post in posts if post["type"] == "post"}

    def _number(self, name: str) -> int:
        return next(n for n, step in enumerate(self._steps) if step["act"] == name)

    def _write(self, step: dict[str, Any]) -> None:
        self._now = step
        self._tables.execute("START TRANSACTION", [])
        self._tables.write(step)
        self._tables.execute("COMMIT", [])


def _story(post: Mapping[str, Any]) -> Story:
    return story(
        link=post["url"],
        title=post["title"],
        html=post["html"] or "",
        authors=post["authors"],
        sections=set(),
        tags=set(post["tags"]),
        image=post["feature_image"],
        files=(),
        published=datetime.fromisoformat(post["published_at"]),
    )
