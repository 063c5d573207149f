"""Parses the candidates of a srcset as browsers do (HTML standard, section 4.8.4.2.2), reading each character once."""

import re
from collections.abc import Iterator

_GAP = re.compile(r"[\s,]*+")
_ADDRESS = re.compile(r"\S++")
# The descriptors of a candidate end at a comma; a width, a height or a density contains none.
_DESCRIPTORS = re.compile(r"[^,]*+")
_SIZE = re.compile(r"[0-9.]++[wxh]")


def candidates(value: str) -> Iterator[tuple[str, str]]:
    """Yields each address and its width or density, empty if it has none; skips one with any other descriptor."""
    place = 0
    while (found := _ADDRESS.match(value, _after(_GAP, value, place))) is not None:
        address, place = found[0], found.end()
        if address.endswith(","):
            # The end of the candidate; none of these commas belong to the address.
            yield address.rstrip(","), ""
            continue
        described = value[place : (end := _after(_DESCRIPTORS, value, place))].strip()
        place = end
        if not described or _SIZE.fullmatch(described):
            yield address, described


def _after(pattern: re.Pattern[str], value: str, place: int) -> int:
    found = pattern.match(value, place)
    return found.end() if found else place
