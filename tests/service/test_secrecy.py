"""What strangers get of a running service: nothing of a draft, an embargo, a withdrawn story or a members' text."""

import re
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from tests.service.test_on_demand import line, put, until_served
from tests.support.service import Service, until

SECRET = re.compile("quokka", re.IGNORECASE)
"""A word that every text of a secret has, and nothing else."""

SHARED = "Lighthouses"
"""A tag that a public story and each secret have."""


def secret(id: str, **changes: object) -> str:
    word = f"Quokka {id}"
    texts = {"title": word, "summary": word, "html": f"<p>{word}</p>", "tags": [word, SHARED], "authors": [word]}
    return line(f"quokka-{id}", **texts | changes)


def sitemaps(service: Service) -> list[str]:
    """Returns the address of each file of the sitemaps."""
    maps = ["/sitemap.xml", "/sitemap-news.xml"]
    found = (re.findall("<loc>[^<]*?(/sitemap-[^<]*)</loc>", service.get(path).body.decode()) for path in maps)
    return [*maps, *(path for paths in found for path in paths)]


def lists(service: Service) -> list[str]:
    """Returns every public address that names feeds or stories."""
    feeds = [f"/feeds/{slug}{ending}" for slug in ("all", "asia", f"tag/{SHARED.lower()}")
             for ending in ("", ".atom", ".rss", ".json")]  # fmt: skip
    searches = [f"/?q={quote(words)}" for words in ("quokka", "QUOKKA draft", "q", "quok", SHARED)]
    return ["/", "/opml.xml", "/feeds.json", "/robots.txt", "/metrics", *sitemaps(service), *feeds, *searches]


def test_no_list_search_sitemap_or_feed_shows_what_is_not_public(bundled_service: Service) -> None:
    service = bundled_service
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    members = f"<p>Open {SHARED}</p><!--members-only--><p>Quokka for members</p>"
    put(
        service,
        line("lighthouse", title="A lighthouse for all", tags=[SHARED], access="members", html=members),
        secret("draft", status="draft"),
        secret("undated", status="draft", published_at=None),
        secret("embargo", published_at=tomorrow),
        secret("withdrawn", status="withdrawn"),
        secret("left"),
    )
    shared = f"/feeds/tag/{SHARED.lower()}.json"
    until(lambda: b"Quokka left" in service.get("/feeds/asia.json").body, 30)
    assert b"Quokka left" in until_served(service, shared, "Quokka left").body
    assert "/feeds/tag/quokka-left" in service.get("/?q=quokka").body.decode()
    put(service, secret("left", status="withdrawn"))
    until(lambda: b"quokka" not in service.get("/feeds/asia.json").body.lower(), 30)
    until(lambda: b"quokka" not in service.get(shared).body.lower(), 30)
    until(lambda: b"lighthouse" in service.get("/sitemap-news.xml").body, 30)
    # The file of a month rests for ten seconds between two writings.
    until(lambda: not any(b"quokka" in service.get(path).body for path in sitemaps(service)), 60)
    time.sleep(2)  # Two web processes look for what was published each second.
    for path in lists(service):
        answer = service.get(path)
        assert answer.status == 200, (path, answer.status)
        # The search repeats the words of the question.
        said = re.sub(r'value="[^"]*"|“[^”]*”', "", answer.body.decode()) if "?q=" in path else answer.body.decode()
        # Of a story that readers have had, a tombstone names the ID, so that they delete it.
        assert not SECRET.search(re.sub(r'<at:deleted-entry ref="[^"]*/quokka-left"', "", said)), path
        assert not SECRET.search(str(answer.headers)), path
    found = service.get(f"/?q={SHARED}").body.decode()
    assert f"/feeds/tag/{SHARED.lower()}.atom" in found and "cannot be searched" not in found
    assert b"A lighthouse for all" in service.get(shared).body
    for id in ("draft", "undated", "embargo", "withdrawn", "left"):
        for path in (f"/feeds/{kind}/quokka-{id}{end}" for kind in ("tag", "author") for end in ("", ".atom", ".json")):
            answer, unknown = service.get(path), service.get(path.replace("quokka", "nothing"))
            assert (answer.status, answer.body) == (unknown.status, unknown.body) and answer.status == 404, path
