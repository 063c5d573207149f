"""A held feed over real HTTP: the bytes, ETags and 304s of readers while an editor holds it, and after it."""

import json
import re

import pytest

from tests.support.service import running, until

FORMATS = ("atom", "rss", "json")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with running(tmp_path_factory.mktemp("holds")) as service:
        yield service.ready()


def put(service, id, **changes):
    line = {"id": id, "title": f"Story {id}", "url": f"/{id}", "html": f"<p>{id} & more</p>", "status": "published"}
    line |= {"sections": ["taiwan"], "published_at": "2026-01-02T03:04:05Z"} | changes
    assert service.run("import", "-", input=json.dumps(line)).returncode == 0


def answers(service):
    return {format: service.get(f"/feeds/taiwan.{format}") for format in FORMATS}


def known(service):
    return {
        format: (said.status, said.body, said.headers["etag"], said.headers["last-modified"])
        for format, said in answers(service).items()
    }


def entries(service):
    body = service.get("/feeds/taiwan.atom").body
    return re.findall(rb"<entry.*?</entry>", body, re.DOTALL)


def shows(service, id, slug="taiwan"):
    return f"Story {id}".encode() in service.get(f"/feeds/{slug}.atom").body


def test_readers_get_the_same_bytes_until_the_feed_is_released(service):
    put(service, "h1")
    put(service, "h2", title="Story h2 wrong", published_at="2026-01-02T04:04:05Z")
    until(lambda: shows(service, "h1") and shows(service, "h2"))
    done = service.run("hold", "taiwan", "--reason", "a wrong story")
    assert done.returncode == 0 and "is held at version" in done.stdout
    before = known(service)
    put(service, "h3")
    put(service, "h1", title="Story h1 corrected")
    until(lambda: shows(service, "h3", "all"))
    assert known(service) == before
    for format, (_, _, etag, modified) in before.items():
        path = f"/feeds/taiwan.{format}"
        assert service.get(path, {"If-None-Match": etag}).status == 304
        assert service.get(path, {"If-Modified-Since": modified}).status == 304

    held = entries(service)
    assert service.run("withdraw", "h2").returncode == 0
    until(lambda: not shows(service, "h2"))
    assert entries(service) == [entry for entry in held if b"Story h2" not in entry] and not shows(service, "h3")
    after = known(service)
    for format in FORMATS:
        assert after[format][2] != before[format][2] and b"h2 &amp; more" not in after[format][1]
        path = f"/feeds/taiwan.{format}"
        assert service.get(path, {"If-None-Match": before[format][2]}).status == 200
        assert service.get(path, {"If-None-Match": after[format][2]}).status == 304

    assert service.run("release", "taiwan").stdout == "taiwan is released.\n"
    until(lambda: shows(service, "h3") and shows(service, "h1 corrected"))
    assert not shows(service, "h2")


def test_a_roll_back_is_served_as_a_new_version_with_the_old_entries(service):
    put(service, "r1", published_at="2026-01-03T03:04:05Z")
    until(lambda: shows(service, "r1"))
    old, version = entries(service), newest(service)
    put(service, "r2", title="Story r2 wrong", published_at="2026-01-03T04:04:05Z")
    put(service, "r1", title="Story r1 spoilt", published_at="2026-01-03T03:04:05Z")
    until(lambda: shows(service, "r2") and shows(service, "r1 spoilt"))
    before = known(service)
    assert service.run("hold", "taiwan", "--reason", "wrong", "--version", str(version)).returncode == 0
    until(lambda: not shows(service, "r2"))
    assert entries(service) == old
    for format, (_, _, etag, modified) in before.items():
        path = f"/feeds/taiwan.{format}"
        assert service.get(path, {"If-None-Match": etag}).status == 200
        assert service.get(path, {"If-Modified-Since": modified}).status == 200
    assert service.run("release", "taiwan").returncode == 0
    until(lambda: shows(service, "r2") and shows(service, "r1 spoilt"))


def test_a_hold_ends_at_its_time(service):
    put(service, "t1")
    until(lambda: shows(service, "t1"))
    assert service.run("hold", "taiwan", "--reason", "wrong", "--for", "1").returncode == 0
    put(service, "t2")
    until(lambda: shows(service, "t2", "all"))
    assert not shows(service, "t2")
    until(lambda: shows(service, "t2"), 75)
    assert "held" not in service.run("status").stdout.lower()


def newest(service):
    sections = json.loads(service.run("status", "--json").stdout)["sections"]
    return next(one["version"] for one in sections if one["section"] == "taiwan")
