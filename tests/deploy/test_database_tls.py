"""A database on another machine: what the runbook's address asks of it, before a password is sent."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from syndication.store.db.database import Database, DatabaseDown
from tests.deploy.nginx import certificate
from tests.deploy.programs import needs

pytestmark = needs("openssl")

SSL_REQUEST = bytes.fromhex("0000000804d2162f")
"""What a client sends that wants to be encrypted."""


class Listener:
    """A machine that is taken for the database: it has a certificate, or none, and notes what it hears."""

    def __init__(self, folder: Path | None) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.heard: list[bytes] = []
        self.context = None
        if folder is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(folder / "fullchain.pem", folder / "privkey.pem")
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.server.accept()
                with connection, contextlib.suppress(OSError):
                    self._hear(connection)

    def _hear(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        first = connection.recv(8)
        if first != SSL_REQUEST:
            self.heard.append(first)
        elif self.context is None:
            connection.sendall(b"N")
            self.heard.append(connection.recv(1000))
        else:
            connection.sendall(b"S")
            with self.context.wrap_socket(connection, server_side=True) as encrypted:
                self.heard.append(encrypted.recv(1000))


@contextlib.contextmanager
def listening(folder: Path | None) -> Iterator[Listener]:
    listener = Listener(folder)
    try:
        yield listener
    finally:
        listener.server.close()


def connect(listener: Listener, query: str) -> list[bytes]:
    """What was heard of an attempt to connect."""
    port = listener.server.getsockname()[1]
    database = Database(f"postgresql://syndication:secret@localhost:{port}/news?{query}")
    try:
        with pytest.raises(DatabaseDown), database.read() as conn:
            conn.exec_driver_sql("SELECT 1")
    finally:
        database.close()
    return [heard for heard in listener.heard if heard]


def authority(folder: Path, name: str) -> Path:
    folder.mkdir()
    return certificate(folder, name)


def test_a_database_with_its_certificate_is_talked_to(tmp_path):
    """What the other tests rely on."""
    ca = authority(tmp_path / "right", "localhost")
    with listening(ca.parent) as listener:
        heard = connect(listener, f"sslmode=verify-full&sslrootcert={ca}")
    assert heard and all(b"user\0syndication" in words for words in heard)


def test_one_without_encryption_another_name_or_another_authority_hears_nothing(tmp_path):
    right = authority(tmp_path / "right", "localhost")
    other_name = authority(tmp_path / "name", "other.daily.example")
    other_authority = authority(tmp_path / "authority", "localhost")
    for folder, ca in ((None, right), (other_name.parent, other_name), (other_authority.parent, right)):
        with listening(folder) as listener:
            assert connect(listener, f"sslmode=verify-full&sslrootcert={ca}") == []
