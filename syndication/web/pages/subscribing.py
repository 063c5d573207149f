"""How a reader subscribes: addresses that open a feed in well-known readers, and a QR code."""

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote


class Reader(NamedTuple):
    """A reader, the address that subscribes to the feed there, and a hint."""

    name: str
    address: str
    hint: str = ""


def readers(feed: str) -> list[Reader]:
    """Returns the links that subscribe to the feed at this URL.

    ``feed:`` is the scheme that apps register with the system (NetNewsWire, Reeder, Thunderbird, newsboat's handler).
    """
    encoded = quote(feed, safe="")
    return [
        Reader("Open in your app", f"feed:{feed}", "NetNewsWire, Reeder and others"),
        Reader("Feedly", f"https://feedly.com/i/subscription/feed%2F{encoded}"),
        Reader("Inoreader", f"https://www.inoreader.com/?add_feed={encoded}"),
        Reader("NewsBlur", f"https://www.newsblur.com/?url={encoded}"),
        Reader("The Old Reader", f"https://theoldreader.com/feeds/subscribe?url={encoded}"),
    ]


@lru_cache(maxsize=512)
def qr_code(address: str) -> str:
    """Returns the QR code of an address as inline SVG, black on nothing, with its quiet zone (ISO/IEC 18004)."""
    import segno  # Only for pages: a process that shows none does not load it.

    code = segno.make(address, error="m", micro=False)
    return code.svg_inline(border=4, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True)
