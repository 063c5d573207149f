"""What a Ghost shows to somebody who is not logged in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.model.access import MEMBERS_ONLY
from syndication.sources.ghost.gating import public_html

NOT_PUBLIC = ["members", "paid", "tiers", "status:-free", "", "Public", "anything"]


def block(parameters, html):
    return f"<!--kg-gated-block:begin {parameters} -->{html}<!--kg-gated-block:end-->"


@pytest.mark.parametrize("visibility", NOT_PUBLIC)
def test_what_is_for_members_is_cut_at_the_marker_or_is_empty(visibility):
    assert public_html(f"<p>Open.</p>{MEMBERS_ONLY}<p>Closed.</p>", visibility) == f"<p>Open.</p>{MEMBERS_ONLY}"
    assert public_html("<p>Closed.</p>", visibility) == ""
    assert public_html(f"{MEMBERS_ONLY}<p>Closed.</p>{MEMBERS_ONLY}", visibility) == MEMBERS_ONLY


def test_a_public_post_is_whole():
    html = f"<p>Open.</p>{MEMBERS_ONLY}<p>Open too.</p>"
    assert public_html(html, "public") == html


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ('nonMember:true memberSegment:""', True),
        ('nonMember:true memberSegment:"status:free,status:-free"', True),
        ('nonMember:"true"', True),
        ('nonMember:false memberSegment:"status:free,status:-free"', False),
        ('nonMember:false memberSegment:""', False),
        ('memberSegment:"status:-free"', False),
        ("nonMember:yes", False),
        ("nonMember:true nonMember:false", False),
        ("nonMember:false nonMember:true", True),
        ("nonmember:true", False),
        ("anonMember:true", False),
        ("x", False),
    ],
)
def test_a_block_is_shown_by_its_parameters_alone(parameters, shown):
    html = f"<p>a</p>{block(parameters, '<p>b</p>')}<p>c</p>"
    assert public_html(html, "public") == ("<p>a</p><p>b</p><p>c</p>" if shown else "<p>a</p><p>c</p>")


def test_a_block_that_the_marker_cuts_in_two_shows_nothing():
    html = f"<p>a</p>{block('nonMember:false', f'<p>b</p>{MEMBERS_ONLY}<p>c</p>')}"
    assert public_html(html, "paid") == f"<p>a</p>{MEMBERS_ONLY}"


PIECES = [MEMBERS_ONLY, "<p>open</p>", "<!--kg-gated-block:begin nonMember:true -->", "<!--kg-gated-block:end-->", "\n"]
PIECES += ["<!--kg-gated-block:begin nonMember:false -->", "<!--", "-->"]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.sampled_from(NOT_PUBLIC))
def test_nothing_after_the_marker_is_ever_kept(opening, visibility):
    shown = public_html(f"{opening}{MEMBERS_ONLY}<p>secret</p>", visibility)
    assert "secret" not in shown and "gated-block:begin" not in shown
