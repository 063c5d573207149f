"""Pictures, files and durations of items."""

import pytest

from syndication.importing.durations import seconds
from tests.unit.importing.test_rss import item


def image(*parts):
    return {key: value for key, value in (item(*parts)["image"] or {}).items() if value is not None}


VIDEO = "<media:content url='https://video.example/1' type='video/mp4'/>"
WORDS = "<media:description>Line &amp;amp; one.\n\nLine two.</media:description>"


@pytest.mark.parametrize(
    ("parts", "html"),
    [
        (f"<media:group>{VIDEO}{WORDS}</media:group>", "<p>Line &amp;amp; one.</p><p>Line two.</p>"),
        (VIDEO + WORDS.replace(">", " type='html'>", 1), "Line &amp; one.\n\nLine two."),
        (f"<media:group>{VIDEO}{WORDS}</media:group><description>The story.</description>", "The story."),
        (f"<media:content url='/c.jpg' medium='image'>{WORDS}</media:content>", ""),
    ],
)
def test_a_videos_description_is_the_story_without_another(parts, html):
    assert item(parts)["html"] == html


C = "https://old.example/c.jpg"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ("<media:content url='/c.jpg' medium='image'/>", {"url": C}),
        (
            "<media:content url='/c.jpg' type='image/jpeg' width='1200' height='800'/>",
            {"url": C, "width": 1200, "height": 800},
        ),
        (
            "<media:content url='https://1.gravatar.com/avatar/ab?s=96' medium='image'><media:title>jlin</media:title>"
            "</media:content><media:content url='/c.jpg' medium='image'/>",
            {"url": C},
        ),
        ("<media:content url='/c.jpg'/>", {"url": C}),
        ("<media:content url='/c.jpg' medium='IMAGE' width='12px' height='-1'/>", {"url": C}),
        ("<media:thumbnail url='/c.jpg' width='200' height='100'/>", {"url": C, "width": 200, "height": 100}),
        ("<media:thumbnail url='/t.jpg'/><media:content url='/c.jpg' medium='image'/>", {"url": C}),
        (
            "<media:group><media:content url='/a.jpg' medium='image' width='100'/>"
            "<media:content url='/c.jpg' medium='image' width='900'/>"
            "</media:group>",
            {"url": C, "width": 900},
        ),
        (
            "<media:group><media:content url='/a.jpg' medium='image' width='900'/>"
            "<media:content url='/c.jpg' medium='image' isDefault='true'/></media:group>",
            {"url": C},
        ),
        (
            "<media:content url='/c.jpg' medium='image'/><media:content url='/d.jpg' medium='image' width='900'/>",
            {"url": C},
        ),
        (
            "<media:content url='/c.jpg?w=1' width='1'/><media:content url='/c.jpg?w=9' width='9'/>",
            {"url": C + "?w=9", "width": 9},
        ),
        ("<media:content url='/v.mp4' medium='video'><media:thumbnail url='/c.jpg'/></media:content>", {"url": C}),
        (
            "<media:group><media:content url='/v.mp4' type='video/mp4'/><media:thumbnail url='/c.jpg'/></media:group>",
            {"url": C},
        ),
        ("<itunes:image href='/c.jpg'/>", {"url": C}),
        ("<image><url>/c.jpg</url><title>x</title></image>", {"url": C}),
        ("<image>https://old.example/c.jpg</image>", {"url": C}),
        ("<enclosure url='/c.jpg' type='image/jpeg' length='5'/>", {"url": C}),
        ("<enclosure url='/a.mp3' type='audio/mpeg'/><itunes:image href='/c.jpg'/>", {"url": C}),
        (
            "<media:content url='/me.jpg' medium='image'><media:title>A One</media:title></media:content>"
            "<media:content url='/c.jpg' medium='image'/><dc:creator>A One</dc:creator>",
            {"url": C},
        ),
        ("<media:content medium='image'/><media:thumbnail/><image/>", {}),
        ("<media:content url='/a.mp3' type='audio/mpeg'/>", {}),
    ],
)
def test_the_lead_image_is_found(parts, expected):
    assert image(parts) == expected


@pytest.mark.parametrize(
    ("inside", "after", "words"),
    [
        (
            "<media:description>A bridge</media:description><media:credit>Photo: P</media:credit>",
            "",
            ("A bridge", "Photo: P", None),
        ),
        ("<media:title>Bridge</media:title>", "", ("Bridge", None, None)),
        (
            "<media:title>Bridge</media:title><media:description>At dawn</media:description>",
            "",
            ("At dawn", None, "Bridge"),
        ),
        (
            "<media:description type='html'>A &lt;b&gt;bridge&lt;/b&gt;</media:description>",
            "",
            ("A bridge", None, None),
        ),
        ("<media:description type='plain'>1 &lt; 2</media:description>", "", ("1 < 2", None, None)),
        (
            "<media:credit role='photographer'>P</media:credit><media:credit>Agency</media:credit>",
            "",
            (None, "P, Agency", None),
        ),
        ("", "<media:description>A bridge</media:description><media:credit>P</media:credit>", ("A bridge", "P", None)),
        ("", "<media:title>Story</media:title>", (None, None, None)),
    ],
)
def test_what_media_elements_say_is_about_the_picture(inside, after, words):
    found = image(f"<media:content url='/c.jpg' medium='image'>{inside}</media:content>{after}")
    assert (found.get("caption"), found.get("credit"), found.get("alt")) == words


@pytest.mark.parametrize(
    ("parts", "files"),
    [
        ("<enclosure url='/a.mp3' length='5' type='audio/mpeg'/>", [("/a.mp3", "audio/mpeg", 5, None, None)]),
        ("<enclosure url='/a.mp3' length='0'/>", [("/a.mp3", "audio/mpeg", None, None, None)]),
        ("<enclosure url='/a' length='1,234' type='x'/>", [("/a", "application/octet-stream", None, None, None)]),
        (
            "<enclosure url='/a.pdf'/><enclosure url='/b.pdf'/>",
            [("/a.pdf", "application/pdf", None, None, None), ("/b.pdf", "application/pdf", None, None, None)],
        ),
        (
            "<enclosure url='/a.mp3' type='audio/mpeg'/>"
            "<media:content url='/a.mp3' fileSize='7' duration='60'><media:title>A</media:title>"
            "</media:content>",
            [("/a.mp3", "audio/mpeg", 7, "A", 60)],
        ),
        (
            "<enclosure url='/a.mp3' type='audio/mpeg'/><itunes:duration>00:34:00</itunes:duration>",
            [("/a.mp3", "audio/mpeg", None, None, 2040)],
        ),
        (
            "<enclosure url='/c.jpg' type='image/jpeg'/><enclosure url='/a.mp3' type='audio/mpeg'/>"
            "<itunes:duration>90</itunes:duration>",
            [("/c.jpg", "image/jpeg", None, None, None), ("/a.mp3", "audio/mpeg", None, None, 90)],
        ),
        (
            "<media:content url='/v.mp4' medium='video' type='video/mp4' duration='12.5'/>",
            [("/v.mp4", "video/mp4", None, None, 12)],
        ),
        (
            "<media:group><media:content url='/a.mp4' type='video/mp4' fileSize='5'/>"
            "<media:content url='/b.mp4' type='video/mp4' fileSize='9'/>"
            "</media:group>",
            [("/b.mp4", "video/mp4", 9, None, None)],
        ),
        (
            "<media:content url='/c.jpg' medium='image'/><media:content url='/d.jpg' medium='image'/>",
            [("/d.jpg", "image/jpeg", None, None, None)],
        ),
        ("<atom:link rel='enclosure' href='/a.ogg' length='3'/>", [("/a.ogg", "audio/ogg", 3, None, None)]),
        ("<enclosure/><enclosure url=' '/>", []),
        ("<itunes:duration>90</itunes:duration>", []),
    ],
)
def test_files_are_those_of_the_item_each_once(parts, files):
    found = [
        tuple(file[key] for key in ("url", "media_type", "length", "title", "duration"))
        for file in item(parts)["enclosures"]
    ]
    assert found == [("https://old.example" + file[0], *file[1:]) for file in files]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2040", 2040),
        ("34:00", 2040),
        ("00:34:00", 2040),
        ("0:34:00", 2040),
        ("1:02:03", 3723),
        (" 12:05 ", 725),
        ("61.9", 61),
        ("1:00.5", 60),
        ("90:00", 5400),
        ("PT34M", 2040),
        ("pt1h2m3s", 3723),
        ("007", 7),
        ("0", None),
        ("00:00:00", None),
        ("", None),
        ("-5", None),
        ("1:2:3:4", None),
        ("34 min", None),
        ("PT", None),
        ("9" * 30, None),
        ("9" * 10**5, None),
        ("²", None),
        ("nan", None),
        ("1e3", None),
        (":30", None),
    ],
)
def test_a_duration_is_read_in_each_form(text, expected):
    assert seconds(text) == expected
