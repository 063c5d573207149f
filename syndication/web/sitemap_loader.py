"""Keeps a web process's sitemaps up to date, after its feeds, so that no request asks the database."""

from collections.abc import Collection, Mapping

from syndication.logs import get_logger
from syndication.model.sitemaps import is_for_sitemaps
from syndication.serve.sitemaps import Sitemap, Sitemaps
from syndication.store.db.database import Database, DatabaseDown
from syndication.store.publishing import sitemap_state, sitemaps
from syndication.store.publishing.sitemaps import SitemapFile

log = get_logger(__name__)

FILES_AT_ONCE = 16
"""Files loaded before feeds are looked at again: each has up to some hundred kilobytes."""

NEWEST = 2**53 - 1
"""The revision of a process that serves no sitemaps, so that no purge waits for it."""


class SitemapLoader:
    """``current`` is replaced as a whole, once all files of a revision are here; only the loader's thread calls it."""

    def __init__(self, database: Database) -> None:
        self.current = Sitemaps()
        self.is_behind = False
        """Whether more files are to be loaded at once."""
        self._database = database
        self._loaded = False
        self._staged: dict[str, Sitemap] = {}

    def is_behind_of(self, revision: int | None) -> bool:
        """Returns whether there may be something to load, if the database has this revision; None: not known."""
        return not self._loaded or self.is_behind or revision != self.current.revision

    def load(self) -> None:
        """Loads some of the files that changed. A failure is logged, and leaves what is served as it is."""
        try:
            self._load()
        except DatabaseDown:
            raise
        except Exception:  # Feeds come before sitemaps.
            self.is_behind = False
            log.exception("sitemaps_not_loaded")

    def _load(self) -> None:
        with self._database.snapshot() as conn:
            revision = sitemap_state.read_revision(conn)
            if self._loaded and revision == self.current.revision:
                self.is_behind = False
                return
            listed = sitemaps.list_files(conn)
            known = {**self.current.files, **self._staged}
            wanted = [file for file in listed if not _is_same(known.get(file.path), file)]
            now = wanted[:FILES_AT_ONCE]
            bodies = sitemaps.load_bodies(conn, [file.path for file in now])
        self._staged |= {file.path: _loaded(file, bodies[file.path]) for file in now}
        self.is_behind = len(wanted) > len(now)
        if not self.is_behind:
            known |= self._staged
            self.current = Sitemaps({file.path: known[file.path] for file in listed}, revision)
            self._staged, self._loaded = {}, True


def served_sitemaps(loader: SitemapLoader | None, sections: Collection[str]) -> dict[str, int]:
    """Returns the served revision of those of the ``sections`` with a waiting purge that are sitemaps, by path."""
    revision = NEWEST if loader is None else loader.current.revision
    return {path: revision for path in sections if is_for_sitemaps(path)}


def _loaded(file: SitemapFile, coded: Mapping[str, bytes]) -> Sitemap:
    return Sitemap(file.path, file.version, file.digest, file.last_modified, coded)


def _is_same(known: Sitemap | None, file: SitemapFile) -> bool:
    return known is not None and (known.version, known.digest) == (file.version, file.digest)
