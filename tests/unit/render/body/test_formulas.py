"""A formula is read once, in the body and in the summary, whichever script would have shown it."""

import pytest

from syndication.render.summary import make_summary, visible_body
from tests.support.bodies import body

MATH = "<math><mi>x</mi><mo>=</mo><mn>1</mn></math>"

FORMULAS = [
    (
        f"<span class=katex><span class=katex-mathml>{MATH}</span>"
        "<span class=katex-html aria-hidden=true>x=1</span></span>",
        "<span><span>x = 1</span></span>",
        "x=1",
    ),
    ("<span class=katex-html aria-hidden=true>x=1</span>", "<span>x=1</span>", "x=1"),
    (
        f"<span class=MathJax><nobr aria-hidden=true>x=1</nobr><span class=MJX_Assistive_MathML>{MATH}</span></span>"
        "<script type='math/tex'>x=1</script>",
        "<span><span>x = 1</span></span>",
        "x=1",
    ),
    ("<script type='math/tex; mode=display'>x < 1</script>", "x &lt; 1", "x < 1"),
    ("<span class=MathJax_Preview></span><script type=math/tex>x</script>", "<span></span>x", "x"),
]


@pytest.mark.parametrize(("html", "shown", "read"), FORMULAS)
def test_a_formula_is_there_once_and_leaves_no_hole(html, shown, read):
    assert body(html) == shown
    assert make_summary(visible_body(f"<p>So {html} holds.</p>"), 100) == f"So {read} holds."
