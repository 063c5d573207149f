"""What the hub makes of a request: conformance with WebSub section 5.1."""

from http import HTTPStatus
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.hub.callbacks import CallbackRules
from syndication.hub.requests import FORM, HubRefusal, HubRequest, clamped_lease, read_request

RULES = CallbackRules((443,))

GOOD = {
    "hub.mode": "subscribe",
    "hub.callback": "https://reader.example/push?id=1",
    "hub.topic": "https://feeds.example/feeds/all.atom",
}


def read(content_type: str = FORM, **changes: str | None) -> HubRequest | HubRefusal:
    """Reads a good request with changes, whose names go without ``hub.``; None: it is missing."""
    given = GOOD | {f"hub.{name}": value for name, value in changes.items()}
    body = urlencode({name: value for name, value in given.items() if value is not None})
    return read_request(body.encode(), content_type, RULES)


def test_5_1_a_request_needs_callback_mode_and_topic():
    found = read()
    assert isinstance(found, HubRequest)
    assert (found.mode, found.topic, found.callback.url) == ("subscribe", GOOD["hub.topic"], GOOD["hub.callback"])
    assert (found.secret, found.lease_seconds) == (None, None)
    assert read(mode="unsubscribe").mode == "unsubscribe"


@pytest.mark.parametrize("name", ["callback", "mode", "topic"])
@pytest.mark.parametrize("value", [None, ""])
def test_5_1_without_one_of_them_it_is_refused_by_its_name(name, value):
    refused = read(**{name: value})
    assert refused.status == HTTPStatus.BAD_REQUEST and f"hub.{name} is missing" in refused.words


@pytest.mark.parametrize("mode", ["Subscribe", "subscribe ", "denied", "subscribe\n", "0"])
def test_5_1_another_mode_is_refused(mode):
    assert "hub.mode is missing or unknown" in read(mode=mode).words


def test_6_a_ping_is_refused_since_the_hub_knows_its_own_feeds():
    assert "takes no pings" in read(mode="publish", callback=None).words


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=UTF-8", f"{FORM};charset=utf-8", FORM.upper()])
def test_5_1_a_request_is_a_form_in_utf_8(content_type):
    assert isinstance(read(content_type), HubRequest)


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data", f"{FORM}; charset=latin-1"])
def test_5_1_anything_else_is_refused(content_type):
    assert read(content_type).status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE


@pytest.mark.parametrize("body", [b"hub.mode=\xff", b"hub.mode=%ff", b"hub.topic=%C3%28", b"\xfe\xff"])
def test_5_1_bytes_that_are_not_utf_8_are_refused(body):
    assert read_request(body, FORM, RULES).words == "The parameters are not UTF-8."


def test_5_1_parameters_that_the_hub_does_not_know_are_ignored():
    found = read(verify="async", verify_token="x", secrets="y")
    assert found == read()
    body = urlencode([*GOOD.items(), ("a", "1"), ("a", "2")]).encode()
    assert read_request(body, FORM, RULES) == found


def test_more_parameters_than_anybody_sends_are_refused():
    assert "more than 64" in read_request(b"&".join(b"a=%d" % n for n in range(100)), FORM, RULES).words


@pytest.mark.parametrize("name", ["hub.callback", "hub.topic", "hub.mode", "hub.secret", "hub.lease_seconds"])
def test_a_parameter_that_is_there_twice_is_refused(name):
    given = GOOD | {"hub.secret": "s", "hub.lease_seconds": "5"}
    body = urlencode([*given.items(), (name, given[name])]).encode()
    assert read_request(body, FORM, RULES).words.startswith(f"{name} is there twice")


@pytest.mark.parametrize(("lease", "seconds"), [("1", 1), ("864000", 864_000), ("007", 7), ("", None)])
def test_5_1_a_lease_is_a_positive_number(lease, seconds):
    assert read(lease_seconds=lease).lease_seconds == seconds


@pytest.mark.parametrize("lease", ["0", "00", "-1", "1.5", "1e9", " 1", "one", "٣", "+1"])
def test_5_1_any_other_lease_is_refused(lease):
    assert "hub.lease_seconds" in read(lease_seconds=lease).words


def test_a_lease_of_a_thousand_digits_is_long():
    assert read(lease_seconds=1000 * "9").lease_seconds >= 10**17


@pytest.mark.parametrize("secret", ["s", 200 * "x", 100 * "é", "a secret & more = \n"])
def test_5_1_a_secret_has_up_to_200_bytes(secret):
    assert read(secret=secret).secret == secret


@pytest.mark.parametrize("secret", [201 * "x", 100 * "é" + "x", "a\0b"])
def test_5_1_a_longer_secret_is_refused(secret):
    assert "hub.secret" in read(secret=secret).words


def test_an_empty_secret_is_none():
    assert read(secret="").secret is None


def test_a_callback_that_is_refused_is_422():
    assert read(callback="http://127.0.0.1/").status == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize(("asked", "given"), [(None, 50), (1, 10), (10, 10), (70, 70), (10**18, 90)])
def test_5_3_1_the_hub_limits_leases(asked, given):
    assert clamped_lease(asked, 50, 10, 90) == given


@given(st.binary(max_size=300), st.sampled_from([FORM, "", f"{FORM}; charset=x", ";;=\x00"]))
def test_any_bytes_are_answered(body, content_type):
    found = read_request(body, content_type, RULES)
    assert isinstance(found, HubRequest) or (400 <= found.status < 500 and found.words.endswith("."))
