"""Publishes rendered bytes as a version: compares them with the published ones, compresses, adds ETags, writes.

Decides what a new version contains; ``store`` writes it. Renders nothing.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import brotli
import zstandard
from zlib_ng import gzip_ng

from syndication.model.values import Article, Document, Feed, LeftOut, RenderedFeed
from syndication.pipeline.hold import Decision
from syndication.store import Connection
from syndication.store.articles import shown_articles
from syndication.store.publishing import holds, regenerations, versions
from syndication.store.publishing import published as published_state
from syndication.store.publishing.published import PublishedEntry, PublishedState, Tombstone
from syndication.store.publishing.versions import EntryChange

DIGEST_LENGTH = 16
"""Hexadecimal digits of the SHA-256 in an ETag. Together with the version before them, they are unique to a body."""

# Measured on 50 entries of real articles: above these levels, time grows tenfold for a few per cent of size,
# and compression takes most of the time from commit to served.
GZIP_LEVEL, BROTLI_QUALITY, ZSTD_LEVEL = 5, 5, 3


NO_DIGESTS: Mapping[str, str] = {}


def digest(body: bytes) -> str:
    """Returns the digest of a body for its ETag."""
    return hashlib.sha256(body).hexdigest()[:DIGEST_LENGTH]


def compress(bodies: Mapping[str, bytes], pool: ThreadPoolExecutor) -> dict[str, dict[str, bytes]]:
    """Returns each format's body in every content coding. Compressors release the GIL, so threads share the work."""
    tasks = {
        format: {
            "br": pool.submit(_brotli, body),
            "zstd": pool.submit(_zstd, body),
            "gzip": pool.submit(_gzip, body),
        }
        for format, body in bodies.items()
    }
    return {
        format: {"identity": bodies[format]} | {encoding: task.result() for encoding, task in of_format.items()}
        for format, of_format in tasks.items()
    }


def _gzip(body: bytes) -> bytes:
    # RFC 1952 section 2.3.1: the header holds a time; with 0, the same body always has the same bytes.
    compressed: bytes = gzip_ng.compress(  # type: ignore[no-untyped-call]  # its stubs leave it out
        body, compresslevel=GZIP_LEVEL, mtime=0
    )
    return compressed


def _brotli(body: bytes) -> bytes:
    compressed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY)
    return compressed


def _zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(body)


def is_unchanged(current: PublishedState, rendered: RenderedFeed) -> bool:
    """Returns whether these bytes are already published."""
    return current.version > 0 and current.digests == {format: digest(body) for format, body in rendered.bodies.items()}


def publication_times(current: PublishedState, now: datetime) -> tuple[datetime, datetime | None]:
    """Returns the ``updated`` and the Last-Modified of the next version, both in whole seconds.

    Neither goes back: while the clock is behind the last version's time, ``updated`` is kept and Last-Modified is
    omitted, so that the ETag decides (RFC 9110 section 8.8.2.1).
    """
    second = now.replace(microsecond=0)
    if current.updated_at is not None and second <= current.updated_at:
        return current.updated_at, None
    return second, second


def write_version(
    conn: Connection,
    current: PublishedState,
    feed: Feed,
    rendered: RenderedFeed,
    bodies: Mapping[str, Mapping[str, bytes]],
    last_modified: datetime | None,
    departure_reasons: Mapping[str, str],
    articles: Mapping[str, Article],
    decision: Decision,
    *,
    now: datetime,
    next_due: datetime | None,
    keep: int,
    shown: Mapping[str, str] = NO_DIGESTS,
) -> bool:
    """Writes the next version of a section; returns False, with nothing written, if another worker was faster.

    ``departure_reasons`` are the reasons why articles left; ``articles`` are those of the feed; ``decision`` is the
    one about vanished entries; ``keep`` is how many versions are kept. ``shown`` are the digests of articles whose
    content is new to readers and not recorded yet.
    """
    version = current.version + 1
    section = current.section
    if not published_state.complete(
        conn,
        current,
        version=version,
        updated_at=feed.updated,
        last_modified=last_modified,
        regenerated_at=now,
        missed=current.is_suspected,
        next_due=next_due,
    ):
        return False
    _write_hold(conn, current, decision)
    documents = [
        Document(section, format, version, digest(bodies[format]["identity"]), last_modified, bodies[format])
        for format in rendered.bodies
    ]
    published_state.write_documents(conn, documents)
    entries = _entries(current, feed, rendered, articles, version)
    reasons = all_reasons(rendered.left_out, departure_reasons)
    published_state.write_entries(conn, section, entries)
    published_state.write_tombstones(conn, section, _tombstones(current, entries, reasons), version, now)
    shown_articles.record_shown(conn, shown)
    published_state.write_left_out(conn, section, rendered.left_out, now)
    size = sum(len(body) for body in rendered.bodies.values())
    corrected = {entry.article_id for entry in feed.entries if entry.corrected}
    changes = _changes(current, entries, reasons, corrected)
    versions.record_version(conn, section, version, now, len(entries), size, changes, keep, current.noticed_at)
    regenerations.record_result(conn, section, current.requested_generation, "published", version, None, now)
    return True


def write_unchanged(
    conn: Connection,
    current: PublishedState,
    feed: Feed,
    rendered: RenderedFeed,
    articles: Mapping[str, Article],
    decision: Decision,
    *,
    now: datetime,
    next_due: datetime | None,
    shown: Mapping[str, str] = NO_DIGESTS,
) -> bool:
    """Records that a regeneration changed nothing; returns False if another worker was faster."""
    done = published_state.complete(
        conn,
        current,
        version=current.version,
        regenerated_at=now,
        missed=was_missed(current, decision, next_due),
        next_due=next_due,
    )
    if done:
        _write_hold(conn, current, decision)
        entries = _entries(current, feed, rendered, articles, current.version)
        if entries != list(current.entries.values()):  # No byte changed, but an article's times or its own id.
            published_state.write_entries(conn, current.section, entries)
        shown_articles.record_shown(conn, shown)
        published_state.write_left_out(conn, current.section, rendered.left_out, now)
        regenerations.record_result(
            conn, current.section, current.requested_generation, "unchanged", current.version, None, now
        )
    return done


def all_reasons(left_out: Sequence[LeftOut], departure_reasons: Mapping[str, str]) -> dict[str, str]:
    """Returns why entries left, by article: for a fault of their own, or because of what became of the article."""
    return {item.article_id: "left-out" for item in left_out} | dict(departure_reasons)


def was_missed(current: PublishedState, decision: Decision, next_due: datetime | None) -> bool:
    """Returns whether a sweep was right although no byte changed: entries are held, or a change is due earlier."""
    earlier = next_due is not None and (current.next_due is None or next_due < current.next_due)
    return current.is_suspected and (earlier or decision.event == "begun")


def _write_hold(conn: Connection, current: PublishedState, decision: Decision) -> None:
    if decision.hold is not None:
        holds.write(conn, decision.hold)
    elif current.hold is not None:
        holds.end(conn, current.section)


def _entries(
    current: PublishedState, feed: Feed, rendered: RenderedFeed, articles: Mapping[str, Article], version: int
) -> list[PublishedEntry]:
    shown = {entry.article_id: entry for entry in feed.entries}
    entries = []
    for position, entry in enumerate(rendered.entries):
        before = current.entries.get(entry.article_id)
        if entry.article_id not in shown and before is not None:  # Kept, though its article is gone.
            entries.append(replace(before, position=position))
            continue
        article = articles[entry.article_id]
        same = before is not None and before.digest == entry.digest
        entries.append(
            PublishedEntry(
                article_id=entry.article_id,
                entry_id=entry.entry_id,
                position=position,
                digest=entry.digest,
                version=before.version if before is not None and same else version,
                since_version=before.since_version if before is not None else version,
                published_at=shown[entry.article_id].published,
                updated_at=shown[entry.article_id].updated,
                article_updated_at=article.updated_at,
                expires_at=article.expires_at,
            )
        )
    return entries


def _tombstones(
    current: PublishedState, entries: Sequence[PublishedEntry], reasons: Mapping[str, str]
) -> list[Tombstone]:
    """Returns the entries that readers should delete. They know an entry by its id, whichever article it belongs to."""
    shown = {entry.entry_id for entry in entries}
    stays = {entry.article_id for entry in entries}
    because = {**reasons, **dict.fromkeys(stays, "new-id")}
    return [
        Tombstone(entry.article_id, entry.entry_id, because[entry.article_id])
        for entry in current.entries.values()
        if entry.entry_id not in shown and entry.article_id in because
    ]


def _changes(
    current: PublishedState, entries: Sequence[PublishedEntry], reasons: Mapping[str, str], corrected: Collection[str]
) -> list[EntryChange]:
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
    return new + gone


def _date(before: PublishedEntry, entry: PublishedEntry, corrected: bool) -> str:
    """Returns what became of the date of a changed entry: one of ``versions.DATES``."""
    if (before.published_at, before.updated_at or entry.updated_at) == (entry.published_at, entry.updated_at):
        return "same-date"
    return "correction" if corrected and before.updated_at != entry.updated_at else "date"


def _departed(current: PublishedState, entries: Sequence[PublishedEntry]) -> list[PublishedEntry]:
    stays = {entry.article_id for entry in entries}
    return [entry for entry in current.entries.values() if entry.article_id not in stays]
