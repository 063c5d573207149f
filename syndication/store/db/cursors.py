"""Cursors: the position of a list's next page, as an opaque text that callers return unchanged."""

import base64
import binascii
from datetime import UTC, datetime

from syndication.errors import SyndicationError

INVALID_CURSOR = "after is not a valid cursor: follow the link of the previous page"


def encode_cursor(moment: datetime | None, rest: str) -> str:
    """Returns the cursor of a page whose last item has this time, followed by this text."""
    text = f"{moment.isoformat() if moment else ''} {rest}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime | None, str]:
    """Returns the time and the text of a cursor; raises SyndicationError for an invalid one."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        moment, _, rest = text.partition(" ")
        parsed = datetime.fromisoformat(moment) if moment else None
        if "\x00" in rest or (parsed is not None and parsed.utcoffset() is None):
            raise ValueError(text)
        return (parsed.astimezone(UTC) if parsed is not None else None), rest
    except (ValueError, OverflowError, binascii.Error) as error:
        raise SyndicationError(INVALID_CURSOR) from error
