"""Bytes become a version: compared with what is published, compressed, tagged, written.

It decides what a new version is; ``store`` writes it. It renders nothing.
"""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import brotli
import zstandard
from zlib_ng import gzip_ng

from syndication.feeds import Document, Feed, LeftOut, Rendered
from syndication.store import Connection, editions
from syndication.store.editions import Edition, PublishedEntry, Tombstone

DIGEST_LENGTH = 16
"""Hexadecimal digits of the SHA-256 in an ETag: with the version before them, no two bodies ever share one."""

# Measured on 50 entries of real articles: above these levels time grows tenfold for a few per cent of size,
# and compression is most of the time from commit to served.
GZIP_LEVEL, BROTLI_QUALITY, ZSTD_LEVEL = 6, 5, 3


def digest(body: bytes) -> str:
    """What an ETag says of a body."""
    return hashlib.sha256(body).hexdigest()[:DIGEST_LENGTH]


def compress(bodies: Mapping[str, bytes], pool: ThreadPoolExecutor) -> dict[str, dict[str, bytes]]:
    """Each format's body in every content coding. The compressors let go of the GIL: threads share the work."""
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
    # The header of a gzip file holds a time (RFC 1952 section 2.3.1): 0, so that the same body has the same bytes.
    compressed: bytes = gzip_ng.compress(  # type: ignore[no-untyped-call]  # its stubs leave it out
        body, compresslevel=GZIP_LEVEL, mtime=0
    )
    return compressed


def _brotli(body: bytes) -> bytes:
    compressed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY)
    return compressed


def _zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(body)


def is_published(edition: Edition, rendered: Rendered) -> bool:
    """Whether these bytes are what is published already."""
    return edition.version > 0 and edition.digests == {format: digest(body) for format, body in rendered.bodies.items()}


def moment_of(edition: Edition, now: datetime) -> tuple[datetime, datetime | None]:
    """The ``updated`` and the Last-Modified of the next version, both in whole seconds.

    Neither goes back: while the clock stands before the last version's time, ``updated`` stays and
    Last-Modified is left out, so that the ETag decides (RFC 9110 section 8.8.2.1).
    """
    second = now.replace(microsecond=0)
    if edition.updated_at is not None and second <= edition.updated_at:
        return edition.updated_at, None
    return second, second


def write_version(
    conn: Connection,
    edition: Edition,
    feed: Feed,
    rendered: Rendered,
    bodies: Mapping[str, Mapping[str, bytes]],
    last_modified: datetime | None,
    gone: Mapping[str, str],
    *,
    now: datetime,
    next_due: datetime | None,
) -> bool:
    """Write the next version of a section; False, with nothing written, if another worker was faster."""
    version = edition.version + 1
    section = edition.section
    if not editions.finish(
        conn,
        section,
        read_version=edition.version,
        version=version,
        mark=edition.mark,
        updated_at=feed.updated,
        last_modified=last_modified,
        regenerated_at=now,
        next_due=next_due,
    ):
        return False
    documents = [
        Document(section, format, version, digest(bodies[format]["identity"]), last_modified, bodies[format])
        for format in rendered.bodies
    ]
    editions.write_documents(conn, documents)
    editions.write_entries(conn, section, _entries(edition, feed, rendered, version))
    editions.write_tombstones(conn, section, _tombstones(edition, rendered, gone), version, now)
    editions.write_left_out(conn, section, rendered.left_out, now)
    return True


def write_unchanged(
    conn: Connection, edition: Edition, left_out: Sequence[LeftOut], *, now: datetime, next_due: datetime | None
) -> bool:
    """Record that a regeneration found nothing new; False if another worker was faster."""
    done = editions.finish(
        conn,
        edition.section,
        read_version=edition.version,
        version=edition.version,
        mark=edition.mark,
        regenerated_at=now,
        next_due=next_due,
    )
    if done:
        editions.write_left_out(conn, edition.section, left_out, now)
    return done


def _entries(edition: Edition, feed: Feed, rendered: Rendered, version: int) -> list[PublishedEntry]:
    published = {entry.article_id: entry.published for entry in feed.entries}
    entries = []
    for position, entry in enumerate(rendered.entries):
        before = edition.entries.get(entry.article_id)
        same = before is not None and before.digest == entry.digest
        entries.append(
            PublishedEntry(
                article_id=entry.article_id,
                entry_id=entry.entry_id,
                position=position,
                digest=entry.digest,
                version=before.version if before is not None and same else version,
                since_version=before.since_version if before is not None else version,
                published_at=published[entry.article_id],
            )
        )
    return entries


def _tombstones(edition: Edition, rendered: Rendered, gone: Mapping[str, str]) -> list[Tombstone]:
    reasons = {item.article_id: "left-out" for item in rendered.left_out} | dict(gone)
    stays = {entry.article_id for entry in rendered.entries}
    return [
        Tombstone(entry.article_id, entry.entry_id, reasons[entry.article_id])
        for entry in edition.entries.values()
        if entry.article_id not in stays and entry.article_id in reasons
    ]
