"""Where requests of strangers wait until their body is there: who sends slowly holds none of the editors' places.

Whoever has a token is known by a header, before a byte of the body is read. A webhook and a form are known by what
stands in their body, and so anybody may begin to send one. No server can be told to stop waiting for it, so that a
sender may hold a thread here for as long as the connection lives: there are so many for all and fewer for each
address, beside those of the editors and those of polls.

Only the door uses it, and so only ``create_app``. ``syndication web`` has ``web/body_buffer.py``, which limits the time
that a body takes as well: under WSGI nothing can.
"""

import threading
from collections import Counter
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

MAX_BODIES = 32
"""Bodies that may arrive at once."""

MAX_BODIES_EACH = 8
"""Those of them that may come from one address. One that is sent at once arrives in a moment."""

MAX_BYTES = 1024 * 1024
"""Bytes that are read from a stranger; the apps refuse what is longer, unread if its length was told."""


class BodyBuffer:
    """The waiting room of one web process."""

    def __init__(self, places: int = MAX_BODIES, each: int = MAX_BODIES_EACH) -> None:
        self._places = places
        self._each = each
        self._lock = threading.Lock()
        self._here: Counter[str] = Counter()

    def read(self, environ: "WSGIEnvironment") -> bool:
        """Read the whole body into memory, if there is one; False if no place is free for it."""
        told = environ.get("CONTENT_LENGTH") or ""
        if "HTTP_TRANSFER_ENCODING" not in environ and (not told.isdigit() or not 0 < int(told) <= MAX_BYTES):
            return True  # There is none, or it is too long and will not be read.
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
            self._here += Counter()  # Addresses from which nothing comes are forgotten.
