"""Which feed a topic's address means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.config.loading import load_settings
from syndication.hub.topics import Topic, find_topic, topic_url

SECTIONS = """
[[section]]
slug = "world"
title = "World"
formerly = ["abroad"]

[[section]]
slug = "sports"
title = "Sports"

[[retired]]
slug = "horoscope"

[[old_site]]
system = "wordpress"
categories = {news = "world"}
"""

BASE = "https://feeds.daily.example"


def settings_of(folder, base):
    (folder / "sections.toml").write_text(SECTIONS)
    (folder / "syndication.toml").write_text(f"[site]\nbase_url = '{base}'\n")
    return load_settings(folder / "syndication.toml", {})


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return settings_of(tmp_path_factory.mktemp("topics"), BASE)


@pytest.mark.parametrize(
    ("address", "topic"),
    [
        (f"{BASE}/feeds/world.atom", Topic("world", "atom")),
        (f"{BASE}/feeds/all.json", Topic("all", "json")),
        (f"{BASE}/feeds/sports.rss", Topic("sports", "rss")),
        ("http://feeds.daily.example/feeds/world.atom", Topic("world", "atom")),
        ("https://FEEDS.daily.example:443/feeds/world.atom", Topic("world", "atom")),
        ("http://feeds.daily.example:80/feeds/world.atom", Topic("world", "atom")),
        (f"{BASE}/feeds/abroad.atom", Topic("world", "atom")),
        (f"{BASE}/feeds/worl%64.atom", Topic("world", "atom")),
        (f"{BASE}/feeds/world.atom?utm_source=x", Topic("world", "atom")),
        (f"{BASE}/feeds/world.atom#top", Topic("world", "atom")),
        (f"{BASE}/category/news/feed/", Topic("world", "rss")),
        (f"{BASE}/feeds/sports+world.atom", Topic("world+sports", "atom", asked=True)),
        (f"{BASE}/feeds/world+world.atom", Topic("world", "atom")),
        (f"{BASE}/feeds/abroad+sports.atom", Topic("world+sports", "atom", asked=True)),
        (f"{BASE}/feeds/tag/Ferries.json", Topic("tag/ferries", "json", asked=True)),
        (f"{BASE}/feeds/tag/渡輪.json", Topic("tag/渡輪", "json", asked=True)),
        (f"{BASE}/feeds/tag/%E6%B8%A1%E8%BC%AA.json", Topic("tag/渡輪", "json", asked=True)),
    ],
)
def test_an_address_of_a_feed_is_a_topic(settings, address, topic):
    assert find_topic(address, settings) == topic


@pytest.mark.parametrize(
    "address",
    [
        "", "world", "/feeds/world.atom", f"{BASE}/", f"{BASE}/feeds/world", f"{BASE}/feeds/world.xml",
        f"{BASE}/feeds/nowhere.atom", f"{BASE}/feeds/horoscope.atom", f"{BASE}/feeds/.atom", f"{BASE}/api/v1/status",
        "https://other.example/feeds/world.atom", "https://feeds.daily.example.evil.example/feeds/world.atom",
        "https://feeds.daily.example@evil.example/feeds/world.atom", "https://me@feeds.daily.example/feeds/world.atom",
        "https://feeds.daily.example:8443/feeds/world.atom", "ftp://feeds.daily.example/feeds/world.atom",
        f"{BASE}/feeds/nowhere+world.atom", f"{BASE}/feeds/world.atom\n", f"{BASE}/feeds/%ff.atom",
        f"{BASE}/feeds/{2048 * 'a'}.atom",
    ],
)  # fmt: skip
def test_any_other_is_none(settings, address):
    assert find_topic(address, settings) is None


@pytest.mark.parametrize("base", ["https://daily.example/news", "http://127.0.0.1:8000"])
def test_the_service_may_be_below_a_path_and_on_a_port(tmp_path, base):
    settings = settings_of(tmp_path, base)
    topic = find_topic(f"{base}/feeds/world.atom", settings)
    assert topic is not None and topic_url(topic, settings) == f"{base}/feeds/world.atom"
    assert find_topic("https://daily.example/feeds/world.atom", settings) is None


@given(st.text(max_size=60), st.sampled_from(["", BASE, f"{BASE}/feeds/", f"{BASE}/feeds/tag/", f"{BASE}/?"]))
def test_no_address_breaks_it_and_each_topic_is_its_own_address(settings, text, start):
    topic = find_topic(start + text, settings)
    if topic is not None:
        assert find_topic(topic_url(topic, settings), settings) == topic
