"""Tables on the terminal, and the two statistics that stand in them."""

from collections.abc import Sequence
from statistics import median

__all__ = ["count", "median", "ms", "percentile", "ratio", "show"]


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()) -> None:
    """Print a table: the first column to the left, figures to the right."""
    widths = [max(len(line[n]) for line in [columns, *rows]) for n in range(len(columns))]
    print(f"\n{title}\n")
    for line in [columns, ["-" * width for width in widths], *rows]:
        first = line[0].ljust(widths[0])
        print("  ".join([f"  {first}", *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]))
    for note in notes:
        print(f"  {note}")
    print(flush=True)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that ``percent`` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(percent) // 100) - 1)]


def ms(seconds: float) -> str:
    """A duration in milliseconds, with as many digits as mean something."""
    value = seconds * 1000
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def ratio(value: float) -> str:
    """How many times another value."""
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def count(value: float) -> str:
    """A number with its thousands."""
    return f"{value:,.0f}"
