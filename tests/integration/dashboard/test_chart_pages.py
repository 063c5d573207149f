"""Charts in the dashboard: pages, headers, and a bounded cache."""

import xml.etree.ElementTree as ET

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


def test_a_page_has_every_chart_as_image_and_table(newsroom):
    browser = newsroom.person("read")
    page = browser.get("/charts?section=taiwan")
    assert page.tree.xpath("//img/@src") == [f"/editors/charts/{kind}.svg?section=taiwan&over=day" for kind in KINDS]
    assert (table(page, "Articles"), table(page, "Requests"), table(page, "Share")) == (
        [["2"]],
        [["25", "75"]],
        [["75 %"]],
    )
    everything = browser.get("/charts?over=week")
    assert (table(everything, "Articles"), table(everything, "Requests")) == ([["2"]], [["26", "75"]])
    assert "No requests in this period" in browser.get("/charts?section=china").text


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
    assert most == 3 * len(sections) * len(OVER) and len(cache) <= most + 3  # The overview has its own.


def test_unauthenticated_clients_cause_no_rendering(newsroom):
    for kind in KINDS:
        assert newsroom.stranger().get(f"/charts/{kind}.svg").status == 303
    assert len(newsroom.app.extensions["ttl_cache"]) == 0
