"""The page of deliveries: what waits first, with what to do; moments in the newsroom's time; CSV; asking again."""

import csv
import io

import pytest
from sqlalchemy import text, update

from syndication.store.processes import delivery_moments
from syndication.store.tables.publishing import ChangeRow
from tests.support.dashboard import Dashboard


@pytest.fixture
def newsroom(database, clock):
    newsroom = Dashboard(database, clock, timezone="Asia/Taipei")
    newsroom.publish()
    clock.advance(1)  # No feed has two versions within a second.
    newsroom.api.worker_seen()
    return newsroom


def write(newsroom, id="a1", **changes):
    newsroom.desk.put(id, **changes)
    with newsroom.database.write() as conn:
        conn.execute(update(ChangeRow).values(noticed_at=newsroom.clock()))


def serve(newsroom, **later):
    newsroom.publish(**later)
    newsroom.api.web_seen()
    with newsroom.database.write() as conn:
        conn.execute(text("UPDATE delivery_feed SET served_at = published_at WHERE published_at IS NOT NULL"))
        delivery_moments.settle(conn, newsroom.clock())


def test_a_row_leads_to_the_story_and_its_feeds_with_times_and_durations(newsroom):
    write(newsroom, title="Night train")
    serve(newsroom, seconds=0.4)
    page = newsroom.person("preview", "read").get("/deliveries")
    assert page.status == 200 and "Deliveries" in page.title
    assert {"/editors/article?id=a1", "/editors/sections/taiwan/versions"} <= set(page.addresses())
    assert "Night train" in page.words and "14 Mar, 20:00:01" in page.words and "0.4 s later" in page.words
    assert "0.4 s to version 2, 0.4 s to readers" in page.words


def test_what_waits_stands_first_with_the_reason_and_what_to_do(newsroom):
    write(newsroom)
    newsroom.clock.advance(60)  # The worker has not reported since.
    newsroom.api.web_seen()
    page = newsroom.person().get("/deliveries")
    (alert,) = page.tree.xpath("//*[@role='alert' and contains(@class, 'wrong') and not(@hidden)]")
    words = " ".join(alert.text_content().split())
    assert words.startswith("No worker: 1 change waits") and "Start one with `syndication worker`" in words
    assert "not yet" in page.words


def test_a_failing_section_is_asked_again(newsroom):
    write(newsroom)
    newsroom.desk.regenerator.process_changes()
    with newsroom.database.write() as conn:
        conn.execute(text("UPDATE section_state SET failures = 2, error = 'KeyError' WHERE section = 'taiwan'"))
    browser = newsroom.person()
    page = browser.get("/deliveries")
    assert "Failing: 1 change waits" in page.words and "Taiwan is failing: KeyError" in page.words
    assert "Ask again" not in newsroom.person("read", "preview").get("/deliveries").words
    done = browser.submit(page, "/deliveries/ask-again")
    assert done.location.startswith("/editors/deliveries?regeneration=")
    assert newsroom.api.audit(act="regenerate")[0].target == "taiwan"
    assert browser.post("/deliveries/ask-again").status == 422


def test_a_live_part_is_sent_only_if_it_changed_and_keeps_its_filters(newsroom):
    write(newsroom)
    serve(newsroom, seconds=1)
    browser = newsroom.person()
    page = browser.get("/deliveries?kind=published&order=newest")
    (address,) = page.tree.xpath("//*[@id='deliveries']/@hx-get")
    part = browser.part(address)
    assert part.status == 200 and "Story a1" in part.text
    (again,) = part.tree.xpath("//*[@id='deliveries']/@hx-get")
    assert "kind=published" in again and browser.part(again).status == 204


def test_pages_and_filters(newsroom):
    for number in range(52):
        write(newsroom, f"a{number}")
    serve(newsroom, seconds=1)
    browser = newsroom.person()
    page = browser.get("/deliveries?order=newest")
    (following,) = page.tree.xpath("//a[@rel='next']/@href")
    assert "order=newest" in following
    rest = browser.get(following)
    assert len(rest.tree.xpath("//table[contains(@class, 'deliveries')]/tbody/tr")) == 2
    assert "No such changes" in browser.get("/deliveries?kind=expired").words
    assert browser.get("/deliveries?kind=x").status == 422


def test_the_csv_has_a_line_for_each_feed_of_a_change(newsroom):
    write(newsroom, title="=cmd()")
    write(newsroom, "d1", status="draft", title="Half a thought")
    serve(newsroom, seconds=0.5)
    said = newsroom.person().get("/deliveries.csv?order=newest")
    rows = list(csv.DictReader(io.StringIO(said.text.lstrip("\ufeff"))))
    assert [(row["article"], row["section"], row["served_ms"]) for row in rows] == [
        ("d1", "", ""), ("a1", "all", "500"), ("a1", "taiwan", "500"),
    ]  # fmt: skip
    assert rows[1]["title"] == "'=cmd()" and rows[1]["version"] == "2"


def test_purging_again_says_what_happens(newsroom):
    said = newsroom.person().post("/deliveries/ask-again", what="purge", section="taiwan")
    assert said.location == "/editors/deliveries"
    assert "No cache is configured" in newsroom.person().follow(said).words or said.status == 303
