"""What came of an import, in words."""

from collections import Counter
from dataclasses import dataclass, field

MAX_PROBLEMS = 100
"""Problems told one by one; a file of a million bad lines is told by its count."""


@dataclass
class Report:
    """Counts by outcome, the first problems, and articles by section that the configuration does not know."""

    outcomes: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    bad: int = 0
    unknown: Counter[str] = field(default_factory=Counter)

    def problem(self, place: str, reason: str) -> None:
        """One line or item that was not imported."""
        self.bad += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(f"{place}: {reason}")

    def unknown_sections(self) -> list[str]:
        """Once for each section: how many articles, and the lines to add to sections.toml."""
        return [
            f"Section {slug!r} is not configured: its {number} articles are kept and stand in `all`. To give it a"
            f' feed, add to sections.toml:\n\n[[section]]\nslug = "{slug}"\n'
            f'title = "{slug.replace("-", " ").title()}"\n'
            for slug, number in self.unknown.most_common()
        ]

    def summary(self) -> str:
        """One line with every count."""
        words = {"created": "created", "updated": "updated", "unchanged": "unchanged", "kept_out": "kept out"}
        counts = [f"{self.outcomes[key]:,} {word}" for key, word in words.items()]
        return f"{', '.join(counts)}, {self.bad:,} not imported."
