"""Which sections the categories of an entry lead to, by the map of the configuration and by their names. Pure."""

import hashlib
from collections.abc import Iterable, Mapping

from syndication.config.source_schemas.feed import FeedSource
from syndication.model.article_json import slugify
from syndication.model.values import ALL


class Sections:
    """The map of one source; ``slugs`` are those of our sections, by title in lower case."""

    def __init__(self, table: FeedSource, slugs: Mapping[str, str]) -> None:
        self._map = {category.strip().lower(): section for category, section in table.categories.items()}
        self._slugs = slugs
        self._known = frozenset(slugs.values()) - {ALL}
        self._otherwise = (table.section,) if table.section else ()

    def of(self, categories: Iterable[str]) -> tuple[str, ...]:
        """Returns the sections of an entry with these categories: those they lead to, or that of the source."""
        found = dict.fromkeys(section for one in categories if (section := self.find(one)))
        return tuple(found) or self._otherwise

    def find(self, category: str) -> str | None:
        """Returns the section that a category leads to; empty if it shall lead to none, None if it is unknown."""
        name = category.strip().lower()
        if name in self._map:
            return self._map[name]
        slug = self._slugs.get(name) or slugify(name)
        return slug if slug in self._known else None

    @property
    def digest(self) -> str:
        """A digest of all that it decides by."""
        parts = (sorted(self._map.items()), sorted(self._slugs.items()), self._otherwise)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
