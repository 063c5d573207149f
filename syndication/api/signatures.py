"""Signatures of webhooks, as in Standard Webhooks (standardwebhooks.com)."""

import hmac
import re
from datetime import UTC, datetime

from flask import request

from syndication.api.operations import context
from syndication.model.webhook_signature import signature

TOLERANCE = 300
"""Seconds that the sender's clock may differ, and for which a signature is valid."""


def check_signature(secret: str) -> None:
    """Raises Problem unless the request has a recent signature made with ``secret``."""
    id, timestamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
    address = request.remote_addr or "unknown"
    if not re.fullmatch(r"[\x21-\x7e]{1,200}", id) or not re.fullmatch(r"\d{1,12}", timestamp):
        raise context().access.refuse(
            address, "The headers webhook-id, webhook-timestamp and webhook-signature are required."
        )
    if not signed(secret, id, timestamp, request.get_data(), request.headers.get("webhook-signature", "")):
        raise context().access.refuse(address, "webhook-signature does not match this body and the shared secret.")
    if abs(datetime.now(UTC).timestamp() - int(timestamp)) > TOLERANCE:
        raise context().access.refuse(
            address, f"webhook-timestamp differs from the current time by more than {TOLERANCE} s."
        )


def signed(secret: str, id: str, timestamp: str, body: bytes, signatures: str) -> bool:
    """Returns whether any of the space-separated signatures is valid, compared in constant time."""
    wanted = signature(secret, id, timestamp, body).encode()
    found = [hmac.compare_digest(wanted, one.encode()) for one in signatures.split()]
    return any(found)
