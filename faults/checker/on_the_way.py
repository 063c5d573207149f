"""What no reader may ever have seen, whatever was broken at the time: of single stories."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from faults.reading.history import History, Sighting
from faults.stage.clocks import Clock
from faults.stage.newsroom import AUTHORITY
from faults.writing.journal import Act, Journal

SLACK = timedelta(seconds=1)
"""A document's Last-Modified counts whole seconds."""


def early(history: History, journal: Journal, clock: Clock) -> list[str]:
    """Stories that were seen before any act had made them public there: drafts, embargoes, other sections."""
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
    """Stories as they had been before an act that was acknowledged when the document was made.

    A withdrawn one that is still there, a corrected one with its old text, one that was moved away.
    """
    losses = []
    for sighting in history.sightings:
        if sighting.last_modified is None:  # The clock had gone back: it does not tell when it was made.
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
                    f" although to {acts[since].name} it had been acknowledged at {done}"
                )
    return losses


def _last_before(acts: Sequence[Act], made: datetime) -> int:
    """The number of the last act that was acknowledged well before a document was made."""
    known = [n for n, act in enumerate(acts) if act.acknowledged is not None and act.acknowledged + SLACK <= made]
    return known[-1] if known else 0


def returned(history: History, journal: Journal, clock: Clock) -> list[str]:
    """Stories that were withdrawn or deleted, left a feed, and came back before anybody began to restore them."""
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
                    losses.append(f"{path} showed {id} again in version {back_again[0]}, after it had left in {gone}")
    return losses


def _absences(acts: Sequence[Act]) -> Iterator[tuple[datetime, datetime | None]]:
    """From when a story is certainly out, and when somebody began to bring it back."""
    out_since: datetime | None = None
    for act in acts:
        if act.story.out and out_since is None:
            out_since = act.acknowledged
        elif not act.story.out and out_since is not None:
            yield out_since, act.began
            out_since = None
    if out_since is not None:
        yield out_since, None


def _made_after(sighting: Sighting, moment: datetime, clock: Clock) -> bool:
    return sighting.last_modified is not None and moment + SLACK <= clock.when(sighting.last_modified)


def twice(history: History) -> list[str]:
    """Stories that stood twice in one document."""
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
    """Without repetition: the same document was seen in four codings."""
    return list(dict.fromkeys(losses))
