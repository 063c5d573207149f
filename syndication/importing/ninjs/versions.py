"""Which of two versions of an item is newer."""

import re
from datetime import datetime
from typing import Literal, NamedTuple

Order = Literal["older", "same", "newer"]

_NUMBERS = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})*", re.ASCII)


class Version(NamedTuple):
    """A version as the sender numbers it, and when it was made; either may be missing."""

    number: str | None
    made_at: datetime | None

    @property
    def is_known(self) -> bool:
        """Whether anything tells this version from others."""
        return self != (None, None)


def compare(new: Version, known: Version) -> Order:
    """Returns how a version compares with the one that was received before.

    Numbers decide (Superdesk counts each version of a story); equal or other ones are compared by time. What cannot be
    compared is newer, because it came later.
    """
    first, second = _numbers(new.number), _numbers(known.number)
    if first is not None and second is not None and first != second:
        return "newer" if first > second else "older"
    if new.made_at is not None and known.made_at is not None and new.made_at != known.made_at:
        return "newer" if new.made_at > known.made_at else "older"
    return "same" if new == known and new.is_known else "newer"


def _numbers(version: str | None) -> tuple[int, ...] | None:
    if version is None or not _NUMBERS.fullmatch(version.strip()):
        return None
    return tuple(int(part) for part in version.strip().split("."))
