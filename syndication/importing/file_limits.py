"""How much one RSS, Atom or JSON Feed file may cost: it is read as a whole. JSON Lines are streamed and need no limit.

Each is several times what an archive of 50,000 entries costs, so that it stops mistakes and attacks alone.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileLimits:
    """The most of one feed file: its bytes and entries, and the processor time and memory for reading it."""

    bytes: int = 128 * 2**20
    entries: int = 200_000
    seconds: int = 600
    megabytes: int = 4096


FILE_LIMITS = FileLimits()
