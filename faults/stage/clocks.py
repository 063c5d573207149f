"""Clocks that a fault sets: libfaketime is told by a file what it is to add. Monotonic clocks stay as they are."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.processes import ROOT
from faults.stage.waiting import now

STRAIGHT = timedelta(0)

SLEEPING = Path(__file__).parent / "faketime"
"""Where Python finds a ``time.sleep`` that libfaketime does not mislead."""


def missing() -> str:
    """Why no clock can be set here; empty if one can."""
    return "" if _library() else "libfaketime is missing: apt-get install faketime"


def _library() -> Path | None:
    folders = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    return next(iter(sorted(folders)), None)


class Clock:
    """One machine's clock: ``steps`` are the moments at which it was set, and what it showed more from then on."""

    def __init__(self, file: Path | None = None) -> None:
        self.steps: list[tuple[datetime, timedelta]] = []
        self._file = file
        if file is not None:
            file.write_text("+0")
            file.chmod(0o644)

    def environ(self) -> Mapping[str, str]:
        """What makes a program see this clock."""
        if self._file is None:
            return {}
        return {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
            "PYTHONPATH": f"{ROOT}:{SLEEPING}",
        }

    def set(self, more: timedelta) -> None:
        """Let it show so much more, or less, than the right time."""
        if self._file is None:
            raise RuntimeError("this clock is the machine's own")
        # Both moments are known to within the write: it showed the one or the other at any time between them.
        self.steps.append((now(), more))
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{more.total_seconds():+.0f}")
        beside.chmod(0o644)
        beside.replace(self._file)

    def at(self, moment: datetime) -> datetime:
        """What it showed at a moment."""
        return moment + self._more(moment)

    def when(self, shown: datetime) -> datetime:
        """The first moment at which it can have shown this, or anything later."""
        begins = [datetime.min.replace(tzinfo=shown.tzinfo), *(moment for moment, _ in self.steps)]
        ends = [*begins[1:], datetime.max.replace(tzinfo=shown.tzinfo)]
        for begin, end, more in zip(begins, ends, [STRAIGHT, *(more for _, more in self.steps)], strict=True):
            moment = max(begin, shown - more)
            if moment < end:
                return moment
        raise ValueError(f"this clock never shows {shown}")

    def latest(self, moment: datetime) -> datetime:
        """The latest that it had shown by then: what was public once need not be hidden because a clock went back."""
        shown = [self.at(moment)]
        shown += [when + self._before(when) for when, _ in self.steps if when <= moment]
        return max(shown)

    def now(self) -> datetime:
        """What it shows."""
        return self.at(now())

    def _more(self, moment: datetime) -> timedelta:
        return next((more for when, more in reversed(self.steps) if when <= moment), STRAIGHT)

    def _before(self, moment: datetime) -> timedelta:
        return next((more for when, more in reversed(self.steps) if when < moment), STRAIGHT)
