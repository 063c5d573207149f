"""The signatures of a ping, which asks for a look at a source: Standard Webhooks, or Ghost's own. Pure.

A ping that is sent twice asks twice, which does no harm: so no ID is remembered.
"""

import hmac
import re
from collections.abc import Mapping

from syndication.api.signatures import TOLERANCE, signed

_GHOST = re.compile(r"sha256=([0-9a-f]{64}),\s*t=(\d{1,16})")


def has_signature(headers: Mapping[str, str]) -> bool:
    """Returns whether a request has the form of a signed one."""
    return bool(headers.get("webhook-signature") or headers.get("x-ghost-signature"))


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Returns whether a recent signature was made with ``secret``; ``now`` in seconds since 1970."""
    ghost = headers.get("x-ghost-signature")
    if ghost:
        return _is_signed_by_ghost(secret, ghost, body, now)
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not re.fullmatch(r"[\x21-\x7e]{1,200}", id) or not re.fullmatch(r"\d{1,12}", timestamp):
        return False
    recent = abs(now - int(timestamp)) <= TOLERANCE
    return signed(secret, id, timestamp, body, headers.get("webhook-signature", "")) and recent


def _is_signed_by_ghost(secret: str, header: str, body: bytes, now: float) -> bool:
    """``sha256=HEX, t=MILLISECONDS``: the HMAC of the body and the time (Ghost, webhook-trigger.js)."""
    found = _GHOST.fullmatch(header.strip())
    if found is None:
        return False
    wanted = hmac.digest(secret.encode(), body + found[2].encode(), "sha256").hex()
    return hmac.compare_digest(wanted, found[1]) and abs(now - int(found[2]) / 1000) <= TOLERANCE
