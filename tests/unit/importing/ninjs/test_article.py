"""What becomes of each property of an item."""

import time

import pytest

from syndication.importing.ninjs.article import not_taken, paragraphs, to_article
from syndication.importing.ninjs.item import InvalidItemError, read_item
from syndication.model.values import Article, Author, Enclosure, Image
from tests.support.newsroom import NOON, article, at
from tests.support.ninjs import iptc, rules, superdesk, superdesk_time


def made(item, stored=None, **changes) -> Article:
    read = read_item(item)
    assert not_taken(read) is None
    return to_article(read, rules(**changes), stored, NOON)


def test_superdesk_story_becomes_the_article_that_it_shows():
    assert made(superdesk()) == Article(
        id="urn:newsml:desk.example:1",
        guid="urn:newsml:desk.example:1",
        slug="ferries-resume-after-the-storm",
        url="/news/ferries-resume-after-the-storm",
        title="Ferries resume after the storm",
        html="<p>The ferries run again.</p><p>All of them.</p>",
        summary="<p>Ferries are <b>back</b>.</p>",
        authors=(Author("Mei Lin"),),
        sections=("taiwan",),
        tags=("ferries", "storm", "weather", "Ports"),
        language="en",
        image=Image(
            "https://desk.example/media/b.jpg", "The first ferry leaves.", "Ho Chen", "A white ferry leaves the pier",
            1400, 933,
        ),
        published_at=at(hours=-2),
        updated_at=at(hours=-1),
        status="published",
    )  # fmt: skip


def test_story_of_3_1_becomes_the_article_that_it_shows():
    assert made(iptc(), url="") == Article(
        id="https://agency.example/news/1",
        guid="https://agency.example/news/1",
        slug="port-opens",
        url="https://agency.example/news/1",
        title="Port opens",
        html="<p>One.</p><p>Two &amp; three.</p>",
        summary="The port &amp; its cranes.",
        authors=(Author("Harbour desk"),),
        sections=("china",),
        tags=("shipping",),
        language="en",
        published_at=at(hours=-2),
        status="published",
    )


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"byline": "by: A and B"}, ["A and B"]),
        ({"byline": "Byron Shaw"}, ["Byron Shaw"]),
        ({"byline": "<b>Mei</b> &amp; Ho"}, ["Mei & Ho"]),
        ({"byline": None}, ["Ledger"]),
        ({"byline": " ", "source": None, "copyrightholder": "Ledger Media"}, ["Ledger Media"]),
        ({"byline": None, "source": None}, []),
        ({"authors": [{"name": "Mei", "uri": "urn:user:1", "role": "writer"}, {"name": ""}]}, ["Mei"]),
    ],
)
def test_authors_are_the_named_ones_or_who_signs(changes, names):
    found = made(superdesk(**changes)).authors
    assert [one.name for one in found] == names and all(one.uri is None for one in found)


@pytest.mark.parametrize(("code", "id"), [("5af0", "5af0"), (" 7 ", "7"), (7, None), ("", None), ("x" * 201, None)])
def test_superdesks_code_of_an_author_is_the_id(code, id):
    assert made(superdesk(authors=[{"name": "Mei", "code": code}])).authors == (Author("Mei", id=id),)


@pytest.mark.parametrize(
    ("changes", "published", "updated"),
    [
        ({}, at(hours=-2), at(hours=-1)),
        ({"firstpublished": None}, at(hours=-3), at(hours=-1)),
        ({"firstpublished": None, "firstcreated": None}, at(hours=-1), None),
        ({"firstpublished": None, "firstcreated": None, "versioncreated": None}, NOON, None),
        ({"embargoed": superdesk_time(hours=5)}, at(hours=5), None),
        ({"embargoed": superdesk_time(hours=-9)}, at(hours=-2), at(hours=-1)),
    ],
)
def test_story_is_dated_by_its_first_publication_or_embargo(changes, published, updated):
    found = made(superdesk(**changes))
    assert (found.published_at, found.updated_at) == (published, updated)


def test_later_version_keeps_slug_guid_and_first_time_but_no_embargo():
    undated = superdesk(headline="Another headline", firstpublished=None)
    stored = article("x", slug="first-slug", guid="tag:old", published_at=at(hours=-8))
    found = made(undated, stored)
    assert (found.slug, found.guid, found.published_at, found.url) == (
        "first-slug", "tag:old", at(hours=-8), "/news/first-slug",
    )  # fmt: skip
    lifted = made(undated, article("x", published_at=at(hours=8)))
    assert lifted.published_at == at(hours=-3)


def test_sections_come_from_the_map_then_from_slugs_and_titles():
    assert made(superdesk(service=[{"code": "I", "name": "International"}, {"code": "CHINA"}])).sections == (
        "sports", "china",
    )  # fmt: skip
    assert made(superdesk(service=[{"code": "z", "name": "Sports"}])).sections == ("sports",)
    by_scheme = superdesk(service=[], subject=[{"scheme": "desk", "code": "9"}])
    assert made(by_scheme, sections={"desk:9": "china"}).sections == ("china",)
    assert made(superdesk(service=[{"code": "z"}])).sections == ()
    assert made(superdesk(service=[{"code": "z"}]), section="taiwan").sections == ("taiwan",)


def test_address_is_made_from_the_template_in_the_newsrooms_zone():
    late = superdesk("urn:x:a/b", firstpublished="2026-03-14T20:30:00+0000", versioncreated=None)
    found = made(late, url="https://d.example/{section}/{year}/{month}/{day}/{slug}?id={id}")
    assert found.url == "https://d.example/taiwan/2026/03/15/ferries-resume-after-the-storm?id=urn%3Ax%3Aa%2Fb"


def test_urn_without_a_template_is_refused_with_the_setting():
    with pytest.raises(InvalidItemError, match=r"guid is not a web address: set ninjs\.url"):
        made(superdesk(), url="")


def test_editorial_note_is_a_correction_only_if_the_newsroom_says_so():
    assert made(superdesk()).correction is None
    assert made(superdesk(), publish_ednote=True).correction == "Adds the harbour master in paragraph 3"


def test_expiry_and_language_are_kept():
    found = made(superdesk(expires=superdesk_time(days=2), language="zh_Hant"))
    assert (found.expires_at, found.language) == (at(days=2), "zh-Hant")


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"headline": "Ports &amp; <i>cranes</i>"}, "Ports & cranes"),
        ({"headline": "AT&T < 5  today"}, "AT&T < 5 today"),
        ({"headline": " ", "title": "The name"}, "The name"),
        ({"headline": None, "headline_main": "Main"}, "Main"),
        ({"headline": None}, "FERRIES-STORM"),
        ({"headline": None, "slugline": None}, "The ferries run again. All of them."),
    ],
)
def test_title_is_the_headline_as_text_or_what_names_the_story(changes, title):
    assert made(superdesk(**changes)).title == title


def test_story_without_any_text_is_refused_by_name():
    with pytest.raises(InvalidItemError) as refused:
        made(superdesk(headline=None, slugline=None, body_html=None))
    assert refused.value.errors == (("headline", "is required: the story has no headline and no text"),)


@pytest.mark.parametrize(
    ("bodies", "html"),
    [
        ({"body_html": "", "body_text": "One\nTwo"}, "<p>One</p><p>Two</p>"),
        ({"body_text": "Plain", "body_html": "<p>H</p>"}, "<p>H</p>"),
        ({"body_html": None, "body_main": "Plain", "body_richtext": "<p>Rich</p>"}, "<p>Rich</p>"),
        ({"body_html": None, "body_nitf": "<p>NITF</p>"}, ""),
        ({"body_html": None, "body_xhtml": "X"}, "X"),
    ],
)
def test_body_is_the_html_or_else_paragraphs_of_the_text(bodies, html):
    assert made(superdesk(**bodies)).html == html


def test_a_megabyte_of_open_tags_is_read_at_once():
    started = time.monotonic()
    assert made(superdesk(body_html=None, body_main="<a" * 500_000, byline="by " * 150)).html
    assert time.monotonic() - started < 5


def test_text_becomes_paragraphs_between_blank_lines_or_of_lines():
    assert paragraphs("a\r\nb\r\n \r\nc <d>") == "<p>a b</p><p>c &lt;d&gt;</p>"
    assert paragraphs("a\nb\n") == "<p>a</p><p>b</p>"


def test_sound_film_and_attachments_become_enclosures():
    sound = {
        "type": "audio", "guid": "s", "headline": "Listen",
        "renditions": {
            "waveform": {"href": "https://d.example/w.png", "mimetype": "image/png"},
            "original": {
                "href": "https://d.example/a.mp3", "mimetype": "audio/mpeg", "size": 900, "duration": 61.9, "width": "",
            },
        },
    }  # fmt: skip
    film = {
        "type": "video",
        "guid": "f",
        "renditions": {"original": {"href": "/assets/f.mp4", "mimetype": "video/mp4"}},
    }
    files = [{"href": "https://d.example/r.pdf", "mimetype": "application/pdf", "title": "Report", "length": 7}]
    found = made(superdesk(associations={"s--1": sound, "f--1": film}, attachments=files))
    assert found.image is None and found.enclosures == (
        Enclosure("https://d.example/a.mp3", "audio/mpeg", 900, "Listen", 61),
        Enclosure("https://d.example/r.pdf", "application/pdf", 7, "Report", None),
    )


def test_picture_is_the_widest_that_feeds_show_and_the_first_without_featuremedia():
    def picture(name, *widths):
        return {"name": name, "uri": f"urn:{name}", "type": "picture", "renditions": [
            {"name": str(width), "href": f"https://d.example/{name}-{width}.jpg", "width": width} for width in widths
        ]}  # fmt: skip

    assert made(iptc(associations=[picture("a", 300, 2048, 2049)])).image.url == "https://d.example/a-2048.jpg"
    assert made(iptc(associations=[picture("a", 5000, 4000)])).image.url == "https://d.example/a-4000.jpg"
    assert made(iptc(associations=[picture("a", 1), picture("featuremedia", 2)])).image.width == 2
    assert made(iptc(associations=[picture("none"), picture("b", 3)])).image.credit is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"type": "picture"}, "type picture"),
        ({"type": "event"}, "type event"),
        ({"type": "composite", "body_html": None}, "no body"),
        ({"type": None, "body_html": None}, "no body"),
        ({"representationtype": "partial"}, "partial"),
    ],
)
def test_item_that_is_no_story_is_told_why(changes, words):
    assert words in (not_taken(read_item(superdesk(**changes))) or "")


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ([], ""),
        ({"type": "text"}, "guid"),
        ({"type": "text", "headlines": []}, "uri"),
        (superdesk(guid=7), "guid"),
        (superdesk("x" * 501), "guid"),
        (superdesk(pubstatus="cancelled"), "pubstatus"),
        (iptc(pubStatus="cancelled"), "pubStatus"),
        (iptc(versionCreated="yesterday"), "versionCreated"),
        (superdesk(body_html=["x"]), "body_html"),
        (iptc(bodies=[{"role": "main"}]), "bodies.0.value"),
        (iptc(headlines=[{"value": 5}]), "headlines.0.value"),
        (superdesk(associations={"featureMedia": {"renditions": {"Main": {"href": 5}}}}),
         "associations.featureMedia.renditions.Main.href"),
        (superdesk(byline="x" * 501), "byline"),
        (iptc(by="x" * 501), "by"),
        (iptc(headlines=[{"value": "x" * 2001}]), "headlines"),
    ],
)  # fmt: skip
def test_invalid_item_names_the_field_as_it_was_sent(item, field):
    with pytest.raises(InvalidItemError) as refused:
        made(item)
    assert [place for place, _ in refused.value.errors] == [field]
