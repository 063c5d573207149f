"""Summaries: the opening of a story as a person would read it aloud."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.render.summary import make_summary, plain, visible_body


def opening(html: str, length: int = 300, title: str = "The title") -> str:
    return make_summary(visible_body(html), length, title)


BESIDE_THE_STORY = {
    "caption": "<figure><img src=i alt=x><figcaption>A ferry. Photo: A. Reporter</figcaption></figure>",
    "pull quote": "<figure class=wp-block-pullquote><blockquote><p>Quoted.</p></blockquote></figure>",
    "caption of old WordPress": "<div class=wp-caption><img src=i><p class=wp-caption-text>A ferry.</p></div>",
    "credit": "<p class=photo-credit>A. Reporter / Ledger</p>",
    "caption in camel case": "<span class=imageCaption>A ferry.</span>",
    "byline": "<div class=article__byline>By A. Reporter</div>",
    "credit without markup": "<p><em>Photo: A. Reporter / Ledger</em></p>",
    "credit in Chinese": "<p>（圖／記者王小明攝）</p>",
    "table": "<table><caption>Results</caption><tr><th>Team<td>Lions</table>",
    "struck out": "<p><s>One</s> <del>two</del> <strike>three</strike></p>",
    "struck out by style": '<p style="text-decoration: line-through red">Four</p>',
    "script and style": "<script>x</script><style>y</style><template><p>z</p></template><!-- note -->",
    "caption that ends with its credit": "<p><img src=i><br><em>A ferry. (Photo: CNA)</em></p>",
    "caption in Chinese with its credit": "<p>渡輪出港。（圖：中央社）</p>",
    "caption with its credit behind": "<div><img src=i><p>Lin at the harbour. Photo: CNA</p></div>",
    "what leads elsewhere": "<p><b>READ MORE:</b> <a href=/x>Ferries are back</a></p><p>延伸閱讀：渡輪</p>",
    "byline without markup": "<p>By Ann O’Neill and Lin Mei-hua</p>",
    "kicker": "<p class=article-kicker>Exclusive</p>",
    "contents by id": '<div id="toc_container"><p>Contents</p></div>',
    "what plugins add": '<div class="sharedaddy x">Share this:</div><span class=rt-reading-time>3 minutes</span>',
    "navigation": "<nav><a href=/>Home</a></nav><div role=navigation>Path</div><ul class=breadcrumb><li>News</ul>",
    "contents": "<div class=ez-toc-container><p>Contents</p><a href=#a>A</a></div>",
    "aside and footer": "<aside>Also read</aside><footer>Imprint</footer><address>Desk</address>",
    "buttons": '<button>Share</button><a class="btn btn-primary" href=/s>Subscribe</a><a role=button href=#>More</a>',
    "form": "<form><label>Email</label><input value=x><p>Our newsletter</p><select><option>a</select></form>",
    "controls": "<textarea>x</textarea><progress>5</progress><meter>6</meter><output>7</output>",
    "embeds": "<iframe>a</iframe><video>b</video><object>d</object><canvas>e</canvas><svg><text>f</svg>",
    "post of another service": "<blockquote class=twitter-tweet><p>Tweet</p>— A (@a)</blockquote>",
    "address that embeds": "<p>https://video.example/watch?v=1</p>",
    "AMP": "<amp-iframe src=x><p placeholder>Loading</p></amp-iframe><amp-img src=i></amp-img>",
    "for screen readers": "<span class=screen-reader-text>Skip</span>",
    "dialog": "<dialog open>Cookies?</dialog>",
    "what is found by searching": "<div hidden=until-found><p>Findable</p></div>",
    "popover": "<div popover id=p>Opened by a button</div>",
    "closed details": "<details><summary>More</summary>Background</details>",
    "the title again": "<h1>The  title</h1>",
    "blank paragraphs": "<p>&nbsp;</p><p>&#8203;</p><p>&shy;</p>",
}


@pytest.mark.parametrize("html", BESIDE_THE_STORY.values(), ids=BESIDE_THE_STORY)
def test_a_summary_leaves_out_what_is_beside_the_story(html):
    assert opening(f"{html}<p>The harbour reopened.</p>") == "The harbour reopened."


READ = {
    "blocks": ("<p>one</p>two<div>three</div><ul><li>four<li>five</ul>six<hr>7", "one two three four five six 7"),
    "inline": ("<p>h<b>ar</b>b<i>ou</i>r, com<wbr>pound, li<span>ne</span></p>", "harbour, compound, line"),
    "no byline": ("<p>By Friday the harbour had reopened.</p>", "By Friday the harbour had reopened."),
    "a story with a credit": (f"<p>{'A long story. ' * 25}(Photo: CNA)</p>", "A long story. " * 21 + "A…"),
    "cells of a formula": ("<math><mtable><mtr><mtd>1</mtd><mtd>2</mtd></mtr></mtable></math>", "1 2"),
    "line break": ("<p>one<br>two <br/> three</p>", "one two three"),
    "references": ("<p>AT&amp;T &lt;b&gt; &#x1F6A2;</p>", "AT&T <b> 🚢"),
    "headings": ("<p>one</p><h2>Background</h2><p>two</p>", "one Background two"),
    "a quotation in the line": ("<p>It <q>is <q>so</q></q>.</p>", "It “is ‘so’”."),
    "a block quotation": ("<p>He said:</p><blockquote><p>Yes.</p></blockquote>", "He said: Yes."),
    "insertion": ("<p><del>Two</del><ins>Three</ins> died.</p>", "Three died."),
    "spaces that are text": ("<p>10&nbsp;000\u202f€ 東京\u3000大雨</p>", "10\u00a0000\u202f€ 東京\u3000大雨"),
    "indents": ("<p>\u3000\u3000東京。</p><p>\u3000大雨。</p>", "東京。 大雨。"),
    "controls": ("<p>one\x0btwo&#11;three&#8232;four</p>", "one two three four"),
    "ruby": ("<ruby>東京<rp>(</rp><rt>とうきょう</rt><rp>)</rp></ruby>の<ruby>雨<rt>あめ</ruby>", "東京の雨"),
    "an emoji as a picture": ("<p>I <img class=emoji alt=❤️ src=h> NY <img alt='A bridge' src=b></p>", "I ❤️ NY"),
    "a class of the whole story": ('<div class="category-credit has-caption"><p>One</p></div>', "One"),
    "a long text in a class of credits": (f"<div class=caption><p>{'word ' * 80}</p></div>", "word " * 59 + "word…"),
    "open details": ("<details open><summary>Note</summary>Shown</details>", "Note Shown"),
    "a table for layout": ("<table role=presentation><tr><td>One</table><p>two</p>", "One two"),
    "without scripts": ("<noscript><p>One</p></noscript>", "One"),
    "powers": ("E = <math><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></math>", "E = mc²"),
    "fractions": ("3<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>", "3 1/2"),
    "roots": ("<math><semantics><msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt><annotation>y</math>", "√(x+1)"),
}  # fmt: skip


@pytest.mark.parametrize(("html", "text"), READ.values(), ids=READ)
def test_a_summary_reads_as_a_person_reads(html, text):
    assert opening(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("10<sup>6</sup> litres", "10⁶ litres"),
        ("10<sup>-3</sup> or 10<sup>−3</sup>", "10⁻³ or 10⁻³"),
        ("10<sup>2.5</sup>", "10^2.5"),
        ("10<sup>1/2</sup>", "10^(1/2)"),
        ("10<sup> <b>6</b> </sup>", "10⁶"),
        ("2<sup>10<sup>3</sup></sup>", "2^10³"),
        ("10<span style='vertical-align: super'>6</span>", "10⁶"),
        ("CO<sub>2</sub>, H<sub>2</sub>SO<sub>4</sub>", "CO₂, H₂SO₄"),
        ("SO<sub>4</sub><sup>2−</sup>, <sup>235</sup>U", "SO₄²⁻, ²³⁵U"),
        ("PM<sub>2.5</sub> and V<sub>max</sub>", "PM2.5 and Vmax"),
        ("101<sub>2.5</sub>", "101_2.5"),
        ("the 21<sup>st</sup>, 1<sup>er</sup>, M<sup>me</sup>", "the 21st, 1er, Mme"),
        ("x<sup>n</sup>, 5 km<sup>2</sup>, n<sup>o</sup> 5", "xⁿ, 5 km², nº 5"),
        ("3<sup>1</sup>/<sub>2</sub>", "3¹/₂"),
        ("$4<sup>99</sup>", "$4⁹⁹"),
        ("Ledger<sup>TM</sup> and Desk<sup>®</sup>", "Ledger™ and Desk®"),
        ("5<sup>per 100 g</sup>meat", "5 per 100 g meat"),
    ],
)
def test_superscripts_and_subscripts_change_no_number(html, text):
    assert opening(f"<p>{html}</p>") == plain(f"<p>{html}</p>") == text


MARKS = [
    "<sup><a href='#fn1'>1</a></sup>",
    "<a href='#fn1'><sup>1</sup></a>",
    "<a href='#fn:2' class=footnote role=doc-noteref>2</a>",
    "<sup id=c class=reference><a href='#cite_note-7'><span>[</span>7<span>]</span></a></sup>",
    "<a href='https://daily.example/n#_ftn1'>[1]</a>",
    "<sup>[12]</sup>",
    "<sup>*</sup>",
    "<sup>†</sup>",
    "<sup>※1</sup>",
    "<sup><a href='#a'>a</a>, <a href='#b'>b</a></sup>",
    "<sup><a href='https://daily.example/source'>3</a></sup>",
    "<sup class=footnote-ref>4</sup>",
    "[1]",
    "[2][3]",
]


@pytest.mark.parametrize("mark", MARKS)
def test_marks_of_footnotes_are_not_read(mark):
    assert opening(f"<p>It rained{mark}, then snowed.{mark} So.</p>") == "It rained, then snowed. So."


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<a href='#part'>See below</a>", "See below"),
        ("<a href='#me'>I</a>", "I"),
        ("<a href='/1'>1</a>", "1"),
        ("19[84]", "19[84]"),
        ("said [3] people", "said [3] people"),
        ("<code>list[0]</code>", "list[0]"),
        ("<sup>[sic]</sup>", "[sic]"),
    ],
)
def test_brackets_and_links_that_are_words_are_read(html, text):
    assert opening(f"<p>{html}</p>") == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<form><label>Search</label><p>The whole story.</p><button>Go</button></form>", "The whole story."),
        ("<table><tr><td>The story.<td>More.</table>", "The story. More."),
        ("<figure><p>The story.</p><figcaption>A ferry.</figcaption></figure>", "The story."),
        ("<figure><img src=i><figcaption>A ferry.</figcaption></figure>", "A ferry."),
        ("<h1>The title</h1>", ""),
        ("<img src=i>", ""),
        ("", ""),
    ],
)
def test_a_story_without_other_text_is_read_all_the_same(html, text):
    assert opening(html) == text


def test_a_summary_is_shortened_behind_what_is_left_out():
    html = "<figure><figcaption>Caption</figcaption></figure><p>" + "one <s>no</s> two " * 5000
    assert opening(html, 20) == "one two one two one…"


def test_a_written_summary_is_read_whole():
    html = (
        "<h3>One</h3><table><caption>two</caption><tr><td>three<td>four</table><figure><figcaption>five</figcaption>"
        "</figure><aside>six</aside><button>seven</button><nav>eight</nav><p>Photo: nine</p><script>no</script>"
    )
    assert plain(html) == "One two three four five six seven eight Photo: nine"
    assert plain("<p>" + "word " * 1000) == ("word " * 1000).strip()


def test_plain_text_beyond_the_limits_is_empty():
    assert plain("<div>" * 600 + "x") == ""


TAGS = [
    "p",
    "b",
    "sup",
    "sub",
    "q",
    "table",
    "td",
    "figure",
    "figcaption",
    "a href=#x",
    "ruby",
    "rt",
    "s",
    "math",
    "msup",
    "mfrac",
    "svg",
]
PIECES = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in TAGS]),
    st.sampled_from([f"</{tag.split()[0]}>" for tag in TAGS]),
    st.sampled_from(["one ", "two", "10", "6", "[1]", "\u3000", "\u200b", "中", "&amp;", "<br>", "<img alt=x>"]),
)


@given(st.lists(PIECES, max_size=60), st.integers(20, 100))
def test_any_body_has_a_summary_of_its_own_words(pieces, length):
    html = "".join(pieces)
    made = opening(html, length)
    assert len(made) <= length and made == made.strip()
    words = unicodedata.normalize("NFKC", made)  # An exponent or index is its letter or digit, raised or lowered.
    assert set(words) <= set("one two106[1] \u200b中&…...“”‘’^_()/⁄√ax")


@pytest.mark.parametrize(
    "hidden",
    ["<p hidden>X</p>", '<p style="display: none">X</p>', "<template>X</template>", "<dialog>X</dialog>", "<!-- X -->"],
)
def test_a_written_summary_never_shows_hidden_text(hidden):
    assert plain(f"<p>Seen.</p>{hidden}") == "Seen."
