"""Why a regeneration failed, in a line that names the cause and quotes no story."""

import traceback
from collections.abc import Iterator
from pathlib import Path

from syndication.errors import ConfigError, StoreError
from syndication.store import Connection
from syndication.store.db.causes import raising_triggers, rejected_by
from syndication.store.db.database import DatabaseError

MAX_LENGTH = 500

FRAMES = 3
"""The innermost calls of this program that are named."""

ROOT = Path(__file__).parents[1]


def failure_cause(error: Exception) -> str:
    """Returns the exception's name, what the database rejected, and our own calls, the innermost first.

    The message is only that of our errors of the configuration and the database: all others may quote a story.
    """
    name = type(error).__name__
    if isinstance(error, DatabaseError):
        rejected = ", ".join(rejected_by(error))
        name = f"{name} ({rejected})" if rejected else name
    elif isinstance(error, ConfigError | StoreError):
        name = f"{name}: {error}"
    frames = ", ".join(list(_frames(error))[:FRAMES])
    return (f"{name} in {frames}" if frames else name)[:MAX_LENGTH]


def with_triggers(words: str, error: Exception, conn: Connection) -> str:
    """Returns the cause with the triggers that rejected the statement, which only the database knows."""
    triggers = raising_triggers(conn, error) if isinstance(error, DatabaseError) else []
    return f"{words}; trigger {', '.join(triggers)}"[:MAX_LENGTH] if triggers else words


def _frames(error: Exception) -> Iterator[str]:
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(ROOT):
            yield f"{path.relative_to(ROOT)}:{frame.lineno} ({frame.name})"
