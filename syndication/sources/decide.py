"""What a look means: which stories are to be read, and whether what vanished is believed. Pure."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from syndication.config.source_schema import SourceTable
from syndication.sources.reader import Row
from syndication.store.sources.source_rows import KnownRow

SHARE = 5
"""More than one in so many of a window that vanish in one look is not believed."""

FEW = 2
"""So many at once are a person's work, even in a window of three."""

NOT_CONTENT = {"name", "every", "database", "ping_secret", "url", "allow_private"}
"""Settings that change nothing of an article."""


def settings_digest(table: SourceTable, slugs: Mapping[str, str]) -> str:
    """Returns a digest of the settings that decide what becomes of a story: with others, all are read again."""
    values = [table.model_dump(mode="json", exclude=NOT_CONTENT), sorted(slugs.items())]
    return _digest(json.dumps(values, sort_keys=True))


def stored_digest(row: Row, settings: str) -> str:
    """Returns the digest under which a story is recorded; none ("") stays none, and is read again."""
    return _digest(f"{settings} {row.digest}") if row.digest else ""


def to_read(
    rows: Sequence[Row], known: Mapping[str, KnownRow], settings: str, *, refused_too: bool = False
) -> list[Row]:
    """Returns the stories that are new, changed or public again; with ``refused_too`` those that were refused too.

    What the source lists and does not show is refused, and asked for again when its digest changes.
    """
    return [row for row in rows if _differs(row, known.get(row.id), settings, refused_too=refused_too)]


def _differs(row: Row, before: KnownRow | None, settings: str, *, refused_too: bool) -> bool:
    if before is None or (before.vanished_at is not None and before.refused is None):
        return True
    return before.digest != stored_digest(row, settings) or (refused_too and before.refused is not None)


def many_are_new(new: int, window: int) -> bool:
    """Returns whether so much of a window is new that it may be another system's: what vanished is counted first."""
    return new > max(FEW, window // SHARE)


def too_many_vanished(vanished: int, window: int) -> bool:
    """Returns whether so many stories vanished at once that a fault is more likely than a decision."""
    return vanished > max(FEW, window // SHARE)


def read_nothing(rows: Collection[Row], fingerprint: str | None, articles: int) -> bool:
    """Returns whether a source that lists all of its stories suddenly has none."""
    return not rows and fingerprint is not None and articles > 0


def sweep_is_due(swept_at: datetime | None, started_at: datetime, nightly: str, now: datetime) -> bool:
    """Returns whether all stories should be compared: never done, not since this start, or not since last night.

    ``nightly`` is a time of day in UTC, like 03:30.
    """
    if swept_at is None or swept_at < started_at:
        return True
    hour, minute = (int(part) for part in nightly.split(":"))
    last = now.astimezone(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return swept_at < (last if last <= now else last - timedelta(days=1))


def pause_after_failure(failures: int, every: float, longest: float, chance: float) -> float:
    """Returns the seconds until the next attempt: doubled each time, and up to a fifth longer by ``chance`` (0 to 1).

    So that several workers and sources do not ask a system that has just come back at the same moment.
    """
    pause: float = min(longest, max(every, 1.0) * 2 ** min(failures - 1, 20))
    return pause * (1 + 0.2 * chance)


def _digest(text: Any) -> str:
    return hashlib.blake2b(str(text).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
