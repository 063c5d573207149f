"""Adds to feedgen what it lacks, and corrects what it gets wrong, through its own extension classes.

feedgen calls an extension's ``extend_atom`` and ``extend_rss`` with the element that it has just built, so that they
can change it. The builders set ``entry.news.cleaned``, ``feed.news.feed``, ``feed.news.format`` and
``feed.news.deleted``.
"""

from collections.abc import Mapping, Sequence
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

from syndication.model.values import Enclosure, Feed, Image
from syndication.render.clean_entry import CleanEntry
from syndication.render.text import visible_line

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
MEDIA = "http://search.yahoo.com/mrss/"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
SY = "http://purl.org/rss/1.0/modules/syndication/"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

IMAGE_TYPES: Mapping[str, str] = {
    "apng": "image/apng",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "jfif": "image/jpeg",
    "jpe": "image/jpeg",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "jxl": "image/jxl",
    "png": "image/png",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "webp": "image/webp",
}
"""By file name extension. Python's own table depends on the machine: the same feed would differ between two."""

DAY_MINUTES = 1440


def ttl_minutes(feed: Feed) -> int:
    """Returns how long a reader may wait: the largest part of a day that the feed's max-age covers.

    A part of a day, so that ttl and sy: express exactly the same.
    """
    seconds = feed.section.cache.browser if feed.max_age is None else feed.max_age
    wanted = max(1, seconds // 60)
    return max(minutes for minutes in range(1, DAY_MINUTES + 1) if minutes <= wanted and DAY_MINUTES % minutes == 0)


class NewsExtension(BaseExtension):  # type: ignore[misc]  # feedgen has no types
    """The head of a feed; ``itunes`` if an item has elements of that namespace, ``podcast`` if one is an episode.

    ``deleted`` has the atom:id of each deleted entry, and since when in RFC 3339.
    """

    feed: Feed
    format: str
    deleted: Sequence[tuple[str, str]] = ()
    itunes = False
    podcast = False

    def extend_ns(self) -> dict[str, str]:
        """Returns the namespaces of the head."""
        if self.format == "atom":
            return {**({"at": TOMBSTONES} if self.deleted else {}), "media": MEDIA}
        return {"dc": DC, **({"itunes": ITUNES} if self.itunes else {}), "media": MEDIA, "sy": SY}

    def extend_atom(self, feed: Any) -> Any:
        """Adds the tombstones (RFC 6721 section 3), before the first entry."""
        for ref, when in self.deleted:
            _add(feed, TOMBSTONES, "deleted-entry", None, ref=ref, when=when)
        return feed

    def extend_rss(self, feed: Any) -> Any:
        """Adds the hubs and the update period to an RSS channel."""
        channel = feed[0]
        # feedgen writes only the self link. WebSub section 4 has both as atom:link; they stand together.
        at = channel.find(f"{{{ATOM}}}link")
        for hub in reversed(self.feed.site.hubs):
            at.addnext(etree.Element(f"{{{ATOM}}}link", {"href": hub, "rel": "hub"}))
        # feedgen's own syndication extension writes sy:UpdatePeriod, which no reader understands.
        minutes = ttl_minutes(self.feed)
        hourly = 60 % minutes == 0
        _add(channel, SY, "updatePeriod", "hourly" if hourly else "daily")
        _add(channel, SY, "updateFrequency", str((60 if hourly else DAY_MINUTES) // minutes))
        if self.podcast:
            self._podcast(channel)
        return feed

    def _podcast(self, channel: Any) -> None:
        """Adds what podcast directories require of a channel (Apple Podcasts, "A podcaster's guide to RSS")."""
        site, podcast = self.feed.site, self.feed.section.podcast
        name = visible_line(site.title) or self.feed.section.slug
        _add(channel, ITUNES, "author", name)
        _add(channel, ITUNES, "explicit", str(podcast.explicit).lower())
        parent = channel
        for category in podcast.category.split(" > "):
            parent = _add(parent, ITUNES, "category", None)
            parent.set("text", category)
        if image := podcast.image or site.logo:
            _add(channel, ITUNES, "image", None, href=image)
        if site.email:
            owner = _add(channel, ITUNES, "owner", None)
            _add(owner, ITUNES, "name", name)
            _add(owner, ITUNES, "email", site.email)


class NewsEntryExtension(BaseEntryExtension):  # type: ignore[misc]  # feedgen has no types
    """One entry of a feed."""

    cleaned: CleanEntry
    explicit = False

    def extend_atom(self, entry: Any) -> Any:
        """Completes an Atom entry."""
        cleaned = self.cleaned
        if cleaned.language:
            entry.set(XML_LANG, cleaned.language)
        # feedgen (issue 135) writes only the href of an entry's links.
        for element, link in zip(entry.findall("link"), links(cleaned), strict=True):
            element.attrib.update({name: link[name] for name in ("rel", "type", "title", "length") if name in link})
        _image(entry, cleaned.image)
        return entry

    def extend_rss(self, item: Any) -> Any:
        """Completes an RSS item."""
        cleaned = self.cleaned
        # feedgen drops an author without an e-mail address, which RSS's own element requires. Authors with an address
        # also get only dc:creator: with both elements, one author would appear twice.
        for author in cleaned.authors:
            _add(item, DC, "creator", author.name)
        if cleaned.language:
            _add(item, DC, "language", cleaned.language)
        _dates(item, cleaned)
        _image(item, cleaned.image)
        self._episode(item)
        # An item has one enclosure (RSS Best Practices Profile); the others use Media RSS.
        for file in cleaned.enclosures[1:]:
            _media_file(item, file)
        return item

    def _episode(self, item: Any) -> None:
        """Adds the duration of the enclosure, and for audio what podcast players show of an episode."""
        cleaned = self.cleaned
        for file in cleaned.enclosures[:1]:
            if file.duration is not None:
                _add(item, ITUNES, "duration", str(file.duration))
        if is_episode(cleaned):
            _add(item, ITUNES, "explicit", str(self.explicit).lower())
            if cleaned.image:
                _add(item, ITUNES, "image", None, href=cleaned.image.url)


def is_episode(cleaned: CleanEntry) -> bool:
    """Returns whether the one enclosure that players read is audio."""
    return any(file.media_type.lower().startswith("audio/") for file in cleaned.enclosures[:1])


def has_itunes(cleaned: CleanEntry) -> bool:
    """Returns whether the item has elements of the namespace itunes."""
    return is_episode(cleaned) or any(file.duration is not None for file in cleaned.enclosures[:1])


def links(cleaned: CleanEntry) -> list[dict[str, str]]:
    """Returns the atom:link elements of an entry, in order."""
    found = [{"href": cleaned.url, "rel": "alternate", "type": "text/html"}]
    for file in cleaned.enclosures:
        link = {"href": file.url, "rel": "enclosure", "type": file.media_type}
        if file.title:
            link["title"] = file.title
        if file.length is not None:
            link["length"] = str(file.length)
        found.append(link)
    return found


def _dates(item: Any, cleaned: CleanEntry) -> None:
    """Corrects the year, which feedgen writes with fewer than four digits, and adds the time of a correction.

    RFC 5322 section 3.3; RFC 2822 section 4.3 reads a year of two digits as one of the years 1950 to 2049.
    """
    item.find("pubDate").text = format_datetime(cleaned.entry.published)
    if cleaned.updated != cleaned.published:
        _add(item, ATOM, "updated", cleaned.updated)


def _image(parent: Any, image: Image | None) -> None:
    if image is None:
        return
    content = _add(parent, MEDIA, "content", None, url=image.url, medium="image")
    media_type = IMAGE_TYPES.get(urlsplit(image.url).path.rpartition(".")[2].lower())
    if media_type:
        content.set("type", media_type)
    if image.width and image.height:
        content.set("width", str(image.width))
        content.set("height", str(image.height))
    description = image.caption or image.alt
    if description:
        _add(content, MEDIA, "description", description, type="plain")
    if image.credit:
        _add(content, MEDIA, "credit", image.credit)
    _add(parent, MEDIA, "thumbnail", None, url=image.url)


def _media_file(parent: Any, file: Enclosure) -> None:
    content = _add(parent, MEDIA, "content", None, url=file.url, type=file.media_type)
    kind = file.media_type.partition("/")[0]
    content.set("medium", kind if kind in ("audio", "video", "image") else "document")
    if file.length is not None:
        content.set("fileSize", str(file.length))
    if file.duration is not None:
        content.set("duration", str(file.duration))
    if file.title:
        _add(content, MEDIA, "title", file.title, type="plain")


def _add(parent: Any, namespace: str, name: str, text: str | None, **attributes: str) -> Any:
    element = etree.SubElement(parent, f"{{{namespace}}}{name}", attributes)
    element.text = text
    return element
