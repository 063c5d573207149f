"""Reads feed files in a child process under limits: a file beyond one is reported, and the other files are imported.

The tree of a whole file takes several times its size.
"""

from collections.abc import Iterator
from typing import Any

from syndication.errors import ArticleError
from syndication.importing.feed_head import NO_HEAD, FeedHead
from syndication.importing.file_kind import FeedKind
from syndication.importing.file_limits import FILE_LIMITS, FileLimits
from syndication.process.child import PATIENCE, Child, ChildDied, Limits


class FeedFileReader:
    """Reads feed files one by one; starts its child process at the first.

    ``head`` is what the file that is being read says of itself, from its first entry on and if it has none.
    """

    def __init__(self, limits: FileLimits = FILE_LIMITS) -> None:
        self.limits = limits
        self.head: FeedHead = NO_HEAD
        self._child = Child("syndication.importing.feed_child", Limits(limits.seconds, limits.megabytes))

    @property
    def pid(self) -> int | None:
        """The child's process ID; None if it does not run."""
        return self._child.pid

    def close(self) -> None:
        """Ends the child."""
        self._child.close()

    def read(self, kind: FeedKind, content: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
        """Yields each entry's number, and its fields or error. Raises ArticleError if not all of the file was read."""
        used = self._child.pid is not None
        for first in (True, False):
            done = 0
            try:
                for number, found in self._ask(kind, content):
                    yield number, found
                    done = number
                return
            except ChildDied as death:
                # A new child may succeed if this one was killed, or had less memory left after earlier files.
                may_succeed = death.cause == "signal" or (death.cause == "memory" and used)
                if done or not (first and may_succeed):
                    raise ArticleError(self._words(death, done)) from death

    def _ask(self, kind: FeedKind, content: bytes) -> Iterator[tuple[int, dict[str, Any] | str]]:
        error, self.head = "", NO_HEAD
        for answer in self._child.ask((kind, content, self.limits.entries)):
            if isinstance(answer, str):
                error = answer
            elif isinstance(answer, dict):
                self.head = FeedHead(pause=answer["pause"], deleted=answer["deleted"])
            else:
                yield from answer
        if error:
            raise ArticleError(error)

    def _words(self, death: ChildDied, done: int) -> str:
        seconds, megabytes = self.limits.seconds, self.limits.megabytes
        cause = {
            "time": f"reading took more than {seconds} s of CPU time, the limit for one file",
            "silence": f"the process that read it did not respond for {PATIENCE * seconds} s",
            "memory": f"reading took more than {megabytes:,} MB of memory, the limit for one file",
            "signal": f"the process that read it died{'' if done else ' twice'}, perhaps because the machine ran out of"
            " memory",
        }[death.cause]
        lost = f"nothing after entry {done} was imported" if done else "nothing was imported from it"
        too_large = death.cause in ("time", "memory") and not done
        return f"{cause}; {lost}: {'split it into several files' if too_large else 'import it again'}"
