"""What a channel is told at a moment: one message about everything that is due, or none. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Literal

from syndication.config.notification_schema import NotificationTable
from syndication.store.notifications.incidents import Incident, Report

Event = Literal["began", "still", "over", "passed"]
"""It began; it goes on after the time to repeat; it is over; or it began and ended before anybody was told."""

AT_ONCE = ("held",)
"""Causes that wait themselves before they are findings, and that somebody can act on for a minute only."""


@dataclass(frozen=True, slots=True)
class Told:
    """An incident to tell of; ``was_quiet``: the quiet time delayed it."""

    event: Event
    incident: Incident
    was_quiet: bool


def plan(
    channel: NotificationTable,
    incidents: Iterable[Incident],
    reports: Mapping[int, Report],
    now: datetime,
    *,
    zone: tzinfo,
    since: datetime,
    last: datetime | None,
) -> list[Told]:
    """Returns what to tell now.

    ``reports`` are the channel's own by incident; ``since`` is when it was configured, ``last`` its last message: the
    next waits until it is as old as something must last to be told, unless it is urgent, so that many messages are one.
    """
    due = [told for incident in incidents if (told := _due(channel, incident, reports, now, since)) is not None]
    quiet = channel.is_quiet(now, zone)
    urgent = {*channel.urgent, *(AT_ONCE if not quiet else ())}
    if quiet:
        due = [told for told in due if told[1].cause in urgent]
    settles = timedelta(seconds=channel.settle_seconds)
    # A time ahead was recorded before the clock was set back.
    is_soon = last is not None and now - settles < last <= now
    if is_soon and not any(told[1].cause in urgent for told in due):
        return []
    return [
        Told(event, incident, incident.cause not in channel.urgent and channel.is_quiet(moment, zone))
        for event, incident, moment in due
    ]


def _due(
    channel: NotificationTable,
    incident: Incident,
    reports: Mapping[int, Report],
    now: datetime,
    since: datetime,
) -> tuple[Event, Incident, datetime] | None:
    """Returns what there is to tell of an incident, and since when it is due."""
    if incident.cause not in channel.causes or (incident.ended_at is not None and incident.ended_at < since):
        return None
    settles = timedelta(seconds=0 if incident.cause in AT_ONCE else channel.settle_seconds)
    report = reports.get(incident.id)
    if report is None:
        settled_at = incident.observed_since + settles
        if (incident.ended_at or now) < settled_at:
            return None
        return ("began" if incident.ended_at is None else "passed"), incident, settled_at
    if report.over_at is not None:
        return None
    if incident.ended_at is not None:
        over_at = incident.ended_at + settles
        return ("over", incident, over_at) if now >= over_at else None
    repeat_at = report.reported_at + timedelta(hours=channel.repeat_hours)
    return ("still", incident, repeat_at) if channel.repeat_hours and now >= repeat_at else None
