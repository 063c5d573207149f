"""Decides to which sections the tags of a post lead. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from syndication.model.values import ALL, Section
from syndication.sources.ghost.posts import Tag


class SectionMap:
    """Tags to sections. ``chosen`` is the operator's map from a tag's slug or name to a section; empty: to none.

    A public tag that it does not name leads to the section of the same slug, former slug or title; an internal one
    leads only where the operator says.
    """

    def __init__(self, sections: Iterable[Section], chosen: Mapping[str, str]) -> None:
        named = [section for section in sections if section.slug != ALL]
        titles = {_folded(section.title): section.slug for section in named}
        self._names = titles | {slug: section.slug for section in named for slug in section.filed_under}
        self._chosen = {_folded(name): section for name, section in chosen.items()}

    def section(self, tag: Tag) -> str:
        """Returns the section that a tag leads to; empty if none."""
        keys = (_folded(tag.slug), _folded(tag.name))
        for key in keys:
            if key in self._chosen:
                return self._chosen[key]
        return next((self._names[key] for key in keys if tag.is_public and key in self._names), "")

    def sections(self, tags: Sequence[Tag]) -> tuple[str, ...]:
        """Returns the sections of a post with these tags, each once, in the order of the tags."""
        return tuple(dict.fromkeys(section for section in map(self.section, tags) if section))

    def unused(self, tags: Iterable[Tag]) -> list[str]:
        """Returns the names in the operator's map that no tag has."""
        known = {_folded(name) for tag in tags for name in (tag.slug, tag.name)}
        return sorted(self._chosen.keys() - known)


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
