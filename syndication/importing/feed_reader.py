"""Feed files are read in a child process under limits: a file beyond one costs a line in the report, and no other file.

feedparser builds a tree of the whole file, some ten times as large, and is slow with markup that nobody foresaw.
"""

from collections.abc import Iterator
from typing import Any

from syndication.errors import ArticleError
from syndication.importing.file_kind import FeedKind
from syndication.importing.file_limits import FILE_LIMITS, FileLimits
from syndication.process.child import PATIENCE, Child, ChildDied, Limits


class FeedFileReader:
    """Reads one feed file after the other; its child is started at the first."""

    def __init__(self, limits: FileLimits = FILE_LIMITS) -> None:
        self.limits = limits
        self._child = Child("syndication.importing.feed_child", Limits(limits.seconds, limits.megabytes))

    @property
    def pid(self) -> int | None:
        """The child's number."""
        return self._child.pid

    def close(self) -> None:
        """End the child."""
        self._child.close()

    def read(self, kind: FeedKind, content: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
        """Each entry's number, and its fields or why it has none. Raises ArticleError, which says what was not read."""
        used = self._child.pid is not None
        for first in (True, False):
            done = 0
            try:
                for number, found in self._ask(kind, content):
                    yield number, found
                    done = number
                return
            except ChildDied as death:
                # Somebody may have killed it, or what it read before left it less memory than a new one has.
                mended = death.cause == "signal" or (death.cause == "memory" and used)
                if done or not (first and mended):
                    raise ArticleError(self._words(death, done)) from death

    def _ask(self, kind: FeedKind, content: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
        refused = ""
        for answer in self._child.ask((kind, content, self.limits.entries)):
            if isinstance(answer, str):
                refused = answer
            else:
                yield from answer
        if refused:
            raise ArticleError(refused)

    def _words(self, death: ChildDied, done: int) -> str:
        seconds, megabytes = self.limits.seconds, self.limits.megabytes
        happened = {
            "time": f"reading it took more than {seconds} s of processor time, the most of one file",
            "silence": f"the process that read it did not answer for {PATIENCE * seconds} s",
            "memory": f"reading it took more than {megabytes:,} MB of memory, the most of one file",
            "signal": f"the process that read it died{'' if done else ' twice'}, perhaps because the machine was out of"
            " memory",
        }[death.cause]
        lost = f"nothing after its entry {done} was imported" if done else "nothing of it was imported"
        too_large = death.cause in ("time", "memory") and not done
        return f"{happened}; {lost}: {'split it into several files' if too_large else 'import it again'}"
