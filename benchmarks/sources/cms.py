"""What is measured of each system that is read."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from benchmarks.sources.usage import Meter
from syndication.model.values import Section
from syndication.sources.reader import Reader

Acts = Callable[[], "Sequence[Act]"]
"""Does each act and returns what was seen of it."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act that changed what the public sees: whether our look saw it, and whether a change time moved."""

    name: str
    seen: bool
    moved: bool


class Other(NamedTuple):
    """Another way to learn of changes: one poll when nothing changed, and what counts its cost."""

    meter: Meter
    poll: Callable[[], object]


class Cms(Protocol):
    """A system with stories. Number 0 is the newest of those that ``fill`` writes."""

    name: str
    acts: Acts | None
    meter: Meter

    def fill(self, first: int, last: int) -> None:
        """Writes published stories with these numbers, in each section in turn."""

    def source(self) -> str:
        """Returns the [[source]] for the configuration."""

    def reader(self, sections: Mapping[str, Section]) -> AbstractContextManager[Reader]:
        """Opens the reader of this source."""

    def draft(self, title: str) -> str:
        """Writes a draft in the first section and returns its id."""

    def publish(self, id: str) -> None:
        """Publishes a draft now."""

    def withdraw(self, id: str) -> None:
        """Makes a draft of a story again."""

    def others(self) -> Mapping[str, Other]:
        """Returns other ways to learn of changes, by name."""
