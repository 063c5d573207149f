"""User input is shown and inert: no script runs, no request leaves, no layout breaks.

``visits`` checks on every page that no dialog opens, no policy is violated and no external request is sent.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import expect

from syndication.store.access import tokens
from syndication.store.access.audit_log import Actor
from tests.browser.house import ODD_TITLE
from tests.browser.visits import DESK, PHONE, fits

MISCHIEF = [
    "<script>alert('script')</script>",
    "<img src=x onerror=\"alert('img')\">",
    '"><svg onload="alert(\'svg\')">',
    "' onfocus='alert(1)' autofocus='",
    "javascript:alert('url')",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "\u202eright to left\u202c and \u2066back",
    "W" * 200,
    "</textarea></title></style></script><h1>out</h1>",
]

BODY = (
    "<p onclick=\"alert('p')\">Body <script>alert('body')</script><img src='/i.png' onerror=\"alert('i')\">"
    "<a href=\"javascript:alert('a')\">a</a><iframe src='https://evil.example'></iframe>"
    "<form action='/editors/logout'><button>b</button></form><style>*{display:none}</style></p>"
)


@pytest.fixture(scope="package", autouse=True)
def mischief(house):
    """Writes articles, tokens, reasons and errors with hostile text in every field."""
    now = datetime.now(UTC)
    for number, text in enumerate(MISCHIEF):
        fields = {
            "title": text,
            "url": f"/news/{quote(text)}",
            "html": BODY + text,
            "summary": text,
            "tags": (text[:60],),
            "sections": ("odd", "no-such-section"),
            "correction": text,
        }
        house.put(text, **fields)
        house.put(f"later-{number}", **fields | {"published_at": now + timedelta(hours=number + 1)})
    house.put('bad"><b>url', title="<b>bad</b>", sections=("odd",), url="http://[<svg onload=alert('left-out')>")
    with house.database.write() as conn:
        tokens.create(conn, MISCHIEF[1], ("read",), None, Actor(MISCHIEF[0], MISCHIEF[2]), now)
    house.run_sql("UPDATE article SET status = 'withdrawn' WHERE id = :id", id=MISCHIEF[2])
    house.service.run("regenerate", "odd", "--reason", MISCHIEF[0], "--wait")
    house.until_in_feed("{{7*7}}", "odd")


PLACES = [
    "/editors/",
    "/editors/sections/odd",
    "/editors/sections/odd/reader",
    "/editors/sections/odd/documents/json",
    "/editors/sections/odd/versions",
    "/editors/articles?section=odd",
    "/editors/articles?" + urlencode({"q": MISCHIEF[2]}),
    *("/editors/article?" + urlencode({"id": text}) for text in MISCHIEF),
    "/editors/article?" + urlencode({"id": 'bad"><b>url'}),
    "/editors/article?" + urlencode({"id": MISCHIEF[0] + " that there is not"}),
    "/editors/article/withdraw?" + urlencode({"id": MISCHIEF[1]}),
    *("/editors/article/edit?" + urlencode({"id": text}) for text in MISCHIEF),
    *("/editors/article/schedule?" + urlencode({"id": f"later-{number}"}) for number in range(3)),
    "/editors/article/new",
    "/editors/upcoming",
    "/editors/deliveries",
    "/editors/charts?section=odd",
    "/editors/audit-log",
    "/editors/audit-log?" + urlencode({"target": MISCHIEF[0]}),
    "/editors/tokens",
    "/editors/users/" + quote(MISCHIEF[1], safe=""),
    "/editors/sections/" + quote(MISCHIEF[1], safe=""),
]

OURS = "document.querySelectorAll('main :is(script, svg:not(.chart > *), b, [onload], [onerror], [onfocus])').length"


@pytest.mark.parametrize("path", PLACES)
def test_hostile_text_is_shown_and_inert(tour, path):
    for width in (DESK, PHONE):
        tour.set_viewport_size({"width": width, "height": 844})
        if width == DESK:
            tour.goto(path)
        assert fits(tour), f"it scrolls sideways at {width}"
    expect(tour.locator("h1").first).to_be_visible()
    assert tour.evaluate(OURS) == 0
    assert "49" not in tour.locator("h1").first.inner_text()


def test_hostile_text_is_shown_exactly(visit):
    page = visit("chief", "/editors/sections/odd")
    expect(page.get_by_role("heading", level=1)).to_have_text(ODD_TITLE)
    for text in MISCHIEF[3:6]:
        expect(page.get_by_role("link", name=text, exact=True)).to_have_text(text)


def test_a_hostile_error_of_a_section_is_inert(visit, house):
    never = datetime.now(UTC) + timedelta(days=1)
    fail = "UPDATE section_state SET failures = :failures, error = :error, retry_at = :at WHERE section = 'world'"
    house.run_sql(fail, failures=3, error=MISCHIEF[1], at=f"{never:%Y-%m-%dT%H:%M:%S.%fZ}")
    try:
        for path in ("/editors/", "/editors/sections/world"):
            page = visit("chief", path)
            expect(page.get_by_role("main")).to_contain_text(MISCHIEF[1])
            assert page.evaluate(OURS) == 0
    finally:
        house.run_sql(fail, failures=0, error=None, at=None)


def test_a_script_in_the_reader_preview_does_not_run(visit):
    page = visit("chief", "/editors/sections/odd/reader")
    frame = next(found for found in page.frames if found.url.endswith("/reader/view"))
    frame.get_by_text("Body").first.click()
    frame.get_by_text("a", exact=True).first.click()
    frame.locator("body").evaluate("body => body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')")
    page.wait_for_timeout(200)
    assert frame.locator("script, iframe, form, [onclick], [onerror='alert(\\'i\\')']").count() == 0
    assert page.url.endswith("/editors/sections/odd/reader")
    assert len(page.context.pages) == 1


def test_hostile_form_input_is_inert(visit):
    page = visit.stranger()
    page.goto("/editors/login?" + urlencode({"next": "javascript:alert(1)"}))
    page.get_by_label("Name").fill(MISCHIEF[2])
    page.get_by_label("Password").fill(MISCHIEF[1])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Name")).to_have_value(MISCHIEF[2])
    assert page.evaluate(OURS) == 0
    assert MISCHIEF[1] not in page.content()


def test_hostile_text_in_a_review_and_its_preview_is_inert(visit):
    page = visit("chief", "/editors/article/edit?" + urlencode({"id": MISCHIEF[1]}))
    page.get_by_label("Title").fill(MISCHIEF[0] + MISCHIEF[2])
    page.get_by_label("Body").fill(BODY + MISCHIEF[0])
    page.get_by_role("button", name="Review changes").click()
    expect(page.get_by_role("region", name="Review", exact=True)).to_contain_text(MISCHIEF[2])
    expect(page.locator("iframe[title='Reader preview']")).to_be_visible(timeout=20_000)
    frame = page.frame_locator("iframe[title='Reader preview']")
    expect(frame.get_by_text("Body").first).to_be_visible()
    assert frame.locator("script, iframe, form, [onclick], [onerror]").count() == 0
    assert page.evaluate(OURS) == 0
    for width in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": 844})
        assert fits(page), f"it scrolls sideways at {width}"
