"""The published documents, for the web processes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from syndication.model.compression import gunzip
from syndication.model.values import Document
from syndication.store.db.batches import batched
from syndication.store.db.pairs import MAX_PAIRS, is_one_of
from syndication.store.publishing.codings import load_codings
from syndication.store.publishing.publication_numbers import last_number
from syndication.store.tables.publishing import DocumentRow, LeftOutRow, SectionStateRow


@dataclass(frozen=True, slots=True)
class LeftOutArticle:
    """An article that is left out of a feed, and why."""

    section: str
    article_id: str
    reason: str
    since: datetime


_DOCUMENTS = select(DocumentRow.__table__, SectionStateRow.cadence, SectionStateRow.coded_version).join(
    SectionStateRow, SectionStateRow.section == DocumentRow.section
)


def read_versions(conn: Connection) -> dict[str, int]:
    """Returns the version of each published section."""
    rows = conn.execute(select(SectionStateRow.section, SectionStateRow.version).where(SectionStateRow.version > 0))
    return {row.section: row.version for row in rows}


def read_some_versions(conn: Connection, sections: Iterable[str]) -> dict[str, int]:
    """Returns the version of those of the sections that are published."""
    found: dict[str, int] = {}
    for some in batched(sorted(sections)):
        query = select(SectionStateRow.section, SectionStateRow.version)
        rows = conn.execute(query.where(SectionStateRow.section.in_(some), SectionStateRow.version > 0))
        found |= {row.section: row.version for row in rows}
    return found


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


def load_documents(conn: Connection, sections: Iterable[str]) -> list[Document]:
    """Returns the documents of these sections in every format; an unpublished section is missing from the result."""
    found: list[Document] = []
    for some in batched(sorted(sections)):
        rows = conn.execute(
            _DOCUMENTS.where(DocumentRow.section.in_(some)).order_by(DocumentRow.section, DocumentRow.format)
        ).mappings()
        found += _with_codings(conn, list(rows))
    return found


def load_some(conn: Connection, wanted: Sequence[tuple[str, str]]) -> list[Document]:
    """Returns the documents of these sections in these formats, without those that do not exist."""
    found: list[Document] = []
    for some in batched(wanted, MAX_PAIRS):
        query = _DOCUMENTS.where(is_one_of(DocumentRow.section, DocumentRow.format, some))
        found += _with_codings(conn, list(conn.execute(query).mappings()))
    return found


def _with_codings(conn: Connection, rows: Sequence[RowMapping]) -> list[Document]:
    """Returns the documents with the codings that were made later; none is asked for before it is there."""
    coded = {row["section"] for row in rows if row["coded_version"] == row["version"]}
    found: dict[tuple[str, str], dict[str, bytes]] = {}
    for one in load_codings(conn, coded):
        found.setdefault((one.section, one.format), {})[one.coding] = one.body
    return [_document(row, found.get((row["section"], row["format"]), {})) for row in rows]


def _document(row: RowMapping, others: Mapping[str, bytes]) -> Document:
    return Document(
        section=row["section"],
        format=row["format"],
        version=row["version"],
        digest=row["digest"],
        last_modified=row["last_modified"],
        bodies={"gzip": row["gzip"], **others},
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


def list_left_out(conn: Connection) -> Sequence[LeftOutArticle]:
    """Returns every article that is currently left out of a feed."""
    rows = conn.execute(select(LeftOutRow.__table__).order_by(LeftOutRow.section, LeftOutRow.article_id))
    return [LeftOutArticle(row.section, row.article_id, row.reason, row.since) for row in rows]
