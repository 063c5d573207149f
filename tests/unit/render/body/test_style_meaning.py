"""What a style says stays where readers would lose it: struck out, raised, from the right, on its own line."""

import pytest

from syndication.render.summary import make_summary, visible_body
from tests.support.bodies import body

SAID = [
    (
        '<p>Was <span style="text-decoration: line-through;">50</span> 40</p>',
        "<p>Was <span><s>50</s></span> 40</p>",
        "Was 40",
    ),
    ('<p style="text-decoration-line:line-through red">a</p>', "<p><s>a</s></p>", ""),
    ('<p>10<span style="vertical-align:super">6</span></p>', "<p>10<span><sup>6</sup></span></p>", "10⁶"),
    ('<p>H<span style="vertical-align: sub">2</span>O</p>', "<p>H<span><sub>2</sub></span>O</p>", "H₂O"),
    ('<p>a<span style="vertical-align:super">[1]</span></p>', "<p>a<span><sup>[1]</sup></span></p>", "a"),
    ('<p>m<sup style="vertical-align:super">2</sup></p>', "<p>m<sup>2</sup></p>", "m²"),
    ('<span style="font-weight:700;font-style:italic">a</span>', "<span><strong><em>a</em></strong></span>", "a"),
    ('<b style="font-weight:normal"><p>a</p></b>', "<p>a</p>", "a"),
    ('<em style="font-style:normal">a</em><i>b</i>', "a<i>b</i>", "ab"),
    ('<p style="direction:rtl">א</p>', '<p dir="rtl">א</p>', "א"),
    ('<ol type="a" style="list-style-type:lower-roman"><li>a</ol>', '<ol type="i"><li>a</li></ol>', "a"),
    (
        '<p>a<span style="display:block">b</span><span style="display:block">c</span></p>',
        "<p>a<br><span>b</span><br><span>c</span></p>",
        "a b c",
    ),
    ('<p><span style="display:block">a</span>b</p>', "<p><span>a</span><br>b</p>", "a b"),
    ('<pre><span style="display:flex">a\n</span>b</pre>', "<pre><span>a\n</span>b</pre>", "a b"),
    ('<p style="white-space:pre-line">a\nb <b>c\nd</b></p>', "<p>a<br>b <b>c<br>d</b></p>", "a b c d"),
    ('<p style="white-space:pre-line"><b>a</b>\n<i>b</i></p>', "<p><b>a</b><br><i>b</i></p>", "a b"),
    ('<div style="white-space:pre"><p>a</p>\n<p>b</p></div>', "<div><p>a</p>\n<p>b</p></div>", "a b"),
    ('<div>a</div><p><a style="display:block">b</a></p>', "<div>a</div><p><a>b</a></p>", "a b"),
    ('<p style="color:red">e\nf</p>', "<p>e\nf</p>", "e f"),
    ('<p style="white-space:pre-wrap">a\n   b</p>', "<p>a<br>&nbsp;&nbsp; b</p>", "a b"),
    ('<p><span style="float:left;color:red">T</span>he</p>', "<p><span>T</span>he</p>", "The"),
]  # fmt: skip


@pytest.mark.parametrize(("html", "shown", "read"), SAID)
def test_what_a_style_says_stays_in_body_and_summary(html, shown, read):
    assert body(html) == shown
    assert make_summary(visible_body(html), 100) == read


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<span class="ln">1</span><span class="cl">a</span>', "<span>1</span> <span>a</span>"),
        ('<span style="user-select:none"> 1</span>a', "<span> 1</span> a"),
        ('<span class="lnt">1\n</span><span class="lnt">2\n</span>', "<span>1\n</span><span>2\n</span>"),
        ('<span class="mi">1</span>a', "<span>1</span>a"),
    ],
)
def test_a_number_of_a_line_joins_no_code(html, shown):
    assert body(f"<pre>{html}</pre>") == f"<pre>{shown}</pre>"
