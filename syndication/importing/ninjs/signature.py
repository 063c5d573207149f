"""Superdesk's signature of a request: ``x-superdesk-signature``."""

import hmac

HEADER = "x-superdesk-signature"


def superdesk_signature(secret: str, body: bytes) -> str:
    """Returns ``sha1=`` and the HMAC-SHA1 of the body in hexadecimal, as Superdesk's HTTP Push makes it.

    It says nothing of the time: a copy of the request stays valid. So what it signs must have a version.
    """
    return "sha1=" + hmac.digest(secret.encode(), body, "sha1").hex()


def is_signed(secret: str, body: bytes, signature: str) -> bool:
    """Returns whether the signature is that of the body, compared in constant time."""
    return hmac.compare_digest(superdesk_signature(secret, body).encode(), signature.strip().lower().encode())
