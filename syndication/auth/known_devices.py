"""Browsers in which a user has logged in before: strangers who guess passwords do not lock them out.

Each keeps a signed cookie with a random number for each user who logged in there ("device cookies", OWASP). It opens
nothing: failures in this browser are counted by it, and not with those of strangers.
"""

import secrets
from collections.abc import Mapping

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

COOKIE = "syndication_editors_device"

AGE = 365 * 86400
"""Seconds from the last log-in for which a browser is known."""

USERS = 5
"""Users whom one browser remembers: the last ones."""

Devices = Mapping[str, str]
"""The browser's number for each user, by the account's id."""


def known_devices() -> dict[str, str]:
    """What the request's cookie says; nothing if there is none that we signed."""
    try:
        found = _serializer().loads(request.cookies.get(COOKIE, ""), max_age=AGE)
    except BadData:
        return {}
    return {str(user): str(device) for user, device in found}


def remember_device(response: Response, user_id: str) -> None:
    """Let the browser know that this user logged in here."""
    known = known_devices()
    device = known.pop(user_id, "") or secrets.token_urlsafe(16)
    known[user_id] = device  # As the newest, which is the last to be forgotten.
    newest = list(known.items())[-USERS:]
    response.set_cookie(
        COOKIE,
        _serializer().dumps(newest),
        max_age=AGE,
        path=current_app.config["SESSION_COOKIE_PATH"],
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite=current_app.config["SESSION_COOKIE_SAMESITE"],
    )


def _serializer() -> URLSafeTimedSerializer:
    key = current_app.secret_key
    if key is None:  # The session's interface reads it before any page is asked for.
        raise RuntimeError("the key that signs cookies was not read")
    return URLSafeTimedSerializer(key, salt="known device")
