"""The settings in force: those of the files with the feeds of editors, followed by one number in the database.

Each process has one. It reads its files again when somebody asks for it, and keeps what it has if they are not valid.
"""

import threading
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection

from syndication.config.feeds import merge_reporting
from syndication.config.loading import Settings, load_settings
from syndication.errors import ConfigError
from syndication.logs import get_logger
from syndication.store.publishing.feed_definitions import Revision, list_unreadable, read_definitions, read_revisions

log = get_logger(__name__)

RELOADED = ("site", "feeds", "cache")
"""The tables of syndication.toml that are in force after a reload, with sections.toml; all others need a restart."""


class EffectiveSettings:
    """``current`` is replaced as a whole, so readers need no lock. ``files`` are the settings at the start."""

    def __init__(self, files: Settings) -> None:
        self._files = files.files or files
        self.current = files
        self.revision: Revision | None = None
        """The numbers that ``current`` was made at; None: not read yet."""
        self._lock = threading.Lock()
        self._problems: tuple[str, ...] = ()

    def refresh(self, conn: Connection) -> bool:
        """Follows what has changed; returns whether anything may have. Reads one row if nothing has."""
        found = read_revisions(conn)
        if found == self.revision:
            return False
        with self._lock:
            if self.revision is not None and found.reloads != self.revision.reloads:
                self._files = read_again(self._files)
            merged = merge_reporting(self._files, read_definitions(conn))
            unreadable = (f"the editors' feed {slug!r} is not of this program" for slug in list_unreadable(conn))
            problems = (*merged.problems, *unreadable)
            if problems != self._problems:
                for problem in problems:
                    log.warning("feed_not_as_defined", problem=problem)
            self._problems = problems
            self.current, self.revision = merged.settings, found
        return True


def read_again(files: Settings, load: Callable[..., Settings] = load_settings) -> Settings:
    """Returns the files' settings as they are now; the same as before, with a log line, if they are not valid.

    What needs a restart keeps its value, and is named in the log.
    """
    try:
        found = load(files.source)
    except ConfigError as error:
        log.error("configuration_not_reloaded", error=str(error))  # noqa: TRY400  # the sentence says all
        return files
    waiting = restart_needed(files, found)
    if waiting:
        log.warning("settings_need_restart", settings=waiting)
    log.info("configuration_reloaded", sections=len(found.sections))
    main = files.main.model_copy(update={name: getattr(found.main, name) for name in RELOADED})
    return replace(
        files,
        site=replace(found.site, hubs=files.site.hubs),  # [hub] needs a restart.
        sections=found.sections,
        redirects=found.redirects,
        retired=found.retired,
        old_feeds=found.old_feeds,
        main=main,
    )


def restart_needed(before: Settings, after: Settings) -> list[str]:
    """Returns the settings that differ and are in force only after a restart, like ``server.port``."""
    found = []
    for table in type(before.main).model_fields:
        old, new = getattr(before.main, table), getattr(after.main, table)
        if table in RELOADED or old == new:
            continue
        fields = getattr(type(old), "model_fields", None)
        found += [f"{table}.{key}" for key in fields if getattr(old, key) != getattr(new, key)] if fields else [table]
    return found
