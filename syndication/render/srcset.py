"""The candidates of a srcset, read as browsers do (HTML standard, section 4.8.4.2.2), each character once."""

import re
from collections.abc import Iterator

_GAP = re.compile(r"[\s,]*+")
_ADDRESS = re.compile(r"\S++")
# What describes a candidate ends at a comma; there is none in a width, a height or a density.
_DESCRIPTORS = re.compile(r"[^,]*+")
_SIZE = re.compile(r"[0-9.]++[wxh]")


def candidates(value: str) -> Iterator[tuple[str, str]]:
    """Each address and its width or density, empty for one without; one that is described otherwise is left out."""
    place = 0
    while (found := _ADDRESS.match(value, _after(_GAP, value, place))) is not None:
        address, place = found[0], found.end()
        if address.endswith(","):
            # The end of the candidate; all commas there are none of the address.
            yield address.rstrip(","), ""
            continue
        described = value[place : (end := _after(_DESCRIPTORS, value, place))].strip()
        place = end
        if not described or _SIZE.fullmatch(described):
            yield address, described


def _after(pattern: re.Pattern[str], value: str, place: int) -> int:
    found = pattern.match(value, place)
    return found.end() if found else place
