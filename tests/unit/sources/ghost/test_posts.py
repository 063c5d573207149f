"""Addresses and times of posts, as Ghost makes and stores them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from syndication.config.source_schemas.ghost import GhostSource
from syndication.sources.ghost.permalinks import address
from syndication.sources.ghost.posts import Post, Tag, Writer, moment
from syndication.sources.reader import SourceError

LATE = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)


ANN = Writer("Ann", "ann")


def post(*tags, authors=(ANN,)):
    texts = dict.fromkeys(("html", "excerpt", "description", "image", "image_alt", "image_caption"), "")
    return Post(
        id="6b0970dceee1df128d2e041f", slug="ferry", title="Ferry", visibility="public", published_at=LATE,
        updated_at=None, tags=tags, authors=authors, **texts,
    )  # fmt: skip


PUBLIC, INTERNAL = Tag("World", "world", True), Tag("#desk", "hash-desk", False)


@pytest.mark.parametrize(
    ("permalink", "one", "path"),
    [
        ("/{slug}/", post(), "/ferry/"),
        ("/{id}", post(), "/6b0970dceee1df128d2e041f"),
        ("/{year}/{month}/{day}/{slug}/", post(), "/2026/12/01/ferry/"),
        ("/{primary_tag}/{slug}/", post(PUBLIC, INTERNAL), "/world/ferry/"),
        ("/{primary_tag}/{slug}/", post(INTERNAL, PUBLIC), "/all/ferry/"),
        ("/{primary_tag}/{slug}/", post(), "/all/ferry/"),
        ("/by-{primary_author}/{slug}/", post(), "/by-ann/ferry/"),
        ("/{primary_author}/{slug}/", post(authors=()), "/all/ferry/"),
    ],
)
def test_a_permalink_becomes_the_address_that_ghost_gives(permalink, one, path):
    assert address("https://daily.example/blog", permalink, one, ZoneInfo("Asia/Taipei")) == (
        f"https://daily.example/blog{path}"
    )


@pytest.mark.parametrize("permalink", ["/{slag}/", "{slug}/", "/posts/", "/{year}/", "/{slug}?x", "/a b/{slug}/", ""])
def test_a_permalink_that_ghost_would_not_take_is_refused(permalink):
    with pytest.raises(ValidationError, match=r"routes\.yaml"):
        GhostSource(name="cms", kind="ghost", url="https://x.example", database="sqlite:////x", permalink=permalink)


@pytest.mark.parametrize(
    "value", ["2026-11-30 23:30:00", "2026-11-30T23:30:00.000Z", 1796081400000, datetime(2026, 11, 30, 23, 30), LATE]
)
def test_a_time_is_utc_in_whatever_form_the_database_gives_it(value):
    assert moment(value) == LATE


@pytest.mark.parametrize("value", ["yesterday", "0000-00-00 00:00:00", 10**30])
def test_a_time_that_is_none_is_an_error(value):
    with pytest.raises(SourceError, match="which is none"):
        moment(value)
    assert moment(None) is None
