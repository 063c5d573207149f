"""Addresses of a body: absolute, in the form of RFC 3986, or None if no reader could use them."""

from syndication.model.addresses import resolved
from syndication.render.srcset import candidates

LARGEST_DATA = 64 * 1024
"""Characters of a picture in a data: address. Each feed holds it three times; larger ones belong on a server."""

_PICTURES = ("png", "jpeg", "jpg", "gif", "webp", "avif", "svg+xml", "bmp", "x-icon")


def embedded(base: str, address: str) -> str | None:
    """Returns ``address`` as something embedded may have it: an empty one means the page itself, and is no picture."""
    if address.strip().partition("#")[0] == "":
        return None
    found = resolved(base, address)
    return found if found and found.startswith("http") else None


def picture(base: str, address: str) -> str | None:
    """Returns the address of a picture, which may be a data: address of a bounded size."""
    if address[:5].lower() == "data:":
        return address if is_picture_data(address) else None
    return embedded(base, address)


def is_picture_data(address: str) -> bool:
    """Whether this is a picture in a data: address that may stay (RFC 2397)."""
    kind = address[5:].partition(",")[0].partition(";")[0].strip().lower()
    if len(address) > LARGEST_DATA or kind.removeprefix("image/") not in _PICTURES or "/" not in kind:
        return False
    return all((" " < letter < "\x7f" and letter not in '"<>\\') or letter in " '\"<>" for letter in address)


def srcset(base: str, value: str) -> str | None:
    """Returns a srcset with absolute addresses; None if none is left."""
    found = []
    for address, size in candidates(value):
        if target := embedded(base, address):
            found.append(f"{target} {size}" if size else target)
    return ", ".join(found) or None
