"""Limits for one RSS, Atom or JSON Feed file, which is read as a whole. JSON Lines are streamed and need no limit.

An archive of 50,000 entries of 2.2 kB is within all of them: 108 MB, some 30 seconds and 650 MB.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileLimits:
    """Limits of one feed file: its bytes and entries, and the CPU time and memory for reading it.

    The memory allows for the largest file in an encoding that is converted, with characters beyond the Basic
    Multilingual Plane, for which Python uses four bytes each.
    """

    bytes: int = 128 * 2**20
    entries: int = 200_000
    seconds: int = 600
    megabytes: int = 2048


FILE_LIMITS = FileLimits()
