"""The memory and open files of a process."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Held:
    """Resident memory in megabytes, and the number of open files, including connections."""

    megabytes: float
    files: int


def held(pid: int) -> Held:
    """Returns the current memory and open files of a process."""
    resident = Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]
    return Held(int(resident) / 1024, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def family(pid: int) -> list[int]:
    """Returns a process and its descendants."""
    found = [pid]
    with contextlib.suppress(OSError):
        for of_thread in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in of_thread.read_text().split():
                found += family(int(child))
    return found


def resident(pids: Iterable[int]) -> float:
    """Returns the sum of the processes' resident memory, in megabytes."""
    return sum(_kilobytes(pid, "VmRSS:") for pid in pids) / 1024


def peak(pids: Iterable[int]) -> float:
    """Returns the sum of the processes' peaks of resident memory since ``forget_peak``, in megabytes."""
    return sum(_kilobytes(pid, "VmHWM:") for pid in pids) / 1024


def forget_peak(pids: Iterable[int]) -> float:
    """Resets the peak of each process (proc(5), clear_refs), and returns their current memory in megabytes."""
    pids = list(pids)
    for pid in pids:
        with contextlib.suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text("5")
    return resident(pids)


def _kilobytes(pid: int, name: str) -> int:
    try:
        found = Path(f"/proc/{pid}/status").read_text().partition(name)[2].split()
    except OSError:
        return 0  # It has ended.
    return int(found[0]) if found else 0


def serving(web: int) -> int:
    """Returns the front of a web process, skipping Python's resource tracker."""
    for pid in Path(f"/proc/{web}/task/{web}/children").read_text().split():
        if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            return int(pid)
    raise RuntimeError(f"process {web} has no front")
