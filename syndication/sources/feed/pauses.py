"""How long a feed is left alone, after an answer and after a failure. Pure: ``now`` and chance are given.

What a server says goes up: a feed may ask for a longer pause than ours, never for a shorter one.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

MINUTE, HOUR, DAY = 60, 3600, 86_400

SHORTEST = MINUTE
"""Seconds between two requests for a feed of strangers, whatever ``every`` says."""

LONGEST = DAY
"""No pause is longer: some feeds say a year."""

NEARLY = 2.0
"""Seconds. A look that is so much early asks: the next one may be a quarter of an hour later."""

BACKOFF = MINUTE
BACKOFF_LONGEST = 6 * HOUR

Chance = Callable[[float, float], float]
"""Returns a number between two: ``random.uniform``."""

_MAX_AGE = re.compile(r"max-age\s*=\s*\"?(\d{1,9})\"?", re.IGNORECASE)


def after_answer(headers: Mapping[str, str], feed_pause: int, *, polite: bool) -> float:
    """Returns the seconds until the feed may be asked again; 0 if nothing limits it but ``every``.

    The longest of what the feed says (``ttl``, ``sy:``), and how long its answer is fresh (RFC 9111, section 4.2).
    """
    if not polite:
        return 0
    return min(max(SHORTEST, feed_pause, _fresh(headers)), LONGEST)


def after_failure(failures: int, every: float, chance: Chance) -> float:
    """Returns the seconds after so many failures in a row: twice as many each time, and not all sources at once."""
    wait: float = min(max(every, BACKOFF) * 2 ** min(failures - 1, 16), max(every, BACKOFF_LONGEST))
    return min(wait * chance(0.75, 1.25), LONGEST)


def retry_after(value: str | None, now: float) -> float:
    """Returns the seconds of a Retry-After, a number or a date (RFC 9110, section 10.2.3); 0 if it says nothing."""
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), LONGEST))
    try:
        moment = parsedate_to_datetime(value)
        at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0
    return min(max(at - now, 0.0), LONGEST)


def waits(due: float, now: float, *, told: bool) -> bool:
    """Returns whether it is too early: to the second if ``told``, because the server said when.

    A due time farther away than any pause is one before the clock was set back.
    """
    return now + (0 if told else NEARLY) < due <= now + 1.25 * LONGEST


def _fresh(headers: Mapping[str, str]) -> int:
    found = _MAX_AGE.search(headers.get("cache-control") or "")
    age = (headers.get("age") or "").strip()
    return max(int(found[1]) - (int(age[:9]) if age.isascii() and age.isdigit() else 0), 0) if found else 0
