"""Second factors: codes from an authenticator app (TOTP, RFC 6238), and recovery codes in case the phone is lost.

pyotp and segno are imported only when a second factor is used.
"""

import hashlib
import hmac
import io
import secrets
import unicodedata
from datetime import datetime

from syndication.auth.secrets.passwords import ALPHABET

STEP = 30
"""Seconds for which a code is shown, as in every app."""

DRIFT = 1
"""Steps by which a phone's clock may differ, either way (RFC 6238 section 5.2)."""

RECOVERY_CODES = 10

GROUPS, GROUP = 4, 4
"""Sixteen characters out of thirty-one: 79 random bits, so a fast hash is enough."""


def new_secret() -> str:
    """Returns 160 random bits in base32, as apps expect them (RFC 4226 section 4, R6)."""
    from pyotp import random_base32

    return random_base32()


def uri(secret: str, name: str, issuer: str) -> str:
    """Returns the ``otpauth:`` URI for the QR code, with the secret and a name for the app to show."""
    from pyotp import TOTP

    return TOTP(secret, interval=STEP).provisioning_uri(name=name, issuer_name=issuer)


def qr_code(text: str) -> bytes:
    """Returns a QR code as SVG, without scripts or styles."""
    import segno

    image = io.BytesIO()
    segno.make(text, error="m", micro=False).save(image, kind="svg", scale=5, border=4, light="#fff", dark="#000")
    return image.getvalue()


def accepted_step(secret: str, code: str, now: datetime, last: int) -> int | None:
    """Returns the time step of a code that is valid at ``now``, if it is after the ``last`` accepted step, else None.

    A code is accepted once (RFC 6238 section 5.2). All steps are compared, so that timing reveals nothing.
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
    """Returns single-use recovery codes, like ``k7mq-x2rt-ha9v-bncp``."""
    return [_recovery_code() for _ in range(RECOVERY_CODES)]


def recovery_hash(user_id: str, code: str) -> str:
    """Returns the hash under which a user's recovery code is stored."""
    return hashlib.sha256(f"{user_id} {normalize_code(code)}".encode("utf-8", "surrogatepass")).hexdigest()


def normalize_code(code: str) -> str:
    """Returns a code without the spaces that apps show, and with full-width digits converted."""
    normal = unicodedata.normalize("NFKC", code).casefold()
    return "".join(character for character in normal if character not in " -\t\r\n")


def _recovery_code() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
