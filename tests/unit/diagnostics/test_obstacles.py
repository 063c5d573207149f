"""What a writer is told at once about an article that will not appear as asked."""

import pytest

from syndication.diagnostics.obstacles import obstacles
from syndication.errors import UnrenderableArticleError
from syndication.model.values import Author, Enclosure, Image
from syndication.pipeline.entries import to_entry
from syndication.render.clean_entry import clean
from tests.support.newsroom import NOON, article, at, section, site

SECTIONS = {"taiwan": section("taiwan", formerly=("formosa",))}


def told(**changes):
    found = obstacles(article(**changes), site(), SECTIONS, {"chess"}, NOON)
    return [(one.field, one.words) for one in found]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"url": "news/1"},
        {"sections": ("formosa",)},
        {"sections": ()},
        {"published_at": at(hours=1)},
        {"expires_at": at(seconds=1)},
        {"image": Image("/i.jpg"), "enclosures": (Enclosure("/a.mp3", "audio/mpeg"),)},
        {"status": "draft", "title": "\x01", "sections": ("nowhere",)},
        {"status": "withdrawn", "url": "ftp://x"},
        {"access": "members", "summary": None, "html": "<p>Open.</p><!--members-only--><p>Not.</p>"},
        {"access": "members", "enclosures": (Enclosure("ftp://x/b.mp3", "audio/mpeg"),)},
    ],
)
def test_an_article_that_appears_as_asked_has_no_obstacle(changes):
    assert told(**changes) == []


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"title": "\x01"}, "title", "has no printable characters: add a title. No feed shows the article"),
        ({"url": "ftp://x/1"}, "url", "'ftp://x/1' is not an http or https address. No feed shows the article"),
        ({"guid": "\x01"}, "guid", "has no printable characters: change or remove it. No feed shows the article"),
        ({"expires_at": NOON}, "expires_at", "is in the past. No feed shows the article"),
        (
            {"published_at": at(hours=2), "expires_at": at(hours=1)},
            "expires_at",
            "is not after published_at. No feed ever shows the article",
        ),
        (
            {"sections": ("taiwan", "nowhere")},
            "sections.1",
            "'nowhere' has no feed. Add it to sections.toml or correct it",
        ),
        (
            {"access": "members", "html": "<p>All of it.</p>", "summary": None},
            "html",
            "is for members and has no <!--members-only-->. Feeds show the title without a text",
        ),
        ({"sections": ("chess",)}, "sections.0", "'chess' was retired and has no feed"),
        (
            {"image": Image("data:image/png,x")},
            "image.url",
            "'data:image/png,x' is not an http or https address. The article appears without it",
        ),
        (
            {"enclosures": (Enclosure("/a.mp3", "audio/mpeg"), Enclosure("ftp://x/b.mp3", "audio/mpeg"))},
            "enclosures.1.url",
            "'ftp://x/b.mp3' is not an http or https address. The article appears without it",
        ),
        (
            {"authors": (Author("Lin", uri="mailto:lin@daily.example"),)},
            "authors.0.uri",
            "'mailto:lin@daily.example' is not an http or https address. The article appears without it",
        ),
    ],
)
def test_each_obstacle_is_told_with_its_field_and_effect(changes, field, words):
    assert told(**changes) == [(field, words)]


@pytest.mark.parametrize("changes", [{"title": " "}, {"url": "http://[oops"}, {"guid": "\x02"}])
def test_the_renderer_leaves_out_what_the_writer_is_told(changes):
    entry = to_entry(article(**changes), site(), SECTIONS, NOON)
    with pytest.raises(UnrenderableArticleError):
        clean(entry, site(), SECTIONS["taiwan"])
    assert "No feed shows the article" in told(**changes)[0][1]


def test_a_list_of_obstacles_is_bounded():
    assert len(told(sections=tuple(f"s{n}" for n in range(200)))) == 20
