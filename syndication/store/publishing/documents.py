"""The published documents, for those who serve them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from syndication.model.values import ENCODINGS, Document
from syndication.store.db.batches import batched
from syndication.store.tables.publishing import DocumentRow, LeftOutRow, SectionStateRow


@dataclass(frozen=True, slots=True)
class LeftOutArticle:
    """An article that should stand in a feed and cannot, and why."""

    section: str
    article_id: str
    reason: str
    since: datetime


def read_versions(conn: Connection) -> dict[str, int]:
    """The version of each section that has been published."""
    rows = conn.execute(select(SectionStateRow.section, SectionStateRow.version).where(SectionStateRow.version > 0))
    return {row.section: row.version for row in rows}


def load_documents(conn: Connection, sections: Iterable[str]) -> list[Document]:
    """The documents of these sections in every format; a section without any is missing from the answer."""
    found: list[Document] = []
    for some in batched(sorted(sections)):
        query = select(DocumentRow.__table__).where(DocumentRow.section.in_(some))
        for row in conn.execute(query.order_by(DocumentRow.section, DocumentRow.format)).mappings():
            found.append(
                Document(
                    section=row["section"],
                    format=row["format"],
                    version=row["version"],
                    digest=row["digest"],
                    last_modified=row["last_modified"],
                    bodies={encoding: row[encoding] for encoding in ENCODINGS},
                )
            )
    return found


def list_left_out(conn: Connection) -> Sequence[LeftOutArticle]:
    """Every article that is left out of a feed now."""
    rows = conn.execute(select(LeftOutRow.__table__).order_by(LeftOutRow.section, LeftOutRow.article_id))
    return [LeftOutArticle(row.section, row.article_id, row.reason, row.since) for row in rows]
