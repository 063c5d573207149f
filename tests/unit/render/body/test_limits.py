"""A body is bounded by its article and by a setting, and a story that an element swallows is reported."""

import time

import pytest

from syndication.render.body.page import SHORT, BodyRefused
from syndication.render.body.styles import LONGEST, declarations
from syndication.render.body_limits import exceeds_limits
from syndication.render.html import forget_sanitized
from syndication.render.renderer import Renderer
from tests.support.bodies import body
from tests.support.newsroom import entry, feed, section

SWALLOWED = [
    ("<p>Before.</p><iframe src='/e'/><p>The story.</p>", "an unclosed <iframe>"),
    ("<p>Before.</p><iframe src='/e'/><p>The story.</p><iframe src='/f'></iframe>", "an unclosed <iframe>"),
    ("<p>Before.</p><script src='/w.js'/><p>The story.</p>", "an unclosed <script>"),
    ("<p>Before.</p><script src='/w.js'/><p>The story.</p><script>x</script>", "an unclosed <script>"),
    ("<style>p{}<p>The story.</p>", "an unclosed <style>"),
    ("<title>The title<p>The story.</p>", "an unclosed <title>"),
    ("<noembed><p>The story.</p>", "an unclosed <noembed>"),
    ("<p>Before.</p><!-- note <p>The story.</p>", "a comment without an end"),
]


@pytest.mark.parametrize(("html", "words"), SWALLOWED)
def test_a_story_that_an_element_swallows_is_left_out_with_the_reason(html, words):
    out = Renderer().render(feed(entry("bad", html=html), entry("good")))
    assert [e.article_id for e in out.entries] == ["good"]
    assert words in out.left_out[0].reason and "of the story" in out.left_out[0].reason


@pytest.mark.parametrize(
    "html",
    [
        "<p>a</p><script src='/w.js'/>",
        "<p>a</p><script>document.write('<p>x</p>')</script>",
        "<p>a</p><iframe src='/e'><p>Your browser has no frames.</p></iframe>",
        "<p>a</p><style>p{color:red}",
        "<p>a</p><!-- <p>note</p> -->",
        "<p>a</p><!-- end",
        "<svg><title>a</title></svg><p>a</p>",
    ],
)
def test_raw_text_that_swallows_no_story_is_no_fault(html):
    assert ">a<" in body(html) or " a " in body(html)


def unclosed(number: int) -> str:
    return "".join(f"<p><b id=s{n}>Section {n}.</p>" for n in range(number))


@pytest.mark.parametrize(
    ("html", "words"),
    [
        pytest.param(unclosed(90), None, id="few unclosed elements"),
        pytest.param(unclosed(1500), "formatting elements", id="unclosed elements"),
        pytest.param(
            "<p>" + "".join(f"<b title='{'x' * 300}{n}'>" for n in range(99)) + "<p>x" * 300,
            "more than",
            id="long attributes",
        ),
        pytest.param(
            "<p>" + "".join(f"<b title='{'x' * 9000}{n}'>" for n in range(99)) + "<p>x" * 3000,
            "expand",
            id="longer ones",
        ),
        pytest.param("<a href=x>y</a>" * 9000, None, id="addresses"),
        pytest.param("<html a=b>" * 300, "attributes (maximum 200)", id="attributes of one document"),
        pytest.param(
            "".join(f"<body a{n}=b>" for n in range(300)), "attributes (maximum 200)", id="attributes of one body"
        ),
        pytest.param("<iframe srcdoc='" + "<div>" * 600 + "'></iframe>", "nests 600", id="a document in a frame"),
    ],
)
def test_a_body_grows_no_more_than_its_length_allows(html, words):
    out = Renderer().render(feed(entry("x", html=html)))
    assert [words in item.reason for item in out.left_out] == ([True] if words else [])
    for one in out.bodies.values():
        assert len(one) < 40 * max(len(html), SHORT)


def test_a_section_sets_how_large_a_body_may_be():
    story = entry("x", html="<p>word</p>" * 1000)
    out = Renderer().render(feed(story, section=section(largest_body=10_000)))
    assert "more than 10,000 characters" in out.left_out[0].reason
    assert not Renderer().render(feed(story)).left_out
    with pytest.raises(BodyRefused):
        body("<p>word</p>", largest=10)


def test_what_a_body_plays_is_an_enclosure_if_the_section_wants_it():
    story = entry("x", html='<video src="/v.mp4"></video><audio src="/a.mp3"></audio>')
    for wanted in (True, False):
        out = Renderer().render(feed(story, section=section(media_enclosures=wanted)))
        assert (b'"url":"https://www.daily.example/v.mp4","mime_type":"video/mp4"' in out.bodies["json"]) == wanted
        assert (
            b'<enclosure url="https://www.daily.example/v.mp4" length="0" type="video/mp4"' in out.bodies["rss"]
        ) == wanted


def numbered(text: str, number: int) -> str:
    return "".join(text.replace("@", str(n)) for n in range(number))


DEEP = "<div style='visibility:hidden'><div style='visibility:visible'>" * 200
REPEATED = [
    lambda n: "<noscript>" * 300 + "<img src=a>" * n,
    lambda n: "<img src=data:x><noscript><img src=a></noscript>" * n,
    lambda n: "<img src=a>" + "<!-- -->" * n + "<noscript><img src=b></noscript>",
    lambda n: DEEP + "<p>x</p>" * n,
    lambda n: numbered("<p popover id=a@>x</p><button popovertarget=a@>o</button>", n),
    lambda n: numbered("<a href='#@'>x</a><i id=@>y</i>", n),
    lambda n: f"<p style='visibility{'(' * n}'>x",
    lambda n: "<figure data-oembed-url=http://a.b/c>" * 400 + "<a href=http://d.e/f>x</a>" * n,
    lambda n: "<object data=a>" * 400 + "x" * n,
    lambda n: "<svg>" * 400 + "<text>x</text>" * n,
    lambda n: ("<math>" + "<mrow>" * 400 + "<mi>x</mi></math>") * (n // 200),
    lambda n: "<picture>" + "<source srcset=a>" * n + "</picture>",
    lambda n: "<video>" + "<source src=a>" * n + "</video>",
    lambda n: "<p>x\x0by</p>\x0b" * n,
    lambda n: "<select><button><selectedcontent></selectedcontent></button>" + "<option>x" * n,
    lambda n: "<script>x</script><!--x--><iframe></iframe>" * n,
    lambda n: "<table>" + "x<p><b>y</b>" * n,
]


@pytest.mark.parametrize("text", REPEATED, ids=range(len(REPEATED)))
def test_twice_the_body_takes_no_more_than_a_few_times_as_long(text):
    def seconds(number: int) -> float:
        html, best = text(number), 60.0
        assert exceeds_limits(html) is None
        for _ in range(3):
            forget_sanitized()
            started = time.thread_time()
            body(html)
            best = min(best, time.thread_time() - started)
        return best

    # A quadratic one takes sixteen times as long.
    assert seconds(2000) <= 10 * max(seconds(500), 0.01)


def test_a_style_is_read_up_to_a_length():
    assert declarations("a:b;" * LONGEST + "display:none") == {"a": "b"}
