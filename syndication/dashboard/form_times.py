"""Times of forms: without a zone, in the newsroom's, with the answer to which of two equal times is meant. Pure."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

FORM_TIME = "%Y-%m-%dT%H:%M"
"""A time without a zone, as browsers send it (HTML 2.3.5.5): it is in the newsroom's."""

TURNS = ("first", "second")
"""Which of two equal times is meant, in the order of ``fold`` (PEP 495)."""


def read_time(text: str, zone: ZoneInfo, turn: str = "") -> str | None:
    """Returns a time of the form in UTC as RFC 3339 has it, None for nothing; raises ValueError with a sentence.

    A time that comes twice, because clocks go back, needs a ``turn``.
    """
    plain = text.strip()
    if not plain:
        return None
    local = _parse(plain, zone)
    twice = bool(time_turns(plain, zone))
    if twice and turn not in TURNS:
        raise ValueError(f"Clocks go back that night: {local:%H:%M} comes twice. Choose which one.")
    try:
        moment = local.replace(tzinfo=zone, fold=int(twice and turn == "second")).astimezone(UTC)
        there = moment.astimezone(zone).replace(tzinfo=None)
    except OverflowError as error:
        raise ValueError("Write a time in the years 1 to 9999.") from error
    if there != local:
        raise ValueError(
            f"Clocks go forward that night: {local:%H:%M} does not exist in {zone}. Use {there:%H:%M} instead."
        )
    return moment.isoformat().replace("+00:00", "Z")


def write_time(moment: str | datetime | None, zone: ZoneInfo) -> tuple[str, str]:
    """Returns how a form shows a time, and which of two equal times it is; ("", "") for none."""
    if not moment:
        return "", ""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    try:
        local = at.astimezone(zone)
    except OverflowError:  # The calendar's last day, often used for "never".
        local = at.astimezone(UTC)
    text = local.strftime(FORM_TIME)
    return text, TURNS[local.fold] if time_turns(text, zone) else ""


def time_turns(text: str, zone: ZoneInfo) -> list[tuple[str, str]]:
    """Returns the two times that a local time may mean, each with its words; none if it means one or cannot be read."""
    try:
        local = _parse(text.strip(), zone)
        both = [local.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
        back = [at.astimezone(UTC).astimezone(zone).replace(tzinfo=None) for at in both]
    except (ValueError, OverflowError):
        return []
    if both[0].utcoffset() == both[1].utcoffset() or any(at != local for at in back):
        return []
    words = ("before the clocks go back", "after the clocks went back")
    return [(turn, f"{_named(at)}, {when}") for turn, at, when in zip(TURNS, both, words, strict=True)]


def _named(at: datetime) -> str:
    offset = at.strftime("%z")
    return f"{at:%H:%M} (UTC{offset[:3]}:{offset[3:5]})"


def _parse(plain: str, zone: ZoneInfo) -> datetime:
    try:
        local = datetime.fromisoformat(plain)
    except ValueError as error:
        raise ValueError("Write a date and a time, like 2026-03-14T08:00.") from error
    if local.tzinfo is not None:
        raise ValueError(f"Write a time of {zone} without a time zone.")
    return local
