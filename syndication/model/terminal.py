"""Escapes characters that would move a terminal's cursor, forge a line or reverse text."""

import re

# Cc and Cf characters that change how a line is displayed: C0, DEL and C1 controls, line and paragraph separators,
# bidi controls (Unicode Standard Annex 9), and lone surrogates, which no terminal can encode.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def escape(text: str, *, keep: str = "") -> str:
    """Returns the text on one line, with unsafe characters as Python escapes, except for those in ``keep``."""
    return _UNSAFE.sub(lambda found: found[0] if found[0] in keep else _written(ord(found[0])), text)


def _written(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
