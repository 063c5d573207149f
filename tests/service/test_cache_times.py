"""A feed's cache time over HTTP, from running processes: breaking news, a restart, and the minute after."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.service import Service, running, until

PATH = "/feeds/taiwan.rss"


def put(service: Service, name: str, *ago: timedelta) -> None:
    """Imports a story for each of these times before now."""
    now = datetime.now(UTC)
    lines = [
        {"id": f"{name}{n}", "title": f"Story {name}{n}", "url": f"/{name}{n}", "sections": ["taiwan"],
         "published_at": (now - back).isoformat()}
        for n, back in enumerate(ago)
    ]  # fmt: skip
    done = service.run("import", "-", input="\n".join(map(json.dumps, lines)))
    assert done.returncode == 0, done.stderr


def polled(service: Service, **asked: str) -> tuple[int, int, str, bytes]:
    """Returns status, max-age, ETag and body."""
    answer = service.get(PATH, asked)
    own = answer.headers["cache-control"].split(", ")[1]
    return answer.status, int(own.removeprefix("max-age=")), answer.headers["etag"], answer.body


def shown(service: Service, title: str) -> bool:
    return title.encode() in service.get(PATH).body


@pytest.fixture
def newsroom(tmp_path):
    """The bundled configuration, and a section with a story a day."""
    with running(tmp_path) as service:
        service.ready()
        put(service, "daily", *(timedelta(days=day, hours=2) for day in range(1, 25)))
        until(lambda: shown(service, "daily23"))
        yield service


def test_breaking_news_is_polled_each_minute_at_once_also_after_a_restart(newsroom, tmp_path):
    status, quiet, tag, body = polled(newsroom)
    assert status == 200 and quiet == 3600 and b"<ttl>60</ttl>" in body
    put(newsroom, "breaking", *(timedelta(seconds=n) for n in range(3)))
    until(lambda: shown(newsroom, "breaking2"))
    _, breaking, new_tag, body = polled(newsroom)
    assert breaking == 60 and new_tag != tag
    assert b"<ttl>1</ttl>" in body and b"<sy:updateFrequency>60</sy:updateFrequency>" in body
    assert polled(newsroom, **{"If-None-Match": new_tag}) == (304, 60, new_tag, b"")
    secret = newsroom.token("tests", "read")
    section = json.loads(newsroom.get("/api/v1/sections/taiwan", {"Authorization": f"Bearer {secret}"}).body)
    assert section["cache_seconds"] == 60 and section["cache_reason"].startswith("3 stories in the last 30 minutes")
    newsroom.stop()
    with running(tmp_path, port=newsroom.port) as again:
        again.ready()
        assert polled(again) == (200, 60, new_tag, body)


@pytest.mark.thorough
def test_the_header_moves_with_the_minute_and_the_document_stays(newsroom):
    # The burst passes with the next minute after these seconds.
    put(newsroom, "breaking", *[timedelta(minutes=30, seconds=-45)] * 3)
    until(lambda: shown(newsroom, "breaking2"))
    before = polled(newsroom)
    assert before[1] == 60 and b"<ttl>1</ttl>" in before[3]
    until(lambda: polled(newsroom)[1] > 60, seconds=120)
    after = polled(newsroom)
    assert after[1] > 900 and (after[0], *after[2:]) == (before[0], *before[2:])
    assert polled(newsroom, **{"If-None-Match": before[2]}) == (304, after[1], before[2], b"")
