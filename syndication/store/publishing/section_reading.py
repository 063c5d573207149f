"""All that a regeneration reads of a section besides articles and entries, in one statement: each is a round trip."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, func, null, select

from syndication.store.publishing.article_stamps import EVERY
from syndication.store.publishing.published import SELECT_STATE, NotRegistered, PublishedState, published_state
from syndication.store.tables.feeds import FeedRevisionRow
from syndication.store.tables.publishing import ArticleStampRow, ChangeRow, FatalArticleRow


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else there is at the moment of a snapshot.

    ``clock`` is the time of the database, if it has one. ``definitions`` is the revision of editors' feeds;
    ``oldest_change`` when the oldest waiting change was noticed; ``stamp`` that of all articles (``article_stamps``);
    ``has_fatal``: some article has killed workers.
    """

    clock: datetime | None
    definitions: int
    oldest_change: datetime | None
    stamp: int | None
    has_fatal: bool


def read_section(conn: Connection, section: str) -> tuple[PublishedState, Surroundings]:
    """Returns the published state of a section, without its entries, and its surroundings.

    Raises NotRegistered like ``get_published``.
    """
    row = conn.execute(_READ[conn.dialect.name], {"of": section}).mappings().one_or_none()
    if row is None:
        raise NotRegistered(f"no worker has registered the section {section}")
    around = Surroundings(
        clock=row["clock"],
        definitions=row["definitions"] or 0,
        oldest_change=row["oldest_change"],
        stamp=row["stamp"],
        has_fatal=bool(row["has_fatal"]),
    )
    return published_state(conn, section, row), around


def _read(clock: Any) -> Select[Any]:
    oldest = select(ChangeRow.noticed_at).order_by(ChangeRow.seq).limit(1)
    return SELECT_STATE.add_columns(
        clock.label("clock"),
        select(FeedRevisionRow.revision).scalar_subquery().label("definitions"),
        oldest.scalar_subquery().label("oldest_change"),
        select(ArticleStampRow.stamp).where(ArticleStampRow.article_id == EVERY).scalar_subquery().label("stamp"),
        exists(select(FatalArticleRow.article_id)).label("has_fatal"),
    )


_READ = {"sqlite": _read(null()), "postgresql": _read(func.clock_timestamp())}
