"""Which of two versions of an item is newer."""

import re
from datetime import datetime
from typing import Literal, NamedTuple

Order = Literal["older", "same", "newer", "incomparable"]

_NUMBERS = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})*", re.ASCII)


class Version(NamedTuple):
    """A version as the sender numbers it, and when it was made; either may be missing."""

    number: str | None
    made_at: datetime | None

    @property
    def has_order(self) -> bool:
        """Whether it has a number or a time, so that an older version is known as such."""
        return _numbers(self.number) is not None or self.made_at is not None

    def completed(self, known: "Version") -> "Version":
        """Returns this version with what it lacks from the one before, so that copies of that one stay older."""
        return Version(self.number or known.number, self.made_at or known.made_at)


def compare(new: Version, known: Version) -> Order:
    """Returns how a version compares with the one that was received before.

    Numbers decide (Superdesk counts each version of a story); equal or other ones are compared by time. Of what is
    equal on one side, the other side may be missing. Everything is newer than a version of which nothing is known.
    """
    if known == (None, None):
        return "newer"
    first, second = _numbers(new.number), _numbers(known.number)
    if first is not None and second is not None and first != second:
        return "newer" if first > second else "older"
    if new.made_at is not None and known.made_at is not None and new.made_at != known.made_at:
        return "newer" if new.made_at > known.made_at else "older"
    return "same" if _agree(new, known) else "incomparable"


def _agree(new: Version, known: Version) -> bool:
    """Returns whether one part is equal and the other equal or missing; times that are there are equal by now."""
    times = new.made_at is not None and new.made_at == known.made_at
    if new.number is None or known.number is None:
        return times
    return new.number == known.number or _numbers(new.number) == _numbers(known.number) is not None


def _numbers(version: str | None) -> tuple[int, ...] | None:
    if version is None or not _NUMBERS.fullmatch(version.strip()):
        return None
    return tuple(int(part) for part in version.strip().split("."))
