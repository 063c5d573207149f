"""What a request of editors shows of who sends it, before anybody has looked it up: pure, and no proof of anything."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Literal

from syndication.store.access.tokens import PREFIX

API, DASHBOARD = "/api/", "/editors"
"""Below these addresses is what the editors process answers."""

LOG_IN = f"{DASHBOARD}/login"
WEBHOOKS = f"{API}v1/webhooks/"

SESSION_COOKIE = "syndication_editors"
DEVICE_COOKIE = "syndication_editors_device"
"""Of a browser in which somebody logged in before."""

TOKEN = re.compile(rf"Bearer\s+({re.escape(PREFIX)}[A-Za-z0-9_-]{{43}})\s*", re.IGNORECASE)
SIGNED = re.compile(r"[A-Za-z0-9_.-]{30,4000}")
"""What a signed cookie looks like."""

Kind = Literal["editors", "log_in", "known_log_in", "webhook", "public"]


@dataclass(frozen=True, slots=True)
class Claim:
    """Where a request belongs, and the digest of the credential that it shows, if it looks like one of ours."""

    kind: Kind
    credential: str | None = None


def is_for_editors(path: str) -> bool:
    """Whether the editors process answers this address."""
    return path.startswith((API, f"{DASHBOARD}/")) or path == DASHBOARD


def claim_of(method: str, path: str, headers: Mapping[bytes, str]) -> Claim:
    """What a request claims to be."""
    if path.startswith(WEBHOOKS):
        return Claim("webhook")
    if path.startswith(API):
        match = TOKEN.fullmatch(headers.get(b"authorization", ""))
        return Claim("editors", digest(match[1])) if match else Claim("public")
    found = cookies(headers.get(b"cookie", ""))
    if method == "POST" and (path == LOG_IN or path.startswith(f"{LOG_IN}/")):
        return Claim("known_log_in" if SIGNED.fullmatch(found.get(DEVICE_COOKIE, "")) else "log_in")
    session = found.get(SESSION_COOKIE, "")
    return Claim("editors", digest(session)) if SIGNED.fullmatch(session) else Claim("public")


def cookies(header: str) -> dict[str, str]:
    """Cookies by name; none if the header cannot be read."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def new_session(set_cookie: str) -> str | None:
    """The digest of the session that an answer starts or renews, if it does."""
    session = cookies(set_cookie).get(SESSION_COOKIE, "")
    return digest(session) if SIGNED.fullmatch(session) else None


def digest(secret: str) -> str:
    """A name for a credential under which it may be remembered."""
    return hashlib.sha256(secret.encode()).hexdigest()
