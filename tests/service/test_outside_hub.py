"""In real processes: an outside hub is told of a story, fetches it, and brings it back; one that drops is reported."""

from functools import partial

import feedparser

from tests.service.test_purging import publish
from tests.support.outside_hub import fetch_by_http, outside_hub
from tests.support.service import free_port, running
from tests.support.service import until as until_soon

until = partial(until_soon, seconds=90.0)


def test_a_hub_passes_on_what_it_is_told_or_is_reported(tmp_path, sqlite_url):
    fetched: list[tuple[str, bytes]] = []

    def fetch(url: str) -> bytes:
        fetched.append((url, body := fetch_by_http(url)))
        return body

    port = free_port()
    with outside_hub(fetch) as hub:
        env = {
            "SYNDICATION_SITE__BASE_URL": f"http://127.0.0.1:{port}",
            "SYNDICATION_HUB__OUTSIDE": hub.url,
            "SYNDICATION_HUB__ECHO_SECONDS": "3",
        }
        with running(tmp_path, url=sqlite_url, env=env, port=port) as service:
            service.ready(60)
            # The hub may have asked before the editors process was there: then it is asked for again.
            hub.wait_for(lambda: (200, b"a challenge & more") in hub.confirmations, 90)
            topic = f"http://127.0.0.1:{port}/feeds/all.atom"
            for method in ("GET", "HEAD"):
                link = service.get("/feeds/all.atom", method=method).headers["link"]
                assert f'<http://127.0.0.1:{port}/hub>; rel="hub", <{hub.url}>; rel="hub"' in link
                assert link.startswith(f'<{topic}>; rel="self"')
            named = feedparser.parse(service.get("/feeds/taiwan.rss").body).feed.links
            assert [one.href for one in named if one.rel == "hub"] == [f"http://127.0.0.1:{port}/hub", hub.url]
            before = len(hub.deliveries)
            publish(sqlite_url, "news-1")
            hub.wait_for(lambda: len(hub.deliveries) > before and hub.deliveries[-1] == 202, 60)
            assert fetched[-1][0] == topic and b"Story news-1" in fetched[-1][1], (
                "it was served before the hub was told"
            )
            until(lambda: "hub_echo_returned" in service.log.read_text())
            named_urls = {url for ping in hub.pings for url in ping}
            assert {topic, f"http://127.0.0.1:{port}/feeds/taiwan.json"} <= named_urls
            hub.behaviour.drops = True
            publish(sqlite_url, "news-2")
            words = "did not pass on what it was told of"
            until(lambda: words in service.run("status").stdout)
            assert service.run("status").returncode == 1
            hub.behaviour.drops = False
            publish(sqlite_url, "news-3")
            until(lambda: words not in service.run("status").stdout)
        secrets = [one.secret for one in hub.subscriptions] + [one.callback for one in hub.subscriptions]
        log = service.log.read_text()
        assert secrets and not any(secret in log for secret in secrets)
