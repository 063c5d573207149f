"""The kinds of sources: one table from the kind in the configuration to its reader.

A reader is imported when a source of its kind is opened, so that a newsroom without one loads no driver.
"""

from collections.abc import Callable, Mapping
from typing import Any

from syndication.config.loading import Settings
from syndication.config.source_schema import SourceTable
from syndication.model.article_json import slugs_by_title
from syndication.sources.reader import Reader


def _sql(table: Any, settings: Settings) -> Reader:
    from syndication.sources.sql.reader import SqlReader

    return SqlReader(table, slugs_by_title(settings.sections))


def _wordpress(table: Any, settings: Settings) -> Reader:
    from syndication.sources.wordpress.reader import WordPressReader

    return WordPressReader(table, list(settings.sections.values()))


READERS: Mapping[str, Callable[[Any, Settings], Reader]] = {
    "sql": _sql,
    "wordpress": _wordpress,
}
"""What opens a source of each kind. Nothing is read yet."""


def open_reader(table: SourceTable, settings: Settings) -> Reader:
    """Returns the reader of a configured source."""
    return READERS[table.label](table, settings)
