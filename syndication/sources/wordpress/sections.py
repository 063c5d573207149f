"""Decides to which sections the categories of a post belong. Pure."""

from collections.abc import Iterable, Mapping
from html import unescape
from urllib.parse import unquote

from syndication.sources.wordpress.values import Category


class SectionMap:
    """Categories to sections. A section has its category's posts and those of all categories below it, as in WordPress.

    ``names`` are the names under which an article may be filed, in lower case, with the section's slug: slugs, earlier
    slugs and titles. ``chosen`` is the operator's map from a category's slug or name to a section; empty: to none.
    """

    def __init__(self, categories: Iterable[Category], names: Mapping[str, str], chosen: Mapping[str, str]) -> None:
        self.categories = {category.id: category for category in categories}
        self._names = names
        self._chosen = {_folded(key): value for key, value in chosen.items()}
        self._known = {id: self._own(category) for id, category in self.categories.items()}

    def sections(self, ids: Iterable[int]) -> tuple[str, ...]:
        """Returns the sections of a post in these categories, each once: a category's own before its parents'."""
        found = (self._known.get(above) for id in ids for above in self._line(id))
        return tuple(dict.fromkeys(section for section in found if section))

    def unknown(self, ids: Iterable[int]) -> list[Category]:
        """Returns those categories that lead to no section, and of which the operator's map says nothing."""
        return [
            self.categories[id]
            for id in ids
            if id in self.categories and all(self._known.get(above) is None for above in self._line(id))
        ]

    def by_section(self) -> dict[str, list[Category]]:
        """Returns the categories whose posts each section has."""
        found: dict[str, list[Category]] = {}
        for id, category in self.categories.items():
            for section in self.sections([id]):
                found.setdefault(section, []).append(category)
        return found

    def strange(self, names: Iterable[str]) -> list[str]:
        """Returns those of the names that are no category's slug or name."""
        keys = {key for category in self.categories.values() for key in _keys(category)}
        return [name for name in names if _folded(name) not in keys]

    def _own(self, category: Category) -> str | None:
        """Returns the section of the category itself; empty: the operator wants none; None: nobody says."""
        for table in (self._chosen, self._names):
            for key in _keys(category):
                if key in table:
                    return table[key]
        return None

    def _line(self, id: int) -> list[int]:
        """Returns the category and those above it. A plugin can write a circle."""
        line: list[int] = []
        while id in self.categories and id not in line:
            line.append(id)
            id = self.categories[id].parent
        return line


def _keys(category: Category) -> list[str]:
    """Returns the names of a category; a slug that is not ASCII is percent-encoded in the database."""
    return [_folded(name) for name in (category.slug, unquote(category.slug), unescape(category.name))]


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
