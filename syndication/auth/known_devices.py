"""Browsers in which a user has logged in before, so that guessing attacks do not lock them out.

Each has a signed cookie with a random number for each user who logged in there ("device cookies", OWASP). It grants no
access: failed attempts in this browser are counted separately from those of unknown browsers.
"""

import secrets

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

COOKIE = "syndication_editors_device"

AGE = 365 * 86400
"""Seconds after the last log-in during which a browser is known."""

USERS = 5
"""Users remembered in one browser: the most recent ones."""


def known_devices() -> dict[str, str]:
    """Returns the browser's number for each user id in the request's cookie, or none if its signature is invalid."""
    try:
        found = _serializer().loads(request.cookies.get(COOKIE, ""), max_age=AGE)
    except BadData:
        return {}
    return {str(user): str(device) for user, device in found}


def remember_device(response: Response, user_id: str) -> None:
    """Sets the cookie that marks this browser as known to the user."""
    known = known_devices()
    device = known.pop(user_id, "") or secrets.token_urlsafe(16)
    known[user_id] = device  # The newest is dropped last.
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
    if key is None:  # The session interface reads it before any page.
        raise RuntimeError("the key that signs cookies was not read")
    return URLSafeTimedSerializer(key, salt="known device")
