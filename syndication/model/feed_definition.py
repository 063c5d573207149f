"""A feed as an editor defines it: what goes in, what it shows, and how it lives. Kept as JSON."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from syndication.model.selection import TERM_KINDS, Selection, Term

FORMAT = 1
"""The format of the JSON; a later program may write another one, which this program leaves alone."""


@dataclass(frozen=True, slots=True)
class FeedDefinition:
    """An editor's feed. Empty and None values are the defaults of [feeds] and [site].

    ``cache`` names a table [cache.NAME], ``image`` is a podcast's artwork. ``selection`` None: the articles filed under
    its slugs. ``formerly`` are its earlier slugs, the first one first; never its own. ``origin`` is the slug that ids
    are made of, if that is not the first of ``formerly`` (it took its first slug back).
    """

    slug: str
    title: str
    description: str = ""
    language: str = ""
    content: Literal["full", "summary"] | None = None
    entries: int | None = None
    hours: int | None = None
    max_entries: int | None = None
    summary_length: int | None = None
    cache: str | None = None
    image: str | None = None
    selection: Selection | None = None
    formerly: tuple[str, ...] = field(default=())
    listed: bool = True
    retired: bool = False
    origin: str = ""

    @property
    def slugs(self) -> tuple[str, ...]:
        """Every slug that leads to it."""
        return (self.slug, *self.formerly)

    def renamed(self, slug: str) -> "FeedDefinition":
        """Returns the feed with another slug, which may be a former one of its own; ids stay.

        Where it names itself among others, articles filed under the new slug are in it too.
        """
        origin = self.origin or (self.formerly[0] if self.formerly else self.slug)
        formerly = tuple(former for former in dict.fromkeys((*self.formerly, self.slug)) if former != slug)
        selection = self.selection
        if selection is not None and Term("section", self.slug) in selection.any:
            selection = replace(selection, any=tuple(dict.fromkeys((*selection.any, Term("section", slug)))))
        origin = "" if formerly[0] == origin else origin
        return replace(self, slug=slug, formerly=formerly, origin=origin, selection=selection)


_PLAIN = ("title", "description", "language", "content", "entries", "hours", "max_entries", "summary_length", "cache")
_TYPES: dict[str, type | tuple[type, ...]] = {
    "title": str, "description": str, "language": str, "content": (str, type(None)), "entries": (int, type(None)),
    "hours": (int, type(None)), "max_entries": (int, type(None)), "summary_length": (int, type(None)),
    "cache": (str, type(None)), "image": (str, type(None)), "listed": bool, "formerly": list, "origin": str,
}  # fmt: skip


def to_json(definition: FeedDefinition) -> str:
    """Returns the definition as JSON, without the slug and whether it is retired, which are columns."""
    selection = definition.selection
    values = {name: getattr(definition, name) for name in (*_PLAIN, "image", "listed", "origin")}
    values |= {
        "format": FORMAT,
        "formerly": list(definition.formerly),
        "selection": None
        if selection is None
        else {part: [list(term) for term in getattr(selection, part)] for part in ("any", "all", "none")},
    }
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def from_json(slug: str, text: str, *, retired: bool = False) -> FeedDefinition:
    """Returns the definition of a row; raises ValueError for JSON that this program did not write."""
    values: Any = json.loads(text)
    if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
        raise ValueError(f"the definition of {slug!r} is not of format {FORMAT}")
    selection = values.pop("selection", None)
    wrong = [name for name, value in values.items() if not isinstance(value, _TYPES.get(name, ()))]
    if wrong or "title" not in values or not all(isinstance(former, str) for former in values.get("formerly", ())):
        raise ValueError(f"the definition of {slug!r} has wrong values: {', '.join(wrong) or 'title, formerly'}")
    return FeedDefinition(
        slug=slug,
        retired=retired,
        selection=None if selection is None else _selection(slug, selection),
        **(values | {"formerly": tuple(values.get("formerly", ()))}),
    )


def _selection(slug: str, value: Any) -> Selection:
    try:
        parts = {part: tuple(_term(kind, key) for kind, key in value.get(part, ())) for part in ("any", "all", "none")}
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"the definition of {slug!r} has a wrong selection") from error
    return Selection(**parts)


def _term(kind: Any, key: Any) -> Term:
    if kind not in TERM_KINDS or not isinstance(key, str):
        raise ValueError("not a term")
    return Term(kind, key)
