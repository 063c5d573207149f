"""Charts are inert, deterministic and accessible."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.dashboard.charts import series as chart_series
from syndication.dashboard.charts import time_axis
from syndication.dashboard.charts.layout import LABEL_CHARACTER, NARROW, WIDE, Layout, short, ticks
from syndication.dashboard.charts.svg import inline_svg, svg
from syndication.store.articles.hourly_counts import HourlyCount
from syndication.store.processes.poll_counts import PollSums
from tests.support.newsroom import NOON, at

TAIPEI = ZoneInfo("Asia/Taipei")
BERLIN = ZoneInfo("Europe/Berlin")
KOLKATA = ZoneInfo("Asia/Kolkata")

SVG = "{http://www.w3.org/2000/svg}"

POLLS = {at(hours=-hour): PollSums(10, 90, 1000) for hour in range(20)}
HOURS = [HourlyCount(3, at(hours=-2), at(hours=-1.5)), HourlyCount(1, at(hours=-1), at(hours=-1))]


def figures(title: str = "Taiwan", polls=POLLS, hours=HOURS) -> dict[str, chart_series.Chart]:
    day, week = time_axis.day(NOON, TAIPEI), time_axis.week(NOON, TAIPEI)
    return {
        "publications": chart_series.publications(title, [hours], time_axis.day(NOON, TAIPEI, 60)),
        "publications of a week": chart_series.publications(title, [hours], week),
        "polls": chart_series.polls(title, [polls], day, [hours]),
        "polls of a week": chart_series.polls(title, [polls], week, [hours]),
        "share": chart_series.share(title, [polls], day),
        "share of a week": chart_series.share(title, [polls], week),
    }


KINDS = list(figures())


def texts(picture: bytes) -> list[str]:
    return [element.text or "" for element in ET.fromstring(picture).iter(f"{SVG}text")]


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_has_no_scripts_or_external_resources(kind, narrow):
    picture = svg(figures()[kind], narrow=narrow)
    root = ET.fromstring(picture)
    kinds = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert kinds <= {"svg", "defs", "style", "title", "g", "rect", "path", "text", "circle"}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not [name for name in attributes if "href" in name or name.startswith("on")]
    without_names = re.sub(rb'xmlns(:\w+)?="[^"]*"', b"", picture)
    assert not re.search(rb"//|url\(|@import|<!--|<\?(?!xml )|2026", without_names)
    size = NARROW if narrow else WIDE
    assert (root.get("width"), root.get("height")) == (str(size.width), str(size.height))
    assert b"prefers-color-scheme: dark" in picture and b"system-ui" in picture


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_numbers_give_the_same_bytes(kind):
    assert svg(figures()[kind]) == svg(figures()[kind])


@pytest.mark.parametrize("title", ["Arts & <Leisure>", '"><script>alert(1)</script>', "]]>&amp;'{{x}}", "{id} %s 夜車"])
@pytest.mark.parametrize("kind", ["publications", "polls", "share"])
def test_a_title_is_only_text(kind, title):
    picture = svg(figures(title)[kind])
    root = ET.fromstring(picture)
    assert root.findtext(f"{SVG}title") == title
    assert "".join(texts(picture)).replace(" ", "").count(title.replace(" ", "")) == 1
    assert not list(root.iter(f"{SVG}script"))


@pytest.mark.parametrize("narrow", [False, True])
def test_an_empty_chart_says_so(narrow):
    for kind, chart in figures(polls={}, hours=[]).items():
        words = "No articles published in this period" if "publications" in kind else "No requests in this period"
        assert chart.is_empty and words in texts(svg(chart, narrow=narrow))
        assert b"<circle" not in svg(chart, narrow=narrow)
    assert not [chart for chart in figures().values() if chart.is_empty]


def test_a_share_of_nothing_is_a_gap_and_a_share_of_none_is_not_empty():
    chart = chart_series.share(
        "Taiwan", [{at(hours=-2): PollSums(5, 0, 1), NOON: PollSums(1, 3, 1)}], time_axis.day(NOON, UTC)
    )
    assert [value for value in chart.series[0].values if value is not None] == [0, 75]
    assert not chart.is_empty
    assert svg(chart).count(b"<circle") == 2


def test_only_two_series_have_a_legend():
    for kind, chart in figures().items():
        assert ("Full feed (200)" in texts(svg(chart))) == kind.startswith("polls")


def test_sections_are_summed_by_bar():
    chart = chart_series.polls(
        "All",
        [{NOON: PollSums(1, 2, 3)}, {NOON: PollSums(10, 20, 30), at(minutes=-5): PollSums(5, 5, 5)}],
        time_axis.day(at(minutes=7), UTC),
    )
    assert [series.values[-2:] for series in chart.series] == [(5, 11), (5, 22)]


def test_the_rows_are_the_same_numbers_in_local_time():
    chart = figures()["polls"]
    assert chart.header == ("From", "Full feed (200)", "Unchanged (304)", "Articles published")
    rows = chart.rows()
    assert rows[-1] == ("Sat 14 Mar, 20:00", "10", "90", "0") and len(rows) == 48
    assert rows[-5] == ("Sat 14 Mar, 18:00", "10", "90", "3")
    assert figures()["share"].rows()[-2:] == [("Sat 14 Mar, 19:30", "–"), ("Sat 14 Mar, 20:00", "90 %")]
    assert figures()["publications"].rows()[-3:] == [
        ("Sat 14 Mar, 18:00", "3"), ("Sat 14 Mar, 19:00", "1"), ("Sat 14 Mar, 20:00", "0")
    ]  # fmt: skip
    assert sum(int(row[1]) for row in figures()["publications of a week"].rows()) == 4


def test_publications_are_marked_beside_requests():
    chart = figures()["polls"]
    assert svg(chart).count(b'class="mark-line"') == 2 and "Articles published" in texts(svg(chart))
    alone = figures(hours=[])["polls"]
    assert b'class="mark' not in svg(alone) and "Articles published" not in texts(svg(alone))


@pytest.mark.parametrize("kind", KINDS)
def test_each_bar_that_has_numbers_has_a_tooltip_for_pointer_and_keyboard(kind):
    chart = figures()[kind]
    root = ET.fromstring(inline_svg(chart))
    slots = [group for group in root.iter("g") if group.get("class") == "slot"]
    rows = [row for row in chart.rows() if any(cell not in ("0", "–") for cell in row[1:])]
    assert len(slots) == len(rows) > 0
    for slot, row in zip(slots, rows, strict=True):
        words = slot.findtext("title")
        assert words == slot.get("aria-label") == slot.find("text").text and slot.get("tabindex") == "0"
        assert words.startswith(f"{row[0]}: ") and all(cell in words for cell in row[1:] if cell != "–")


def test_a_tooltip_says_what_the_numbers_are():
    slots = ET.fromstring(inline_svg(figures()["polls"])).iter("g")
    words = [slot.get("aria-label") for slot in slots]
    assert "Sat 14 Mar, 18:00: 10 full, 90 unchanged, 3 published" in words


def test_a_chart_in_a_page_has_no_style_of_its_own_and_its_title_is_only_text():
    hostile = '"><script>alert(1)</script>'
    for chart in figures(hostile).values():
        root = ET.fromstring(inline_svg(chart))
        assert root.get("aria-label") == hostile and root.get("viewBox") == "0 0 900 260"
        assert {element.tag for element in root.iter()} <= {"svg", "g", "rect", "path", "text", "circle", "title"}
        assert not [name for element in root.iter() for name in element.attrib if name.startswith(("on", "style"))]


# Periods and their labels


def test_a_day_is_labelled_at_its_round_hours():
    day = time_axis.day(at(minutes=17), TAIPEI)
    assert (day.starts[-1], day.starts[0], len(day.starts)) == (NOON, at(hours=-23.5), 48)
    labels = day.times(6)
    assert [label for label in labels if label] == ["00:00", "06:00", "12:00", "18:00"]
    assert labels[day.starts.index(at(hours=-2))] == "18:00"


@pytest.mark.parametrize("zone", [UTC, TAIPEI, BERLIN, KOLKATA])
def test_a_week_is_labelled_at_its_days(zone):
    week = time_axis.week(NOON, zone)
    assert [label for label in week.days(dates=True) if label] == [
        "Sun 8", "Mon 9", "Tue 10", "Wed 11", "Thu 12", "Fri 13", "Sat 14"
    ]  # fmt: skip
    assert [label for label in week.days(dates=False) if label][:2] == ["Sun", "Mon"]


def test_no_day_is_missing_when_clocks_change():
    for now in (datetime(2026, 3, 31, 12, tzinfo=UTC), datetime(2026, 10, 27, 12, tzinfo=UTC)):
        week = time_axis.week(now, BERLIN)
        assert len([label for label in week.days(dates=True) if label]) == 7
        assert len({*week.starts}) == 56 and week.until - week.since == timedelta(days=7)


@given(
    now=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from([UTC, TAIPEI, BERLIN, KOLKATA, ZoneInfo("America/St_Johns")]),
    long=st.booleans(),
)
def test_now_is_in_the_last_bar(now, zone, long):
    bars = time_axis.week(now, zone) if long else time_axis.day(now, zone)
    assert bars.starts[-1] <= now < bars.until
    assert bars.sum_values([(now, 1), (bars.until, 5), (bars.since - timedelta(seconds=1), 5)], 0)[-1] == 1
    assert sum(bars.sum_values([(start, 1) for start in bars.starts], 0)) == len(bars.starts)


# The axis


@given(largest=st.integers(0, 10**12), most=st.integers(2, 6))
def test_an_axis_has_few_round_numbers_and_holds_the_largest(largest, most):
    numbers = ticks(largest, most)
    step = numbers[1]
    assert numbers[0] == 0 and numbers[-1] >= largest and len(numbers) <= most + 1
    assert str(step).rstrip("0") in {"1", "2", "5"}
    assert largest == 0 or numbers[-2] < largest


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0"), (500, "500"), (1000, "1k"), (1500, "1.5k"), (200_000, "200k"), (2_500_000, "2.5M")]
)
def test_numbers_of_an_axis_are_short(number, words):
    assert short(number) == words


@pytest.mark.parametrize("size", [NARROW, WIDE])
def test_each_name_of_the_legend_is_within_the_chart(size):
    layout = Layout(figures()["polls"], size)
    assert [entry.text for entry in layout.legend] == ["Full feed (200)", "Unchanged (304)", "Articles published"]
    for entry in layout.legend:
        assert entry.x + 18 + len(entry.text) * LABEL_CHARACTER <= size.width and entry.y <= size.height
        assert entry.y > max(label.y for label in layout.labels)
