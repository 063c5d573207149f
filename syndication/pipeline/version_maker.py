"""Makes what is published of a section that was read: renders its feed, keeps what vanished, compresses it.

Everything between the read and the write of ``regenerate``, in one thread. What is stored is used again: the bytes of
entries that stand in the published version, and compressed pieces, if the worker has just started.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial

from syndication.logs import get_logger
from syndication.model.fragments import Fragments
from syndication.model.values import RenderedEntry, RenderedFeed
from syndication.pipeline import publish
from syndication.pipeline.cache_time import next_max_age, published_max_age
from syndication.pipeline.deleted_entries import deleted_entries
from syndication.pipeline.editor_hold import HeldSnapshot, rendered_entries
from syndication.pipeline.fill import FilledFeed, fill_feed
from syndication.pipeline.hold import Decision, HeldFeed, decide, keep
from syndication.pipeline.joined_gzip import PieceCache
from syndication.pipeline.piece_index import read_pieces
from syndication.pipeline.snapshot import SectionSnapshot
from syndication.render.kept_entries import splice
from syndication.render.renderer import Careful, Renderer
from syndication.store.db.database import Database
from syndication.store.publishing import documents, entry_states
from syndication.store.publishing.new_version import NewVersion
from syndication.store.publishing.published import PublishedState

log = get_logger(__name__)

COMPRESSING_THREADS = 2
"""More would take CPU cores from serving: a machine that is busy publishing must still answer polls."""


class VersionMaker:
    """Makes the versions of one newsroom. ``memory``: the bytes of compressed pieces that are cached."""

    def __init__(self, database: Database, renderer: Renderer, memory: int) -> None:
        self.database = database
        self.renderer = renderer
        self.from_scratch = False
        """Whether entries are rendered even if their bytes are stored: to find out whether those are right."""
        self._pieces = PieceCache(memory)
        self._pool = ThreadPoolExecutor(COMPRESSING_THREADS, thread_name_prefix="compress")

    def memory_used(self) -> int:
        """Returns the bytes of the cached pieces."""
        return self._pieces.used

    def fill(self, snapshot: SectionSnapshot, careful: Careful | None) -> tuple[FilledFeed, RenderedFeed]:
        """Renders with the times of the published version, so that the bytes differ only if the content does."""
        current = snapshot.published
        max_age = published_max_age(snapshot.gathered.feed.section.cache, current)
        stored = None if self.from_scratch else partial(self._stored_fragments, current)
        return fill_feed(self.renderer, snapshot.gathered, current.updated_at, careful, max_age, stored)

    def hold(
        self, snapshot: SectionSnapshot, filled: FilledFeed, rendered: RenderedFeed, longest: timedelta
    ) -> HeldFeed:
        """Returns the feed with the vanished entries that it keeps, cut out of its published documents."""
        current, now = snapshot.published, snapshot.gathered.now
        reasons = publish.all_reasons(rendered.left_out, snapshot.departure_reasons)
        reasons = {id: reason for id, reason in reasons.items() if id not in snapshot.embargoed}
        decision = decide(current, filled, rendered, reasons, now, longest)
        if decision.hold is None:
            return HeldFeed(filled, rendered, decision)
        with self.database.read() as conn:
            bodies = documents.load_bodies(conn, current.section, current.version)
        entries = [RenderedEntry(entry.article_id, entry.entry_id, entry.digest) for entry in current.entries.values()]
        feed = replace(filled.feed, updated=current.updated_at or filled.feed.updated)
        try:
            completed = self.renderer.assemble(feed, splice(rendered.entries, bodies, entries, decision.order))
            completed = replace(completed, left_out=rendered.left_out)
            return HeldFeed(keep(filled, decision, now), completed, decision)
        except (LookupError, ValueError):
            # Another worker has published a version since, and this one will be overtaken; or the documents are not as
            # a program of ours writes them, and holding them would hold withdrawals up too.
            log.exception("hold_impossible", section=current.section)
            return HeldFeed(filled, rendered, Decision(None, None))

    def new_version(self, snapshot: SectionSnapshot, held: HeldFeed) -> tuple[NewVersion, HeldFeed]:
        """Returns the next version, rendered again with its own times."""
        current, filled, rendered = snapshot.published, held.filled, held.rendered
        updated, last_modified = publish.publication_times(current, filled.feed.updated)
        times = [entry.published for entry in filled.feed.entries]
        times += [entry.published_at for entry in held.decision.kept]
        max_age = next_max_age(filled.feed.section.cache, times, snapshot.gathered.now)
        reasons = publish.all_reasons(rendered.left_out, snapshot.departure_reasons)
        deleted = deleted_entries(current, publish.leaving(current, rendered.entries, reasons))
        feed = replace(filled.feed, updated=updated, max_age=max_age, deleted=deleted)
        if feed != replace(filled.feed, updated=current.updated_at or filled.feed.updated):
            rendered = replace(self.renderer.assemble(feed, rendered.entries), left_out=filled.left_out)
        held = replace(held, filled=replace(filled, feed=feed), rendered=rendered)
        return publish.new_version(snapshot, held, self._compress(rendered, current), last_modified), held

    def held_version(self, held: HeldSnapshot) -> NewVersion:
        """Returns the next version: the held entries under a head with its own times, which must not go back."""
        current, section = held.published, held.feed.section
        updated, last_modified = publish.publication_times(current, held.feed.updated)
        max_age = next_max_age(section.cache, [state.published_at for state in held.shown], held.now)
        entries = rendered_entries(held)
        deleted = deleted_entries(current, publish.leaving(current, entries, held.reasons))
        feed = replace(held.feed, updated=updated, max_age=max_age, deleted=deleted)
        rendered = self.renderer.assemble(feed, entries)
        return publish.held_version(held, rendered, feed, self._compress(rendered, current), last_modified)

    def _compress(self, rendered: RenderedFeed, current: PublishedState) -> publish.Bodies:
        return publish.compress_feed(rendered, self._pieces, self._pool, partial(self._stored_pieces, current))

    def _stored_fragments(self, current: PublishedState, sources: Mapping[str, str]) -> dict[str, Fragments]:
        """Returns the fragments of entries that stand in the published version and would be rendered from the same."""
        standing = [id for id in sources if id in current.entries]
        if not standing:
            return {}
        with self.database.read() as conn:
            found = entry_states.read_standing(conn, current.section, standing)
        return {id: Fragments.unpack(one.body) for id, one in found.items() if one.source == sources[id]}

    def _stored_pieces(self, current: PublishedState) -> dict[bytes, bytes]:
        """Returns the compressed pieces of the published version, to be used again."""
        if self.from_scratch or not current.version:
            return {}
        with self.database.read() as conn:
            found = documents.load_gzip(conn, current.section)
        return {key: data for one in found for key, data in read_pieces(one.body, one.pieces).items()}
