"""Nothing that is for members reaches a feed, whatever stands around the marker and whatever the feed shows."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from syndication.model.access import MEMBERS_ONLY, public_part
from syndication.model.values import FORMATS, Enclosure, Image
from syndication.pipeline.entries import to_entry
from syndication.render.renderer import Renderer
from tests.support.newsroom import NOON, article, feed, section, site
from tests.support.thorough import THOROUGH

SECRET = "zqsecret"

PIECES = ["<p>Open.</p>", "<p>", "</p>", "<div class='x'>", "<!--", "-->", "<b title='", "'>", "<script>", "</script>"]
PIECES += ["<textarea>", "<template>", "<noscript>", "<svg>", "<![CDATA[", "<audio src=/a.mp3>", "<!--members-only-->"]
PIECES += ["<!-- members-only -->", "<!--MEMBERS-ONLY-->", "&lt;!--members-only--&gt;", "\x00", "<plaintext>", " text "]
SECRETS = [f"<p>{SECRET}</p>", f"<img src='/{SECRET}.jpg' alt='{SECRET}'>", f"<video src='/{SECRET}.mp4'></video>"]
SECRETS += [f"<a href='https://x.example/{SECRET}'>{SECRET}</a>", f"<h2 id='{SECRET}'>{SECRET}</h2>", SECRET]

OPENINGS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
REST = st.lists(st.sampled_from(PIECES + SECRETS), min_size=1, max_size=8).map("".join)


def documents(story, **changes):
    """The story in every format, of a feed with bodies and of one with summaries."""
    for content in ("full", "summary"):
        shown = section(content=content, media_enclosures=True, **changes)
        rendered = Renderer().render(feed(to_entry(story, site(), {}, NOON), section=shown))
        assert set(rendered.bodies) == set(FORMATS)
        yield from (body.decode() for body in rendered.bodies.values())


@given(
    opening=OPENINGS, rest=REST, summary=st.sampled_from([None, "", "A teaser."]), correction=st.none() | st.just("C")
)
@example(opening="", rest=SECRET, summary=None, correction=None)
@example(opening="<!-- members-only -->", rest=f"<p>{SECRET}</p>", summary=None, correction="C")
@settings(max_examples=200 if THOROUGH else 40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_format_of_any_feed_holds_what_follows_the_marker(opening, rest, summary, correction):
    story = article(
        html=opening + MEMBERS_ONLY + rest,
        summary=summary,
        correction=correction,
        access="members",
        enclosures=(Enclosure(f"/{SECRET}.mp3", "audio/mpeg", title=SECRET),),
    )
    assert all(SECRET not in document for document in documents(story))


@given(
    rest=REST.filter(lambda html: MEMBERS_ONLY not in html), access=st.sampled_from(["members", "paid", "", "Public"])
)
@settings(max_examples=100 if THOROUGH else 25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_members_story_without_a_marker_has_no_body(rest, access):
    story = article(html=rest, summary=None, access=access)
    assert public_part(story).html == ""
    assert all(SECRET not in document for document in documents(story))


def test_the_opening_makes_the_summary_and_the_rest_stays_out():
    html = f"<p>The ferry sank at dawn.</p>{MEMBERS_ONLY}<p>Its owner knew. {SECRET}</p>"
    story = article(html=html, summary=None, access="members", image=Image("/i.jpg", caption="The ferry"))
    for document in documents(story):
        assert "The ferry sank at dawn." in document and "owner" not in document and "i.jpg" in document
        assert story.title in document


@pytest.mark.parametrize("html", ["", f"{MEMBERS_ONLY}<p>All of it.</p>", "<p>All of it.</p>"])
def test_a_story_wholly_for_members_shows_its_written_summary(html):
    for document in documents(article(html=html, summary="A teaser.", access="members")):
        assert "A teaser." in document and "All of it." not in document


def test_a_public_story_is_whole_and_its_marker_unseen():
    file = Enclosure("/a.mp3", "audio/mpeg")
    story = article(html=f"<p>One.</p>{MEMBERS_ONLY}<p>Two.</p>", summary=None, enclosures=(file,))
    assert public_part(story) is story
    for document in documents(story):
        assert "Two." in document and "members-only" not in document and "a.mp3" in document
