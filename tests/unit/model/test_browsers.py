"""Browsers are named as people know them; of the header itself nothing is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.model.browsers import BROWSERS, SYSTEMS, describe_browser

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36", "Chrome on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/140.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36", "Chrome on Android"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0"
            " Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
            " Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Firefox/1", "Firefox"),
        ("curl/8.0", None),
        ("", None),
    ],
)
def test_browsers_have_the_names_that_people_know(agent, words):
    assert describe_browser(agent) == words


@given(st.text(max_size=2000))
def test_any_header_gives_a_known_description_or_none(agent):
    browsers, systems = [name for name, _ in BROWSERS], [name for name, _ in SYSTEMS]
    known = {None, *browsers, *(f"{browser} on {system}" for browser in browsers for system in systems)}
    assert describe_browser(agent) in known
