"""The reason that somebody gives for an act: one line of plain text."""

import unicodedata

from syndication.model.field_limits import MAX_REASON
from syndication.model.visible_text import is_visible


def plain_reason(text: str) -> str | None:
    """Returns a reason as one line without controls; None if nothing of it can be seen.

    Raises ValueError if it is longer than ``MAX_REASON`` characters.
    """
    shown = "".join(" " if unicodedata.category(character) in ("Cc", "Cs") else character for character in text)
    line = " ".join(shown.split())
    if len(line) > MAX_REASON:
        raise ValueError(f"must have at most {MAX_REASON} characters, not {len(line)}")
    return line if is_visible(line) else None
