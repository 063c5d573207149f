"""The readers' record: every document and every poll, by web process."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from faults.reading.documents import Document

NO_ANSWER = "no answer"


@dataclass(slots=True)
class Sighting:
    """A document as one web process served it in one encoding, from the first response with it to the last."""

    web: str
    coding: str
    etag: str
    document: Document
    last_modified: datetime | None
    first: datetime
    last: datetime

    @property
    def version(self) -> int:
        """The number at the front of the ETag; -1 if there is none."""
        number = self.etag.strip('"').partition("-")[0]
        return int(number) if number.isdecimal() else -1


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll; ``wrong`` describes what was wrong with the response, and is empty if nothing was."""

    web: str
    path: str
    asked: datetime
    ended: datetime
    wrong: str = ""


@dataclass(slots=True)
class History:
    """Everything that was seen; ``killed`` has the times at which each web process was killed."""

    sightings: list[Sighting] = field(default_factory=list)
    polls: list[Poll] = field(default_factory=list)
    killed: dict[str, list[datetime]] = field(default_factory=dict)

    def by_feed(self) -> dict[tuple[str, str], list[Sighting]]:
        """Returns the sightings by web process and path, in order."""
        found = defaultdict(list)
        for sighting in self.sightings:
            found[sighting.web, sighting.document.path].append(sighting)
        return found

    def by_path(self) -> dict[str, list[Sighting]]:
        """Returns the sightings by path."""
        found = defaultdict(list)
        for sighting in self.sightings:
            found[sighting.document.path].append(sighting)
        return found

    @classmethod
    def of_all(cls, histories: Iterable["History"]) -> "History":
        """Returns the merged history of several pollers."""
        one = cls()
        for history in histories:
            one.sightings += history.sightings
            one.polls += history.polls
            one.killed |= history.killed
        return one
