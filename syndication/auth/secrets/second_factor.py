"""The second factor of a user: codes of an app on a phone (TOTP, RFC 6238), and recovery codes for when it is lost.

pyotp and segno are loaded where somebody uses a second factor, and nowhere else.
"""

import hashlib
import hmac
import io
import secrets
import unicodedata
from datetime import datetime

from syndication.auth.secrets.passwords import ALPHABET

STEP = 30
"""Seconds for which a code is shown: what every app does."""

DRIFT = 1
"""Steps that a phone's clock may differ, either way (RFC 6238 section 5.2)."""

RECOVERY_CODES = 10

GROUPS, GROUP = 4, 4
"""Sixteen characters of thirty-one: 79 random bits, so that a fast hash is enough."""


def new_secret() -> str:
    """160 random bits in base32, as apps take them (RFC 4226 section 4, R6)."""
    from pyotp import random_base32

    return random_base32()


def uri(secret: str, name: str, issuer: str) -> str:
    """What the QR code says: an ``otpauth:`` address, from which an app takes the secret and how to call it."""
    from pyotp import TOTP

    return TOTP(secret, interval=STEP).provisioning_uri(name=name, issuer_name=issuer)


def qr_code(text: str) -> bytes:
    """A text as a QR code: an SVG without a script or a style."""
    import segno

    image = io.BytesIO()
    segno.make(text, error="m", micro=False).save(image, kind="svg", scale=5, border=4, light="#fff", dark="#000")
    return image.getvalue()


def accepted_step(secret: str, code: str, now: datetime, last: int) -> int | None:
    """The time step of a code that is right at ``now``, if it comes after the ``last`` one that was accepted.

    A code is accepted once (RFC 6238 section 5.2). All steps are compared, so that the time tells nothing.
    """
    from pyotp import TOTP

    totp, current, found = TOTP(secret, interval=STEP), int(now.timestamp()) // STEP, None
    for step in range(current - DRIFT, current + DRIFT + 1):
        right = hmac.compare_digest(
            totp.generate_otp(step).encode(), normalize_code(code).encode("utf-8", "surrogatepass")
        )
        if right and step > last:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Codes that are good once each, like ``k7mq-x2rt-ha9v-bncp``."""
    return [_recovery_code() for _ in range(RECOVERY_CODES)]


def recovery_hash(user_id: str, code: str) -> str:
    """The hash under which a recovery code of an account is stored."""
    return hashlib.sha256(f"{user_id} {normalize_code(code)}".encode("utf-8", "surrogatepass")).hexdigest()


def normalize_code(code: str) -> str:
    """A code as it was meant: apps show a space in it, an input method may give its digits in full width."""
    normal = unicodedata.normalize("NFKC", code).casefold()
    return "".join(character for character in normal if character not in " -\t\r\n")


def _recovery_code() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
