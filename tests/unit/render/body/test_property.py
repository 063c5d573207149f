"""Every visible word of an article is a word of the body, and no invisible one is.

The trees are generated with their own oracle: each text is a word that was put where a person sees it, or where no
browser shows it. What is shown in the output is read by another parser (Python's own).
"""

import re
from html import escape
from html.parser import HTMLParser
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.bodies import body

VISIBLE, HIDDEN = "seen", "gone"

SHOWN_AROUND = [
    "<p>{}</p>",
    "<div>{}</div>",
    "<b>{}</b>",
    "<em class='x'>{}</em>",
    "<span style='color:red'>{}</span>",
    "<ul><li>{}</li></ul>",
    "<table><tr><td>{}</td></tr></table>",
    "<blockquote class='twitter-tweet'>{}</blockquote>",
    "<details><summary>More</summary>{}</details>",
    "<form>{}</form>",
    "<section>{}</section>",
    "<x-card data-src='/x'>{}</x-card>",
    "<noscript>{}</noscript>",
    "<dialog open>{}</dialog>",
    "<figure>{}</figure>",
    "<object data='/a.pdf'>{}</object>",
    "<canvas>{}</canvas>",
    "<div aria-hidden='true'>{}</div>",
    "<pre>{}</pre>",
    "<div style='visibility:hidden'><div style='visibility:visible'>{}</div></div>",
    "<font>{}</font>",
    "<center>{}</center>",
    "<div data-oembed-url='https://youtu.be/x'>{}</div>",
    "<fieldset><legend>L</legend>{}</fieldset>",
    "{}<hr>",
    "<svg><foreignObject><div>{}</div></foreignObject></svg>",
    "<a href='#x'>{}</a>",
    "<map>{}<area href='/x' alt='x'></map>",
    "<ruby>{}<rt>r</rt></ruby>",
    "<h2 id='x'>{}</h2>",
    "<del>{}</del>",
    "<marquee>{}</marquee>",
    "<!-- x -->{}",
    "<script>var x = '<p>';</script>{}",
    "<base href='/b/'>{}",
    "<amp-carousel>{}</amp-carousel>",
    "<label>{}<input></label>",
    "<p>{}",
    "<p><table>{}</table>",
    "<p style='text-decoration:line-through'>{}</p>",
    "<span style='display:block;vertical-align:super'>{}</span>",
    "<div style='white-space:pre-wrap;direction:rtl'>{}</div>",
    "<b style='font-weight:normal'>{}</b>",
    "<div style='height:0;overflow:hidden;padding-bottom:56%'>{}</div>",
]

SLOPPY = [
    "{}",
    "<p><li>{}",
    "</p>{}",
    "<td>{}",
    "</div>{}",
    "<b><i>{}</b></i>",
    "<ul><li>{}<li>",
    "<html><body class=x>{}</html>",
]
"""Around the whole: inside, they would end the elements around them."""

HIDDEN_AROUND = [
    "<div hidden>{}</div>",
    "<div style='display:none'>{}</div>",
    "<template>{}</template>",
    "<dialog>{}</dialog>",
    "<div style='visibility:hidden'>{}</div>",
    "<div popover>{}</div>",
    "<i style='DISPLAY:NONE!important'>{}</i>",
    "<div style='position:absolute;left:-9999px'>{}</div>",
    "<div style='height:0;overflow:hidden'>{}</div>",
]

# Words in elements that hold only text, and in attributes: where they are seen, and where not.
SHOWN_WORDS = [
    "{}",
    "<svg><text>{}</text></svg>",
    "<math><mtext>{}</mtext></math>",
    "<textarea>{}</textarea>",
    "<button>{}</button>",
    "<select><optgroup label='{}'></select>",
    "<select><option>{}</select>",
    "<input value='{}'>",
    "<img alt='{}'>",
    "<progress>{}</progress>",
    "<xmp>{}</xmp>",
    "<video>{}</video>",
    "&#11;{}&#x2028;",
    "<iframe srcdoc='<p>{}'></iframe>",
    "<script type='math/tex'>{}</script>",
    "<a href='/x' data-embed title='{}'></a>",
    "<amp-img alt='{}'></amp-img>",
    "<iframe src='https://e.example/' title='{}'></iframe>",
    "<oembed url='https://e.example/'>{}</oembed>",
    "<input type=submit value='{}'>",
    "<applet>{}</applet>",
]

HIDDEN_WORDS = [
    "<!-- {} -->",
    "<script>{}</script>",
    "<style>{}</style>",
    "<title>{}</title>",
    "<iframe src='/x'>{}</iframe>",
    "<input type=hidden value='{}'>",
    "<input type=password value='{}'>",
    "<noembed>{}</noembed>",
    "<meta content='{}'>",
    "<video src='/v.mp4'>{}</video>",
    "<datalist><option>{}</datalist>",
    "<p data-x='{}'></p>",
    "<p class='{}'></p>",
    "<math><semantics><mi>x</mi><annotation>{}</annotation></semantics></math>",
    "<svg><defs><text>{}</text></defs></svg>",
    "<noframes>{}</noframes>",
    "<iframe srcdoc='<p hidden>{}'></iframe>",
    "<?x {} ?>",
]


class Words(HTMLParser):
    """Collects the words of a page and of the alternative texts of its pictures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.found += re.findall(rf"(?:{VISIBLE}|{HIDDEN})\d+", data)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "alt":
                self.handle_data(value or "")


class Text(HTMLParser):
    """Collects the text of a page; a tag parts it."""

    text = ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, _tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.text += " "


def shown(html: str) -> list[str]:
    """Returns the words of a page."""
    reader = Text()
    reader.feed(html)
    reader.close()
    return reader.text.split()


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Generates a body and its visible words in order."""
    numbers = count()
    seen: list[str] = []

    def word(visible: bool) -> str:
        name = f"{VISIBLE if visible else HIDDEN}{next(numbers)}"
        if visible:
            seen.append(name)
        return name

    def part(depth: int, visible: bool) -> str:
        kind = draw(st.integers(0, 9))
        if depth and kind < 6:
            return draw(st.sampled_from(SHOWN_AROUND)).replace("{}", parts(depth - 1, visible))
        if depth and kind == 6:
            return draw(st.sampled_from(HIDDEN_AROUND)).replace("{}", parts(depth - 1, False))
        shown = visible and kind < 9
        return draw(st.sampled_from(SHOWN_WORDS if shown else HIDDEN_WORDS)).replace("{}", word(shown))

    def parts(depth: int, visible: bool) -> str:
        return " ".join(part(depth, visible) for _ in range(draw(st.integers(1, 3))))

    return draw(st.sampled_from(SLOPPY)).replace("{}", parts(4, True)), seen


@settings(max_examples=400, deadline=None)
@given(bodies())
def test_every_visible_word_is_in_the_body_and_no_invisible_one(generated):
    html, seen = generated
    assert sorted(Words(body(html)).found) == sorted(seen), html


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([*SLOPPY, *SHOWN_AROUND, *HIDDEN_AROUND, *SHOWN_WORDS, "</{}>", "<{}", "&{}", "{}'>", '"{}"']),
        max_size=12,
    )
)
def test_a_body_is_safe_and_the_same_when_it_is_written_again(pieces):
    once = body("".join(piece.replace("{}", "x") for piece in pieces))
    assert not re.search(r"<(?:script|style|iframe|object|embed|form|input|svg|math|template|base|noscript)\b", once)
    assert shown(body(once)) == shown(once)


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("\x00\x0b\x0c\x85\u2028\ufffe\x1f \n"), max_size=60))
def test_text_alone_keeps_its_words_and_joins_none(text):
    nothing = re.compile("[\x00-\x08\x0e-\x1b\x7f\ufffe\uffff]")
    assert shown(body(escape(text))) == nothing.sub("", text).split()
