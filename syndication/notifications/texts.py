"""The words of notifications: what is wrong, since when, what to do, and where to look. Pure.

Titles and IDs are text of others: each stands on one line, without characters that could forge a line or a header.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import quote

from syndication.config.loading import Settings
from syndication.config.notification_schema import NotificationTable
from syndication.diagnostics.health import BY_EDITOR
from syndication.diagnostics.words import span
from syndication.model.formats import rfc3339
from syndication.model.terminal import escape
from syndication.model.values import ALL
from syndication.notifications.plan import Told
from syndication.store.notifications.incidents import Incident

MAX_SUBJECT = 150
MAX_NAME = 60
"""Characters of the newsroom's name in a subject: what is wrong must be seen."""

MAX_LINE = 1_000
MAX_ITEMS = 20
"""Incidents that one message names; further ones are counted."""

OVER = {
    "no-worker": "A worker is running",
    "no-web": "A web process is running",
    "triggers": "Changes are detected again",
    "failing": "{name} is updating again",
    "held": "{name} is no longer held",
    "left-out": "{name} is no longer left out",
    "silent": "{name} is publishing again",
    "source": "Source {name} is being read again",
    "purge": "The cache no longer has an old version of {name}",
    "hub": "The hub {name} is passing on new stories again",
}

WRONG = {
    "no-worker": "No worker is running",
    "no-web": "No web process is running",
    "triggers": "Changes are not detected",
    "failing": "{name} is failing",
    "held": "{name} is held",
    "left-out": "{name} is left out",
    "silent": "{name} is unusually quiet",
    "source": "Source {name} needs attention",
    "purge": "The cache was not purged for {name}",
    "hub": "The hub {name} does not pass on new stories",
}

ADVICE = {
    "no-worker": "Readers keep the feeds as they are; new stories wait. Start a worker: `syndication worker`.",
    "triggers": "Changes reach the feeds only within minutes, by the sweep. Run `syndication migrate`.",
    "no-web": "Nobody can read the feeds. Start a web process: `syndication web`.",
    "failing": "Readers keep the feed as it was; the service retries automatically. Open the section to see the cause.",
    "held": "If the entries really are gone, release the section; otherwise bring the stories back.",
    "left-out": "Correct the story. It is published as soon as it can be shown.",
    "silent": "Check that the CMS still sends stories. If there is no news, there is nothing to do.",
    "source": "Open the sources to see the cause, and call the CMS's operator if it goes on.",
    "purge": "Purge the cache by hand, or wait until its copy expires.",
    "hub": "Feeds and other subscribers are not affected. If it goes on, choose another hub (hub.outside).",
}

EDITOR_HOLD_ADVICE = "New stories wait until it is released. Open the section to release it."

QUIET_NOTE = "Some of this happened in the quiet time."


@dataclass(frozen=True, slots=True)
class Newsroom:
    """What messages say of the newsroom: ``url`` is the dashboard's address, ``titles`` are those of sections."""

    name: str
    url: str
    authority: str
    zone: tzinfo
    titles: Mapping[str, str]


def newsroom_of(settings: Settings) -> Newsroom:
    """Returns what messages say of the newsroom."""
    titles = {slug: "All stories" if slug == ALL else section.title for slug, section in settings.sections.items()}
    site = settings.site
    return Newsroom(site.title, f"{site.base_url}/editors", site.authority, settings.timezone, titles)


def one_line(text: str, most: int = MAX_LINE) -> str:
    """Returns text on one line without control and direction characters, shortened to ``most`` characters."""
    line = " ".join(escape(text.replace("\n", " ").replace("\r", " ").replace("\t", " ")).split())
    return line if len(line) <= most else line[: most - 1] + "…"


def subject(told: Sequence[Told], newsroom: Newsroom) -> str:
    """Returns the subject: the newsroom, and the only incident or the number of them."""
    if len(told) == 1:
        words = title(told[0], newsroom)
    else:
        wrong = sum(one.event in ("began", "still") for one in told)
        over, passed = sum(one.event == "over" for one in told), sum(one.event == "passed" for one in told)
        parts = [f"{wrong} problem{'s' if wrong > 1 else ''}"] if wrong else []
        parts += [f"{over} resolved"] if over else []
        parts += [f"{passed} came and went"] if passed else []
        words = ", ".join(parts)
    return one_line(f"{one_line(newsroom.name, MAX_NAME)}: {words}", MAX_SUBJECT)


def title(told: Told, newsroom: Newsroom) -> str:
    """Returns an incident in some words: "World is failing", "Resolved: World is failing (12 min)"."""
    incident = told.incident
    name = one_line(_name(incident, newsroom), 80)
    wrong = WRONG[incident.cause].format(name=name)
    lasted = span((incident.ended_at or incident.began_at) - incident.began_at)
    match told.event:
        case "began":
            return wrong
        case "still":
            return f"Still: {wrong}"
        case "passed":
            return f"Over already: {wrong} ({lasted})"
    return f"Resolved: {OVER[incident.cause].format(name=name)} ({lasted})"


def content(told: Sequence[Told], newsroom: Newsroom, now: datetime) -> dict[str, Any]:
    """Returns a message as JSON; times are RFC 3339."""
    return {
        "items": [_item(one, newsroom, now) for one in told[:MAX_ITEMS]],
        "more": max(len(told) - MAX_ITEMS, 0),
        "note": QUIET_NOTE if any(one.was_quiet for one in told) else None,
        "url": newsroom.url,
    }


def content_of_test(channel: NotificationTable, newsroom: Newsroom) -> dict[str, Any]:
    """Returns the test message of a channel."""
    note = f"This is a test of the channel {channel.name}. Notifications of {one_line(newsroom.name)} reach you."
    return {"items": [], "more": 0, "note": note, "url": f"{newsroom.url}/notifications"}


def text(content: Mapping[str, Any]) -> str:
    """Returns a message as plain text."""
    parts = [content["note"]] if content["note"] else []
    for item in content["items"]:
        lines = [item["title"], item["message"], item["when"], item["advice"], item["url"]]
        parts.append("\n".join(line for line in lines if line))
    if content["more"]:
        parts.append(f"And {content['more']:,} more: {content['url']}")
    if not content["items"]:
        parts.append(content["url"])
    return "\n\n".join(parts)


def _item(told: Told, newsroom: Newsroom, now: datetime) -> dict[str, Any]:
    incident = told.incident
    goes_on = told.event in ("began", "still")
    return {
        "event": told.event,
        "cause": incident.cause,
        "section": incident.section,
        "source": incident.source,
        "title": title(told, newsroom),
        "message": one_line(incident.words) if told.event != "over" else "",
        "when": _when(told, newsroom, now),
        "advice": _advice(incident) if goes_on else "",
        "url": newsroom.url + _page(incident),
        "since": rfc3339(incident.began_at),
        "until": rfc3339(incident.ended_at) if incident.ended_at is not None else None,
    }


def _advice(incident: Incident) -> str:
    return EDITOR_HOLD_ADVICE if incident.subject.startswith(BY_EDITOR) else ADVICE[incident.cause]


def _when(told: Told, newsroom: Newsroom, now: datetime) -> str:
    incident = told.incident
    since = _moment(incident.began_at, newsroom.zone)
    if incident.ended_at is None:
        return f"Since {since} ({newsroom.zone}), {span(now - incident.began_at)} ago."
    until = _moment(incident.ended_at, newsroom.zone)
    return f"From {since} to {until} ({newsroom.zone}), {span(incident.ended_at - incident.began_at)} in all."


def _moment(value: datetime, zone: tzinfo) -> str:
    return f"{value.astimezone(zone):%d %b %Y, %H:%M}"


def _name(incident: Incident, newsroom: Newsroom) -> str:
    if incident.cause == "left-out":
        return incident.subject or "More stories"
    if incident.source is not None:
        return incident.source
    slug = incident.section or incident.subject
    return newsroom.titles.get(slug, slug)


def _page(incident: Incident) -> str:
    """Returns the page of the dashboard that shows the cause."""
    match incident.cause:
        case "left-out" if incident.subject:
            return f"/article?id={quote(incident.subject, safe='')}"
        case "source":
            return "/sources"
    return f"/sections/{incident.section}" if incident.section else "/"
