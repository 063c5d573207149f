"""Publishes rendered bytes as a version: compares them with the published ones, compresses, adds ETags, writes.

Decides what a new version contains; ``store`` writes it. Renders nothing.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from syndication.model.compression import COMPRESSORS
from syndication.model.fragments import SEPARATORS
from syndication.model.freshness import Cadence
from syndication.model.values import (
    DOCUMENT_DIGEST_LENGTH,
    Document,
    Feed,
    LeftOut,
    RenderedEntry,
    RenderedFeed,
    Section,
)
from syndication.pipeline.editor_hold import ROLLED_BACK, HeldSnapshot, published_entries
from syndication.pipeline.hold import HeldFeed
from syndication.pipeline.joined_gzip import Joined, Parts, PieceCache, Stored, gzip_joined
from syndication.pipeline.snapshot import SectionSnapshot, basis_of
from syndication.render.renderer import entry_source
from syndication.store import Connection
from syndication.store.articles import shown_articles
from syndication.store.db.together import Together
from syndication.store.publishing import new_version as stored_versions
from syndication.store.publishing.article_states import ArticleState, pack
from syndication.store.publishing.new_version import NewVersion
from syndication.store.publishing.published import PublishedEntry, PublishedState, Tombstone
from syndication.store.publishing.versions import EntryChange

Bodies = Mapping[str, Joined]
"""Documents in gzip, by format."""


def digest(body: bytes) -> str:
    """Returns the digest of a sitemap file for its ETag."""
    return hashlib.sha256(body).hexdigest()[:DOCUMENT_DIGEST_LENGTH]


def compress(body: bytes, pool: ThreadPoolExecutor) -> dict[str, bytes]:
    """Returns a sitemap file in each content coding. The threads share the work."""
    tasks = {coding: pool.submit(compressor, body) for coding, compressor in COMPRESSORS.items()}
    return {coding: task.result() for coding, task in tasks.items()}


def compress_feed(
    rendered: RenderedFeed, cache: PieceCache, pool: ThreadPoolExecutor, stored: Stored | None = None
) -> dict[str, Joined]:
    """Returns each format's body in gzip, joined from pieces of which most are in ``cache`` or ``stored``."""
    joined = gzip_joined([_parts(rendered, format) for format in rendered.heads], cache, pool, stored)
    return dict(zip(rendered.heads, joined, strict=True))


def _parts(rendered: RenderedFeed, format: str) -> Parts:
    return Parts(
        body=rendered.bodies[format],
        head=len(rendered.heads[format]),
        sizes=[len(piece) for piece in rendered.pieces(format)],
        hashes=rendered.hashes(format),
        separator=SEPARATORS[format],
    )


def is_unchanged(current: PublishedState, rendered: RenderedFeed) -> bool:
    """Returns whether these bytes are already published."""
    return current.version > 0 and current.digests == rendered.digests


def publication_times(current: PublishedState, now: datetime) -> tuple[datetime, datetime | None]:
    """Returns the ``updated`` and the Last-Modified of the next version, both in whole seconds.

    Neither goes back: while the clock is behind the last version's time, ``updated`` is kept and Last-Modified is
    omitted, so that the ETag decides (RFC 9110 section 8.8.2.1).
    """
    second = now.replace(microsecond=0)
    if current.updated_at is not None and second <= current.updated_at:
        return current.updated_at, None
    return second, second


def new_version(
    snapshot: SectionSnapshot, held: HeldFeed, bodies: Bodies, last_modified: datetime | None
) -> NewVersion:
    """Returns the next version, with these ``bodies``."""
    current, feed, rendered = snapshot.published, held.filled.feed, held.rendered
    version = current.version + 1
    digests = _content_digests(snapshot, feed)
    entries = _entries(snapshot, held, version, digests)
    new = {entry.article_id for entry in entries if entry.version == version}
    shown = _newly_shown(snapshot, digests)
    reasons = all_reasons(rendered.left_out, snapshot.departure_reasons)
    corrected = {entry.article_id for entry in feed.entries if entry.corrected}
    return NewVersion(
        version=version,
        documents=_documents(current, version, rendered, bodies, last_modified),
        updated_at=feed.updated,
        last_modified=last_modified,
        next_due=held.filled.next_due,
        entries=entries,
        tombstones=leaving(current, entries, reasons),
        changes=_changes(current, entries, reasons, corrected),
        left_out=rendered.left_out,
        shown=shown,
        states=tuple(_states(snapshot, shown)),
        hold=held.decision.hold,
        missed=current.is_suspected,
        cadence=Cadence.of(entry.published_at for entry in entries),
        max_age=feed.max_age,
        bodies=_packed(feed.section, rendered, entries, version),
        sources={one.article_id: entry_source(feed, one) for one in feed.entries if one.article_id in new},
        basis=basis_of(current, snapshot.gathered.basis) if held.decision.hold is None else None,
        ends_editor_hold=current.editor_hold is not None,
    )


def held_version(
    held: HeldSnapshot, rendered: RenderedFeed, feed: Feed, bodies: Bodies, last_modified: datetime | None
) -> NewVersion:
    """Returns the next version of a feed that an editor holds, with these ``bodies``."""
    current = held.published
    version = current.version + 1
    entries = published_entries(held, version)
    reasons = held.reasons
    return NewVersion(
        version=version,
        documents=_documents(current, version, rendered, bodies, last_modified),
        updated_at=feed.updated,
        last_modified=last_modified,
        next_due=held.next_due,
        entries=entries,
        tombstones=leaving(current, entries, reasons),
        changes=_changes(current, entries, dict.fromkeys(current.entries, ROLLED_BACK) | reasons, ()),
        left_out=(),
        shown={},
        states=(),
        hold=None,
        missed=current.is_suspected,
        cadence=Cadence.of(entry.published_at for entry in entries),
        max_age=feed.max_age,
        bodies=_packed(feed.section, rendered, entries, version),
    )


def still_held(held: HeldSnapshot) -> NewVersion:
    """Returns the published version again: the held documents stay as they are."""
    current = held.published
    entries = published_entries(held, current.version)
    return NewVersion(
        version=current.version,
        documents=(),
        updated_at=None,
        last_modified=None,
        next_due=held.next_due,
        entries=entries,
        tombstones=(),
        changes=(),
        left_out=(),
        shown={},
        states=(),
        hold=None,
        missed=False,
        cadence=Cadence.of(entry.published_at for entry in entries),
    )


def same_version(snapshot: SectionSnapshot, held: HeldFeed) -> NewVersion:
    """Returns the published version again: no byte changed, but perhaps an article's times, or what is left out."""
    current = snapshot.published
    digests = _content_digests(snapshot, held.filled.feed)
    entries = _entries(snapshot, held, current.version, digests)
    shown = _newly_shown(snapshot, digests)
    return NewVersion(
        version=current.version,
        documents=(),
        updated_at=None,
        last_modified=None,
        next_due=held.filled.next_due,
        entries=entries,
        tombstones=(),
        changes=(),
        left_out=held.rendered.left_out,
        shown=shown,
        states=tuple(_states(snapshot, shown)),
        hold=held.decision.hold,
        missed=_was_missed(current, held),
        cadence=Cadence.of(entry.published_at for entry in entries),
        basis=basis_of(current, snapshot.gathered.basis) if held.decision.hold is None else None,
        ends_editor_hold=current.editor_hold is not None,
    )


def write(
    conn: Connection, current: PublishedState, new: NewVersion, now: datetime | None, keep: int, *, purge: bool = False
) -> datetime | None:
    """Writes what a regeneration found, in the caller's one transaction; returns None if another worker was faster.

    Returns its time otherwise: ``now``, or that of PostgreSQL's clock.
    """
    writes = Together(conn)
    written = stored_versions.write(conn, writes, current, new, now, keep, purge=purge)
    if written is not None:
        shown_articles.record_shown(writes, new.shown)
        writes.run()
    return written


def _documents(
    current: PublishedState, version: int, rendered: RenderedFeed, bodies: Bodies, last_modified: datetime | None
) -> tuple[Document, ...]:
    return tuple(
        Document(
            section=current.section,
            format=format,
            version=version,
            digest=rendered.digests[format],
            last_modified=last_modified,
            bodies={"gzip": made.body},
            length=len(rendered.bodies[format]),
            pieces=made.pieces,
        )
        for format, made in bodies.items()
    )


def _packed(
    section: Section, rendered: RenderedFeed, entries: Sequence[PublishedEntry], version: int
) -> dict[str, bytes] | None:
    """Returns the packed bytes of the entries that are new or changed; None for a feed of readers.

    Of those there may be tens of thousands, and nobody rolls one back.
    """
    if section.owner == "readers":
        return None
    fragments = {entry.article_id: entry.fragments for entry in rendered.entries}
    new = [entry.article_id for entry in entries if entry.version == version]
    return {id: found.pack() for id in new if (found := fragments[id]) is not None}


def all_reasons(left_out: Sequence[LeftOut], departure_reasons: Mapping[str, str]) -> dict[str, str]:
    """Returns why entries left, by article: for a fault of their own, or because of what became of the article."""
    return {item.article_id: "left-out" for item in left_out} | dict(departure_reasons)


def _was_missed(current: PublishedState, held: HeldFeed) -> bool:
    """Returns whether a sweep was right although no byte changed: entries are held, or a change is due earlier."""
    next_due = held.filled.next_due
    earlier = next_due is not None and (current.next_due is None or next_due < current.next_due)
    return current.is_suspected and (earlier or held.decision.event == "begun")


def _content_digests(snapshot: SectionSnapshot, feed: Feed) -> dict[str, str]:
    return {entry.article_id: snapshot.gathered.digest(entry.article_id) for entry in feed.entries}


def _newly_shown(snapshot: SectionSnapshot, digests: Mapping[str, str]) -> dict[str, str]:
    """Returns the digests of the articles whose content in the documents is not recorded yet."""
    return {id: digest for id, digest in digests.items() if snapshot.shown_digests.get(id) != digest}


def _states(snapshot: SectionSnapshot, shown: Mapping[str, str]) -> Iterator[ArticleState]:
    """Yields the articles that readers have not seen as they are, packed before the transaction that records them."""
    for id, digest in shown.items():
        yield pack(snapshot.gathered.articles[id], digest)


def _entries(
    snapshot: SectionSnapshot, held: HeldFeed, version: int, digests: Mapping[str, str]
) -> tuple[PublishedEntry, ...]:
    published, articles = snapshot.published.entries, snapshot.gathered.articles
    shown = {entry.article_id: entry for entry in held.filled.feed.entries}
    entries = []
    for position, rendered in enumerate(held.rendered.entries):
        id, before = rendered.article_id, published.get(rendered.article_id)
        if id not in shown and before is not None:  # Kept, though its article is gone.
            entries.append(replace(before, position=position))
            continue
        same = before is not None and before.digest == rendered.digest
        entries.append(
            PublishedEntry(
                article_id=id,
                entry_id=rendered.entry_id,
                position=position,
                digest=rendered.digest,
                version=before.version if before is not None and same else version,
                since_version=before.since_version if before is not None else version,
                published_at=shown[id].published,
                updated_at=shown[id].updated,
                article_updated_at=articles[id].updated_at,
                expires_at=articles[id].expires_at,
                # A change that no reader sees is no new state of the entry.
                state=(before.state if before is not None and same else None) or digests[id],
            )
        )
    return tuple(entries)


def leaving(
    current: PublishedState, entries: Sequence[PublishedEntry | RenderedEntry], reasons: Mapping[str, str]
) -> tuple[Tombstone, ...]:
    """Returns the entries that leave the feed, which has these ``entries`` next, by article in ``reasons``.

    Readers know an entry by its id, whichever article it belongs to.
    """
    shown = {entry.entry_id for entry in entries}
    stays = {entry.article_id for entry in entries}
    because = {**reasons, **dict.fromkeys(stays, "new-id")}
    return tuple(
        Tombstone(entry.article_id, entry.entry_id, because[entry.article_id])
        for entry in current.entries.values()
        if entry.entry_id not in shown and entry.article_id in because
    )


def _changes(
    current: PublishedState, entries: Sequence[PublishedEntry], reasons: Mapping[str, str], corrected: Collection[str]
) -> tuple[EntryChange, ...]:
    """Returns the differences between the entries and those of the previous version."""
    version = current.version + 1
    new = [
        EntryChange(entry.article_id, "added")
        if entry.since_version == version
        else EntryChange(
            entry.article_id, "changed", _date(current.entries[entry.article_id], entry, entry.article_id in corrected)
        )
        for entry in entries
        if entry.version == version
    ]
    gone = [
        EntryChange(entry.article_id, "gone", reasons.get(entry.article_id, "pushed-out"))
        for entry in _departed(current, entries)
    ]
    return (*new, *gone)


def _date(before: PublishedEntry, entry: PublishedEntry, corrected: bool) -> str:
    """Returns what became of the date of a changed entry: one of ``versions.DATES``."""
    if (before.published_at, before.updated_at or entry.updated_at) == (entry.published_at, entry.updated_at):
        return "same-date"
    return "correction" if corrected and before.updated_at != entry.updated_at else "date"


def _departed(current: PublishedState, entries: Sequence[PublishedEntry]) -> list[PublishedEntry]:
    stays = {entry.article_id for entry in entries}
    return [entry for entry in current.entries.values() if entry.article_id not in stays]
