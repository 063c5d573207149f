"""Reads what a subscriber asks the hub for (WebSub section 5.1). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal
from urllib.parse import parse_qsl

from werkzeug.http import parse_options_header

from syndication.hub.callbacks import Callback, CallbackRules, read_callback

Mode = Literal["subscribe", "unsubscribe"]

MODES: Mapping[str, Mode] = {"subscribe": "subscribe", "unsubscribe": "unsubscribe"}

FORM = "application/x-www-form-urlencoded"

MAX_PARAMETERS = 64
"""A hub ignores the parameters that it does not know, and reads no more than these."""

MAX_SECRET = 200
"""The longest secret in bytes; section 5.1 has subscribers send less, and one byte more harms nobody."""

MAX_LEASE_DIGITS = 18

OWN = ("hub.callback", "hub.mode", "hub.topic", "hub.lease_seconds", "hub.secret")


@dataclass(frozen=True, slots=True)
class HubRequest:
    """A request that is well formed. ``topic`` is as it was sent; ``lease_seconds`` None: the hub decides."""

    mode: Mode
    topic: str
    callback: Callback
    secret: str | None = None
    lease_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class HubRefusal:
    """Why a request is refused, in words for the developer of a subscriber (section 5.1.2)."""

    status: HTTPStatus
    words: str
    retry_after: int | None = None


def read_request(body: bytes, content_type: str, rules: CallbackRules) -> HubRequest | HubRefusal:
    """Returns the request, or why it is refused."""
    given = _parameters(body, content_type)
    return given if isinstance(given, HubRefusal) else _missing(given) or _request(given, rules)


def _missing(given: Mapping[str, str]) -> HubRefusal | None:
    mode = given.get("hub.mode", "")
    if mode == "publish":
        return _bad("This hub takes no pings: it serves the feeds of this site only, and knows when they change.")
    if mode not in MODES:
        return _bad('hub.mode is missing or unknown: send "subscribe" or "unsubscribe".')
    if not given.get("hub.callback"):
        return _bad("hub.callback is missing: send the address that the hub should call.")
    if not given.get("hub.topic"):
        return _bad("hub.topic is missing: send the address of a feed, as its link rel=self has it.")
    return None


def _request(given: Mapping[str, str], rules: CallbackRules) -> HubRequest | HubRefusal:
    callback = read_callback(given["hub.callback"], rules)
    if isinstance(callback, str):
        return HubRefusal(HTTPStatus.UNPROCESSABLE_ENTITY, callback)
    lease = _lease(given.get("hub.lease_seconds", ""))
    if isinstance(lease, HubRefusal):
        return lease
    secret = given.get("hub.secret") or None
    if secret is not None and (len(secret.encode()) > MAX_SECRET or "\0" in secret):
        return _bad("hub.secret should have at most 200 bytes, without a NUL.")
    return HubRequest(MODES[given["hub.mode"]], given["hub.topic"], callback, secret, lease)


def clamped_lease(asked: int | None, usual: int, least: int, most: int) -> int:
    """Returns the seconds that a subscription lasts: what was asked for, within the limits (section 5.3.1)."""
    return usual if asked is None else min(max(asked, least), most)


def _parameters(body: bytes, content_type: str) -> dict[str, str] | HubRefusal:
    kind, options = parse_options_header(content_type)
    charset = options.get("charset", "utf-8").lower()
    if kind.lower() != FORM or charset not in ("utf-8", "utf8", "us-ascii"):
        words = f"Send the parameters as {FORM}, in UTF-8 (WebSub section 5.1)."
        return HubRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, words)
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except UnicodeDecodeError:
        return _bad("The parameters are not UTF-8.")
    except ValueError:
        return _bad(f"There are more than {MAX_PARAMETERS} parameters.")
    names = [name for name, _ in pairs if name in OWN]
    twice = next((name for name in OWN if names.count(name) > 1), None)
    if twice is not None:
        return _bad(f"{twice} is there twice: send one request for each subscription.")
    return {name: value for name, value in pairs if name in OWN}


def _lease(text: str) -> int | HubRefusal | None:
    if not text:
        return None
    if not re.fullmatch("[0-9]+", text) or not text.strip("0"):
        return _bad("hub.lease_seconds should be a positive whole number of seconds.")
    return int(text.lstrip("0")[:MAX_LEASE_DIGITS])


def _bad(words: str) -> HubRefusal:
    return HubRefusal(HTTPStatus.BAD_REQUEST, words)
