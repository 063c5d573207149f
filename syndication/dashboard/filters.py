"""Template filters for times, sizes, shares and titles. Times are in the newsroom's time zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import Flask, current_app
from markupsafe import Markup

from syndication.diagnostics.health import times
from syndication.diagnostics.words import span
from syndication.model.counted import counted
from syndication.model.visible_text import visible_or

DATE_AND_TIME = "%d %b %Y, %H:%M"


class TimeFilters:
    """Template filters in one time zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.name = str(zone)

    def add_to(self, app: Flask) -> None:
        """Registers the filters with an app."""
        app.extensions["time_filters"] = self
        app.template_filter("moment")(self.moment)
        app.template_filter("plain")(self.plain)
        app.template_filter("ago")(self.ago)
        app.template_filter("ahead")(self.ahead)
        app.template_filter("day")(self.day)
        app.template_filter("clock")(self.clock)
        app.template_filter("second")(self.second)
        app.template_filter("isoday")(self.isoday)
        app.template_filter("weekday")(weekday)
        app.template_filter("span")(span)
        app.template_filter("lag")(lag)
        app.template_filter("size")(size)
        app.template_filter("hostname")(hostname)
        app.template_filter("number")(number)
        app.template_filter("share")(share)
        app.template_filter("times")(times)
        app.template_filter("counted")(counted)
        app.template_filter("visible_or")(visible_or)
        app.template_test("after")(after)

    def moment(self, value: str | datetime | None) -> Markup | str:
        """Returns the local date and time; the tooltip has the seconds."""
        return self._time(value, DATE_AND_TIME)

    def day(self, value: str | datetime | None) -> str:
        """Returns the local date."""
        return f"{self._local(value):%A, %d %B %Y}" if value else ""

    def isoday(self, value: str | datetime | None) -> str:
        """Returns the local date as ISO 8601 has it: 2026-03-14."""
        return self._local(value).date().isoformat() if value else ""

    def clock(self, value: str | datetime | None) -> Markup | str:
        """Returns the local time, for use beside a date."""
        return self._time(value, "%H:%M")

    def second(self, value: str | datetime | None) -> Markup | str:
        """Returns the local day and time with its seconds."""
        return self._time(value, "%d %b, %H:%M:%S")

    def ago(self, value: str | datetime | None) -> Markup | str:
        """Returns a past time; the page's script shows it as "3 min ago" and keeps counting."""
        return self._time(value, "%d %b, %H:%M", "ago")

    def ahead(self, value: str | datetime | None) -> Markup | str:
        """Returns a future time; the page's script shows it as a countdown."""
        return self._time(value, "%d %b, %H:%M", "ahead")

    def text(self, value: datetime) -> str:
        """Returns the local date and time as plain text, for a sentence."""
        return f"{self._local(value):{DATE_AND_TIME}}"

    def plain(self, value: str | datetime) -> str:
        """Returns the local date and time with seconds as plain text, where no element can be."""
        return f"{self._local(value):%d %b %Y, %H:%M:%S}"

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
            raise ValueError("no time given")
        try:
            return moment.astimezone(self.zone)
        except OverflowError:  # The calendar's last day, often used for "never", has no next day.
            return moment.astimezone(UTC)


def time_filters() -> TimeFilters:
    """Returns the current app's filters."""
    found: TimeFilters = current_app.extensions["time_filters"]
    return found


def weekday(day: str) -> str:
    """Returns a date as a calendar has it: "Sat 14 Mar"."""
    return f"{date.fromisoformat(day):%a %d %b}"


def after(value: str | None, now: datetime) -> bool:
    """Returns whether a time of the API is in the future; its text does not sort, as fractions are optional."""
    return bool(value) and datetime.fromisoformat(value or "") > now


def lag(milliseconds: int) -> str:
    """Returns a short duration: "0.8 s", and longer ones as ``span`` does."""
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < 10 else span(seconds)


def hostname(host: str) -> str:
    """Returns a host and port as people write it: without the usual port."""
    return host.removesuffix(":443")


def size(number: int) -> str:
    """Returns a size: "33 kB"."""
    for unit, of in (("MB", 1_000_000), ("kB", 1000)):
        if number >= of:
            return f"{number / of:.{1 if number < 10 * of else 0}f} {unit}"
    return f"{number} B"


def number(value: int) -> str:
    """Returns a number with thousands separators."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def share(part: int, whole: int) -> str:
    """Returns a percentage: "97 %"."""
    return f"{100 * part / whole:.0f}\N{NARROW NO-BREAK SPACE}%" if whole else "–"
