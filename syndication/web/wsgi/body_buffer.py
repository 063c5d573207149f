"""Reads the bodies of unauthenticated requests before they take a place, so that slow senders cannot hold one.

A token is in a header and is checked before the body is read. Webhooks and forms are authenticated by their body, so
any client may start to send one. WSGI cannot limit the time of a read: a sender may hold a thread for as long as the
connection lasts. So the number of these threads is limited, in total and per address, and separate from those of
editors and polls.

Only ``create_app`` uses it. ``syndication web`` has ``web/body_buffer.py``, which also limits the time of a body.
"""

import threading
from collections import Counter
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_BODIES = 32
"""The most bodies that arrive at once."""

MAX_BODIES_EACH = 8
"""The most from one address. A body that is sent without pauses arrives in a moment."""

MAX_BYTES = 1024 * 1024
"""The most bytes that are read before authentication; the apps refuse longer bodies, unread if they declare it."""


class BodyBuffer:
    """The arriving bodies of one web process."""

    def __init__(self, places: int = MAX_BODIES, each: int = MAX_BODIES_EACH) -> None:
        self._places = places
        self._each = each
        self._lock = threading.Lock()
        self._here: Counter[str] = Counter()

    def read(self, environ: "WSGIEnvironment") -> bool:
        """Reads the whole body into memory, if there is one; returns False if there are too many."""
        length = environ.get("CONTENT_LENGTH") or ""
        if "HTTP_TRANSFER_ENCODING" not in environ and (not length.isdigit() or not 0 < int(length) <= MAX_BYTES):
            return True  # There is no body, or it is too long and will not be read.
        address = environ.get("REMOTE_ADDR", "")
        if not self._enter(address):
            return False
        try:
            body = environ["wsgi.input"].read(MAX_BYTES + 1)
        finally:
            self._leave(address)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
        return True

    def _enter(self, address: str) -> bool:
        with self._lock:
            free = self._here.total() < self._places and self._here[address] < self._each
            if free:
                self._here[address] += 1
            return free

    def _leave(self, address: str) -> None:
        with self._lock:
            self._here[address] -= 1
            self._here += Counter()  # Drops addresses without bodies.
