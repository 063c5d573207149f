"""Keeps a process with many threads from holding much more memory than it uses."""

import ctypes
from contextlib import suppress

M_ARENA_MAX = -8
"""mallopt(3) of glibc."""


def share_one_arena() -> None:
    """Lets all threads allocate from one arena; without glibc, nothing changes. To be called before they start.

    By default each thread gets an arena of its own, up to eight for each core, and what is freed in one is of no use in
    another. Python's threads rarely allocate at the same time.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
