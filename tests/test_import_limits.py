"""A hostile file costs an import a line in its report, and no other file anything."""

import subprocess
import sys
import time
from contextlib import suppress

import pytest

from syndication.errors import ArticleError
from syndication.importing.xml_limits import check_markup
from tests.service import environ

HEAD = '<?xml version="1.0"?>\n<rss version="2.0"><channel><title>x</title>\n'
ITEM = "<item><guid>a</guid><link>https://x.example/a</link><title>t</title><pubDate>2026-03-14T08:00:00Z</pubDate>"


def feed_file(item: str) -> bytes:
    return f"{HEAD}{ITEM}{item}</item></channel></rss>".encode()


HOSTILE = {
    "attributes": ("<description " + 'a="x" ' * 40_000 + ">x</description>", "40,000 attributes"),
    "a long attribute": (f'<description a="{"x" * 300_000}">x</description>', "a tag of 300,018 bytes"),
    "nesting": ("<a>" * 100_000, "more than 500 elements within each other"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_markup_beyond_a_bound_is_refused_with_its_line(name):
    markup, words = HOSTILE[name]
    for content in (feed_file(markup), feed_file(markup).decode().encode("utf-16")):
        with pytest.raises(ArticleError, match=f"line 3 has .*{words}"):
            check_markup(content)


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param(f"<description><![CDATA[{'<p>' * 2000}]]></description>", id="CDATA"),
        pytest.param(f"<!-- {'<a>' * 2000} -->", id="comment"),
        pytest.param('<enclosure url="a>b" length="1"/>' * 2000, id="empty elements"),
        pytest.param("<description>" + "&lt;p&gt;" * 5000 + "</description>", id="escaped"),
    ],
)
def test_what_feeds_are_is_within_bounds(markup):
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


def test_the_rest_of_an_import_goes_on(sqlite_url, tmp_path):
    (tmp_path / "bad.xml").write_bytes(feed_file(HOSTILE["attributes"][0]))
    (tmp_path / "good.xml").write_bytes(feed_file("<description>x</description>"))
    done = subprocess.run(
        [sys.executable, "-m", "syndication", "import", "bad.xml", "good.xml", "--section", "taiwan"],
        cwd=tmp_path, env=environ(SYNDICATION_DATABASE__URL=sqlite_url), capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert "bad.xml: line 3 has an element with 40,000 attributes: at most 200" in said
    assert "1 created" in said, said
