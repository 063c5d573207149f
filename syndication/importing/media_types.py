"""Media types by file name extension, for files whose feed does not say. Python's own table depends on the machine."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from syndication.model.field_limits import MAX_MEDIA_TYPE
from syndication.model.formats import media_type
from syndication.render.feedgen_extensions import IMAGE_TYPES

UNKNOWN = "application/octet-stream"

_TYPES: Mapping[str, str] = {
    **IMAGE_TYPES,
    "aac": "audio/aac",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "ogv": "video/ogg",
    "opus": "audio/ogg",
    "pdf": "application/pdf",
    "wav": "audio/wav",
    "webm": "video/webm",
}


def type_of(written: str, address: str) -> str:
    """Returns the media type that a feed gives if it is one, otherwise that of the file name, otherwise ``UNKNOWN``."""
    if len(written) <= MAX_MEDIA_TYPE and (known := media_type(written)):
        return known
    try:
        extension = urlsplit(address).path.rpartition(".")[2].lower()
    except ValueError:
        return UNKNOWN
    return _TYPES.get(extension, UNKNOWN)
