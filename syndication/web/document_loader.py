"""The thread that keeps a web process's documents and state up to date, so that no poll asks the database.

It reads what was published since the last number that it saw, and now and then compares every version. While the
database is down, the loaded documents stay in service; when it is back, every version is compared again.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from syndication.logs import get_logger
from syndication.model.freshness import minute_of
from syndication.serve.catalogue import Catalogue
from syndication.serve.poll_counter import PollCounter
from syndication.serve.prepared import PreparedDocument
from syndication.store import Connection
from syndication.store.db.batches import batched
from syndication.store.db.database import DOCUMENTS, Database, DatabaseDown
from syndication.store.db.listen import Waker
from syndication.store.hub.unserved import unserved_sections
from syndication.store.processes import poll_counts
from syndication.store.processes.web_processes import Load
from syndication.store.publishing import documents
from syndication.store.publishing.effective_settings import EffectiveSettings
from syndication.store.publishing.served_numbers import ServedNumbers, read_numbers
from syndication.web import load_latency
from syndication.web.asked_catalogue import AskedCatalogue
from syndication.web.document_reader import DocumentReader
from syndication.web.followed_settings import follow
from syndication.web.loader_state import LoaderState, read_state
from syndication.web.sitemap_loader import SitemapLoader, served_sitemaps

log = get_logger(__name__)

STATE_SECONDS = 2.0
"""The greatest age of the state shown by /readyz and /metrics."""

LOAD_SECONDS = 1.0
"""How often versions are compared even without a wake-up, in case one is lost."""

COMPARE_SECONDS = 60.0
"""How often every version is compared: the counter of publications notices all but a database that was replaced."""

LOADED_AT_START = 1_000
"""Sections loaded at the start and at a comparison: those polled within the last hour, the newsroom's own, others."""

LOADED_AT_ONCE = 50
"""Sections whose documents are read together, which bounds the memory that a load takes for a moment."""

COMPRESSED_AT_ONCE = 2
"""Codings made between two looks at the database: some ten milliseconds each."""

READER_TIMEOUT = 4.0
"""Seconds after which a reading of one document fails, and its poll is answered 503."""

LOADS_KEPT = 64
"""Loads that a heartbeat reports: more than there are between two of them, as each takes some milliseconds."""

WAIT_SECONDS = 0.5
"""The longest wait for a wake-up, which bounds the delay of stopping and of counters."""

HUNG_SECONDS = 3 * STATE_SECONDS
"""A database that has not answered for this long counts as down."""


class Wakes(Protocol):
    """What a loader waits for."""

    def wait(self, timeout: float) -> bool:
        """Returns whether to look; after ``timeout`` seconds at the latest."""

    def close(self) -> None:
        """Ends it."""


class DocumentLoader:
    """Holds the catalogue and the state; both are replaced as a whole, so readers need no lock."""

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        flush: Callable[[PollCounter], None],
        *,
        measured: bool = True,
        settings: EffectiveSettings | None = None,
        asked: AskedCatalogue | None = None,
        sitemaps: SitemapLoader | None = None,
        loads_documents: bool = True,
    ) -> None:
        self.sitemaps = sitemaps
        self._loads_documents = loads_documents
        self._settings = settings
        self._measured = measured  # The front measures what it serves itself.
        self._asked = asked
        self.database = database
        self.catalogue = catalogue
        self.state = LoaderState(since=datetime.now(UTC))
        self.counter = PollCounter()
        self.served: dict[str, tuple[int, datetime]] = {}
        """The served version of each section of the newsroom's, and since when (database time)."""
        self.loaded_at: datetime | None = None
        """When the published versions were last read (database time); None before the first time."""
        self.publication = 0
        """The number of the last publication that is served; of feeds: sitemaps follow piece by piece."""
        self.loads: deque[Load] = deque(maxlen=LOADS_KEPT)
        """The last publications that were loaded, and since when each is served (database time)."""
        self.versions_to_purge: dict[str, int] = {}
        """The served versions of the sections for which a cache purge or a ping of a hub is waiting."""
        self.changed_event = threading.Event()
        """Set when ``versions_to_purge`` has new versions, for the heartbeat."""
        self._flush = flush
        self._stopped = threading.Event()
        self._loaded = self._looked = self._compared = 0.0
        self._due = 0.0
        """When all that ``load`` does is due again; what was published is loaded at once."""
        self._publication = 0
        self._sitemaps: int | None = None  # The revision that was read last.
        self._unmeasured: list[tuple[Mapping[str, int], datetime]] = []
        self._is_followed_up = False
        self.reader = DocumentReader(Database(database.url, timeout=READER_TIMEOUT), lambda: self.catalogue)
        self._thread = threading.Thread(target=self._run, name="document-loader", daemon=True)

    def start(self) -> None:
        """Starts the thread; after the fork, which threads and connections do not survive."""
        self._thread.start()
        self.reader.start()

    def stop(self) -> None:
        """Stops the thread and waits for it."""
        self._stopped.set()
        self.reader.stop()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with closing(self._waker()) as waker:
                    self._watch(waker)
            except DatabaseDown:  # Without the driver's message, which may contain a row.
                self._compared, self._due = -COMPARE_SECONDS, 0.0
                self._mark_down()
                self.move_cache_times()
                self.catalogue.memory.compress_wanted(COMPRESSED_AT_ONCE)
                self._flush(self.counter)
                self._stopped.wait(WAIT_SECONDS)
            except Exception:  # If the thread ended silently, feeds would become stale unnoticed.
                log.exception("document_loader_failed")
                self._stopped.wait(STATE_SECONDS)

    def _waker(self) -> Wakes:
        return Waker(self.database, DOCUMENTS)

    def _watch(self, waker: Wakes) -> None:
        changed = True
        while not self._stopped.is_set():
            if time.monotonic() >= self._due:
                self.load()
            elif changed:
                self._load_published()
                self._follow_up()
            if not self.state.loaded or time.monotonic() - self._looked >= STATE_SECONDS:
                self.read_state()
            self.move_cache_times()
            self.catalogue.memory.compress_wanted(COMPRESSED_AT_ONCE)
            self._flush(self.counter)
            # While sitemaps are loaded, piece by piece, or feeds are compressed, feeds are looked at in between.
            behind = self.sitemaps is not None and self.sitemaps.is_behind
            changed = behind or bool(self.catalogue.memory.to_compress) or waker.wait(WAIT_SECONDS)

    def load(self) -> None:
        """Loads what was published since; now and then the documents whose version differs from the one in memory."""
        if self.loaded_at is None or time.monotonic() - self._compared >= COMPARE_SECONDS:
            self._load_all(compare=True)
        else:
            self._load_published()
        self._due = time.monotonic() + LOAD_SECONDS
        self._follow_up(again=True)
        self._measure()

    def _load_published(self) -> None:
        """Serves what was published since, by two statements: one to look, one to read.

        They need not see one state of the database: what is published between them is served now or at the next look.
        """
        with self.database.read() as conn:
            numbers = read_numbers(conn)
            now, started = self.database.time(numbers.clock), time.monotonic()
            self._sitemaps = numbers.sitemaps
            is_usual = not self._is_moved(numbers)
            if is_usual and numbers.publication > self._publication:
                is_usual = self._load_few(conn, numbers.publication, now, started)
        if not is_usual:
            self._load_all(compare=False)
            return
        self.catalogue = self.catalogue.at_minute(minute_of(now))
        self.loaded_at, self._loaded = now, time.monotonic()

    def _is_moved(self, numbers: ServedNumbers) -> bool:
        """Returns whether more has changed than versions: the feeds, or the whole database."""
        settings, asked = self._settings, self._asked
        return (
            numbers.publication < self._publication
            or (settings is not None and numbers.revision != settings.revision)
            or (asked is not None and numbers.asked != asked.number)
        )

    def _load_few(self, conn: Connection, last: int, now: datetime, started: float) -> bool:
        """Loads the versions after the known publication up to ``last``; returns False if that needs more care.

        What is loaded together has to have room together.
        """
        memory, loaded = self.catalogue.memory, 0
        if not self._loads_documents:
            versions, last = documents.read_published_since(conn, self._publication)
            memory.publish(versions)
        elif last - self._publication <= LOADED_AT_ONCE and memory.has_room:
            found, last_found = documents.load_published_since(conn, self._publication)
            versions, last = {document.section: document.version for document in found}, max(last, last_found)
            prepared = self.catalogue.prepare(found)
            memory.publish(versions, prepared)
            loaded = len(prepared)
        else:
            return False
        moment = now + timedelta(seconds=time.monotonic() - started)
        own = self.catalogue.own
        self.served |= {slug: (version, moment) for slug, version in versions.items() if slug in own}
        self._note(versions, last, moment, loaded)
        return True

    def _load_all(self, *, compare: bool) -> None:
        """Loads in one snapshot, however much there is, with changed feeds; ``compare``: every version is compared."""
        if not self._load_snapshot(compare=compare):
            self._load_snapshot(compare=True)

    def _load_snapshot(self, *, compare: bool) -> bool:
        """Does it; returns False if every version has to be compared: what is known has to be noted before that."""
        memory, first = self.catalogue.memory, self.loaded_at is None
        before = memory.versions.copy() if compare else {}
        with self.database.snapshot() as conn:
            now, started = self.database.now(conn), time.monotonic()
            followed = self._follow(conn)
            published, last = documents.read_published_since(conn, self._publication)
            # Versions of new feeds may be known already, and a lower number is that of a backup.
            if (followed or last < self._publication) and not compare:
                return False
            if compare:
                published = self._compare(documents.read_versions(conn), before)
            self.catalogue = self.catalogue.at_minute(minute_of(now))
            wanted = self._choose(conn, published, first=first) if self._loads_documents else []
            moment, loaded, taken = now, 0, set[str]()
            for some in batched(wanted, LOADED_AT_ONCE):
                slugs = some if memory.has_room else [slug for slug in some if memory.holds(slug)]
                taken.update(slugs)
                found = self.catalogue.prepare(documents.load_documents(conn, slugs))
                memory.publish({slug: published[slug] for slug in slugs}, found)
                moment, loaded = now + timedelta(seconds=time.monotonic() - started), loaded + len(found)
                self.served |= {slug: (published[slug], moment) for slug in slugs if slug in self.catalogue.own}
            others = {slug: published[slug] for slug in published.keys() - taken}
            memory.publish(others)
            modified = documents.read_modified(conn, others.keys() & self.catalogue.own)
            memory.modified |= {slug: at.replace(microsecond=0).timestamp() for slug, at in modified.items()}
        self.catalogue = self.catalogue.at_minute(minute_of(now))  # The first documents whose cache time moves.
        self.served |= {slug: (version, moment) for slug, version in others.items() if slug in self.catalogue.own}
        if published or last != self._publication or first:
            self._note(published, last, moment, loaded)
        if first:  # Those versions were published before this process started.
            self._unmeasured.clear()
        self._sitemaps = None
        self.loaded_at, self._loaded = now, time.monotonic()
        return True

    def _note(self, versions: Mapping[str, int], last: int, moment: datetime, loaded: int) -> None:
        """Notes what is served since that moment, and the number of the last publication."""
        if last != self.publication or self.loaded_at is None:
            self.loads.append((last, moment))
        self._publication = self.publication = last
        self._is_followed_up = False
        if versions:
            self._unmeasured.append((versions, moment))
            log.info("documents_loaded", sections=len(versions), documents=loaded)

    def _follow_up(self, *, again: bool = False) -> None:
        """Does what can wait until new versions are served: sitemaps, and what caches and hubs wait for."""
        if self.sitemaps is not None and self.sitemaps.is_behind_of(self._sitemaps):
            self.sitemaps.load()
            self._is_followed_up = False
        if self._is_followed_up and not again:
            return
        with self.database.read() as conn:
            pending = unserved_sections(conn)
        # A section that is not configured here counts too: this process serves no older version of it.
        serves = self.catalogue.memory.versions
        asked = {section: serves[section] for section in pending if section in serves}
        known, self.versions_to_purge = self.versions_to_purge, asked | served_sitemaps(self.sitemaps, pending)
        self._is_followed_up = True
        if self.versions_to_purge.items() - known.items():
            self.changed_event.set()

    def _measure(self) -> None:
        """Tells the metrics of what was loaded since the last time: once a second, as nobody waits for it."""
        unmeasured, self._unmeasured = self._unmeasured, []
        if not self._measured or not unmeasured:
            return
        with self.database.read() as conn:
            for versions, moment in unmeasured:
                load_latency.read_waiting_since(conn, versions).observe(moment)

    def _follow(self, conn: Connection) -> bool:
        """Follows the feeds that editors defined and readers asked for; returns whether the settings changed."""
        followed = self._settings is not None and self._settings.refresh(conn)
        if self._settings is not None and followed:
            if self._asked is not None:
                self._asked.adopt(self._settings.current)
            self.catalogue = follow(self.catalogue, self._settings.current, self._asked)
        if self._asked is not None:
            self.catalogue = self._asked.follow(conn, self.catalogue)
        return followed

    def _compare(self, stored: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
        """Returns the versions that differ in memory, where what is gone is forgotten.

        ``before`` was known before ``stored`` was read: if it is later, the database was replaced by a backup.
        """
        memory, self._compared = self.catalogue.memory, time.monotonic()
        published = {slug: stored[slug] for slug in memory.compare(stored)}
        memory.forget(before.keys() - stored.keys())
        memory.go_back({slug: version for slug, version in stored.items() if version < before.get(slug, 0)})
        return published

    def move_cache_times(self) -> None:
        """Serves the cache times of the current minute; it asks no database, and the first poll calculates them."""
        if self.loaded_at is not None:
            now = self.loaded_at + timedelta(seconds=time.monotonic() - self._loaded)
            self.catalogue = self.catalogue.at_minute(minute_of(now))

    def _choose(self, conn: Connection, published: Mapping[str, int], *, first: bool) -> list[str]:
        """Returns the sections to load now; the others are read when they are polled."""
        sections, memory = self.catalogue.sections, self.catalogue.memory
        known = [slug for slug in published if slug in sections]
        if len(known) > LOADED_AT_START and first:
            polls = poll_counts.last_hour(conn, self.database.now(conn))
            own = dict.fromkeys(slug for slug in sections if sections[slug].owner == "configuration")
            hot = sorted(polls, key=lambda slug: polls[slug].total, reverse=True)
            first_of_all = (slug for slug in dict.fromkeys([*hot, *own, *known]) if slug in published)
            return [slug for slug in first_of_all if slug in sections][:LOADED_AT_START]
        spare = LOADED_AT_START if memory.has_room else 0
        return [slug for slug in known if memory.holds(slug) or (spare := spare - 1) >= 0]

    @property
    def asleep(self) -> Mapping[str, str]:
        """The slugs of the feeds that are not kept current until somebody polls them, by the paths of documents."""
        return self._asked.asleep if self._asked is not None else {}

    def find(self, path: str) -> PreparedDocument | None:
        """Returns a document of a configured feed, read from the database if it is not in memory; may wait."""
        found = self.catalogue.documents.get(path)
        if found is None and self.catalogue.is_published(path):
            return self.reader.wait_for(path)
        return found

    def read_state(self) -> None:
        """Reads the state that /readyz and /metrics show."""
        with self.database.read() as conn:
            self.state = read_state(conn, self.database.now(conn), self.state, self.catalogue)
        self._note_state()

    def _note_state(self) -> None:
        self._looked = time.monotonic()
        self._mark_up()

    def current_state(self) -> LoaderState:
        """Returns the state for other threads: this thread itself waits indefinitely for a hanging database."""
        state, silent = self.state, time.monotonic() - self._looked
        if state.database != "ok" or silent < HUNG_SECONDS:
            return state
        return replace(state, database="down", since=datetime.now(UTC) - timedelta(seconds=silent))

    def _mark_up(self) -> None:
        since = self.state.since if self.state.database == "ok" else datetime.now(UTC)
        self.state = replace(self.state, loaded=True, database="ok", since=since)

    def _mark_down(self) -> None:
        if self.state.database == "ok":
            log.warning("database_down", documents=len(self.catalogue.documents))
            self.state = replace(self.state, database="down", since=datetime.now(UTC))
