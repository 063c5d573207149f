"""Reads pictures and files: enclosures, Media RSS (media:content, group, thumbnail) and the podcast elements.

What these elements say about a picture (``media:title``, ``media:description``, ``media:credit``) is about the picture,
never about the story.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from syndication.importing.durations import seconds
from syndication.importing.fields import number, text_to_html
from syndication.importing.media_types import type_of
from syndication.importing.node import Node, resolve
from syndication.model.field_limits import MAX_CAPTION, MAX_TITLE
from syndication.model.json_types import MAX_DIMENSION
from syndication.render.shorten import shorten
from syndication.render.summary import plain
from syndication.render.text import one_line

Values = dict[str, Any]
"""An image, or an enclosure, as in an article's JSON."""


def enclosure(node: Node, address: str, title: str, *bases: str) -> Values | None:
    """Returns the file of an ``enclosure``, or of an Atom link; None without an address.

    RSS writes a length of 0 for an unknown one (RSS Best Practices Profile).
    """
    if not address:
        return None
    url = resolve(address, node.base, *bases)
    return {
        "url": url,
        "media_type": type_of(node.attribute("type"), url),
        "length": number(node.attribute("length")) or None,
        "title": _short(title, MAX_TITLE),
        "duration": None,
    }


_GRAVATAR = re.compile(r"^https?://(?:[\w-]+\.)*gravatar\.com/avatar/", re.IGNORECASE)
"""Portraits of authors, with their log-in name as the title."""


class Media:
    """The pictures and files of one item."""

    def __init__(
        self, item: Node, enclosures: Sequence[Values], authors: Collection[str], *bases: str, own: bool
    ) -> None:
        """``enclosures`` are the item's own files; ``authors`` are names, by which portraits are recognized.

        ``own`` is set for our own feeds, which mark the lead image by a thumbnail: any other picture is a file.
        """
        self._item = item
        self._bases = bases
        self._enclosures = enclosures
        portraits = {name.casefold() for name in authors}
        found = [one for one in self._objects() if one.url and (own or not one.is_portrait(portraits))]
        copies = self._marked(found) if own else _lead(found)
        self._others = [one for one in found if one.kind != "image"]
        self._picture = max(copies, key=_Object.rank, default=None)
        self._rest = [one for one in found if one not in copies]
        self._own = own

    def _objects(self) -> Iterator["_Object"]:
        for group in self._item.all("media:group"):
            members = [_Object(node, (group, self._item), self._bases) for node in group.all("media:content")]
            # The members of a group are one thing in several sizes or formats (Media RSS 1.5).
            for kind in dict.fromkeys(member.kind for member in members):
                yield max((member for member in members if member.kind == kind), key=_Object.rank)
        for node in self._item.all("media:content"):
            yield _Object(node, (self._item,), self._bases)

    def _marked(self, found: Sequence["_Object"]) -> list["_Object"]:
        thumbnails = {node.attribute("url") for node in self._item.all("media:thumbnail")}
        return [one for one in found if one.node.attribute("url") in thumbnails][:1]

    def files(self) -> list[Values]:
        """Returns the files of the item, each once: its enclosures, and what Media RSS has beside the lead image."""
        found = {file["url"]: dict(file) for file in self._enclosures}
        for file in (one.file() for one in self._rest):
            known = found.setdefault(file["url"], file)
            known.update({key: known[key] or value for key, value in file.items()})
        files = list(found.values())
        audible = [file for file in files if file["media_type"].partition("/")[0] in ("audio", "video")] or files
        # Of the enclosures of an item, podcast players play the first with sound; ours write it for the one of RSS.
        if played := (files if self._own else audible)[:1]:
            played[0]["duration"] = played[0]["duration"] or seconds(self._item.text("itunes:duration"))
        return files

    def words(self) -> str:
        """Returns what is said about a video or a recording, as HTML: the story of an item that has no other text.

        The feeds of YouTube have nothing else.
        """
        described = (node for one in self._others for node in one.described() if node.value)
        node = None if self._own else next(described, None)
        return "" if node is None else node.value if _is_html(node) else text_to_html(node.value)

    def image(self) -> Values | None:
        """Returns the lead image: a picture of Media RSS, an enclosed one, or a thumbnail if there is nothing else."""
        if self._picture or self._own:
            return self._picture.image() if self._picture else None
        for file in self._enclosures:
            if file["media_type"].lower().startswith("image/"):
                return {"url": file["url"], "caption": file["title"]}
        for url, node in self._other_pictures():
            if url:
                return {"url": resolve(url, node.base, *self._bases), **_size(node)}
        return None

    def _other_pictures(self) -> Iterator[tuple[str, Node]]:
        groups = self._item.all("media:group")
        for holder in (self._item, *groups, *self._item.all("media:content"), *_contents(groups)):
            for node in holder.all("media:thumbnail"):
                yield node.attribute("url") or node.value, node
        for node in self._item.all("itunes:image", "image"):
            yield node.attribute("href") or node.attribute("url") or node.text("url") or _address(node), node


def _lead(found: Sequence["_Object"]) -> list["_Object"]:
    """Returns the first picture, or the default one, with copies in other widths, which some feeds have beside it."""
    pictures = [one for one in found if one.kind == "image"]
    first = next((one for one in pictures if one.is_default), pictures[0] if pictures else None)
    return [one for one in pictures if first and _place(one.url) == _place(first.url)]


def _contents(groups: Sequence[Node]) -> Iterator[Node]:
    for group in groups:
        yield from group.all("media:content")


class _Object:
    """One ``media:content``, with the elements around it that describe it too, from the inside out."""

    def __init__(self, node: Node, around: Sequence[Node], bases: Sequence[str]) -> None:
        self.node = node
        self._around = around
        self.url = resolve(node.attribute("url"), node.base, *bases) if node.attribute("url") else ""
        self.media_type = type_of(node.attribute("type"), self.url)
        self.kind = node.attribute("medium").lower() or self.media_type.partition("/")[0].lower()
        self.is_default = node.attribute("isdefault").lower() == "true"

    def is_portrait(self, authors: Collection[str]) -> bool:
        """Returns whether this is a picture of an author, which blogs of WordPress put before all others."""
        if self.kind != "image":
            return False
        return _GRAVATAR.search(self.url) is not None or self.text("media:title").casefold() in authors

    def rank(self) -> tuple[bool, int, int]:
        """Returns what makes this the best of several renditions: it is the default, or wider, or larger."""
        return self.is_default, self._number("width") or 0, self._number("filesize") or 0

    def text(self, name: str, *, inherited: bool = False) -> str:
        """Returns the text of a describing element on one line: its own, or that of the elements around it."""
        for holder in (self.node, *(self._around if inherited else ())):
            texts = [_plain(found) for found in holder.all(name)]
            if any(texts):
                return ", ".join(dict.fromkeys(text for text in texts if text))
        return ""

    def described(self) -> Iterator[Node]:
        """Yields the descriptions, from the inside out."""
        for holder in (self.node, *self._around):
            yield from holder.all("media:description")

    def image(self) -> Values:
        """Returns the picture; its title is its caption if there is no description."""
        description, title = self.text("media:description", inherited=True), self.text("media:title")
        return {
            "url": self.url,
            "caption": _short(description or title, MAX_CAPTION),
            "credit": _short(self.text("media:credit", inherited=True), MAX_CAPTION),
            "alt": _short(title if description and title != description else "", MAX_CAPTION),
            **_size(self.node),
        }

    def file(self) -> Values:
        """Returns the object as a file."""
        return {
            "url": self.url,
            "media_type": self.media_type,
            "length": self._number("filesize"),
            "title": _short(self.text("media:title"), MAX_TITLE),
            "duration": seconds(self.node.attribute("duration")),
        }

    def _number(self, attribute: str) -> int | None:
        return number(self.node.attribute(attribute)) or None


def _size(node: Node) -> Values:
    width, height = (number(node.attribute(name), MAX_DIMENSION) or None for name in ("width", "height"))
    return {"width": width, "height": height}


def _address(node: Node) -> str:
    return node.value if node.value.startswith(("http://", "https://", "/")) and " " not in node.value else ""


def _place(url: str) -> str:
    """Returns an address without its query, which image services put sizes into."""
    return url.partition("?")[0]


def _plain(node: Node) -> str:
    return plain(node.value) if _is_html(node) else one_line(node.value)


def _is_html(node: Node) -> bool:
    return node.attribute("type").lower() in ("html", "text/html")


def _short(text: str, length: int) -> str | None:
    return shorten(text, length) or None
