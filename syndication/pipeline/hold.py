"""Decides whether a section keeps entries whose articles vanished, and which. Pure: ``now`` is a parameter.

More than half of a feed at once is rarely what somebody wanted: a reload in two transactions, a broken job, a DELETE
without WHERE. The feed keeps them for a while; new articles and corrections are published beside them. A withdrawal, an
expiry and an embargo are decisions and never wait; what newer articles push out has not vanished.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from syndication.model.values import RenderedFeed, Section
from syndication.pipeline.fill import FilledFeed
from syndication.pipeline.gather import is_within_limits, recent_until
from syndication.store.publishing.holds import Hold
from syndication.store.publishing.published import PublishedEntry, PublishedState

VANISHES = frozenset({"deleted", "moved", "unpublished", "left-out"})
"""The reasons for leaving a feed that a job may cause by mistake, and that wait."""

FEWEST = 3
"""The fewest vanished entries that are held: one or two at once are a person's work, in a feed of two or three too. A
wrong guess delays a deletion by the time of a hold, and a withdrawal never."""

HoldEvent = Literal["begun", "returned", "released", "over"]
"""A hold began; or it ended: its entries are back (or withdrawn or expired), an editor published without them, or its
time was over."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The hold after this regeneration (None: the feed keeps nothing), and its event, if it begins or ends.

    ``order`` is the feed's articles, with the ``kept`` entries at their place. ``reasons`` counts why those vanished.
    """

    hold: Hold | None
    event: HoldEvent | None
    kept: tuple[PublishedEntry, ...] = ()
    order: tuple[str, ...] = ()
    reasons: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class HeldFeed:
    """A feed ready to publish, rendered with the entries that it keeps."""

    filled: FilledFeed
    rendered: RenderedFeed
    decision: Decision


def decide(
    current: PublishedState,
    filled: FilledFeed,
    rendered: RenderedFeed,
    reasons: Mapping[str, str],
    now: datetime,
    length: timedelta,
) -> Decision:
    """Returns the decision about the section's vanished entries; a ``length`` of 0 turns holds off.

    ``reasons`` are those of the entries that left, by article. A hold ends when all entries are back, not when enough
    of them are: a reload that writes row by row would else show each of its steps.
    """
    vanished = _vanished(current, rendered, reasons)
    section = filled.feed.section
    order = [item.article_id for item in _within_limits(section, _merged(current, filled, vanished), now)]
    stays = set(order)
    kept = tuple(entry for entry in vanished if entry.article_id in stays)
    hold, event = _next_hold(current, len(kept), now, length)
    if hold is None:
        return Decision(None, event)
    return Decision(hold, event, kept, tuple(order), Counter(reasons[entry.article_id] for entry in kept))


def keep(filled: FilledFeed, decision: Decision, now: datetime) -> FilledFeed:
    """Returns the feed without the articles that the kept entries leave no room for, and due at the hold's end."""
    if decision.hold is None:
        return filled
    section, stays = filled.feed.section, set(decision.order)
    entries = tuple(entry for entry in filled.feed.entries if entry.article_id in stays)
    moments = [filled.next_due, decision.hold.until]
    moments += [entry.expires_at for entry in decision.kept]
    moments += [recent_until(section, entry.published_at) for entry in decision.kept]
    due = min(moment for moment in moments if moment is not None and moment > now)
    return replace(filled, feed=replace(filled.feed, entries=entries), next_due=due)


def _vanished(current: PublishedState, rendered: RenderedFeed, reasons: Mapping[str, str]) -> list[PublishedEntry]:
    """Returns the entries that would leave; one whose id another article has now is replaced, and did not vanish."""
    shown = {entry.article_id for entry in rendered.entries} | {entry.entry_id for entry in rendered.entries}
    return [
        entry
        for entry in current.entries.values()
        if reasons.get(entry.article_id) in VANISHES and not {entry.article_id, entry.entry_id} & shown
    ]


def _next_hold(
    current: PublishedState, vanished: int, now: datetime, length: timedelta
) -> tuple[Hold | None, HoldEvent | None]:
    hold = current.hold
    if hold is None:
        if not length or vanished < FEWEST or 2 * vanished <= len(current.entries):
            return None, None
        return Hold(current.section, now, now + length, len(current.entries), vanished), "begun"
    if not vanished:
        return None, "returned"
    if hold.released_at is not None:
        return None, "released"
    # It may have begun with another setting, or before the clock was set back.
    since = min(hold.since, now)
    if now >= since + length:
        return None, "over"
    return replace(hold, since=since, until=since + length, vanished=vanished), None


class _Item(NamedTuple):
    """An entry of the merged feed; ``position`` is the one that it has in the published feed, if any."""

    article_id: str
    published: datetime
    position: int | None


def _merged(current: PublishedState, filled: FilledFeed, vanished: Sequence[PublishedEntry]) -> Iterator[_Item]:
    """Yields the feed's entries and the vanished ones, newest first."""
    kept = [_Item(entry.article_id, entry.published_at, entry.position) for entry in vanished]
    known = current.entries
    for entry in filled.feed.entries:
        before = known.get(entry.article_id)
        item = _Item(entry.article_id, entry.published, before.position if before else None)
        while kept and _precedes(kept[0], item):
            yield kept.pop(0)
        yield item
    yield from kept


def _precedes(one: _Item, other: _Item) -> bool:
    if one.published != other.published:
        return one.published > other.published
    if one.position is not None and other.position is not None:
        return one.position < other.position
    return one.article_id > other.article_id


def _within_limits(section: Section, items: Iterator[_Item], now: datetime) -> Iterator[_Item]:
    for place, item in enumerate(items, 1):
        if not is_within_limits(section, place, item.published, now):
            return
        yield item
