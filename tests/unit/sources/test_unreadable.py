"""What ``config --check`` says of sources: files that are missing, and addresses that are not connected to."""

import pytest

from syndication.config.source_schemas.feed import FeedSource
from syndication.config.source_schemas.ghost import GhostSource
from syndication.config.source_schemas.wordpress import WordPressSource
from syndication.sources.unreadable import unreadable
from tests.support.fake_source import source_table


def feed(url, **more):
    return FeedSource(name="wire", kind="feed", url=url, **more)


def test_sqlite_file_that_is_missing_is_named(tmp_path):
    file = tmp_path / "news.db"
    source = source_table(database=f"sqlite:///{file}")
    (words,) = unreadable([source])
    assert words.startswith("The source cms ") and str(file) in words
    file.touch()
    assert not list(unreadable([source]))
    assert list(unreadable([source_table(database=f"sqlite:///{tmp_path}")]))


@pytest.mark.parametrize("url", [
    "http://localhost/feed/", "http://cms.localhost./feed/", "http://127.0.0.1:8080/feed/", "http://127.1/feed/",
    "http://10.0.0.7/feed/", "http://[::1]/feed/", "http://[fd00::7]/feed/", "http://user:word@192.168.1.2/feed/",
])  # fmt: skip
def test_private_address_is_told_unless_it_is_allowed(url):
    (words,) = unreadable([feed(url)])
    assert "set allow_private = true" in words and "word" not in words
    assert not list(unreadable([feed(url, allow_private=True)]))


@pytest.mark.parametrize("url", ["https://daily.example/feed/", "http://cms:8080/feed/", "https://93.184.216.34/feed/"])
def test_public_address_and_unresolved_name_are_not_told(url):
    assert not list(unreadable([feed(url)]))


def test_link_local_address_is_told_even_if_private_ones_are_allowed():
    (words,) = unreadable([feed("http://169.254.169.254/feed/", allow_private=True)])
    assert "write its public address" in words


def test_address_that_is_never_asked_is_not_told():
    database = "mysql://reader@db/daily"
    ghost = {"name": "ghost", "kind": "ghost", "url": "http://localhost:2368", "database": database}
    assert not list(unreadable([GhostSource(**ghost)]))
    assert list(unreadable([GhostSource(**ghost, content_api_key="k" * 26)]))
    assert list(unreadable([WordPressSource(name="wp", kind="wordpress", url="http://localhost", database=database)]))
