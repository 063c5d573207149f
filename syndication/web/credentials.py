"""The credential that a request presents, before it is verified: pure functions that prove nothing."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Literal

from syndication.model.body_limits import is_ping
from syndication.store.access.tokens import PREFIX

API, DASHBOARD = "/api/", "/editors"
"""The editors process answers everything below these paths."""

LOG_IN = f"{DASHBOARD}/login"
WEBHOOKS = f"{API}v1/webhooks/"

SESSION_COOKIE = "syndication_editors"
DEVICE_COOKIE = "syndication_editors_device"
"""Marks a browser in which a user has logged in before."""

TOKEN = re.compile(rf"Bearer\s+({re.escape(PREFIX)}[A-Za-z0-9_-]{{43}})\s*", re.IGNORECASE)
SIGNED = re.compile(r"[A-Za-z0-9_.-]{30,4000}")
"""The form of a signed cookie."""

HUB = "/hub"
"""Where subscribers ask for pushes. Its page for people is public; requests, and all below it, are not."""

Kind = Literal["editors", "log_in", "known_log_in", "webhook", "hub", "public"]


@dataclass(frozen=True, slots=True)
class Claim:
    """The kind of a request, and the digest of its credential if that has the form of one of ours."""

    kind: Kind
    credential: str | None = None


def is_for_editors(path: str, method: str = "GET") -> bool:
    """Returns whether the editors process answers this path."""
    return path.startswith((API, f"{DASHBOARD}/")) or path == DASHBOARD or is_for_hub(path, method)


def is_for_hub(path: str, method: str) -> bool:
    """Returns whether this is for the hub, not for its page."""
    return (path == HUB and method == "POST") or path.startswith(f"{HUB}/")


def claim_of(method: str, path: str, headers: Mapping[bytes, str]) -> Claim:
    """Returns the unverified claim of a request."""
    if is_for_hub(path, method):
        return Claim("hub")
    if path.startswith(WEBHOOKS):
        return Claim("webhook")
    if path.startswith(API):
        match = TOKEN.fullmatch(headers.get(b"authorization", ""))
        if match:
            return Claim("editors", digest(match[1]))
        return Claim("webhook" if method == "POST" and is_ping(path) else "public")
    found = cookies(headers.get(b"cookie", ""))
    if method == "POST" and (path == LOG_IN or path.startswith(f"{LOG_IN}/")):
        return Claim("known_log_in" if SIGNED.fullmatch(found.get(DEVICE_COOKIE, "")) else "log_in")
    session = found.get(SESSION_COOKIE, "")
    return Claim("editors", digest(session)) if SIGNED.fullmatch(session) else Claim("public")


def cookies(header: str) -> dict[str, str]:
    """Returns the cookies by name; none if the header is malformed."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def new_session(set_cookie: str) -> str | None:
    """Returns the digest of the session that a response starts or renews, if any."""
    session = cookies(set_cookie).get(SESSION_COOKIE, "")
    return digest(session) if SIGNED.fullmatch(session) else None


def digest(secret: str) -> str:
    """Returns a digest under which a credential can be remembered."""
    return hashlib.sha256(secret.encode()).hexdigest()
