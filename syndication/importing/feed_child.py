"""``python -m syndication.importing.feed_child``: reads feed files for its parent (``feed_reader``).

All entries of a file are parsed before the first is sent: a file beyond a limit is rejected as a whole. Responses are
plain values: first the feed's head, a dictionary; then lists of entries, each with its number and its fields or error;
or in place of all that a string, why the file was rejected.
"""

import pickle
import sys
from collections.abc import Callable, Iterator

from syndication.errors import ArticleError
from syndication.importing.feed_files import read_feed
from syndication.importing.feed_head import FeedHead
from syndication.importing.fields import Fields, Items
from syndication.importing.file_kind import FeedKind
from syndication.importing.repeated import Found, latest
from syndication.process.serve_parent import serve

PIECE_BYTES = 2**20
"""Approximate size of the entries in one response, which both processes hold in memory beside the file."""


def work(task: tuple[FeedKind, bytes, int]) -> Iterator[FeedHead | list[Found] | str]:
    """Yields the responses for one file."""
    kind, content, max_entries = task
    try:
        head, items = read_feed(kind, content)
        pieces = latest(_pieces(items, max_entries))
    except ArticleError as error:
        yield str(error)
        return
    yield head
    yield from pieces


def _pieces(items: Items, max_entries: int) -> list[list[Found]]:
    pieces: list[list[Found]] = [[]]
    size = 0
    for count, (number, make) in enumerate(items, 1):
        if count > max_entries:
            raise ArticleError(
                f"more than {max_entries:,} entries, the limit for one file: split it into several files"
            )
        if size > PIECE_BYTES:
            pieces.append([])
            size = 0
        found, length = _parse(make)
        pieces[-1].append((number, found))
        size += length
    return pieces


def _parse(make: Callable[[], Fields]) -> tuple[Fields | str, int]:
    """Returns the fields of one entry, or its error, and their size."""
    try:
        fields = make()
        return fields, len(pickle.dumps(fields))  # Raises for JSON that is nested too deeply to be sent.
    except MemoryError:
        raise
    except ArticleError as error:
        return str(error), 0
    except Exception as error:  # noqa: BLE001  # Untrusted input: an unforeseen error must not stop the other entries.
        return f"cannot be read ({type(error).__name__}: {error})", 0


if __name__ == "__main__":
    serve(work, sys.argv[1:])
