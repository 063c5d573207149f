"""Clocks that a fault can set: libfaketime reads the offset from a file. Monotonic clocks are not changed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.processes import ROOT
from faults.stage.waiting import now

STRAIGHT = timedelta(0)

SLEEPING = Path(__file__).parent / "faketime"
"""The folder with a ``time.sleep`` that libfaketime does not affect."""


def missing() -> str:
    """Returns why clocks cannot be set here; empty if they can."""
    return "" if _library() else "libfaketime is missing: apt-get install faketime"


def _library() -> Path | None:
    folders = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    return next(iter(sorted(folders)), None)


class Clock:
    """One machine's clock: ``steps`` are the moments at which it was set, with the new offset."""

    def __init__(self, file: Path | None = None) -> None:
        self.steps: list[tuple[datetime, timedelta]] = []
        self._file = file
        if file is not None:
            file.write_text("+0")
            file.chmod(0o644)

    def environ(self) -> Mapping[str, str]:
        """Returns the environment in which a program uses this clock."""
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
        """Sets the offset from the correct time."""
        if self._file is None:
            raise RuntimeError("this clock is the machine's own")
        # The exact moment is not known: during the write the clock may show either time.
        self.steps.append((now(), more))
        beside = self._file.with_suffix(".new")
        beside.write_text(f"{more.total_seconds():+.0f}")
        beside.chmod(0o644)
        beside.replace(self._file)

    def at(self, moment: datetime) -> datetime:
        """Returns what the clock showed at a moment."""
        return moment + self._more(moment)

    def when(self, shown: datetime) -> datetime:
        """Returns the first moment at which the clock can have shown this time or a later one."""
        begins = [datetime.min.replace(tzinfo=shown.tzinfo), *(moment for moment, _ in self.steps)]
        ends = [*begins[1:], datetime.max.replace(tzinfo=shown.tzinfo)]
        for begin, end, more in zip(begins, ends, [STRAIGHT, *(more for _, more in self.steps)], strict=True):
            moment = max(begin, shown - more)
            if moment < end:
                return moment
        raise ValueError(f"this clock never shows {shown}")

    def latest(self, moment: datetime) -> datetime:
        """Returns the latest time shown until a moment: a public story need not be hidden when the clock goes back."""
        shown = [self.at(moment)]
        shown += [when + self._before(when) for when, _ in self.steps if when <= moment]
        return max(shown)

    def now(self) -> datetime:
        """Returns what the clock shows now."""
        return self.at(now())

    def _more(self, moment: datetime) -> timedelta:
        return next((more for when, more in reversed(self.steps) if when <= moment), STRAIGHT)

    def _before(self, moment: datetime) -> timedelta:
        return next((more for when, more in reversed(self.steps) if when < moment), STRAIGHT)
