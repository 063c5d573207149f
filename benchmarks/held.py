"""What a process holds: memory and files."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Held:
    """Resident memory in megabytes, and open files, connections among them."""

    megabytes: float
    files: int


def held(pid: int) -> Held:
    """What it holds now."""
    resident = Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0]
    return Held(int(resident) / 1024, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def family(pid: int) -> list[int]:
    """A process and everything that it has started."""
    found = [pid]
    with contextlib.suppress(OSError):
        for of_thread in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in of_thread.read_text().split():
                found += family(int(child))
    return found


def peak(pids: Iterable[int]) -> float:
    """The most resident megabytes that each of them had since ``forget_peak``, added up."""
    return sum(_kilobytes(pid, "VmHWM:") for pid in pids) / 1024


def forget_peak(pids: Iterable[int]) -> float:
    """Begin a new peak for each of them (proc(5), clear_refs); gives what they hold now."""
    pids = list(pids)
    for pid in pids:
        with contextlib.suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text("5")
    return sum(_kilobytes(pid, "VmRSS:") for pid in pids) / 1024


def _kilobytes(pid: int, name: str) -> int:
    try:
        found = Path(f"/proc/{pid}/status").read_text().partition(name)[2].split()
    except OSError:
        return 0  # It ended.
    return int(found[0]) if found else 0


def serving(web: int) -> int:
    """The worker of a web process, which answers; Python's own helper beside it does not."""
    for pid in Path(f"/proc/{web}/task/{web}/children").read_text().split():
        if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes():
            return int(pid)
    raise RuntimeError(f"process {web} has no worker")
