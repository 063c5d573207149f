"""Acts in the CMS that changed what the public sees: how many one look saw."""

from benchmarks.sources.cms import Acts
from benchmarks.table import count

COLUMNS = ["", "acts", "seen by a look", "a change time moved", "share"]


def measure(name: str, acts: Acts) -> list[str]:
    """Does all acts and returns the row of the table; raises if a look did not see one."""
    done = acts()
    missed = [act.name for act in done if not act.seen]
    if missed:
        raise RuntimeError(f"{name}: not seen: {', '.join(missed)}")
    moved = sum(act.moved for act in done)
    return [name, count(len(done)), count(len(done) - len(missed)), count(moved), f"{moved / len(done):.2f}"]
