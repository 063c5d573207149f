"""Codes of the second factor: which are valid, when, and how often."""

import base64
from datetime import UTC, datetime

import lxml.etree
import pyotp
import pytest

from syndication.auth.secrets import second_factor

SECRET = base64.b32encode(b"12345678901234567890").decode()
"""The secret of RFC 6238 Appendix B."""

RFC_6238 = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
]


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "code"), RFC_6238)
def test_the_codes_of_the_rfc_are_right(seconds, code):
    assert second_factor.accepted_step(SECRET, code, at(seconds), 0) == seconds // 30


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phone_s_clock_may_differ_by_a_step(steps, right):
    now = 1_800_000_000
    code = pyotp.TOTP(SECRET).at(now + 30 * steps)
    assert (second_factor.accepted_step(SECRET, code, at(now), 0) is not None) == right


def test_a_code_is_not_accepted_again_nor_one_before_it():
    now = 1_800_000_000
    before, code, after = (pyotp.TOTP(SECRET).at(now + shift) for shift in (-30, 0, 30))
    step = second_factor.accepted_step(SECRET, code, at(now), 0)
    assert step == now // 30
    assert second_factor.accepted_step(SECRET, code, at(now + 20), step) is None
    assert second_factor.accepted_step(SECRET, before, at(now), step) is None
    assert second_factor.accepted_step(SECRET, after, at(now), step) == step + 1


@pytest.mark.parametrize("typed", ["287082", " 287 082 ", "287-082", "２８７０８２"])
def test_a_code_is_taken_as_people_and_apps_write_it(typed):
    assert second_factor.accepted_step(SECRET, typed, at(59), 0) == 1


@pytest.mark.parametrize("typed", ["", "28708", "2870820", "\ud800", "x" * 5000, "٢٨٧٠٨٢", "\x00", "287082\x00"])
def test_strange_codes_are_wrong_and_nothing_else(typed):
    assert second_factor.accepted_step(SECRET, typed, at(59), 0) is None
    assert len(second_factor.recovery_hash("a", typed)) == 64


def test_recovery_codes_are_ten_that_never_come_again_and_are_stored_by_account():
    codes = [code for _ in range(20) for code in second_factor.new_recovery_codes()]
    assert len(second_factor.new_recovery_codes()) == 10 and len(set(codes)) == 200
    assert all(len(code) == 19 and not set(code) & set("ilo01") for code in codes)
    code = codes[0]
    assert second_factor.recovery_hash("a", code) == second_factor.recovery_hash(
        "a", f" {code.upper()} ".replace("-", "")
    )
    assert second_factor.recovery_hash("a", code) != second_factor.recovery_hash("b", code)


def test_a_qr_code_is_a_picture_without_script_or_style():
    secret = second_factor.new_secret()
    text = second_factor.uri(secret, "mei-hua.lin", "The Daily: Example & Sons 夜")
    parsed = pyotp.parse_uri(text)
    assert (parsed.secret, parsed.name, parsed.issuer) == (secret, "mei-hua.lin", "The Daily: Example & Sons 夜")
    tree = lxml.etree.fromstring(second_factor.qr_code(text))
    assert {lxml.etree.QName(element).localname for element in tree.iter()} == {"svg", "g", "path"}
    assert not {name for element in tree.iter() for name in element.attrib if name == "style" or name.startswith("on")}
    assert secret.encode() not in second_factor.qr_code(text)
