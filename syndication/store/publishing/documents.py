"""The published documents, for the web processes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, func, select

from syndication.model.compression import gunzip
from syndication.model.values import Document
from syndication.store.db.batches import batched
from syndication.store.db.database import BINARY
from syndication.store.db.pairs import MAX_PAIRS, is_one_of
from syndication.store.publishing.publication_numbers import last_number
from syndication.store.tables.publishing import DocumentRow, LeftOutRow, SectionStateRow


@dataclass(frozen=True, slots=True)
class LeftOutArticle:
    """An article that is left out of a feed, and why."""

    section: str
    article_id: str
    reason: str
    since: datetime


_SERVED = [column for column in DocumentRow.__table__.c if column.name != "pieces"]
_DOCUMENTS = select(*_SERVED, SectionStateRow.cadence).join(
    SectionStateRow, SectionStateRow.section == DocumentRow.section
)

_SINCE = (
    _DOCUMENTS.add_columns(SectionStateRow.publication)
    .where(SectionStateRow.publication > bindparam("publication"))
    .order_by(DocumentRow.section, DocumentRow.format)
)


def read_versions(conn: Connection) -> dict[str, int]:
    """Returns the version of each published section."""
    rows = conn.execute(select(SectionStateRow.section, SectionStateRow.version).where(SectionStateRow.version > 0))
    return {row.section: row.version for row in rows}


def read_modified(conn: Connection, sections: Iterable[str]) -> dict[str, datetime]:
    """Returns the Last-Modified of those of the sections that have one."""
    found: dict[str, datetime] = {}
    for some in batched(sorted(sections)):
        query = select(SectionStateRow.section, SectionStateRow.last_modified)
        rows = conn.execute(query.where(SectionStateRow.section.in_(some), SectionStateRow.last_modified.is_not(None)))
        found |= {row.section: row.last_modified for row in rows}
    return found


def read_published_since(conn: Connection, publication: int) -> tuple[dict[str, int], int]:
    """Returns the versions published after that number, by section, and the number of the last publication.

    No publication is missed: whoever takes a number holds the counter's lock until its version is committed.
    """
    last = last_number(conn)
    if last <= publication:
        return {}, last
    rows = conn.execute(
        select(SectionStateRow.section, SectionStateRow.version).where(SectionStateRow.publication > publication)
    )
    return {row.section: row.version for row in rows}, last


def load_published_since(conn: Connection, publication: int) -> tuple[list[Document], int]:
    """Returns the documents of the versions published after that number, and the number of the last of these.

    One statement, so each version is whole. It is for a few publications: all bodies are in memory at once.
    """
    rows = conn.execute(_SINCE, {"publication": publication}, execution_options=BINARY).mappings().all()
    return [_document(row) for row in rows], max((row["publication"] for row in rows), default=publication)


def load_documents(conn: Connection, sections: Iterable[str]) -> list[Document]:
    """Returns the documents of these sections in every format; an unpublished section is missing from the result."""
    found: list[Document] = []
    for some in batched(sorted(sections)):
        rows = conn.execute(
            _DOCUMENTS.where(DocumentRow.section.in_(some)).order_by(DocumentRow.section, DocumentRow.format),
            execution_options=BINARY,
        ).mappings()
        found += [_document(row) for row in rows]
    return found


def load_some(conn: Connection, wanted: Sequence[tuple[str, str]]) -> list[Document]:
    """Returns the documents of these sections in these formats, without those that do not exist."""
    found: list[Document] = []
    for some in batched(wanted, MAX_PAIRS):
        query = _DOCUMENTS.where(is_one_of(DocumentRow.section, DocumentRow.format, some))
        found += [_document(row) for row in conn.execute(query, execution_options=BINARY).mappings()]
    return found


def read_sizes(conn: Connection, sections: Iterable[str]) -> dict[str, int]:
    """Returns the uncompressed bytes of the published documents of these sections, of all formats together."""
    found: dict[str, int] = {}
    size = func.sum(DocumentRow.size).label("size")
    for some in batched(sorted(sections)):
        query = select(DocumentRow.section, size).where(DocumentRow.section.in_(some)).group_by(DocumentRow.section)
        found |= {row.section: int(row.size) for row in conn.execute(query)}
    return found


def _document(row: RowMapping) -> Document:
    return Document(
        section=row["section"],
        format=row["format"],
        version=row["version"],
        digest=row["digest"],
        last_modified=row["last_modified"],
        bodies={"gzip": row["gzip"]},
        cadence=row["cadence"],
        length=row["size"],
    )


def load_bodies(conn: Connection, section: str, version: int) -> dict[str, bytes]:
    """Returns the uncompressed bytes of one version by format; empty if it is not the published one any more."""
    rows = conn.execute(
        select(DocumentRow.format, DocumentRow.gzip).where(
            DocumentRow.section == section, DocumentRow.version == version
        )
    )
    return {row.format: gunzip(row.gzip) for row in rows}


@dataclass(frozen=True, slots=True)
class StoredGzip:
    """A stored body in gzip, and the index of its ``pieces``."""

    body: bytes
    pieces: bytes


def load_gzip(conn: Connection, section: str) -> list[StoredGzip]:
    """Returns the published bodies of a section as they are stored, as far as their pieces are known."""
    query = select(DocumentRow.gzip, DocumentRow.pieces).where(
        DocumentRow.section == section, DocumentRow.pieces.is_not(None)
    )
    return [StoredGzip(row.gzip, row.pieces) for row in conn.execute(query, execution_options=BINARY)]


def list_left_out(conn: Connection) -> Sequence[LeftOutArticle]:
    """Returns every article that is currently left out of a feed."""
    rows = conn.execute(select(LeftOutRow.__table__).order_by(LeftOutRow.section, LeftOutRow.article_id))
    return [LeftOutArticle(row.section, row.article_id, row.reason, row.since) for row in rows]
