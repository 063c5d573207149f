"""What begins, goes on and ends: compares the findings of a moment with the incidents that are known. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from syndication.diagnostics.health import Finding
from syndication.store.notifications.incidents import Incident, Report

GAP = timedelta(seconds=60)
"""If nobody has looked for this long, what was there before may have ended in between: it settles anew."""

REOPEN = timedelta(seconds=60)
"""What comes back within this time after its end has not ended, unless somebody was told that it is over."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What changes: incidents that begin (with the id 0), and known ones with new values."""

    begun: tuple[Incident, ...]
    changed: tuple[Incident, ...]

    def after(self, known: Iterable[Incident]) -> list[Incident]:
        """Returns the known incidents with the new values; without those that begin, which have no number yet."""
        new = {incident.id: incident for incident in self.changed}
        return [new.get(incident.id, incident) for incident in known]


def observe(
    findings: Iterable[Finding],
    known: Collection[Incident],
    reports: Iterable[Report],
    now: datetime,
    looked_at: datetime | None,
    watched: Collection[str],
) -> Observation:
    """Returns what changes at ``now``; ``looked_at``: the last look before, ``watched``: the causes looked for."""
    found: dict[tuple[str, str], Finding] = {
        (finding.cause, finding.subject): finding for finding in findings if finding.cause in watched and finding.cause
    }
    told_over = {report.incident_id for report in reports if report.over_at is not None}
    open_ones = {incident.key: incident for incident in known if incident.ended_at is None}
    ended = {
        incident.key: incident
        for incident in known
        if incident.ended_at is not None and incident.ended_at > now - REOPEN and incident.id not in told_over
    }
    has_gap = looked_at is None or looked_at < now - GAP
    begun, changed = [], []
    for key, finding in found.items():
        before = open_ones.get(key)
        if before is not None:
            since = now if has_gap else before.observed_since
            after = replace(before, words=_words(before, finding), observed_since=since)
        elif key in ended and not has_gap:
            before = ended[key]
            after = replace(before, words=_words(before, finding), ended_at=None)
        else:
            begun.append(_begin(finding, now))
            continue
        if after != before:
            changed.append(after)
    for key, incident in open_ones.items():
        if key not in found and incident.cause in watched:
            changed.append(replace(incident, ended_at=now))
    return Observation(tuple(begun), tuple(changed))


def _begin(finding: Finding, now: datetime) -> Incident:
    return Incident(
        0, finding.cause or "", finding.subject, finding.section, finding.source, finding.words, now, now, None
    )


def _words(before: Incident, finding: Finding) -> str:
    """Returns the newest sentence; one that only counts on is not written at each look."""
    return before.words if _without_digits(before.words) == _without_digits(finding.words) else finding.words


def _without_digits(text: str) -> str:
    return text.translate(_DIGITS)


_DIGITS: Mapping[int, None] = dict.fromkeys(map(ord, "0123456789"))
