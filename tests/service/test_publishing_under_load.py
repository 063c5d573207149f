"""Publishing goes on as ever: beside a flood of previews, and with an article as large as they come."""

import http.client
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.service.test_floods import JSON, flood
from tests.support.service import Answer, Service, running, until

LOOPS = 4
PATIENCE = 60
"""Seconds until a test gives up: what it holds the service to is asserted beside."""


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)])
def service(request, tmp_path_factory) -> Iterator[Service]:
    url = ""
    if request.param == "postgresql":
        base = request.getfixturevalue("postgres_server")
        with psycopg.connect(base.format(name="postgres"), autocommit=True) as conn:
            conn.execute("CREATE DATABASE under_load TEMPLATE empty")
        url = base.format(name="under_load")
    with running(tmp_path_factory.mktemp("load"), url=url) as service:
        yield service.ready(PATIENCE)


@pytest.fixture(scope="module")
def desk(service) -> dict[str, str]:
    """The headers of a token that may do everything."""
    return {"Authorization": f"Bearer {service.token('desk')}"}


def preview_token(service: Service, desk: dict[str, str], name: str) -> dict[str, str]:
    """The headers of a token that may preview alone."""
    answer = ask(service, "POST", "/tokens", desk, {"name": name, "scopes": ["preview"]})
    return {"Authorization": f"Bearer {json.loads(answer.body)['secret']}"}


def ask(service: Service, method: str, path: str, headers: dict[str, str], value: object = None) -> Answer:
    with closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)) as connection:
        body = None if value is None else json.dumps(value).encode()
        connection.request(method, f"/api/v1{path}", body, headers | JSON)
        return Answer(connection.getresponse())


def put(service: Service, desk: dict[str, str], id: str, **changes: object) -> None:
    story = {"title": f"Story {id}", "url": f"/{id}", "sections": ["taiwan"], "published_at": "2026-03-14T08:00:00Z"}
    answer = ask(service, "PUT", f"/articles/{id}", desk, story | changes)
    assert answer.status == 201, answer.body


def seconds_until(served: Callable[[], bool]) -> float:
    started = time.monotonic()
    until(served, PATIENCE)
    return time.monotonic() - started


def waits(service: Service, desk: dict[str, str], name: str) -> dict[str, float]:
    """How long readers wait for a story, for its withdrawal, and behind the minute at which an embargo ends."""

    def feed() -> bytes:
        return service.get("/feeds/taiwan.json").body

    put(service, desk, f"{name}-story", published_at=datetime.now(UTC).isoformat())
    found = {"story": seconds_until(lambda: f"Story {name}-story".encode() in feed())}
    ends = datetime.now(UTC) + timedelta(seconds=2)
    put(service, desk, f"{name}-embargo", published_at=ends.isoformat())
    assert ask(service, "POST", f"/articles/{name}-story/withdraw", desk).status == 200
    found["withdrawal"] = seconds_until(lambda: f"Story {name}-story".encode() not in feed())
    until(lambda: f"Story {name}-embargo".encode() in feed(), PATIENCE)
    found["embargo"] = (datetime.now(UTC) - ends).total_seconds()
    assert found["embargo"] >= 0
    return found


def test_a_flood_of_previews_delays_no_story_no_withdrawal_and_no_embargo(service, desk):
    tokens = [preview_token(service, desk, f"preview-{n}") for n in range(LOOPS)]
    accepted: list[str] = []

    def preview(n: int) -> int:
        change = {"id": "tiny", "title": f"Tiny {n}", "url": "/t"}
        answer = ask(service, "POST", "/previews", tokens[n % LOOPS], {"changes": [change]})
        if answer.status == 202:
            accepted.append(json.loads(answer.body)["id"])
        return answer.status

    alone = waits(service, desk, "alone")
    with flood(LOOPS, preview) as asked:
        until(lambda: asked[429] > 2 * LOOPS, PATIENCE)
        beside = waits(service, desk, "beside")
    # Without publishing going first it was half a minute, for as long as the flood lasted.
    late = {what: (seconds, alone[what]) for what, seconds in beside.items() if seconds > 5 + 5 * alone[what]}
    assert not late, late
    # As many wait as there are places; all others are told to come back, and those who wait are answered in the end.
    assert set(asked) == {202, 429} and asked[202] >= LOOPS, asked
    last = f"/previews/{accepted[-1]}"
    until(lambda: json.loads(ask(service, "GET", last, tokens[0]).body)["state"] == "done", PATIENCE)


ROWS = 50_000


def test_a_table_of_eight_megabytes_is_served_whole(service, desk):
    cells = "Votes counted at polling station {0}, as the commission announced them on the evening of the election"
    rows = "".join(
        f"<tr><td>{cells.format(n)}</td><td>Result of the district {n} in per cent</td></tr>" for n in range(ROWS)
    )
    html = f"<p>All results.</p><table><tbody>{rows}</tbody></table>"
    assert len(html) > 8_000_000
    put(service, desk, "results", html=html, published_at=datetime.now(UTC).isoformat())
    feed = until(lambda: found if b"/results" in (found := service.get("/feeds/taiwan.json").body) else None, PATIENCE)
    entry = next(item for item in json.loads(feed)["items"] if item["url"].endswith("/results"))
    assert re.findall(r"station (\d+),", entry["content_html"]) == [str(n) for n in range(ROWS)]
    assert entry["content_html"].count("</td>") == 2 * ROWS
    for format in ("atom", "rss"):
        body = service.get(f"/feeds/taiwan.{format}").body
        assert body.count(b"/td") == 2 * ROWS and f"station {ROWS - 1}," in body.decode(), format
