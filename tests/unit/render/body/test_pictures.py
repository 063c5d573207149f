"""A picture that a script loads late has its real address; a placeholder never wins; no sign leaves a hole."""

from base64 import b64decode

import pytest

from syndication.render.body.addresses import LARGEST_DATA
from tests.support.bodies import body

REAL = '<img src="https://h.example/r.jpg" alt="Flood">'
DATA = "data:image/gif;base64,R0lGODlhAQABAAAAACw="

LATE = [
    f'<img src="{DATA}" data-src="/r.jpg" alt="Flood">',
    '<img src="/blank.gif" data-lazy-src="/r.jpg" alt="Flood">',
    '<img src="/grey.gif" data-original="/r.jpg" alt="Flood">',
    '<img src="/r.jpg" loading="lazy" decoding="async" alt="Flood">',
    f'<img src="{DATA}" data-orig-file="/r.jpg" alt="Flood">',
    f'<img src="{DATA}" alt="Flood"><noscript><img src="/r.jpg" alt="Flood"></noscript>',
    '<img src="/r.jpg" alt="Flood"><noscript><img src="/r.jpg" alt="Flood"></noscript>',
    '<img src="/tiny.jpg" class="lazyload" alt="Flood"><!-- x --><noscript> <img src="/r.jpg" alt="Flood"></noscript>',
    '<noscript><img src="/r.jpg" alt="Flood"></noscript><img src="/img/placeholder.png">',
    '<noscript><img src="/r.jpg" alt="Flood"></noscript>',
    '<amp-img src="/r.jpg" alt="Flood" layout="fill"><noscript><img src="/r.jpg"></noscript></amp-img>',
    '<amp-anim src="/r.jpg" alt="Flood"></amp-anim>',
    '<img src="//h.example/r.jpg" data-src="true" alt="Flood">',
    f'<img src="{DATA}" alt="" aria-hidden="true"><img data-src="/r.jpg" alt="Flood">',
    f'<img src="{DATA}" style="position:absolute"><noscript><img src="/r.jpg" alt="Flood"></noscript>',
]


@pytest.mark.parametrize("html", LATE)
def test_a_late_picture_is_there_once_with_its_address(html):
    assert body(html).strip() == REAL


def test_a_picture_in_noscript_leaves_none_of_its_sources():
    image = '<img data-src="/r.jpg" alt="Flood">'
    again = '<noscript><picture><source srcset="/r.avif"><img src="/r.jpg"></picture></noscript>'
    assert body(image + again) == REAL


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<div data-bg="/r.jpg" aria-label="Flood"></div>', f"{REAL}<div></div>"),
        ('<div data-background-image="url(\'/r.jpg\')" title="Flood"></div>', f'{REAL}<div title="Flood"></div>'),
        ('<div data-src="/r.jpg"><p>words</p></div>', "<div><p>words</p></div>"),
        ('<div data-bg="dark"></div>', "<div></div>"),
    ],
)
def test_a_background_that_a_script_loads_is_a_picture(html, shown):
    assert body(html) == shown


SETS = [
    ('<img data-srcset="/a.jpg 480w, /b.jpg 960w" src="/tiny.jpg">', "b.jpg", "a.jpg 480w, b.jpg 960w"),
    ('<img srcset="/a.jpg 1x, /b.jpg 2x">', "b.jpg", "a.jpg 1x, b.jpg 2x"),
    ('<img srcset="/a.jpg 800w, /b.jpg 5000w">', "a.jpg", "a.jpg 800w, b.jpg 5000w"),
    (f'<img src="{DATA}" srcset="/a.jpg 800w" sizes="auto">', "a.jpg", "a.jpg 800w"),
]


@pytest.mark.parametrize(("html", "src", "srcset"), SETS)
def test_a_picture_of_many_widths_has_a_good_one_as_its_address(html, src, srcset):
    absolute = srcset.replace("a.jpg", "https://h.example/a.jpg").replace("b.jpg", "https://h.example/b.jpg")
    written = body(html)
    assert f'src="https://h.example/{src}"' in written and f'srcset="{absolute}"' in written


SOURCE = '<source srcset="https://h.example/r.avif 1x" type="image/avif">'


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<source data-srcset="/r.avif 1x" type="image/avif"><img data-src="/r.jpg" alt="Flood">', SOURCE + REAL),
        (
            '<source srcset="/r.avif 1x" type="image/avif"><img alt="Flood">',
            SOURCE + '<img src="https://h.example/r.avif" alt="Flood">',
        ),
        (
            '<source srcset="/r.avif 1x" type="image/avif"><source srcset="/r.jpg" type="image/jpeg">',
            f'{SOURCE}<source srcset="https://h.example/r.jpg" type="image/jpeg"><img src="https://h.example/r.jpg">',
        ),
        ('<img alt="Flood">', " Flood "),
    ],
)
def test_a_picture_of_several_sources_has_an_image(html, shown):
    assert body(f"<picture>{html}</picture>") == f"<picture>{shown}</picture>"


@pytest.mark.parametrize(
    "html",
    [
        "<img alt='Flood'>",
        "<img src='' alt='Flood'>",
        "<img src='data:text/html,x' alt='Flood'>",
        "<img src='http://[x' alt='Flood'>",
        f"<img src='data:image/png;base64,{'A' * LARGEST_DATA}' alt='Flood'>",
    ],
)
def test_the_words_of_a_picture_without_an_address_stay(html):
    assert body(f"<p>The{html}here</p>") == "<p>The Flood here</p>"


def test_a_small_picture_in_the_text_itself_stays():
    assert body(f'<img src="{DATA}">') == f'<img src="{DATA}">'
    # Only there: a link to such an address may be a page of another's.
    assert body(f'<a href="{DATA}">x</a><img src="{DATA}">') == f'<a>x</a><img src="{DATA}">'
    assert body(f'<video poster="{DATA}" src="/v"></video><img src="{DATA}">').count("data:") == 1


@pytest.mark.parametrize(
    ("svg", "shown"),
    [
        ("<svg><title>two</title><path d='M0 0'/></svg>", "H two O"),
        ("<svg><defs><text>no</text></defs><g><text>2</text></g><style>no</style></svg>", "H 2 O"),
        ("<svg aria-label='two'><path/></svg>", "H two O"),
        ("<svg><foreignObject><p>two</p></foreignObject></svg>", "H </p><p>two</p> O<p>"),
        ("<svg><image href='/2.png'/></svg>", 'H<img src="https://h.example/2.png">O'),
        ("<svg><a href='/2'><text>two</text></a></svg>", 'H <a href="https://h.example/2">two</a> O'),
        ("<svg></svg>", "HO"),
        ("<svg><use href='#icon-of-the-page'/></svg>", "HO"),
        ("<math><mn>2</mn></math>", "H2O"),
        ("<math><msub><mi></mi><mn>2</mn></msub></math>", "H<sub>2</sub>O"),
        ("<math><msup><mi>c</mi><mn>2</mn></msup></math>", "Hc<sup>2</sup>O"),
        ("<math><mfrac><mi>a</mi><mrow><mi>b</mi><mo>+</mo><mi>c</mi></mrow></mfrac></math>", "Ha/(b + c)O"),
        ("<math><msqrt><mn>2</mn></msqrt></math>", "H√(2)O"),
        (
            "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>no</annotation></semantics></math>",
            "HxO",
        ),
        (
            "<math><semantics><mrow></mrow><annotation encoding='x'>a&lt;b</annotation></semantics></math>",
            "Ha&lt;bO",
        ),
        ("<math alttext='two'></math>", "HtwoO"),
        (
            "<math><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr><mtr><mtd><mn>3</mn></mtd></mtr></mtable></math>",
            "H1, 2; 3O",
        ),
    ],
)
def test_a_sign_in_the_text_leaves_no_hole(svg, shown):
    assert body(f"<p>H{svg}O</p>") == f"<p>{shown}</p>"


def test_a_drawing_without_words_is_a_picture_that_runs_nothing():
    written = body(
        "<svg viewBox='0 0 8 9' onload='x()'><script>x()</script><path d='M0 0' onclick='x()'/>"
        "<a href='javascript:x()'/>"
        "<use href='https://e.example/#a'/></svg>"
    )
    head, _, data = written.partition("base64,")
    assert head == '<img src="data:image/svg+xml;' and data.endswith('" width="8" height="9">')
    drawn = b64decode(data.partition('"')[0]).decode()
    assert drawn == '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 9"><path d="M0 0"></path><use></use></svg>'


def test_a_drawing_that_is_too_large_is_a_link_to_the_article():
    assert body("<svg>" + "<path d='M0 0'/>" * 10_000 + "</svg>") == '<p><a href="https://h.example/news/1">SVG</a></p>'
