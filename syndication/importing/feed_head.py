"""Reads what a feed says of itself and of entries that it no longer has, for those who poll it."""

from collections.abc import Iterator
from typing import TypedDict

from lxml import etree

from syndication.errors import ArticleError
from syndication.importing.dates import parse_date
from syndication.importing.namespaces import RSS, canonical, split
from syndication.importing.node import SPACE

_SYNDICATION = canonical("http://purl.org/rss/1.0/modules/syndication/")
_TOMBSTONES = canonical("http://purl.org/atompub/tombstones/1.0")

_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_LONGEST = 31_536_000


class FeedHead(TypedDict):
    """``pause``: seconds for which the feed asks to be left alone, 0 if it does not; see ``pause_of``.

    ``deleted``: the id of each entry that the feed says is deleted (RFC 6721), and when, in RFC 3339; empty if unknown.
    """

    pause: int
    deleted: list[tuple[str, str]]


NO_HEAD = FeedHead(pause=0, deleted=[])
"""JSON Feed says nothing of this."""


def head_of(root: etree._Element) -> FeedHead:
    """Returns the head of an RSS or Atom file."""
    heads = [root, *(child for child in root.iterchildren(etree.Element) if _local(child) == "channel")]
    children = [child for head in heads for child in head.iterchildren(etree.Element)]
    return FeedHead(pause=_pause(children), deleted=list(_deleted(children)))


def _pause(children: list[etree._Element]) -> int:
    """Returns the longer of ``ttl`` (RSS 2.0: minutes) and the syndication module's period divided by its frequency."""
    texts: dict[tuple[str, str], str] = {}
    for child in children:
        texts.setdefault((split(str(child.tag))[0], _local(child)), "".join(map(str, child.itertext())).strip(SPACE))
    ttl = max((_number(texts.get((namespace, "ttl"), "")) for namespace in RSS), default=0) * 60
    period = _PERIODS.get(texts.get((_SYNDICATION, "updateperiod"), "").lower(), 0)
    frequency = _number(texts.get((_SYNDICATION, "updatefrequency"), "")) or 1
    return min(max(ttl, period // frequency), _LONGEST)


def _deleted(children: list[etree._Element]) -> Iterator[tuple[str, str]]:
    for child in children:
        if split(str(child.tag))[0] == _TOMBSTONES and _local(child) == "deleted-entry":
            reference = str(child.get("ref") or "").strip(SPACE)
            if reference:
                yield reference, _moment(str(child.get("when") or ""))


def _moment(text: str) -> str:
    try:
        return parse_date(text.strip(SPACE)).isoformat()
    except ArticleError:
        return ""


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _local(element: etree._Element) -> str:
    return split(str(element.tag))[1].rpartition(":")[2].lower()
