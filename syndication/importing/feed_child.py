"""``python -m syndication.importing.feed_child``: reads feed files for its parent (``feed_reader``).

All entries of a file are made before the first is sent: a file beyond a limit is refused whole. Answers are plain
values: a list of entries, each with its number and its fields or why it has none; or a text, why the file is refused.
"""

import pickle
import sys
from collections.abc import Callable, Iterator

from syndication.errors import ArticleError
from syndication.importing.feed_files import Fields, Items, json_feed_items, xml_items
from syndication.importing.file_kind import FeedKind
from syndication.process.serve_parent import serve

PIECE_BYTES = 2**20
"""Of entries in one answer, about: what both sides hold beside the file."""

READERS: dict[FeedKind, Callable[[bytes], Items]] = {"xml": xml_items, "json": json_feed_items}

Found = tuple[int, Fields | str]
"""An entry's number, and its fields or why it has none."""


def work(task: tuple[FeedKind, bytes, int]) -> Iterator[list[Found] | str]:
    """The answers to one file."""
    kind, content, most = task
    try:
        pieces = _pieces(READERS[kind](content), most)
    except ArticleError as error:
        yield str(error)
        return
    yield from pieces


def _pieces(items: Items, most: int) -> list[list[Found]]:
    pieces: list[list[Found]] = [[]]
    size = 0
    for count, (number, make) in enumerate(items, 1):
        if count > most:
            raise ArticleError(f"it has more than {most:,} entries, the most of one file: split it into several files")
        if size > PIECE_BYTES:
            pieces.append([])
            size = 0
        found, length = _made(make)
        pieces[-1].append((number, found))
        size += length
    return pieces


def _made(make: Callable[[], Fields]) -> tuple[Fields | str, int]:
    """The fields of one entry, or why it has none, and their length."""
    try:
        fields = make()
        return fields, len(pickle.dumps(fields))  # JSON that is nested too deeply cannot be sent.
    except MemoryError:
        raise
    except ArticleError as error:
        return str(error), 0
    except Exception as error:  # Strangers wrote it: one entry that nobody foresaw stops no other.
        return f"it cannot be read ({type(error).__name__}: {error})", 0


if __name__ == "__main__":
    serve(work, sys.argv[1:])
