"""Times, sizes and shares in words, as templates say them. Times are told in the newsroom's own time zone."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from markupsafe import Markup

from syndication.diagnostics.health import times

SPANS = ((86400, "d"), (3600, "h"), (60, "min"))
"""Seconds of each unit."""

MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} UTC)")
"""A time as ``editors.trace`` writes it into a sentence."""


class TimeFilters:
    """The filters of the templates."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.name = str(zone)

    def add_to(self, app: Flask) -> None:
        """Make the filters known to an app's templates."""
        app.extensions["time_filters"] = self
        app.template_filter("moment")(self.moment)
        app.template_filter("ago")(self.ago)
        app.template_filter("ahead")(self.ahead)
        app.template_filter("day")(self.day)
        app.template_filter("clock")(self.clock)
        app.template_filter("sentence")(self.sentence)
        app.template_filter("span")(span)
        app.template_filter("size")(size)
        app.template_filter("number")(number)
        app.template_filter("share")(share)
        app.template_filter("times")(times)
        app.template_test("after")(after)

    def moment(self, value: str | datetime | None) -> Markup | str:
        """A day and time of the newsroom."""
        return self._time(value, "%d %b %Y, %H:%M:%S")

    def day(self, value: str | datetime | None) -> str:
        """A day of the newsroom."""
        return f"{self._local(value):%A, %d %B %Y}" if value else ""

    def clock(self, value: str | datetime | None) -> Markup | str:
        """A time of a day that is told beside it."""
        return self._time(value, "%H:%M:%S")

    def ago(self, value: str | datetime | None) -> Markup | str:
        """A time in the past: the page's script makes "3 min ago" of it, and goes on counting."""
        return self._time(value, "%d %b, %H:%M:%S", "ago")

    def ahead(self, value: str | datetime | None) -> Markup | str:
        """A time to come: the page's script makes a countdown of it."""
        return self._time(value, "%d %b, %H:%M:%S", "ahead")

    def sentence(self, words: str) -> Markup:
        """A sentence of the API, in which the times become those of the newsroom."""
        return Markup("").join(self._part(part) for part in MOMENT.split(words))  # what it joins, it escapes

    def _part(self, words: str) -> Markup | str:
        if not MOMENT.fullmatch(words):
            return words
        try:
            return self.moment(f"{words.removesuffix(' UTC')}+00:00")
        except ValueError:  # An article may hold what looks like a time, and a sentence may quote it.
            return words

    def _time(self, value: str | datetime | None, form: str, counts: str = "") -> Markup | str:
        if not value:
            return "–"
        local = self._local(value)
        return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(
            local.astimezone(UTC).isoformat(),
            f"{local:%d %b %Y, %H:%M:%S} {local.tzname()}",
            Markup(' data-count="{}"').format(counts) if counts else "",
            local.strftime(form),
        )

    def _local(self, value: str | datetime | None) -> datetime:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if moment is None:
            raise ValueError("there is no time to tell")
        try:
            return moment.astimezone(self.zone)
        except OverflowError:  # On the last day of the calendar, which many take for "never", it is the next one there.
            return moment.astimezone(UTC)


def time_filters() -> TimeFilters:
    """The filters of the app that answers this request."""
    found: TimeFilters = current_app.extensions["time_filters"]
    return found


def after(value: str | None, now: datetime) -> bool:
    """Whether a time of the API is still to come. Their texts do not sort: some have parts of a second, some none."""
    return bool(value) and datetime.fromisoformat(value or "") > now


def span(seconds: float | timedelta) -> str:
    """How long: "3 min"."""
    number = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    for size, unit in SPANS:
        if number >= size:
            return f"{number / size:.0f} {unit}"
    return f"{max(number, 0):.0f} s"


def size(number: int) -> str:
    """How many bytes: "33 kB"."""
    for unit, of in (("MB", 1_000_000), ("kB", 1000)):
        if number >= of:
            return f"{number / of:.{1 if number < 10 * of else 0}f} {unit}"
    return f"{number} B"


def number(value: int) -> str:
    """A number with its thousands parted."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def share(part: int, whole: int) -> str:
    """How much of it: "97 %"."""
    return f"{100 * part / whole:.0f}\N{NARROW NO-BREAK SPACE}%" if whole else "–"
