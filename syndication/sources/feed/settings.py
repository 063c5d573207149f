"""The settings of one feed that is read."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """One feed. ``every`` is in seconds; ``section`` is where entries go whose categories ``categories`` does not map.

    ``categories`` maps categories of the feed to sections, whatever the case of their letters. ``polite``: the pauses
    that the feed itself asks for (ttl, sy:, max-age) are kept. ``withdraw_missing``: entries that are taken out of the
    middle of the feed are withdrawn.
    """

    url: str
    every: float = 900.0
    section: str = ""
    allow_private: bool = False
    categories: Mapping[str, str] = field(default_factory=dict)
    polite: bool = True
    withdraw_missing: bool = False

    @property
    def digest(self) -> str:
        """A digest of what decides which articles the feed gives: with another, all of it is read again."""
        parts = (self.url, self.section, sorted(self.categories.items()), self.withdraw_missing)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
