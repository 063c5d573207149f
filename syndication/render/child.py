"""``python -m syndication.render.child``: renders entries for its parent (``isolated``).

Answers are plain values: for each entry a text (empty if it was cleaned, otherwise the reason why it is left out), then
the fragments and the entries that XML cannot hold.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from syndication.model.values import Entry, Feed, LeftOut
from syndication.process.serve_parent import serve
from syndication.render.clean_entry import CleanEntry
from syndication.render.entries import clean_each, write_entries
from syndication.render.html import forget_sanitized


def work(task: tuple[Feed, Sequence[Entry]] | None) -> Iterator[Any]:
    """Yields the answers to one task; the task None clears the cache of sanitized bodies."""
    if task is None:
        forget_sanitized()
        return
    feed, entries = task
    cleaned: list[CleanEntry] = []
    for entry in entries:
        found = _cleaned(feed, entry)
        if isinstance(found, CleanEntry):
            cleaned.append(found)
        yield found.reason if isinstance(found, LeftOut) else ""
    fragments, refused = write_entries(feed, cleaned)
    yield (
        [(id, one.atom, one.rss, one.json) for id, one in fragments.items()],
        [(item.article_id, item.reason) for item in refused],
    )


def _cleaned(feed: Feed, entry: Entry) -> CleanEntry | LeftOut:
    try:
        return next(clean_each(feed, [entry]))
    except MemoryError:
        raise
    except BaseException as error:  # noqa: BLE001  # Rust's panics are not Exceptions. One bad entry must not stop the others.
        return LeftOut(entry.article_id, f"rendering it failed ({type(error).__name__})")


if __name__ == "__main__":
    serve(work, sys.argv[1:])
