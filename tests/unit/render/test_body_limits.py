"""No article stops publishing: work that is not linear is limited beforehand, with a reason that names the limit."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndication.model.addresses import iri, web_address
from syndication.model.formats import email_address, language_tag, media_type
from syndication.process.child import Limits
from syndication.render.body_limits import exceeds_limits
from syndication.render.isolated import IsolatedRenderer
from syndication.render.renderer import Renderer
from syndication.render.srcset import candidates
from tests.support.newsroom import entry, feed

UNCLOSED = "".join(f"<b title={n}>" for n in range(1000)) + "<p>x</p>" * 1000


@pytest.mark.thorough("elements")
@pytest.mark.parametrize(
    ("html", "words"),
    [
        pytest.param("<div>" * 212_000, "nests 212,000 elements deep (maximum 500)", id="nested"),
        pytest.param(UNCLOSED, "leaves 1,000 formatting elements", id="formatting left open"),
        pytest.param("<p>x" * 1_100_000, "has 1,100,000 elements (maximum 1,000,000)", id="elements"),
        pytest.param("x" * (16 * 2**20 + 1), "has 16,777,217 characters (maximum 16,777,216)", id="size"),
        pytest.param(f"<p {' a=x' * 201}>", "has 201 attributes (maximum 200)", id="attributes"),
        pytest.param(
            "<p>" + "".join(f"<b title={n}>" for n in range(99)) + "<p>x</p>" * 20_000,
            "unclosed formatting elements are repeated",
            id="multiplied",
        ),
    ],
)  # fmt: skip
def test_a_body_over_a_limit_is_left_out_and_the_limit_named(html, words):
    out = Renderer().render(feed(entry("bad", html=html), entry("good")))
    assert [e.article_id for e in out.entries] == ["good"]
    assert words in out.left_out[0].reason


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<p>x" * 2000, id="paragraphs without an end"),
        pytest.param("<p><span>x" * 2000, id="spans that end with their paragraph"),
        pytest.param("<ul>" + "<li>x" * 2000 + "</ul>", id="items without an end"),
        pytest.param("<table>" + ("<tr>" + "<td><font color=red>1" * 10) * 500 + "</table>", id="old tables"),
        pytest.param("<div>" * 400 + "</div>" * 400, id="400 deep"),
        pytest.param("<b><p>x</b></p>" * 500, id="misnested"),
        pytest.param("<!-- <div> -->" * 2000, id="comments"),
        pytest.param("<script>" + "<div>" * 2000 + "</script>", id="script"),
        pytest.param(f"<img src='data:image/png;base64,{'A' * 5_000_000}'>", id="a picture in an address"),
    ],
)
def test_ordinary_bodies_are_within_the_limits(html):
    assert exceeds_limits(html) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("a.jpg 1x, b.jpg 2x", [("a.jpg", "1x"), ("b.jpg", "2x")]),
        ("a.jpg, b.jpg 2x", [("a.jpg", ""), ("b.jpg", "2x")]),
        ("/a,b.jpg 100w, c.jpg 200w", [("/a,b.jpg", "100w"), ("c.jpg", "200w")]),
        (" a.jpg\n480w ,\tb.jpg 800w,", [("a.jpg", "480w"), ("b.jpg", "800w")]),
        ("a.jpg what, b.jpg 2x", [("b.jpg", "2x")]),
        ("", []),
        (" , ", []),
    ],
)
def test_a_srcset_is_read_as_browsers_do(value, found):
    assert list(candidates(value)) == found


SRCSETS = [
    lambda n: "a" * n + " b",
    lambda n: "a " * n,
    lambda n: "," * n,
    lambda n: "a," * n + "b",
    lambda n: "1 " * n,
]
TEXTS = [*SRCSETS, lambda n: "a-" * n, lambda n: "a." * n, lambda n: "a" * n + "!", lambda n: "a@" * n]
TEXTS += [lambda n: "a/b;" * n, lambda n: "%" * n, lambda n: " " * n + "x", lambda n: "http://" + "a-" * n]
TEXTS += [lambda n: "http://" + "a." * n + "!", lambda n: 'a/b;c="' * n, lambda n: "<" * n, lambda n: '<a b="' * n]
TEXTS += [lambda n: "<!--" * n, lambda n: "<a " * n, lambda n: "</b>" * n, lambda n: "a/b" + ";a=b" * n + "!"]
READERS = [lambda t: list(candidates(t)), language_tag, email_address, media_type, web_address, iri, exceeds_limits]


@pytest.mark.parametrize("read", READERS, ids=range(len(READERS)))
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_twice_the_text_takes_no_more_than_a_few_times_as_long(read, text):
    def seconds(number: int) -> float:
        value, best = text(number), 60.0
        for _ in range(3):
            started = time.thread_time()
            read(value)
            best = min(best, time.thread_time() - started)
        return best

    # A quadratic one takes sixteen times as long.
    assert seconds(8000) <= 10 * max(seconds(2000), 0.002)


@pytest.fixture(scope="module")
def isolated():
    died: list[str] = []
    renderer = IsolatedRenderer(Limits(10, 1536), died.append)
    renderer.deaths = died
    yield renderer
    renderer.close()


PIECES = [
    "<b>",
    "<b title=1>",
    "<a href=x>",
    "</b>",
    "</a>",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<table>",
    "<tr>",
    "<td>",
]
PIECES += [
    "</td>",
    "</table>",
    "<svg>",
    "</svg>",
    "<math>",
    "<mtext>",
    "<!--",
    "-->",
    "&amp;",
    "&lt",
    "&#x",
    "<font color=x>",
]
PIECES += [
    "<i class='",
    "'>",
    '">',
    "<button>",
    "<li>",
    "<ul>",
    "text",
    "<template>",
    "<select>",
    "<option>",
    "<h1>",
    "<em>",
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=8), st.integers(1, 12), st.booleans())
def test_any_repetition_yields_an_entry_or_a_reason_in_time(isolated, pieces, doublings, numbered):
    one = "".join(pieces)
    body = "".join(one.replace("=1>", f"={n}>") for n in range(2**doublings)) if numbered else one * 2**doublings
    made = isolated(feed(entry("x")), [entry("x", html=body)])
    assert len(made.fragments) + len(made.left_out) == 1
    assert isolated.deaths == []
    for fragments in made.fragments.values():
        assert fragments.largest < 64 * 2**20
