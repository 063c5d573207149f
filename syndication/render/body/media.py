"""Video and audio with a file that browsers can play: they stay, with controls, as they have none without scripts."""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from syndication.render.body.addresses import embedded
from syndication.render.body.tree import attribute

_LAZY = ("src", "data-src", "data-lazy-src", "data-video-src", "data-mp4", "data-url")

_TYPES = {
    "mp3": "audio/mpeg", "m4a": "audio/mp4", "aac": "audio/aac", "ogg": "audio/ogg", "oga": "audio/ogg",
    "opus": "audio/opus", "wav": "audio/wav", "flac": "audio/flac", "weba": "audio/webm", "mp4": "video/mp4",
    "m4v": "video/mp4", "webm": "video/webm", "ogv": "video/ogg", "mov": "video/quicktime",
    "m3u8": "application/vnd.apple.mpegurl",
}  # fmt: skip
"""By the end of the file's name; not the machine's table, which differs between machines."""


class MediaFile(NamedTuple):
    """A file that the body plays: for the section's enclosures."""

    address: str
    media_type: str
    title: str


class Media(NamedTuple):
    """A video or an audio: the element's name, its files, and the elements for its text tracks."""

    name: str
    files: list[MediaFile]
    own: str | None
    poster: str | None
    title: str
    tracks: list[LexborNode]


def media_of(node: LexborNode, base: str) -> Media:
    """Returns what a ``video``, ``audio`` or one of their amp- twins plays."""
    name = (node.tag or "").removeprefix("amp-")
    title = " ".join(attribute(node, "title", "aria-label", "data-title").split())
    own = embedded(base, attribute(node, *_LAZY))
    files = [MediaFile(own, _type(name, own, attribute(node, "type")), title)] if own else []
    tracks = []
    for child in node.iter():
        if child.tag == "source" and (address := embedded(base, attribute(child, *_LAZY))):
            files.append(MediaFile(address, _type(name, address, attribute(child, "type")), title))
        elif child.tag == "track":
            tracks.append(child)
    poster = embedded(base, attribute(node, "poster", "data-poster"))
    return Media(name, files, own, poster, title, tracks)


def first_files(files: Iterable[MediaFile]) -> tuple[MediaFile, ...]:
    """Returns the first file of each address, in the order of the text."""
    found: dict[str, MediaFile] = {}
    for file in files:
        found.setdefault(file.address, file)
    return tuple(found.values())


def _type(name: str, address: str, said: str) -> str:
    kind = said.partition(";")[0].strip().lower()
    if "/" in kind:
        return kind
    return _TYPES.get(
        urlsplit(address).path.rpartition(".")[2].lower(), "audio/mpeg" if name == "audio" else "video/mp4"
    )
