"""Renders entries in a child process: one that takes too much time or memory costs its feed one entry.

Entries are sent in chunks. If the child dies, the current entry is known, and the others are sent again. The first
chunk may be sent before it is needed (``begin``): what it is rendered to depends on nothing that can change meanwhile.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from syndication.model.fragments import Fragments
from syndication.model.size_groups import group_by_size
from syndication.model.values import Entry, Feed, LeftOut
from syndication.process.child import Child, ChildDied, Limits
from syndication.render.entries import RenderedEntries

CHUNK_CHARACTERS = 4 * 2**20
"""Characters of the bodies in one chunk: the child and the pipe hold them at the same time."""


class _Begun(NamedTuple):
    """What was sent, and the responses, which are still to be read."""

    feed: Feed
    entries: list[Entry]
    answers: Iterator[Any]

    def is_for(self, feed: Feed, entries: Sequence[Entry]) -> bool:
        """Returns whether these entries are rendered to the same in this feed, whatever its times."""
        return (self.feed.site, self.feed.section, self.entries) == (feed.site, feed.section, list(entries))


class IsolatedRenderer:
    """Renders entries in a child process; ``died`` is called with the cause of each death."""

    def __init__(self, limits: Limits, died: Callable[[str], None]) -> None:
        self._child = Child("syndication.render.child", limits)
        self._died = died
        self._begun: _Begun | None = None

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        return self._child.pid

    def start(self) -> None:
        """Starts the child, so that the first story need not wait for it."""
        self._child.start()

    def close(self) -> None:
        """Ends the child."""
        self._child.close()

    def begin(self, feed: Feed, entries: Sequence[Entry]) -> None:
        """Has the child render these entries while this process does something else, if they are one chunk."""
        self._drop_begun()
        if sum(map(_body_characters, entries)) <= CHUNK_CHARACTERS:
            head = replace(feed, entries=())
            # If the child has died, they are sent again when they are needed, and it is started for that.
            with suppress(ChildDied):
                self._begun = _Begun(head, list(entries), self._child.ask((head, list(entries))))

    def __call__(self, feed: Feed, entries: Sequence[Entry]) -> RenderedEntries:
        """Returns the fragments of these entries, and the reasons why some have none."""
        made = RenderedEntries({}, [])
        head = replace(feed, entries=())
        for chunk in group_by_size(entries, _body_characters, CHUNK_CHARACTERS):
            self._chunk(head, chunk, made)
        return made

    def _chunk(self, feed: Feed, entries: Sequence[Entry], made: RenderedEntries) -> None:
        while entries:
            refused: list[LeftOut] = []
            seen = 0
            try:
                for answer in self._ask(feed, entries):
                    if isinstance(answer, str):
                        if answer:
                            refused.append(LeftOut(entries[seen].article_id, answer))
                        seen += 1
                    else:
                        _add(made, answer)
                made.left_out.extend(refused)
                return
            except ChildDied as death:
                self._died(death.cause)
                entries = self._without_culprit(feed, entries, seen, death, made)

    def _ask(self, feed: Feed, entries: Sequence[Entry]) -> Iterator[Any]:
        """Returns the responses for these entries: those that were begun, if they were."""
        begun = self._begun
        if begun is not None and begun.is_for(feed, entries):
            self._begun = None
            return begun.answers
        self._drop_begun()
        return self._child.ask((feed, list(entries)))

    def _drop_begun(self) -> None:
        """Reads what was begun and is not needed, so that the child is free."""
        begun, self._begun = self._begun, None
        if begun is None:
            return
        try:
            for _ in begun.answers:
                pass
        except ChildDied as death:
            self._died(death.cause)

    def _without_culprit(
        self, feed: Feed, entries: Sequence[Entry], at: int, death: ChildDied, made: RenderedEntries
    ) -> Sequence[Entry]:
        """Handles the entry that was being rendered; returns the entries to send again."""
        if at < len(entries):
            self._alone(feed, entries[at], death, made)
            return [*entries[:at], *entries[at + 1 :]]
        # All were cleaned: it died while writing them, and the culprit is found one by one.
        for entry in entries:
            self._alone(feed, entry, None if len(entries) > 1 else death, made)
        return []

    def _alone(self, feed: Feed, entry: Entry, death: ChildDied | None, made: RenderedEntries) -> None:
        """Renders one entry again, unless time was up: the child may have been killed for no fault of the entry."""
        if death is None or death.cause != "time":
            try:
                for answer in self._child.ask((feed, [entry])):
                    if not isinstance(answer, str):
                        _add(made, answer)
                    elif answer:
                        made.left_out.append(LeftOut(entry.article_id, answer))
                return
            except ChildDied as again:
                self._died(again.cause)
                death = again
        made.left_out.append(LeftOut(entry.article_id, self._words(death)))

    def _words(self, death: ChildDied) -> str:
        limits = self._child.limits
        return {
            "time": f"rendering it took longer than {limits.seconds} s",
            "silence": f"rendering it took longer than {limits.seconds} s",
            "memory": f"rendering it took more than {limits.megabytes:,} MB of memory",
            "signal": "the process rendering it died twice",
        }[death.cause]


def _add(made: RenderedEntries, answer: tuple[list[tuple[str, bytes, bytes, bytes]], list[tuple[str, str]]]) -> None:
    fragments, refused = answer
    made.fragments.update({id: Fragments(atom, rss, json) for id, atom, rss, json in fragments})
    made.left_out.extend(LeftOut(*item) for item in refused)


def _body_characters(entry: Entry) -> int:
    return len(entry.html) + len(entry.summary or "")
