"""A feed with all its places filled: what cannot be rendered gives its place to the next one, in a preview as well.

read → render → settle, and once more with what stands behind, while places stay empty
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from syndication.feeds import Feed, Rendered
from syndication.gather import Gathered, Settled, settle

MORE_ROUNDS = 5
"""How often more articles are read to fill the places of those that are left out: each time twice as many."""


class Read(Protocol):
    """What was read of a section, with ``more`` articles beyond its feed."""

    @property
    def gathered(self) -> Gathered: ...
    @property
    def more(self) -> int: ...


R = TypeVar("R", bound=Read)


def fill(read: R, again: Callable[[int], R], render: Callable[[R, Feed], Rendered]) -> tuple[R, Settled, Rendered]:
    """The last reading, the feed that comes of it, and that feed rendered.

    ``again`` reads with so many more; it is only called while what is left out leaves places empty.
    """
    settled, rendered = _settled(read, render)
    for _ in range(MORE_ROUNDS):
        if len(settled.left_out) <= read.more:
            break
        before = len(read.gathered.candidates)
        read = again(2 * len(settled.left_out))
        settled, rendered = _settled(read, render)
        if len(read.gathered.candidates) <= before:
            break
    return read, settled, rendered


def _settled(read: R, render: Callable[[R, Feed], Rendered]) -> tuple[Settled, Rendered]:
    rendered = render(read, read.gathered.feed)
    settled = settle(read.gathered, rendered.left_out)
    if [entry.article_id for entry in rendered.entries] != [entry.article_id for entry in settled.feed.entries]:
        rendered = render(read, settled.feed)
    return settled, replace(rendered, left_out=settled.left_out)
