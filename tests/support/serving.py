"""A server of our own that answers in a thread until the test is over."""

import contextlib
import threading
from collections.abc import Iterator
from socketserver import BaseServer
from typing import TypeVar

S = TypeVar("S", bound=BaseServer)


@contextlib.contextmanager
def serving(server: S, released: threading.Event) -> Iterator[S]:
    """Serves; at the end, ``released`` lets answers go on that wait for it."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        released.set()
        server.shutdown()
        thread.join()
        server.server_close()
