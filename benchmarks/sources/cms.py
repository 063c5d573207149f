"""What is measured of each system that is read."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from benchmarks.sources.acts import Acts
from benchmarks.sources.usage import Meter
from syndication.model.values import Section
from syndication.sources.reader import Reader


class Other(NamedTuple):
    """Another way to learn of changes: one poll when nothing changed, and what counts its cost."""

    meter: Meter
    poll: Callable[[], object]


class Cms(Protocol):
    """A system with stories. Number 0 is the newest of those that ``fill`` writes."""

    name: str
    meter: Meter

    def acts(self) -> AbstractContextManager[Acts | None]:
        """Opens the acts of its tests, before anything is filled in; None if there are none."""

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
