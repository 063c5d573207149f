"""A connection that can be cut silently: a proxy whose sockets drop every packet, even a SYN.

If a proxy just stopped forwarding, its kernel would still acknowledge all data. Here a filter on the sockets drops
every packet before TCP sees it, like a pulled cable: the other end gets no response, no refusal and no end of the
connection. It needs no privileges.
"""

import contextlib
import ctypes
import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from typing import cast

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27

# One instruction of the classic packet filter: return 0, the number of bytes that pass (BPF_RET | BPF_K).
_NOTHING = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
_FILTER = struct.pack("HL", 1, ctypes.addressof(_NOTHING))

CHUNK = 65_536


class BlackHole:
    """Forwards one loopback port to another, until it is cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._pairs: dict[socket.socket, socket.socket] = {}
        """The other end of each connection, in both directions; client connections are in ``_clients``."""
        self._clients: set[socket.socket] = set()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._open = threading.Event()
        self._open.set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="black hole", daemon=True)
        self._thread.start()

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        """Drops everything, in both directions."""
        with self._lock:
            self._open.clear()
            for end in (self._listener, *self._clients):
                end.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, _FILTER)
        try:
            yield
        finally:
            with self._lock:
                for end in (self._listener, *self._clients):
                    end.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
                self._open.set()

    def close(self) -> None:
        """Closes the proxy and its connections."""
        self._stopped.set()
        self._thread.join()
        for end in (self._listener, *self._pairs):
            end.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            for key, _ in self._selector.select(0.05):
                with self._lock:
                    if self._open.is_set():
                        self._move(cast(socket.socket, key.fileobj))
            if not self._open.is_set():
                self._open.wait(0.05)

    def _move(self, end: socket.socket) -> None:
        if end is self._listener:
            self._accept()
            return
        if end not in self._pairs:
            return
        try:
            data = end.recv(CHUNK)
            if data:
                self._pairs[end].sendall(data)
        except OSError:
            data = b""
        if not data:
            self._forget(end)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        self._clients.add(client)
        for end, other in ((client, server), (server, client)):
            self._pairs[end] = other
            self._selector.register(end, selectors.EVENT_READ)

    def _forget(self, end: socket.socket) -> None:
        for one in (end, self._pairs[end]):
            self._clients.discard(one)
            self._pairs.pop(one, None)
            self._selector.unregister(one)
            one.close()
