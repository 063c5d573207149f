"""Stores stories that were read: articles, the rows that they stand for, and withdrawals, in one transaction each.

It decides whose an id is: an article of another writer or source is never overwritten, the story is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syndication.config.source_schema import SourceTable
from syndication.logs import get_logger
from syndication.model.access import access_level
from syndication.model.values import Article
from syndication.sources.decide import stored_digest
from syndication.sources.reader import Found, Row
from syndication.sources.storable import storable
from syndication.store import Connection
from syndication.store.access.audit_log import source_actor
from syndication.store.articles import articles, withdrawals
from syndication.store.db.database import Database
from syndication.store.sources import source_rows, source_states
from syndication.store.sources.source_rows import KnownRow

LEASE = timedelta(seconds=30)
"""A worker that dies keeps a source from the others for so long; every transaction renews the lease."""

NEW = timedelta(days=1)
"""The lag is measured on stories published within this time: an import of old ones says nothing."""

UNSHOWN = "the source lists it, and does not show it when it is read"

log = get_logger(__name__)


@dataclass(slots=True)
class Counts:
    """What a look did."""

    stored: int = 0
    withdrawn: int = 0
    restored: int = 0
    refused: int = 0
    newest: datetime | None = None
    lag_ms: int | None = None

    @property
    def changed(self) -> bool:
        """Whether the store has something else now."""
        return bool(self.stored or self.withdrawn or self.restored)


@dataclass(slots=True)
class Storing:
    """Writes for one source, as the worker ``owner``.

    ``others`` are the other sources of the configuration. ``taking_over``: ids of other writers, and of sources that
    are no longer configured, are this source's now.
    """

    database: Database
    table: SourceTable
    owner: str
    settings: str
    others: frozenset[str] = frozenset()
    taking_over: bool = False
    counts: Counts = field(default_factory=Counts)

    def store(self, some: Sequence[Found]) -> None:
        """Stores some stories in one transaction; raises LeaseLost, with nothing written, if it is another worker's."""
        checked = [(found, *storable(found, self.table)) for found in some]
        with self.database.write() as conn:
            now = self.hold(conn)
            known = source_rows.find(conn, self.table.name, [found.row.id for found in some])
            before = {row.article_id for row in known.values() if row.article_id is not None}
            articles.lock(conn, list(before | {article.id for _, article, _ in checked if article is not None}))
            wanted, rows = self._settle(conn, checked, known, now)
            self._withdraw_former(conn, rows, known, now)
            self._restore(conn, list(wanted), now)
            if self.taking_over:
                source_rows.take_from_others(conn, self.table.name, wanted)
            written = self._narrowed(conn, checked, rows) | wanted
            outcomes = articles.put_in_transaction(conn, written, source_actor(self.table.name), now)
            source_rows.record(conn, self.table.name, rows)
        self._count(outcomes, written, now)
        self._tell(rows, known)
        self._warn(some, known)

    def withdraw(self, foreign_ids: Sequence[str]) -> None:
        """Takes stories that vanished there out of all feeds, unless somebody did before."""
        with self.database.write() as conn:
            now = self.hold(conn)
            known = source_rows.find(conn, self.table.name, foreign_ids)
            self._withdraw(conn, known.values(), now)
            gone = [row.foreign_id for row in known.values() if row.vanished_at is None or row.refused is not None]
            source_rows.record_vanished(conn, self.table.name, gone, now)

    def refuse_unshown(self, unshown: Sequence[Row]) -> None:
        """Refuses stories that the source lists and does not show, and takes those that were stored out of all feeds.

        So they are asked for again when their digest changes, and not at each look.
        """
        with self.database.write() as conn:
            now = self.hold(conn)
            known = source_rows.find(conn, self.table.name, [row.id for row in unshown])
            self._withdraw(conn, known.values(), now)
            rows = [self._unshown(row, known.get(row.id), now) for row in unshown]
            source_rows.record(conn, self.table.name, rows)
        self._tell(rows, known)

    def public_ids(self, foreign_ids: Sequence[str]) -> set[str]:
        """Returns those of the stories that are articles here, and that were public when they were last seen."""
        with self.database.read() as conn:
            known = source_rows.find(conn, self.table.name, foreign_ids)
        return {id for id, row in known.items() if row.article_id is not None and row.vanished_at is None}

    def renew(self) -> None:
        """Renews the lease, when nothing was written for a while."""
        with self.database.write() as conn:
            self.hold(conn)

    def hold(self, conn: Connection) -> datetime:
        """Renews the lease, as the first statement of a transaction; returns the time."""
        now = self.database.now(conn)
        source_states.hold_lease(conn, self.table.name, self.owner, now, LEASE)
        return now

    def _withdraw(self, conn: Connection, known: Iterable[KnownRow], now: datetime) -> None:
        """Withdraws the articles of stories that were public until now."""
        ids = [row.article_id for row in known if row.article_id is not None and row.vanished_at is None]
        articles.lock(conn, ids)
        if ids:
            withdrawals.withdraw_in_transaction(conn, ids, source_actor(self.table.name), now)
        self.counts.withdrawn += len(ids)

    def _unshown(self, row: Row, before: KnownRow | None, now: datetime) -> KnownRow:
        """Returns the row to record of a story that is not shown; only one that was stored can have vanished."""
        digest = stored_digest(row, self.settings)
        if before is None or before.article_id is None:
            return KnownRow(row.id, None, digest, now, refused=UNSHOWN)
        return KnownRow(row.id, before.article_id, digest, now, before.vanished_at or now, UNSHOWN)

    def _settle(
        self,
        conn: Connection,
        checked: Iterable[tuple[Found, Article | None, str]],
        known: Mapping[str, KnownRow],
        now: datetime,
    ) -> tuple[dict[str, Article], list[KnownRow]]:
        """Returns the articles to store, by id, and the rows to record; the first story with an id has it."""
        ids = {article.id for _, article, why in checked if article is not None and not why}
        owners, stored = source_rows.owners(conn, ids), source_rows.stored_ids(conn, ids)
        wanted: dict[str, Article] = {}
        rows: dict[str, KnownRow] = {}
        for found, article, reason in checked:
            id, before, why = found.row.id, known.get(found.row.id), reason
            mine = (self.table.name, id)
            if article is not None and not why:
                why = self._claim(article.id, mine, owners.get(article.id), is_stored=article.id in stored)
            digest = stored_digest(found.row, self.settings)
            if article is None or why:
                # What it was before, if it was anything, stays as it is.
                asked = article.id[: articles.MAX_LENGTHS["id"]] if article is not None else None
                rows[id] = KnownRow(id, before.article_id if before else None, digest, now, None, why, asked)
                continue
            rows[id] = KnownRow(id, article.id, digest, now)
            owners[article.id] = mine
            wanted[article.id] = article
        return wanted, list(rows.values())

    def _claim(self, id: str, mine: tuple[str, str], owner: tuple[str, str] | None, *, is_stored: bool) -> str:
        """Returns why the id is not this story's; empty if it is."""
        if owner == mine:
            return ""
        gone = owner is not None and owner[0] != self.table.name and owner[0] not in self.others
        if owner is not None and not (gone and self.taking_over):
            whose = "another story of this source" if owner[0] == self.table.name else f"the source {owner[0]}"
            advice = self._advice if gone else ""
            return f"the article ID {id!r} belongs to {whose} ({owner[1]!r} there){advice}"
        if is_stored and not self.taking_over:
            return f"the article ID {id!r} belongs to another writer{self._advice}"
        return ""

    @property
    def _advice(self) -> str:
        return f": `syndication source accept {self.table.name}` takes it over"

    def _narrowed(
        self, conn: Connection, checked: Iterable[tuple[Found, Article | None, str]], rows: Iterable[KnownRow]
    ) -> dict[str, Article]:
        """Returns the stored versions of stories that are refused now and for members now, as articles for members.

        Their last valid version stays, but not its access: a text that was closed there would stay open here.
        """
        access = {found.row.id: article.access if article else found.access for found, article, _ in checked}
        closed = [
            row.article_id
            for row in rows
            if row.refused is not None and row.article_id is not None
            if access[row.foreign_id] and access_level(access[row.foreign_id]) != "public"
        ]
        stored = articles.load_articles(conn, closed)
        return {id: replace(article, access="members") for id, article in stored.items() if article.access == "public"}

    def _withdraw_former(
        self, conn: Connection, rows: Sequence[KnownRow], known: dict[str, KnownRow], now: datetime
    ) -> None:
        """Withdraws the article that a story was before, if it is another now."""
        before = [(known[row.foreign_id].article_id, row.article_id) for row in rows if row.foreign_id in known]
        former = [was for was, now_id in before if was is not None and was != now_id]
        if former:
            withdrawals.withdraw_in_transaction(conn, former, source_actor(self.table.name), now)
            self.counts.withdrawn += len(former)

    def _restore(self, conn: Connection, public: Sequence[str], now: datetime) -> None:
        """Restores what this source withdrew and nobody else since: an editor's withdrawal wins."""
        restored = withdrawals.restore_own(conn, public, source_actor(self.table.name), now)
        self.counts.restored += len(restored)

    def _count(self, outcomes: Iterable[articles.PutOutcome], wanted: dict[str, Article], now: datetime) -> None:
        for done in outcomes:
            if done.outcome in ("created", "updated"):
                self.counts.stored += 1
            published = wanted[done.article_id].published_at
            if done.outcome != "created" or published is None or not timedelta() <= now - published < NEW:
                continue
            if self.counts.newest is None or published > self.counts.newest:
                self.counts.newest = published
                self.counts.lag_ms = round((now - published).total_seconds() * 1000)

    def _tell(self, rows: Iterable[KnownRow], known: Mapping[str, KnownRow]) -> None:
        """Logs refusals once: not again while their reason stays."""
        for row in rows:
            before = known.get(row.foreign_id)
            if row.refused is not None:
                self.counts.refused += 1
                if before is None or before.refused != row.refused:
                    log.warning("source_refused", source=self.table.name, id=row.foreign_id, reason=row.refused)

    def _warn(self, some: Iterable[Found], known: Mapping[str, KnownRow]) -> None:
        """Logs warnings once: not again when a story that waits for its text or address is read as it was."""
        for found in some:
            before = known.get(found.row.id)
            if found.warnings and (before is None or before.digest != stored_digest(found.row, self.settings)):
                log.info("source_warned", source=self.table.name, id=found.row.id, warnings=list(found.warnings))


def as_rows(ids: Iterable[str]) -> list[Row]:
    """Returns stories of which only the id is known: they are read, and the next sweep learns their digests."""
    return [Row(id, "") for id in sorted(ids)]
