"""The content codings of documents that are made after their version was published: br and zstd.

A row here is of one version; readers of it compare that with the document's. So publishing a version writes nothing
here, and a row of an older version is replaced when the newer one has its codings.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, select, update

from syndication.store.db.batches import batched
from syndication.store.db.upsert import insert
from syndication.store.tables.publishing import DocumentCodingRow, DocumentRow, SectionStateRow

_CODINGS = select(DocumentCodingRow.__table__).join(
    DocumentRow,
    and_(
        DocumentRow.section == DocumentCodingRow.section,
        DocumentRow.format == DocumentCodingRow.format,
        DocumentRow.version == DocumentCodingRow.version,
    ),
)


@dataclass(frozen=True, slots=True)
class CodedBody:
    """A version of a document in one content coding."""

    section: str
    format: str
    coding: str
    version: int
    body: bytes


def list_uncoded(conn: Connection) -> dict[str, int]:
    """Returns the published version of each section whose codings are still to be made; by an index of these alone."""
    rows = conn.execute(
        select(SectionStateRow.section, SectionStateRow.version).where(
            SectionStateRow.version > SectionStateRow.coded_version
        )
    )
    return {row.section: row.version for row in rows}


def list_coded(conn: Connection, sections: Collection[str]) -> set[str]:
    """Returns those of the sections whose published version has its codings."""
    found: set[str] = set()
    for some in batched(sorted(sections)):
        query = select(SectionStateRow.section).where(
            SectionStateRow.section.in_(some), SectionStateRow.version == SectionStateRow.coded_version
        )
        found.update(conn.scalars(query))
    return found


def load_codings(conn: Connection, sections: Iterable[str]) -> list[CodedBody]:
    """Returns what was made of the published documents of these sections."""
    return [
        CodedBody(**row)
        for some in batched(sorted(sections))
        for row in conn.execute(_CODINGS.where(DocumentCodingRow.section.in_(some))).mappings()
    ]


def write_codings(conn: Connection, section: str, version: int, made: Sequence[CodedBody]) -> bool:
    """Writes what was made of a version.

    Returns False, with nothing written, if it is not the published one any more, or another worker was faster.
    """
    published = and_(
        SectionStateRow.section == section, SectionStateRow.version == version, SectionStateRow.coded_version < version
    )
    if conn.execute(update(SectionStateRow).where(published).values(coded_version=version)).rowcount != 1:
        return False
    names = DocumentCodingRow.__table__.c.keys()
    for one in made:
        values = {name: getattr(one, name) for name in names}
        conn.execute(
            insert(conn, DocumentCodingRow)
            .values(values)
            .on_conflict_do_update(
                index_elements=["section", "format", "coding"], set_={"version": one.version, "body": one.body}
            )
        )
    return True
