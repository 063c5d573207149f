"""A hostile file is reported, and the other files are imported."""

import json
import os
import signal
import threading
import time
from contextlib import closing, suppress

import pytest
from sqlalchemy import text

from syndication.config.loading import load_settings
from syndication.errors import ArticleError
from syndication.importing import feed_reader
from syndication.importing.feed_reader import FeedFileReader
from syndication.importing.file_limits import FileLimits
from syndication.importing.import_file import import_file
from syndication.importing.report import Report
from syndication.importing.xml_limits import check_markup
from syndication.importing.xml_tree import parse_xml
from syndication.process import child
from tests.support.service import command, environ

HEAD = '<?xml version="1.0"?>\n<rss version="2.0"><channel><title>x</title>\n'
ITEM = "<item><guid>a</guid><link>https://x.example/a</link><title>t</title><pubDate>2026-03-14T08:00:00Z</pubDate>"


def feed_file(item: str) -> bytes:
    return f"{HEAD}{ITEM}{item}</item></channel></rss>".encode()


HOSTILE = {
    "attributes": ("<description " + 'a="x" ' * 40_000 + ">x</description>", "40,000 attributes"),
    "a long attribute": (f'<description a="{"x" * 300_000}">x</description>', "a tag of 300,018 bytes"),
    "nesting": ("<a>" * 100_000, "more than 500 nested elements"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_markup_beyond_a_limit_is_rejected_with_its_line(name):
    markup, words = HOSTILE[name]
    for content in (feed_file(markup), feed_file(markup).decode().encode("utf-16")):
        with pytest.raises(ArticleError, match=f"line 3 has .*{words}"):
            parse_xml(content)


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param(f"<description><![CDATA[{'<p>' * 2000}]]></description>", id="CDATA"),
        pytest.param(f"<!-- {'<a>' * 2000} -->", id="comment"),
        pytest.param('<enclosure url="a>b" length="1"/>' * 2000, id="empty elements"),
        pytest.param("<description>" + "&lt;p&gt;" * 5000 + "</description>", id="escaped"),
    ],
)
def test_markup_of_real_feeds_is_within_the_limits(markup):
    check_markup(feed_file(markup))


@pytest.mark.parametrize("piece", [b"<", b"<a ", b'<a b="', b"<!--", b"<![CDATA[", b"<a b='x", b"</a>", b'"', b"<a>'"])
def test_a_check_reads_each_byte_once(piece):
    def seconds(number: int) -> float:
        content, best = piece * number, 60.0
        for _ in range(3):
            started = time.thread_time()
            with suppress(ArticleError):
                check_markup(content)
            best = min(best, time.thread_time() - started)
        return best

    assert seconds(40_000) <= 10 * max(seconds(10_000), 0.002)


def run(url, folder, *files):
    """Runs the command; returns its exit code and output."""
    env = environ(SYNDICATION_DATABASE__URL=url)
    done = command("import", *files, "--section", "taiwan", folder=folder, env=env)
    return done.returncode, done.stdout + done.stderr


def test_the_rest_of_an_import_goes_on(sqlite_url, tmp_path):
    (tmp_path / "bad.xml").write_bytes(feed_file(HOSTILE["attributes"][0]))
    (tmp_path / "folder").mkdir()
    (tmp_path / "good.xml").write_bytes(feed_file("<description>x</description>"))
    code, said = run(sqlite_url, tmp_path, "missing.xml", "bad.xml", "folder", "good.xml")
    assert "missing.xml: cannot be read: No such file or directory; nothing was imported from it\n" in said
    assert "bad.xml: line 3 has an element with 40,000 attributes; the limit is 200\n" in said
    assert "folder: cannot be read: Is a directory; nothing was imported from it\n" in said
    assert (code, "1 created" in said) == (1, True), said


def entries(count: int, length: int = 10) -> bytes:
    item = ITEM.replace(">a<", ">{0}<") + f"<description>&lt;p&gt;{'x y ' * (length // 4)}</description></item>"
    return (HEAD + "".join(item.format(number) for number in range(count)) + "</channel></rss>").encode()


BEYOND = {
    "bytes": (
        FileLimits(bytes=2**20),
        lambda: entries(1, 2**20),
        "larger than 1 MB, the limit for a feed file: split it into several files",
    ),
    "entries": (
        FileLimits(entries=20),
        lambda: entries(21),
        "more than 20 entries, the limit for one file: split it into several files",
    ),
    "seconds": (
        FileLimits(seconds=1),
        lambda: entries(60_000),
        "reading took more than 1 s of CPU time, the limit for one file; nothing was imported from it: split it"
        " into several files",
    ),
    "memory": (
        FileLimits(megabytes=300),
        lambda: entries(1, 90_000_000),
        "reading took more than 300 MB of memory, the limit for one file; nothing was imported from it: split it into"
        " several files",
    ),
    "entries of a JSON Feed": (
        FileLimits(entries=20),
        lambda: json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [{}] * 21}).encode(),
        "more than 20 entries, the limit for one file: split it into several files",
    ),
}


@pytest.fixture
def take(sqlite_database, tmp_path):
    """Imports files with one reader, as the command does, and returns the report."""
    known = load_settings(environ={})

    def take(reader, *contents):
        report = Report()
        for number, content in enumerate(contents):
            path = tmp_path / str(number)
            path.write_bytes(content)
            import_file(sqlite_database, known, str(path), ("taiwan",), report, reader=reader, progress=False)
        report.problems = [problem.removeprefix(f"{tmp_path}/") for problem in report.problems]
        return report

    return take


@pytest.fixture
def patience(monkeypatch):
    """Sets how long a child may be silent: with a limit of one second, three are too few on a busy machine."""

    def patience(times: int) -> None:
        for module in (child, feed_reader):
            monkeypatch.setattr(module, "PATIENCE", times)

    return patience


@pytest.mark.parametrize("limit", BEYOND)
def test_a_file_beyond_a_limit_is_refused_whole_and_the_others_are_imported(take, patience, limit):
    limits, make_content, words = BEYOND[limit]
    content = make_content()
    patience(60)
    with closing(FeedFileReader(limits)) as reader:
        report = take(reader, entries(2), content, entries(20))
    assert report.problems == [f"1: {words}"]
    assert report.outcomes == {"created": 20, "unchanged": 2}


def test_lines_have_no_limit_as_a_whole(take):
    line = {"title": "T", "url": "/a", "published_at": "2026-03-14T08:00:00Z"}
    lines = "".join(json.dumps(line | {"id": f"a{number}"}) + "\n" for number in range(30)).encode()
    with closing(FeedFileReader(FileLimits(bytes=100, entries=10, seconds=1, megabytes=50))) as reader:
        report = take(reader, lines)
        assert (report.problems, report.outcomes, reader.pid) == ([], {"created": 30}, None)


def test_a_child_that_was_killed_is_asked_once_more(take):
    with closing(FeedFileReader()) as reader:
        take(reader, entries(1))
        os.kill(reader.pid, signal.SIGSTOP)  # It takes no task until it is killed.
        killer = threading.Timer(0.3, os.kill, (reader.pid, signal.SIGKILL))
        killer.start()
        report = take(reader, entries(5))
        killer.join()
    assert (report.problems, report.outcomes) == ([], {"created": 4, "unchanged": 1})


def test_a_child_that_is_silent_is_ended_and_the_next_file_is_imported(take, patience):
    with closing(FeedFileReader(FileLimits(seconds=1))) as reader:
        patience(60)
        take(reader, entries(1))
        os.kill(reader.pid, signal.SIGSTOP)
        patience(1)
        words = "the process that read it did not respond for 1 s; nothing was imported from it: import it again"
        assert take(reader, entries(5)).problems == [f"0: {words}"]
        patience(60)
        assert take(reader, entries(5)).outcomes == {"created": 4, "unchanged": 1}


class Killed(FeedFileReader):
    """Its child is killed as soon as its first entry has come."""

    def read(self, kind, content):
        for number, found in super().read(kind, content):
            if number == 1:
                os.kill(self.pid, signal.SIGKILL)
            yield number, found


def test_a_file_that_was_read_in_part_is_reported_with_the_entry_at_which_it_ended(take):
    content = entries(40, 100_000)
    with closing(Killed()) as reader:
        report = take(reader, content)
    done = report.outcomes["created"]
    assert 0 < done < 40
    assert report.problems == [
        "0: the process that read it died, perhaps because the machine ran out of memory; nothing after"
        f" entry {done} was imported: import it again"
    ]
    with closing(FeedFileReader()) as reader:
        assert take(reader, content).outcomes == {"created": 40 - done, "unchanged": done}


@pytest.mark.parametrize("depth", [100, 900, 100_000])
def test_json_that_is_nested_too_deeply_is_reported(take, depth):
    fine = {"id": "fine", "url": "https://x.example/fine", "title": "T", "date_published": "2026-03-14T08:00:00Z"}
    feed = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [fine | {"content_html": 0}, fine]})
    with closing(FeedFileReader()) as reader:
        report = take(reader, feed.replace('"content_html": 0', f'"content_html": {"[" * depth}{"]" * depth}').encode())
    assert report.bad == 1 and report.outcomes["created"] == (depth < 100_000)


def test_an_import_that_stops_in_the_middle_reports_what_it_stored(sqlite_database, sqlite_url, tmp_path):
    with sqlite_database.write() as conn:
        conn.execute(
            text(
                "CREATE TRIGGER broken BEFORE INSERT ON article WHEN NEW.id = '700'"
                " BEGIN SELECT RAISE(ABORT, 'broken'); END"
            )
        )
    (tmp_path / "feed.xml").write_bytes(entries(1000))
    code, said = run(sqlite_url, tmp_path, "feed.xml")
    assert code == 1 and "500 created" in said, said
    assert "The import stopped early. Import the same files again; stored articles do not change.\n" in said
