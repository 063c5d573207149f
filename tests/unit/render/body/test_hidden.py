"""What a browser hides is gone from a body; what it shows stays, whatever the attributes are called."""

import pytest

from tests.support.bodies import body

HIDDEN = [
    "<p hidden>no</p>",
    "<p hidden=false>no</p>",
    "<P HIDDEN='hidden'>no</P>",
    "<div hidden><p>no</p><div><p>no</div></div>",
    "<p style='display:none'>no</p>",
    "<p style='color:red; DISPLAY : None !important; display:block'>no</p>",
    "<p style='display:block;display:none'>no</p>",
    "<p style='d\\69splay:none'>no</p>",
    "<p style='content-visibility:hidden'>no</p>",
    "<p style='visibility:hidden'>no</p>",
    "<p style='visibility:collapse'>no<b>no</b></p>",
    "<span style='visibility:hidden'><img src='/no.png' alt='no'></span>",
    "<div style='position:absolute;left:-9999px'><a href='https://no.example/'>no</a></div>",
    "<div style='position: fixed; top: -999em'>no</div>",
    "<span style='position:absolute;clip:rect(0 0 0 0);width:1px'>no</span>",
    "<span style='position:absolute;clip: rect(1px, 1px, 1px, 1px)'>no</span>",
    "<span style='position:absolute;clip-path:inset(50%)'>no</span>",
    "<div style='height:0;overflow:hidden'><p>no</p></div>",
    "<div style='max-height:0px; overflow-y: auto; overflow: hidden'>no</div>",
    "<span style='font-size:0px'>no</span>",
    "<template><p>no</p></template>",
    "<template><template>no</template></template>",
    "<dialog>no</dialog>",
    "<div popover>no</div>",
    "<!-- no --><!--[if IE]><p>no</p><![endif]-->",
    "<![CDATA[no]]>",
    "<?php no ?>",
    "<title>no</title>",
    "<script>no</script><style>no{}</style>",
    '<script type=\'application/ld+json\'>{"no": "<p>no</p>"}</script>',
    "<noembed>no</noembed><noframes>no</noframes>",
    "<datalist><option>no</datalist>",
    "<input type='hidden' value='no'>",
    "<iframe src='https://e.example/no' hidden></iframe>",
    "<img src='/no.png' style='display:none'>",
    "<svg style='display:none'><title>no</title></svg>",
    "<noscript><img src='https://t.example/no' width=1 height=1></noscript>",
    "<link rel=no href='/no'><meta name=no content=no>",
    "<figure hidden><img src='/no.png'><figcaption>no</figcaption></figure>",
    "<div hidden><div style='visibility:hidden'>no</div></div>",
    "<div style='visibility:hidden'><div hidden>no</div></div>",
]


@pytest.mark.parametrize("html", HIDDEN)
def test_what_a_browser_hides_is_gone(html):
    assert body(f"<p>a</p>{html}<p>b</p>") == "<p>a</p><p>b</p>"


SHOWN = [
    ("<p style='/* display:none */'>yes</p>", "<p>yes</p>"),
    ("<p style='display:none;display:block'>yes</p>", "<p>yes</p>"),
    ("<p style=\"background:url(';display:none')\">yes</p>", "<p>yes</p>"),
    ("<p style='x:a(;display:none)'>yes</p>", "<p>yes</p>"),
    ("<p data-style='display:none' class='hidden'>yes</p>", "<p>yes</p>"),
    ("<p aria-hidden='true'>yes</p>", "<p>yes</p>"),
    ("<p style='position:absolute;left:-99px;top:-999px'>yes</p>", "<p>yes</p>"),
    ("<p style='position:relative;left:-9999px'>yes</p>", "<p>yes</p>"),
    ("<p style='opacity:0'>yes</p>", "<p>yes</p>"),
    ("<p style='font-size:0'><b style='font-size:1em'>yes</b></p>", "<p><b>yes</b></p>"),
    ("<div style='height:0;overflow:hidden;padding-bottom:56%'><p>yes</div>", "<div><p>yes</p></div>"),
    ("<div style='max-height:0;min-height:9em;overflow:hidden'>yes</div>", "<div>yes</div>"),
    (
        "<div style='visibility:hidden'>no<b style='visibility:visible'>yes</b>no<img src='/no.png'></div>",
        "<div><b>yes</b></div>",
    ),
    (
        "<div style='visibility:hidden'><b style='visibility:visible'>yes<i style='visibility:hidden'>no</i></b></div>",
        "<div><b>yes<i></i></b></div>",
    ),
    ("<details><summary>More</summary><p>yes</p></details>", "<details><summary>More</summary><p>yes</p></details>"),
    ("<dialog open>yes</dialog>", "<div>yes</div>"),
    ("<div hidden='until-found'>yes</div>", '<div hidden="until-found">yes</div>'),
    ("<button popovertarget=p>Open</button><div popover id=p>yes</div>", "Open <div>yes</div>"),
    ("<noscript><p>yes</p></noscript>", "<p>yes</p>"),
    (
        "<html><head><title>no</title><style>p{}</style></head><body style='display:none'><p>yes</body></html>",
        "<p>yes</p>",
    ),
    (
        "<head><meta charset=utf-8><base href='/other/'></head><a href='x'>yes</a>",
        '<a href="https://h.example/other/x">yes</a>',
    ),
    ("<base href='https://o.example/'><base href='/no/'><img src='x'>", '<img src="https://o.example/x">'),
]


@pytest.mark.parametrize(("html", "shown"), SHOWN)
def test_what_a_browser_shows_stays(html, shown):
    assert body(html).strip() == shown


WORDS = [
    ("<form action='/x'><p>a</p><input name=n value=b></form>", "<div><p>a</p> b </div>"),
    ("<fieldset><legend>a</legend>b</fieldset>", "<div><div>a</div>b</div>"),
    ("<p>a<button>b</button>c</p>", "<p>a b c</p>"),
    ("<p>a<select><option>b<option label=c></select></p>", "<p>a b c </p>"),
    ("<p>a<textarea>b &lt;c</textarea></p>", "<p>a b &lt;c </p>"),
    ("<p>a<canvas>b</canvas>c</p>", "<p>a b c</p>"),
    ("<p><input type=checkbox checked>a<input type=checkbox>b</p>", "<p> ☑ a ☐ b</p>"),
    ("<p>a<progress value=7 max=10></progress><meter>8</meter></p>", "<p>a 7/10 8 </p>"),
    ("<p>a<input type=submit value=b><input type=submit><input type=password value=no></p>", "<p>a b Submit </p>"),
    ("<form>a</form><form>b</form>", "<div>a</div><div>b</div>"),
    (
        "<section>a</section><main>b</main><address>c</address>",
        "<section>a</section><main>b</main><address>c</address>",
    ),
    ("<menu><li>a</menu>", "<ul><li>a</li></ul>"),
    ("<p>a<x-y>b</x-y><font color=red>c</font><nobr>d</nobr></p>", "<p>abcd</p>"),
    ("<xmp>a<b></xmp>", "<pre>a&lt;b&gt;</pre>"),
    ("<marquee>a</marquee>b", "a b"),
]


@pytest.mark.parametrize(("html", "shown"), WORDS)
def test_the_words_of_forms_and_old_elements_stay(html, shown):
    assert body(html) == shown
