"""Invariants of single stories, which must hold during every fault."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from faults.reading.history import History, Sighting
from faults.stage.clocks import Clock
from faults.stage.newsroom import AUTHORITY
from faults.writing.journal import Act, Journal

SLACK = timedelta(seconds=1)
"""Last-Modified has a resolution of one second."""


def early(history: History, journal: Journal, clock: Clock) -> list[str]:
    """Returns the stories that were seen before they were public there: drafts, embargoes, other sections."""
    losses = []
    for sighting in history.sightings:
        moment = clock.latest(sighting.first)
        for id in _ids(sighting):
            acts = [act for act in journal.of(id) if act.began <= sighting.first and _is_for(act, sighting)]
            if not any(act.story.published_at <= moment for act in acts):
                soonest = min((act.story.published_at for act in acts), default=None)
                why = f"under embargo until {soonest}" if soonest else "never published there"
                losses.append(f"{_where(sighting)} showed {id} at {moment}, {why}")
    return losses


def old(history: History, journal: Journal, clock: Clock) -> list[str]:
    """Returns the stories in a state older than an act that was acknowledged before the document was made.

    For example a withdrawn story that is still shown, a corrected one with its old text, or one that was moved away.
    """
    losses = []
    for sighting in history.sightings:
        if sighting.last_modified is None:  # The clock had gone back, so the time of the document is unknown.
            continue
        for entry in sighting.document.entries:
            id = entry.id.removeprefix(AUTHORITY)
            acts = journal.of(id)
            since = _last_before(acts, clock.when(sighting.last_modified))
            possible = [act for act in acts[since:] if act.began <= sighting.first and _is_for(act, sighting)]
            if acts and entry.title not in {act.story.title for act in possible}:
                done = acts[since].acknowledged or acts[since].began
                losses.append(
                    f"{_where(sighting)}, made at {sighting.last_modified}, showed {id} as {entry.title!r},"
                    f' although "{acts[since].name}" had been acknowledged at {done}'
                )
    return losses


def _last_before(acts: Sequence[Act], made: datetime) -> int:
    """Returns the index of the last act that was acknowledged well before a document was made."""
    known = [n for n, act in enumerate(acts) if act.acknowledged is not None and act.acknowledged + SLACK <= made]
    return known[-1] if known else 0


def returned(history: History, journal: Journal, clock: Clock) -> list[str]:
    """Returns the withdrawn or deleted stories that left a feed and came back before they were brought back."""
    losses = []
    for path, sightings in history.by_path().items():
        ordered = sorted(sightings, key=lambda sighting: (sighting.version, sighting.first))
        ids = {id for sighting in ordered for id in _ids(sighting)}
        for id in sorted(ids):
            for left, back in _absences(journal.of(id)):
                gone = min(
                    (s.version for s in ordered if _made_after(s, left, clock) and id not in _ids(s)), default=None
                )
                back_again = [
                    s.version
                    for s in ordered
                    if gone is not None and s.version > gone and id in _ids(s) and (back is None or s.first < back)
                ]
                if back_again:
                    losses.append(
                        f"{path} showed {id} again in version {back_again[0]}, after it was removed in {gone}"
                    )
    return losses


def _absences(acts: Sequence[Act]) -> Iterator[tuple[datetime, datetime | None]]:
    """Yields the moments from which a story is certainly out, and at which bringing it back began."""
    out_since: datetime | None = None
    for act in acts:
        out = act.story.out or not act.story.there
        if out and out_since is None:
            out_since = act.acknowledged
        elif not out and out_since is not None:
            yield out_since, act.began
            out_since = None
    if out_since is not None:
        yield out_since, None


def _made_after(sighting: Sighting, moment: datetime, clock: Clock) -> bool:
    return sighting.last_modified is not None and moment + SLACK <= clock.when(sighting.last_modified)


def twice(history: History) -> list[str]:
    """Returns the stories that were in one document twice."""
    found = {
        f"{sighting.document.path} showed {id} twice in version {sighting.version}"
        for sighting in history.sightings
        for id in set(_ids(sighting))
        if _ids(sighting).count(id) > 1
    }
    return sorted(found)


def _ids(sighting: Sighting) -> list[str]:
    return [entry.id.removeprefix(AUTHORITY) for entry in sighting.document.entries]


def _is_for(act: Act, sighting: Sighting) -> bool:
    section = sighting.document.section
    return act.story.shown and (section == "all" or section in act.story.sections)


def _where(sighting: Sighting) -> str:
    return f"{sighting.document.path} of {sighting.web}, version {sighting.version},"


def some(losses: Iterable[str]) -> list[str]:
    """Returns the losses without repetitions: the same document was seen in four encodings."""
    return list(dict.fromkeys(losses))
