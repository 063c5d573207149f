"""Accessibility: axe-core finds no violations, in light and dark, on a phone and a desktop."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.places import PAGES
from tests.browser.visits import DESK, PHONE, fits
from tests.support.thorough import THOROUGH

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

AXE = Axe().axe_script

LOOKS = {"type": "rule", "values": ["color-contrast", "target-size", "link-in-text-block"]}
"""The rules that depend on colours and widths; all others give the same result in every view."""

VIEWS = [(DESK, "light", TAGS), (PHONE, "dark", TAGS)]
if THOROUGH:
    VIEWS += [(DESK, "dark", LOOKS), (PHONE, "light", LOOKS)]


def violations(page, rules=TAGS):
    """Returns the violations that axe-core finds on the current page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("(options) => axe.run(options)", {"runOnly": rules, "resultTypes": ["violations"]})
    found = found["violations"]
    return [f"{rule['id']} ({rule['impact']}): {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def test_axe_would_find_something(visit):
    page = visit("chief", "/editors/account")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x><input>')")
    page.evaluate("document.querySelector('h1').style.color = '#ddd'")
    found = {line.split()[0] for line in violations(page)}
    assert {"image-alt", "label", "color-contrast"} <= found


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(tour, path):
    tour.set_viewport_size({"width": DESK, "height": 844})
    tour.goto(path)
    look_at(tour)


def test_axe_finds_nothing_on_the_login_page(visit):
    look_at(visit(None, "/editors/login"))


def look_at(page):
    """Checks a page wide and narrow, light and dark."""
    for width, scheme, rules in VIEWS:
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme)
        assert not violations(page, rules), (width, scheme)
        assert fits(page), f"it scrolls sideways at {width}"


def test_axe_finds_nothing_after_an_action(visit):
    page = visit("chief")
    page.get_by_role("button", name="Regenerate all").click()
    page.get_by_role("button", name="Regenerate all").click()
    page.get_by_text("Finished:").wait_for()
    assert not violations(page)
    page.goto("/editors/tokens")
    page.get_by_label("Name", exact=True).fill("axe")
    page.get_by_role("checkbox", name="read view").check()
    page.get_by_role("button", name="Create token").click()
    page.get_by_label("Secret").wait_for()
    assert not violations(page)


def test_axe_finds_nothing_on_the_pages_that_answer_a_form(visit, house):
    house.put("looked-at", title="Looked at by axe")
    page = visit("chief", "/editors/article/edit?id=looked-at")
    page.get_by_label("Title").fill("Looked at twice")
    page.get_by_role("button", name="Review changes").click()
    page.locator("iframe[title='Reader preview']").wait_for()
    look_at(page)
    page.get_by_role("button", name="Save correction").click()
    page.get_by_label("Correction note").wait_for()
    look_at(page)
    house.put("looked-at", title="Looked at by somebody else")
    page.get_by_role("button", name="Save small fix").click()
    page.get_by_text("Nothing is lost.").wait_for()
    look_at(page)
    for path, button in (
        ("/editors/tokens", "Create token"), ("/editors/users", "Add user"), ("/editors/account", "Save"),
        ("/editors/feed/new", "Create feed"), ("/editors/article/new", "Publish"),
    ):  # fmt: skip
        page.goto(path)
        page.evaluate("for (const form of document.forms) form.noValidate = true")
        page.get_by_role("button", name=button, exact=True).click()
        page.locator("[aria-invalid=true], fieldset[aria-describedby$=error]").first.wait_for()
        look_at(page)
    page.goto("/editors/article/schedule?id=embargoed")
    page.get_by_role("button", name="Publish now").click()
    page.get_by_role("heading", name="Publish it now?").wait_for()
    look_at(page)


def test_nothing_moves_with_reduced_motion(visit, house):
    page = visit("chief")
    state = "document.querySelector('.state').classList.add('pending')"
    moving = "document.getAnimations().length"
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(state)
    assert page.evaluate(moving) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moving) == 1
