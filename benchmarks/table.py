"""Tables on the terminal, and the statistics in them."""

from collections.abc import Sequence
from statistics import median

__all__ = ["count", "median", "ms", "percentile", "ratio", "show"]


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()) -> None:
    """Prints a table, with the first column aligned left and figures aligned right."""
    widths = [max(len(line[n]) for line in [columns, *rows]) for n in range(len(columns))]
    print(f"\n{title}\n")
    for line in [columns, ["-" * width for width in widths], *rows]:
        first = line[0].ljust(widths[0])
        print("  ".join([f"  {first}", *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]))
    for note in notes:
        print(f"  {note}")
    print(flush=True)


def percentile(values: Sequence[float], percent: float) -> float:
    """Returns the percentile of the values (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(percent) // 100) - 1)]


def ms(seconds: float) -> str:
    """Returns a duration in milliseconds, with the significant digits."""
    value = seconds * 1000
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def ratio(value: float) -> str:
    """Returns a ratio as text."""
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def count(value: float) -> str:
    """Returns a rounded number with thousands separators."""
    return f"{value:,.0f}"
