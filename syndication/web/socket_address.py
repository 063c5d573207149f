"""The address of the Unix socket in a private folder, however long the folder's name is."""

import os
from pathlib import Path

NAME = "socket"

LONGEST_ADDRESS = 107
"""Bytes of a Unix socket's address (unix(7)); names of folders may be longer."""


def socket_address(folder: str) -> str:
    """Where to bind and to connect; this process keeps the folder open if its name is too long for an address."""
    plain = str(Path(folder) / NAME)
    if len(os.fsencode(plain)) <= LONGEST_ADDRESS:
        return plain
    return f"/proc/self/fd/{os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)}/{NAME}"
