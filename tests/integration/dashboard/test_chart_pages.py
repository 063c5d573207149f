"""Charts in the dashboard: pages, headers, and a bounded cache."""

import csv
import xml.etree.ElementTree as ET
from datetime import datetime

import pytest

from syndication.dashboard.chart_pages import KINDS, OVER, POLICY
from syndication.store.processes import poll_counts
from syndication.store.processes.poll_counts import PollSums
from tests.support.newsroom import NOON


@pytest.fixture
def newsroom(dashboard):
    """A newsroom with two stories and a hundred polls."""
    for id in ("a1", "a2"):
        dashboard.desk.put(id)
    with dashboard.database.write() as conn:
        poll_counts.add_polls(conn, {("taiwan", NOON): PollSums(25, 75, 1000), ("all", NOON): PollSums(1, 0, 10)})
    dashboard.publish()
    return dashboard


def table(page, name):
    """Returns the rows of a chart's table, without empty ones."""
    (details,) = [one for one in page.tree.iter("details") if one.findtext("summary").startswith(name)]
    rows = [[cell.text_content() for cell in row] for row in details.xpath(".//tbody/tr")]
    return [row[1:] for row in rows if any(cell not in ("0", "–") for cell in row[1:])]


def test_a_page_has_every_chart_as_drawing_image_and_table(newsroom):
    browser = newsroom.person("read")
    page = browser.get("/charts?section=taiwan")
    pictures = [f"/editors/charts/{kind}.svg?section=taiwan&over=day&narrow=1" for kind in KINDS]
    assert page.tree.xpath("//figure/img/@src") == pictures
    assert len(page.tree.xpath("//figure/*[name()='svg'][@role='group']")) == len(KINDS)
    assert table(page, "Articles") == [["2"]] and table(page, "Share") == [["75 %"]]
    assert table(page, "Requests") == [["0", "0", "2"], ["25", "75", "0"]]
    everything = browser.get("/charts?over=week")
    assert table(everything, "Articles") == [["2"]]
    assert table(everything, "Requests") == [["0", "0", "2"], ["26", "75", "0"]]


def test_without_data_there_is_a_sentence_and_nothing_else(newsroom):
    page = newsroom.person("read").get("/charts?section=china")
    assert "No requests in this period." in page.words and "No articles published in this period." in page.words
    assert not page.tree.xpath("//figure | //main//img | //details")


def test_only_sections_with_requests_have_a_small_chart(newsroom):
    page = newsroom.person("read").get("/charts")
    shown = page.tree.xpath("//*[@class='many']/a/@href")
    assert shown == ["/editors/charts?section=taiwan&over=day", "/editors/charts?section=all&over=day"]


@pytest.mark.parametrize(("over", "rows"), [("day", 24), ("week", 56)])
def test_the_numbers_are_downloaded_as_csv(newsroom, over, rows):
    browser = newsroom.person("read")
    (address,) = browser.get(f"/charts?section=taiwan&over={over}").tree.xpath("//a[@download]/@href")
    page = browser.get(address)
    assert (page.status, page.kind) == (200, "text/csv")
    assert page.headers["Content-Disposition"] == f'attachment; filename="statistics-taiwan-{over}.csv"'
    head, *lines = csv.reader(page.text.splitlines())
    assert head == ["from", "articles published", "full feed (200)", "unchanged (304)"]
    assert len(lines) == rows and [sum(int(line[column]) for line in lines) for column in (1, 2, 3)] == [2, 25, 75]
    times = [datetime.fromisoformat(line[0]) for line in lines]
    assert times == sorted(times) and times[-1] <= NOON and all(time.utcoffset() is not None for time in times)
    everything = browser.get(f"/charts.csv?over={over}")
    assert 'filename="statistics-all-sections-' in everything.headers["Content-Disposition"]
    assert sum(int(line[2]) for line in list(csv.reader(everything.text.splitlines()))[1:]) == 26
    assert browser.get("/charts.csv?section=horoscope").status == 404


@pytest.mark.parametrize("over", OVER)
@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_is_an_inert_svg(newsroom, kind, over):
    browser = newsroom.person("read")
    for address in (f"/charts/{kind}.svg?over={over}", f"/charts/{kind}.svg?section=taiwan&over={over}&narrow=1"):
        page = browser.get(address)
        assert (page.status, page.headers["Content-Type"]) == (200, "image/svg+xml")
        assert page.headers["Content-Security-Policy"] == POLICY
        assert POLICY.startswith("default-src 'none'") and "script" not in POLICY
        assert page.headers["Cache-Control"] == "private, max-age=60" and "Cookie" in page.headers["Vary"]
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert ET.fromstring(page.body).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/charts/nothing.svg", 404, "There is no chart 'nothing'."),
        ("/charts/polls.svg?section=horoscope", 404, "There is no section 'horoscope'."),
        ("/charts/polls.svg?over=year", 422, "over must be day or week."),
        ("/charts?section=horoscope", 404, "There is no section 'horoscope'."),
        ("/charts?over=year", 422, "over must be day or week."),
    ],
)
def test_an_unknown_chart_is_refused(newsroom, path, status, words):
    page = newsroom.person("read").get(path)
    assert (page.status, page.note) == (status, words)


def test_the_cache_holds_no_more_than_the_existing_charts(newsroom):
    browser, cache = newsroom.person("read"), newsroom.app.extensions["ttl_cache"]
    sections = ["", "taiwan"]
    for section in sections:
        for over in OVER:
            for narrow in ("", "1"):
                browser.get(f"/charts/polls.svg?section={section}&over={over}&narrow={narrow}")
    most = len(cache)
    for number in range(60):
        browser.get(f"/charts/polls.svg?x={number}&narrow={number + 2}&section=taiwan&over=day")
        browser.get(f"/charts/{number}.svg")
        browser.get(f"/charts/polls.svg?section={number}")
        browser.get(f"/charts/polls.svg?over={number}")
        browser.part(f"/live/overview?seen={number}")
    assert (
        most == 3 * len(sections) * len(OVER) and len(cache) <= most + 4
    )  # The overview and the navigation have their own.


def test_unauthenticated_clients_cause_no_rendering(newsroom):
    for kind in KINDS:
        assert newsroom.stranger().get(f"/charts/{kind}.svg").status == 303
    assert len(newsroom.app.extensions["ttl_cache"]) == 0
