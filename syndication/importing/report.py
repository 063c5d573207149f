"""The report of an import."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_PROBLEMS = 100
"""Problems and notes listed one by one; further ones are only counted."""


@dataclass
class Report:
    """Counts by outcome, the first problems and notes, and articles by section that the configuration does not know.

    Notes are about articles that were stored: those that will not appear as asked, and those that were deleted before.
    ``dates`` counts what updates of published articles did to their dates.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    dates: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    bad: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    hidden: int = 0
    deleted: int = 0

    def problem(self, place: str, reason: str) -> None:
        """Records a line, item or file that was not imported."""
        self.bad += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(f"{place}: {reason}")

    def will_not_appear(self, article_id: str, reasons: Sequence[str]) -> None:
        """Records an article that is stored and will not appear as asked, with the reasons."""
        self.hidden += 1
        self._note(f"{article_id} is stored, but its {'; its '.join(reasons)}.")

    def was_deleted(self, article_id: str) -> None:
        """Records an article that is stored again."""
        self.deleted += 1
        self._note(f"{article_id} was deleted before and is stored again.")

    def _note(self, words: str) -> None:
        if len(self.notes) < MAX_PROBLEMS:
            self.notes.append(words)

    def unknown_sections(self) -> list[str]:
        """Returns one hint for each section: its number of articles, and the lines to add to sections.toml."""
        return [
            f"Section {slug!r} is not configured. Its articles ({number}) are stored and appear in `all`. To give it"
            f' a feed, add to sections.toml:\n\n[[section]]\nslug = "{slug}"\n'
            f'title = "{slug.replace("-", " ").title()}"\n'
            for slug, number in self.unknown.most_common()
        ]

    def summary(self) -> str:
        """Returns one line with every count; those of the notes only if there are any."""
        words = {"created": "created", "updated": "updated", "unchanged": "unchanged", "kept_out": "kept out"}
        dates = {"correction": "date moved: correction", "date": "date moved", "same-date": "date unchanged"}
        moved = ", ".join(f"{self.dates[key]:,} {word}" for key, word in dates.items() if self.dates[key])
        words["updated"] += f" ({moved})" if moved else ""
        counts = [f"{self.outcomes[key]:,} {word}" for key, word in words.items()]
        notes = [f" {self.deleted:,} deleted before."] if self.deleted else []
        notes += [f" {self.hidden:,} will not appear as asked."] if self.hidden else []
        return f"{', '.join(counts)}, {self.bad:,} not imported.{''.join(notes)}"
