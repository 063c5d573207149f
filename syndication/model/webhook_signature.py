"""The signature of a webhook, as in Standard Webhooks (standardwebhooks.com); for those received and those sent."""

import base64
import binascii
import contextlib
import hmac


def signature(secret: str, id: str, timestamp: str, body: bytes) -> str:
    """Returns the signature of a webhook."""
    content = b".".join((id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(_key(secret), content, "sha256")).decode()


def _key(secret: str) -> bytes:
    """Returns the key: base64-decoded after whsec_, as in Standard Webhooks; any other secret is the key itself."""
    if secret.startswith("whsec_"):
        with contextlib.suppress(binascii.Error):
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    return secret.encode()
