"""The table: a row for each figure, a column for each version."""

from collections.abc import Sequence

from benchmarks.publishing.versions import Version
from benchmarks.table import median, ratio


class Figures:
    """Figures by name and version, in the order in which their names came; several of one are a median."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self._versions = [version.name for version in versions]
        self._found: dict[str, dict[str, list[float]]] = {}

    def add(self, name: str, version: Version, value: float) -> None:
        """Adds a figure; ``name`` ends with its unit."""
        self._found.setdefault(name, {}).setdefault(version.name, []).append(value)

    @property
    def columns(self) -> list[str]:
        """The heads of the columns."""
        return ["", *self._versions, *(["ratio"] if len(self._versions) > 1 else [])]

    @property
    def rows(self) -> list[list[str]]:
        """The rows; the ratio is of the last version to the first."""
        return [self._row(name, found) for name, found in self._found.items()]

    def _row(self, name: str, found: dict[str, list[float]]) -> list[str]:
        values = [median(found[version]) for version in self._versions if version in found]
        cells = [number(median(found[version])) if version in found else "" for version in self._versions]
        if len(self._versions) == 1:
            return [name, *cells]
        return [name, *cells, ratio(values[-1] / values[0]) if len(values) > 1 and values[0] else ""]


def number(value: float) -> str:
    """Returns a number with its significant digits."""
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
