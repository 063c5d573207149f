"""Frozen values shared by all rooms, independent of databases, feed formats and HTTP.

All times are timezone-aware UTC. Texts are as the newsroom wrote them: ``render`` sanitizes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Literal, NewType

from syndication.model.compression import gunzip
from syndication.model.field_limits import MAX_FEED_HTML
from syndication.model.fragments import ENDS, SEPARATORS, Fragments
from syndication.model.selection import Selection, Term

FORMATS: tuple[str, ...] = ("atom", "rss", "json")
"""The formats of a feed, also used as the file extensions of its URLs."""

ENCODINGS: tuple[str, ...] = ("br", "zstd", "gzip", "identity")
"""The content codings of a document (RFC 9110 section 8.4.1), most preferred first."""

DOCUMENT_DIGEST_LENGTH = 16
"""Hexadecimal digits of a document's digest. Together with the version before them, they are unique to a body."""

FeedOwner = Literal["configuration", "editors", "readers"]
"""Who defines a feed: the files, an editor, or the reader who asks for an address."""

ALL = "all"
"""The reserved section that holds every published article."""

ACCESS_LEVELS: tuple[str, ...] = ("public", "members")
"""Who may read the body of an article: everybody, or the newsroom's members; the feeds are for everybody."""

MEDIA_TYPES: Mapping[str, str] = {
    "atom": "application/atom+xml; charset=utf-8",  # RFC 4287 section 7
    "rss": "application/rss+xml; charset=utf-8",
    "json": "application/feed+json",  # JSON Feed 1.1; JSON has no charset parameter (RFC 8259)
}


@dataclass(frozen=True, slots=True)
class Author:
    """An author, as named in the byline.

    ``id`` is the newsroom's own for this person, whatever the byline says: it tells two of the same name apart. Feeds
    never show it, but the address of the author's feed is made from it.
    """

    name: str
    email: str | None = None
    uri: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """The lead image; ``width`` and ``height`` in pixels."""

    url: str
    caption: str | None = None
    credit: str | None = None
    alt: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file attached to an article (audio, video, PDF); ``length`` in bytes, ``duration`` in seconds."""

    url: str
    media_type: str
    length: int | None = None
    title: str | None = None
    duration: int | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """An article as stored.

    ``status`` is draft, published or withdrawn. A ``published_at`` in the future is an embargo.
    ``url`` may be relative to the newsroom's home page. ``guid`` is the id of an article imported from
    another feed; other articles have none and get a ``tag:`` URI. ``access`` is one of ACCESS_LEVELS: who may read its
    body (``model/access.py``). ``corrected_at`` is when its correction moved the
    date, if it did: the store keeps it, and no writer sets it.
    """

    id: str
    slug: str
    url: str
    title: str
    html: str = ""
    summary: str | None = None
    authors: tuple[Author, ...] = ()
    sections: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    image: Image | None = None
    enclosures: tuple[Enclosure, ...] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    expires_at: datetime | None = None
    status: str = "published"
    correction: str | None = None
    guid: str | None = None
    access: str = "public"
    corrected_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """How long caches may use a copy of a feed, in seconds (RFC 9111; RFC 5861 for the stale periods).

    ``browser`` is max-age; ``cdn`` is s-maxage, for shared caches. With ``min_browser`` or ``max_browser``, max-age
    follows the feed's cadence within these bounds (``model/freshness.py``), and ``browser`` is used while it has none.
    """

    browser: int
    cdn: int
    stale_while_revalidate: int
    stale_if_error: int
    min_browser: int | None = None
    max_browser: int | None = None

    @property
    def bounds(self) -> tuple[int, int]:
        """The shortest and the longest max-age; a bound that is not set is ``browser``."""
        low = self.browser if self.min_browser is None else self.min_browser
        return low, self.browser if self.max_browser is None else self.max_browser

    @property
    def longest_copy(self) -> int:
        """How long a copy of what has changed may be used, in seconds, while this service can be reached."""
        return self.bounds[1] + self.cdn + self.stale_while_revalidate


@dataclass(frozen=True, slots=True)
class Site:
    """Settings shared by all of the newsroom's feeds.

    ``base_url`` is where the feeds are served, ``home_url`` where the articles are read; neither ends
    in a slash. ``authority`` and ``authority_date`` (YYYY-MM-DD) are part of the ``tag:`` URIs (RFC 4151). ``hubs`` are
    the addresses of the WebSub hubs that announce the feeds, our own first.
    """

    title: str
    base_url: str
    home_url: str
    authority: str
    authority_date: str
    description: str = ""
    language: str = "en"
    rights: str | None = None
    logo: str | None = None
    icon: str | None = None
    email: str | None = None
    hubs: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, str]:
        """The newsroom's public names, which passwords must not be based on."""
        return self.title, self.authority


@dataclass(frozen=True, slots=True)
class Podcast:
    """What a feed with audio says of itself: an Apple Podcasts category ("News > Daily News"), and its artwork."""

    category: str = "News"
    explicit: bool = False
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One configured feed.

    It holds the newest ``entries`` articles, plus everything from the last ``hours``, up to
    ``max_entries``. ``content`` decides whether entries include the full body or only the summary.
    ``formerly`` lists earlier slugs: their URLs redirect here, and articles filed under them are
    included. ``origin`` is the first slug: feed ids use it, so they survive a rename. ``feed_title`` is the title
    that readers see, which names the newsroom; empty: ``title``.
    ``largest_body`` is in characters. ``media_enclosures`` offers what a body plays as enclosures too.
    ``selection`` is what goes in, if it is not what is filed under it; ``listed``: it is in the public lists of feeds.
    ``first_slug``, if it took its first slug back.
    """

    slug: str
    title: str
    description: str
    language: str
    content: Literal["full", "summary"]
    entries: int
    hours: int
    max_entries: int
    summary_length: int
    cache: CachePolicy
    formerly: tuple[str, ...] = ()
    feed_title: str = ""
    podcast: Podcast = Podcast()
    largest_body: int = MAX_FEED_HTML
    media_enclosures: bool = False
    selection: Selection | None = None
    owner: FeedOwner = "configuration"
    listed: bool = True
    first_slug: str = ""

    @property
    def selects(self) -> Selection:
        """What goes in: its selection, or the articles filed under it; every article for the feed of all stories."""
        if self.selection is not None:
            return self.selection
        return Selection() if self.slug == ALL else Selection(any=tuple(Term("section", s) for s in self.filed_under))

    @property
    def origin(self) -> str:
        """The first slug, which the feed id is based on."""
        return self.first_slug or (self.formerly[0] if self.formerly else self.slug)

    @property
    def filed_under(self) -> tuple[str, ...]:
        """The slugs under which this section's articles may be stored."""
        return (self.slug, *self.formerly)


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as a feed entry: ids and times decided, links absolute, body not yet sanitized.

    ``id`` is the atom:id and guid. ``published`` and ``updated`` are both set and not in the future.
    ``categories`` are pairs of section slug and title, ``tags`` the article's own. ``corrected``: ``updated`` is the
    time of its correction.
    """

    article_id: str
    id: str
    url: str
    title: str
    html: str
    summary: str | None
    authors: tuple[Author, ...]
    categories: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]
    language: str | None
    image: Image | None
    enclosures: tuple[Enclosure, ...]
    published: datetime
    updated: datetime
    correction: str | None
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class DeletedEntry:
    """An entry that readers should delete (RFC 6721), since ``at``; None: since the version being rendered."""

    entry_id: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Feed:
    """A section with its entries, newest first, ready for rendering.

    ``updated`` is the time of the version being rendered: whole seconds, UTC. ``max_age`` is how long the documents say
    that readers may wait, in seconds; None: the section's fixed time. ``deleted`` are the last entries that readers
    should delete, newest first; one of them that the feed shows again is not said to be deleted.
    """

    id: str
    site: Site
    section: Section
    entries: tuple[Entry, ...]
    updated: datetime
    max_age: int | None = None
    deleted: tuple[DeletedEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class RenderedEntry:
    """A rendered entry as it is stored; ``digest`` covers its bytes in every format.

    ``fragments`` are those bytes; None if they are only in the published documents.
    """

    article_id: str
    entry_id: str
    digest: str
    fragments: Fragments | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An article that could not be rendered, with a reason that editors can read."""

    article_id: str
    reason: str


@dataclass(frozen=True)
class RenderedFeed:
    """A feed's head by format, its entries in feed order with their ``fragments``, and the articles left out.

    A document is its head, its entries and its end; those of a JSON Feed have commas between them.
    """

    heads: Mapping[str, bytes]
    entries: tuple[RenderedEntry, ...]
    left_out: tuple[LeftOut, ...]

    def pieces(self, format: str) -> list[bytes]:
        """Returns the entries' bytes in one format."""
        return [fragments.piece(format) for fragments in self._fragments]

    def hashes(self, format: str) -> list[bytes]:
        """Returns the SHA-256 of each of the ``pieces``."""
        return [fragments.hashes[format] for fragments in self._fragments]

    @cached_property
    def bodies(self) -> Mapping[str, bytes]:
        """The documents' bytes by format."""
        return {
            format: head + SEPARATORS[format].join(self.pieces(format)) + ENDS[format]
            for format, head in self.heads.items()
        }

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """What identifies each document's bytes, for its ETag, by format: a digest of the SHA-256 of all parts.

        It costs a hundredth of one of the whole body: those of the entries are known.
        """
        return {
            format: sha256(b"".join([sha256(head).digest(), *self.hashes(format)])).hexdigest()[:DOCUMENT_DIGEST_LENGTH]
            for format, head in self.heads.items()
        }

    @property
    def size(self) -> int:
        """The bytes of all documents."""
        return sum(len(body) for body in self.bodies.values())

    @property
    def _fragments(self) -> list[Fragments]:
        found = [entry.fragments for entry in self.entries]
        if None in found:
            raise ValueError("an entry has no bytes")
        return [fragments for fragments in found if fragments is not None]


@dataclass(frozen=True, slots=True)
class Document:
    """The published bytes of one feed in one format, by content coding: gzip, and perhaps others.

    As they are they need not be there: ``identity`` unpacks them, and ``length`` is how many they are then.

    ``digest`` identifies the identity body (``RenderedFeed.digests``). ``last_modified`` is None
    for a version written while the clock was earlier than the previous version's time. ``cadence`` is the feed's, as
    stored (``model/freshness.py``). ``pieces`` says where those of the gzip body lie, for workers.
    """

    section: str
    format: str
    version: int
    digest: str
    last_modified: datetime | None
    bodies: Mapping[str, bytes]
    cadence: str | None = None
    length: int | None = None
    pieces: bytes | None = None

    @property
    def identity(self) -> bytes:
        """The bytes as they are; unpacking takes a millisecond for half a megabyte."""
        known = self.bodies.get("identity")
        return gunzip(self.bodies["gzip"]) if known is None else known

    @property
    def size(self) -> int:
        """The number of bytes as they are."""
        return len(self.identity) if self.length is None else self.length

    def etag(self, encoding: str) -> str:
        """Returns the strong entity tag of one coding, quoted (RFC 9110 section 8.8.3)."""
        return f'"{self.version}-{self.digest}-{encoding}"'


PasswordHash = NewType("PasswordHash", str)
"""The hash of an accepted password: the store takes this type, so it never sees a password."""
