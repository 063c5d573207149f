"""The address of the Unix socket in a private folder, even if the folder's name is too long."""

import os
from pathlib import Path

NAME = "socket"

LONGEST_ADDRESS = 107
"""The longest address of a Unix socket in bytes (unix(7)); folder names may be longer."""


def socket_address(folder: str) -> str:
    """Returns the address to bind or connect to; keeps the folder open if its name is too long for an address."""
    plain = str(Path(folder) / NAME)
    if len(os.fsencode(plain)) <= LONGEST_ADDRESS:
        return plain
    return f"/proc/self/fd/{os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)}/{NAME}"
