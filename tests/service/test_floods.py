"""Floods of strangers and of one token, beside a reader, an editor and a token: the three are served as before."""

import contextlib
import http.client
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from tests.support.hostile import editors_of, megabytes, polls, worker_of
from tests.support.service import running, until
from tests.support.thorough import THOROUGH

FORM = "application/x-www-form-urlencoded"
JSON = {"Content-Type": "application/json"}
ARTICLES = 8_000

ROUNDS = 12 if THOROUGH else 5
"""How often the reader, the editor and the token send their requests during a flood."""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("floods"), env={"SYNDICATION_EDITORS__TRUSTED_PROXIES": "1"}) as service:
        service.ready(60)
        stories = (
            {"id": f"s{n}", "title": f"Story {n} of a long day", "url": f"/{n}", "sections": [], "status": "draft"}
            for n in range(ARTICLES)
        )
        assert service.run("import", "-", input="\n".join(map(json.dumps, stories))).returncode == 0
        yield service


@pytest.fixture(scope="module")
def tokens(service):
    return [service.token(name) for name in ("cms", "archive")]


@pytest.fixture(scope="module")
def session(service):
    """The cookie of somebody who is logged in."""
    password = service.user("desk")
    csrf, cookie = form_of(service)
    answer = log_in(service, csrf, cookie, "desk", password, "192.0.2.1")
    assert answer.status == 303
    return cookie_of(answer)


def form_of(service) -> tuple[str, str]:
    form = service.get("/editors/login")
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.body.decode()).group(1), cookie_of(form)


def cookie_of(answer) -> str:
    return SimpleCookie(answer.headers["set-cookie"])["syndication_editors"].OutputString([])


def log_in(service, csrf, cookie, name, password, address):
    asked = {"Cookie": cookie, "Content-Type": FORM, "X-Forwarded-For": address}
    return service.get(
        "/editors/login", asked, "POST", urlencode({"name": name, "password": password, "csrf_token": csrf})
    )


@contextlib.contextmanager
def flood(threads: int, ask: Callable[[int], int]) -> Iterator[Counter[int]]:
    """So many threads ask without a pause; the numbers of each status so far."""
    stop, found = threading.Event(), Counter[int]()

    def run(n: int) -> None:
        while not stop.is_set():
            # Who is not answered in time asks again.
            with contextlib.suppress(OSError, http.client.HTTPException):
                found[ask(n)] += 1
            n += threads

    running = [threading.Thread(target=run, args=(n,)) for n in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield found
    finally:
        stop.set()
        for thread in running:
            thread.join()


def patiently(service, path: str, headers: dict[str, str], method: str = "GET", body: str | None = None) -> int:
    """The status of an answer, for which a busy machine may take its time."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)) as connection:
        connection.request(method, path, body, headers)
        return connection.getresponse().status


def served_beside(service, token: str, session: str, rounds: int) -> dict[str, Counter[int]]:
    """What a reader, an editor and a token are answered, one request after the other."""
    asked = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "192.0.2.2"}
    story = json.dumps({"title": "Beside", "url": "/b", "sections": ["taiwan"], "published_at": "2026-03-14T08:00:00Z"})
    found: dict[str, Counter[int]] = {"reader": Counter(), "editor": Counter(), "token": Counter()}
    for n in range(rounds):
        assert len(polls(service.port, 0.1)) > 1
        found["reader"][service.get("/feeds/taiwan.atom").status] += 1
        for path in ("/editors/", "/editors/articles", "/editors/sections/taiwan"):
            page = patiently(service, path, {"Cookie": session, "X-Forwarded-For": "192.0.2.1"})
            found["editor"][page] += 1
        put = patiently(service, "/api/v1/articles/beside", asked | JSON, "PUT", story)
        found["token"][put if n or put != 201 else 200] += 1
        found["token"][patiently(service, "/api/v1/status", asked)] += 1
        for act in ("withdraw", "restore"):
            found["token"][patiently(service, f"/api/v1/articles/beside/{act}", asked, "POST")] += 1
    return found


def memory(service) -> float:
    web = service.children()["web"]
    return megabytes(worker_of(web)) + megabytes(until(lambda: editors_of(web)))


WRONG = (401, 422)
"""How a wrong password is answered."""

ALL_WELL = {"reader": {200}, "editor": {200}, "token": {200}}


def statuses(found: dict[str, Counter[int]]) -> dict[str, set[int]]:
    return {who: set(answers) for who, answers in found.items()}


@pytest.mark.thorough
def test_wrong_passwords_from_fifty_addresses_lock_nobody_out(service, tokens, session):
    csrf, cookie = form_of(service)

    def guess(n: int) -> int:
        form = urlencode({"name": f"user{n % 7}", "password": "not the password", "csrf_token": csrf})
        asked = {"Cookie": cookie, "Content-Type": FORM, "X-Forwarded-For": f"203.0.113.{n % 50}"}
        return patiently(service, "/editors/login", asked, "POST", form)

    assert statuses(served_beside(service, tokens[0], session, 1)) == ALL_WELL
    assert guess(0) in WRONG
    before = memory(service)
    with flood(20, guess) as limiter:
        until(lambda: sum(limiter.values()) > 10, 60)
        found = served_beside(service, tokens[0], session, ROUNDS)
        assert memory(service) - before < 40 + 64 + 40
    assert statuses(found) == ALL_WELL, found
    assert set(limiter) <= {*WRONG, 429, 503}
    # The verification of a password takes 64 MB while it lasts, and the last ones go on when nobody waits any more.
    until(lambda: memory(service) - before < 40, 60)


@pytest.mark.thorough
def test_searches_of_one_token_refuse_no_other_client(service, tokens, session):
    busy, other = tokens

    def search(_: int) -> int:
        asked = {"Authorization": f"Bearer {busy}", "X-Forwarded-For": "192.0.2.2"}
        return service.get("/api/v1/articles?q=no%20such%20words&limit=200", asked).status

    assert statuses(served_beside(service, other, session, 1)) == ALL_WELL
    before = memory(service)
    with flood(16, search) as searches:
        until(lambda: sum(searches.values()) > 16, 60)
        found = served_beside(service, other, session, ROUNDS)
    assert statuses(found) == ALL_WELL, found
    assert searches[200] > 16 and set(searches) <= {200, 503}
    assert memory(service) - before < 40


def test_wrong_tokens_from_many_addresses_lock_nobody_out(service, tokens, session):
    def guess(n: int) -> int:
        asked = {"Authorization": f"Bearer syn_{n:043d}", "X-Forwarded-For": f"198.51.100.{n % 250}"}
        return service.get("/api/v1/articles?q=x", asked).status

    before = memory(service)
    with flood(20, guess) as limiter:
        until(lambda: sum(limiter.values()) > 10, 60)
        found = served_beside(service, tokens[0], session, ROUNDS)
    assert statuses(found) == ALL_WELL, found
    assert set(limiter) <= {401, 429, 503} and sum(limiter.values()) > 50
    assert memory(service) - before < 40
