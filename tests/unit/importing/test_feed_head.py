"""What a feed says of itself: how long to leave it alone, and which entries it deleted."""

import time

import pytest

from syndication.importing.feed_files import read_feed

SY = "http://purl.org/rss/1.0/modules/syndication/"
AT = "http://purl.org/atompub/tombstones/1.0"


def head(content):
    found, _ = read_feed("xml", content.encode())
    return found


@pytest.mark.parametrize(
    ("parts", "pause"),
    [
        ("", 0),
        ("<ttl>45</ttl>", 2700),
        ("<ttl> 45 </ttl>", 2700),
        ("<ttl>-1</ttl>", 0),
        ("<ttl>soon</ttl>", 0),
        ("<ttl>99999999999999</ttl>", 0),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", 3600),
        ("<sy:updatePeriod> hourly\n</sy:updatePeriod><sy:updateFrequency>\n4 </sy:updateFrequency>", 900),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 86_400),
        ("<sy:updatePeriod>sometimes</sy:updatePeriod>", 0),
        ("<sy:updateFrequency>4</sy:updateFrequency>", 0),
        ("<ttl>10</ttl><sy:updatePeriod>hourly</sy:updatePeriod>", 3600),
        ("<item><ttl>10</ttl></item>", 0),
        ("<other:ttl xmlns:other='urn:x'>10</other:ttl>", 0),
    ],
)
def test_rss_says_how_long_to_leave_it_alone(parts, pause):
    assert head(f"<rss version='2.0' xmlns:sy='{SY}'><channel>{parts}</channel></rss>")["pause"] == pause


def test_rdf_has_its_pause_in_the_channel_beside_its_items():
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    parts = f"<channel xmlns:sy='{SY}'><sy:updatePeriod>daily</sy:updatePeriod></channel><item/>"
    assert head(f"<r:RDF xmlns:r='{rdf}' xmlns='http://purl.org/rss/1.0/'>{parts}</r:RDF>")["pause"] == 86_400


def test_atom_says_which_entries_it_deleted_and_when():
    parts = (
        "<at:deleted-entry ref='tag:a' when='2026-03-14T08:00:00+08:00'/><at:deleted-entry ref=' tag:b ' when='x'/>"
        "<at:deleted-entry when='2026-03-14T08:00:00Z'/><entry><at:deleted-entry ref='tag:c'/></entry>"
        "<deleted-entry ref='tag:d' when='2026-03-14T08:00:00Z'/>"
    )
    found = head(f"<feed xmlns='http://www.w3.org/2005/Atom' xmlns:at='{AT}'>{parts}</feed>")
    assert found == {"pause": 0, "deleted": [("tag:a", "2026-03-14T00:00:00+00:00"), ("tag:b", "")]}


def test_many_comments_before_the_feed_cost_no_time():
    started = time.process_time()
    assert head("<!---->" * 500 + "<rss/>") == {"pause": 0, "deleted": []}
    assert time.process_time() - started < 1
