"""The service's tables: changes, published documents, running processes. Only the service writes them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from syndication.store.db.types import BigInt
from syndication.store.tables.articles import Base
from syndication.store.tables.attempts import AttemptColumns

# Numbers are never reused, so that a reader cannot mistake a new row for the one that it deleted.
AUTOINCREMENT = {"sqlite_autoincrement": True}


class ChangeRow(Base):
    """An article changed (None: any may have). Triggers append; gathering deletes exactly the rows that it read.

    ``former_section`` is one under which the article was filed until this change.
    """

    __tablename__ = "change"

    seq: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    article_id: Mapped[str | None]
    noticed_at: Mapped[datetime]
    former_section: Mapped[str | None]

    __table_args__ = AUTOINCREMENT


NEWSROOM, READERS, ASLEEP = 0, 1, 2
"""The newsroom's own feeds are regenerated first, then those that readers asked for; sleeping ones wait."""


class SectionStateRow(Base):
    """The state of one feed.

    Each request to regenerate it raises ``requested_generation``. ``completed_generation`` is the one that its
    documents answer to, ``attempted_generation`` that of the last attempt: work is waiting while the completed one is
    behind the requested one. ``noticed_at`` is when the oldest waiting change was noticed, or fell due; None if no
    change is waiting. ``deaths`` counts the workers that died in a row while they regenerated it;
    ``rendering_article_id`` is recorded only after such a death. ``suspected_generation`` is the request of a sweep
    that found ``suspected_entries`` to differ; once that request has changed something, they become ``missed_entries``.
    ``cadence`` is when the feed's stories were published (JSON, see ``model.freshness``), and ``max_age`` the cache
    time in seconds that its documents say; None: the fixed one of the configuration. ``publication`` is the number of
    the version among those of all sections, ``registration`` that of the last change of its fingerprint.
    ``priority``: ``NEWSROOM``, ``READERS`` or ``ASLEEP``, which no worker looks at. ``hold_number`` is raised by each
    hold and release by an editor: a regeneration that read another one writes nothing.
    """

    __tablename__ = "section_state"

    section: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    revision: Mapped[int] = mapped_column(server_default="0")
    requested_generation: Mapped[int] = mapped_column(BigInt, server_default="1")
    completed_generation: Mapped[int] = mapped_column(BigInt, server_default="0")
    attempted_generation: Mapped[int] = mapped_column(BigInt, server_default="0")
    requested_at: Mapped[datetime | None]
    noticed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(BigInt, server_default="0")
    updated_at: Mapped[datetime | None]
    last_modified: Mapped[datetime | None]
    regenerated_at: Mapped[datetime | None]
    next_due: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    retry_at: Mapped[datetime | None]
    error: Mapped[str | None]
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    deaths: Mapped[int | None]
    rendering_article_id: Mapped[str | None]
    suspected_generation: Mapped[int | None] = mapped_column(BigInt)
    suspected_entries: Mapped[int | None]
    missed_at: Mapped[datetime | None]
    missed_entries: Mapped[int | None]
    cadence: Mapped[str | None]
    max_age: Mapped[int | None] = mapped_column(BigInt)
    publication: Mapped[int] = mapped_column(BigInt, server_default="0")
    registration: Mapped[int] = mapped_column(BigInt, server_default="0")
    priority: Mapped[int] = mapped_column(server_default="0")
    hold_number: Mapped[int] = mapped_column(BigInt, server_default="0")
    basis: Mapped[str | None]


class PublicationRow(Base):
    """The counter of publications and registrations: the one row has the number of the last one, of any section.

    Its lock is held from taking a number to the commit, so they become visible in the order of their numbers.
    """

    __tablename__ = "publication"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInt)


class HoldRow(Base):
    """A section keeps entries that readers have. ``cause`` is vanished: their articles are gone from the store.

    ``entries`` is the number of entries when it began, ``vanished`` how many of them are missing now.
    ``released_at``: an editor ended the hold, and the next regeneration removes the row.

    ``cause`` is editor: an editor holds the feed at ``version``, for ``reason``. ``until`` may be None then, and
    ``entries`` and ``vanished`` are 0. ``number`` is the section's ``hold_number``.
    """

    __tablename__ = "hold"

    section: Mapped[str] = mapped_column(ForeignKey("section_state.section", ondelete="CASCADE"), primary_key=True)
    cause: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    entries: Mapped[int]
    vanished: Mapped[int]
    released_at: Mapped[datetime | None]
    number: Mapped[int | None] = mapped_column(BigInt)
    version: Mapped[int | None] = mapped_column(BigInt)
    from_version: Mapped[int | None] = mapped_column(BigInt)
    by: Mapped[str | None]
    reason: Mapped[str | None]


class SweepRow(Base):
    """The last sweep; the one row is also its lease, so that workers take turns. See ``pipeline.sweep``."""

    __tablename__ = "sweep"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    owner: Mapped[str]
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class DocumentRow(Base):
    """The bytes of one feed in one format, in gzip; ``size`` is their length when unpacked.

    The unpacked bytes are not stored: unpacking takes less time than reading them would. ``pieces`` says where the
    compressed pieces lie in the gzip body, see ``pipeline.piece_index`` (None: unknown).
    """

    __tablename__ = "document"

    section: Mapped[str] = mapped_column(ForeignKey("section_state.section", ondelete="CASCADE"), primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInt)
    digest: Mapped[str]
    last_modified: Mapped[datetime | None]
    size: Mapped[int] = mapped_column(BigInt)
    gzip: Mapped[bytes] = mapped_column(LargeBinary)
    pieces: Mapped[bytes | None] = mapped_column(LargeBinary)


class EntryRow(Base):
    """An entry of a published feed. ``version`` is its last change, ``since_version`` the version that added it.

    ``article_updated_at`` and ``expires_at`` are the article's own: a sweep compares them, and an entry whose article
    is gone still expires.
    """

    __tablename__ = "entry"

    section: Mapped[str] = mapped_column(ForeignKey("section_state.section", ondelete="CASCADE"), primary_key=True)
    article_id: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[str]
    position: Mapped[int]
    digest: Mapped[str]
    version: Mapped[int] = mapped_column(BigInt)
    since_version: Mapped[int] = mapped_column(BigInt)
    published_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    article_updated_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    state: Mapped[str | None]


class EntryStateRow(Base):
    """An entry as it was in the kept versions from ``version`` to ``last_version`` (None: it is still so).

    ``body`` is its bytes in every format, packed (None: a feed of readers, or forgotten); ``state`` names the article's
    state in ``article_revision``, which may no longer be kept. ``source`` is a digest of what the bytes were rendered
    from, so that a worker that has just started need not render them (None: unknown). The other columns are those of
    ``EntryRow``.
    """

    __tablename__ = "entry_state"

    section: Mapped[str] = mapped_column(ForeignKey("section_state.section", ondelete="CASCADE"), primary_key=True)
    article_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInt, primary_key=True)
    last_version: Mapped[int | None] = mapped_column(BigInt)
    entry_id: Mapped[str]
    digest: Mapped[str]
    published_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]
    article_updated_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    state: Mapped[str | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    source: Mapped[str | None]


class TombstoneRow(Base):
    """An article left a feed for a reason other than its age."""

    __tablename__ = "tombstone"

    section: Mapped[str] = mapped_column(ForeignKey("section_state.section", ondelete="CASCADE"), primary_key=True)
    article_id: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[str]
    version: Mapped[int] = mapped_column(BigInt)
    reason: Mapped[str]
    at: Mapped[datetime]


class ShownArticleRow(Base):
    """An article that readers were shown; ``digest`` is of its content then (None: unknown). Never pruned."""

    __tablename__ = "shown_article"

    article_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str | None]


class ArticleStampRow(Base):
    """The stamp of an article's stored state, renewed when a change of it is gathered: see ``article_stamps``."""

    __tablename__ = "article_stamp"

    article_id: Mapped[str] = mapped_column(primary_key=True)
    stamp: Mapped[int] = mapped_column(BigInt)


class LeftOutRow(Base):
    """An article that is left out of a feed, with the reason for editors."""

    __tablename__ = "left_out"

    section: Mapped[str] = mapped_column(ForeignKey("section_state.section", ondelete="CASCADE"), primary_key=True)
    article_id: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    since: Mapped[datetime]


class FatalArticleRow(Base):
    """An article that killed two workers while they rendered it; ``digest`` is of its content then."""

    __tablename__ = "fatal_article"

    article_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    at: Mapped[datetime]


class WorkerRow(Base):
    """A worker process; its last heartbeat was at ``seen_at``."""

    __tablename__ = "worker"

    id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class WebProcessRow(Base):
    """A web process; its last heartbeat was at ``seen_at``, and it last loaded published versions at ``loaded_at``.

    ``serves`` is JSON: the versions that it serves of sections with a pending purge. ``publication`` is the number of
    the last publication that it serves, of any section. ``loads`` is JSON: the last publications that it loaded, each
    with its moment.
    """

    __tablename__ = "web_process"

    id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    loaded_at: Mapped[datetime | None]
    serves: Mapped[str] = mapped_column(server_default="{}")
    publication: Mapped[int] = mapped_column(BigInt, server_default="0")
    loads: Mapped[str] = mapped_column(server_default="[]")


class PurgeRow(AttemptColumns, Base):
    """A version to purge from caches."""

    __tablename__ = "purge"

    section: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInt, primary_key=True)
    created_at: Mapped[datetime]


class PollCountRow(Base):
    """The polls of a section's feeds in the minutes from ``at`` on: 200 (``full``), 304, and bytes sent."""

    __tablename__ = "poll_count"

    section: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    full: Mapped[int] = mapped_column(BigInt)
    not_modified: Mapped[int] = mapped_column(BigInt)
    bytes: Mapped[int] = mapped_column(BigInt)


class CompatibleRow(Base):
    """A revision whose programs can run on the current tables: the tables' own, and compatible earlier ones."""

    __tablename__ = "compatible"

    revision: Mapped[str] = mapped_column(primary_key=True)


Index("ix_entry_article_id", EntryRow.article_id)
Index("ix_entry_state_last_version", EntryStateRow.section, EntryStateRow.last_version)
Index("ix_entry_state_article_id", EntryStateRow.article_id)
Index("ix_tombstone_article_id", TombstoneRow.article_id)
Index("ix_section_state_next_due", SectionStateRow.next_due)
Index("ix_section_state_publication", SectionStateRow.publication)
Index("ix_section_state_registration", SectionStateRow.registration)
_waits = SectionStateRow.requested_generation > SectionStateRow.completed_generation
Index(
    "ix_section_state_pending",
    SectionStateRow.priority,
    SectionStateRow.section,
    sqlite_where=_waits,
    postgresql_where=_waits,
)
_leased = SectionStateRow.lease_owner.is_not(None)
Index("ix_section_state_lease", SectionStateRow.lease_owner, sqlite_where=_leased, postgresql_where=_leased)
_missed = SectionStateRow.missed_at.is_not(None)
Index("ix_section_state_missed", SectionStateRow.missed_at, sqlite_where=_missed, postgresql_where=_missed)
Index("ix_poll_count_at", PollCountRow.at)
