"""Converts an XML file to UTF-8: by its byte order mark, its declaration, or as UTF-8 (XML 1.0 appendix F).

Labels mean what they mean in browsers (WHATWG Encoding Standard): ISO-8859-1 is windows-1252, whose quotes and dashes
real feeds contain whatever they declare.
"""

import codecs
import re

from syndication.errors import ArticleError

_MARKS = (
    # UTF-32 comes first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WITHOUT_MARK = (
    (b"<\x00\x00\x00", "utf-32-le"),
    (b"\x00\x00\x00<", "utf-32-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)

DECLARED_WITHIN = 1024
"""Bytes in which the declaration is looked for; programs print warnings before it."""

_DECLARATION = re.compile(rb"""<\?xml\s[^>]*?encoding\s*=\s*["']\s*([A-Za-z0-9_.:-]+)\s*["']""")

_BROWSERS: dict[str, str] = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "tis-620": "cp874",
    # Without a byte order mark the file is not in these, whatever it declares: its declaration was read as ASCII.
    "utf-16": "utf-8",
    "utf-16-le": "utf-8",
    "utf-16-be": "utf-8",
    "utf-32": "utf-8",
    "utf-32-le": "utf-8",
    "utf-32-be": "utf-8",
    "utf-7": "utf-8",
}

_PIECE = 2**20
"""Bytes validated at a time: as a string, text beyond the Basic Multilingual Plane takes four times its bytes."""

_WESTERN = frozenset(range(0xA0, 0x100)) | {0x80, 0x84, 0x85, *range(0x91, 0x98), 0x99, 0x8A, 0x8C, 0x9A, 0x9C}
"""Bytes that Western European texts contain in windows-1252: letters, quotes, dashes, symbols."""

MOST_STRAY = 3
"""Adjacent bytes. Texts of other scripts, in which nearly every character is one, have longer runs."""

_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")

_C1 = re.compile(rb"\xc2[\x80-\x84\x86-\x9f]")


def to_utf8(content: bytes) -> bytes:
    """Returns the file in UTF-8, without a byte order mark; raises ArticleError if its encoding is not what it says."""
    encoding, content = _detect(content)
    if encoding == "utf-8":
        content = content if _is_utf8(content) else _western(content)
    elif encoding == "cp1252" and _MULTIBYTE.search(content) and _is_utf8(content):
        pass  # Its server says UTF-8 in HTTP, which goes before the declaration (RFC 7303 section 3.2).
    elif encoding == "cp1252":
        # Five bytes have no character there; browsers read them as controls.
        content = content.decode(encoding, "surrogateescape").translate(_UNASSIGNED).encode()
    else:
        content = _decode(content, encoding).encode()
    # Converted as if it were ISO-8859-1, windows-1252 becomes controls, which no text contains.
    return _C1.sub(_from_c1, content) if _C1.search(content) else content


_UNASSIGNED = {0xDC00 + byte: 0xFFFD for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}


def _detect(content: bytes) -> tuple[str, bytes]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding, content[len(mark) :]
    for start, encoding in _WITHOUT_MARK:
        if content.startswith(start):
            return encoding, content
    declared = _DECLARATION.search(content, 0, DECLARED_WITHIN)
    if declared is None:
        return "utf-8", content
    label = declared[1].decode()
    try:
        name = codecs.lookup(label).name
    except LookupError:
        if _is_utf8(content):
            return "utf-8", content
        raise ArticleError(f"declares the encoding {label!r}, which is unknown: save the file as UTF-8") from None
    return _BROWSERS.get(name, name), content


def _is_utf8(content: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(content), _PIECE):
            decoder.decode(content[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ArticleError(
            f"is not in the encoding that it declares, {encoding} (line {_line(content, error.start)}):"
            " save the file as UTF-8"
        ) from error
    except LookupError:  # Such as base64, which Python has among its encodings.
        raise ArticleError(f"declares the encoding {encoding!r}, which is unknown: save the file as UTF-8") from None


def _western(content: bytes) -> bytes:
    """Returns a file in UTF-8 with its stray windows-1252 bytes replaced: letters, quotes and dashes copied into it.

    Longer runs of them are text in another encoding, and guessing which would damage it.
    """
    codecs.register_error("western", _Strays(mixed=_MULTIBYTE.search(content) is not None))
    return content.decode("utf-8", "western").encode()


class _Strays:
    """Decodes bytes that are not UTF-8, one by one: an error handler for ``bytes.decode``."""

    def __init__(self, *, mixed: bool) -> None:
        """``mixed`` is set if the file has characters of UTF-8 too."""
        self._mixed = mixed
        self._end = 0
        self._adjacent = 0

    def __call__(self, error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        if self._mixed and error.end - error.start > 1:
            # A character cut in the middle, as by programs that shorten texts by bytes.
            return "\ufffd", error.end
        self._adjacent = self._adjacent + 1 if error.start == self._end else 1
        self._end = error.start + 1
        stray = error.object[error.start]
        if self._adjacent > MOST_STRAY or stray not in _WESTERN:
            raise ArticleError(
                f"line {_line(error.object, error.start)} is not in UTF-8, nor in the encoding that the file declares:"
                " save the file as UTF-8"
            )
        return bytes([stray]).decode("cp1252"), self._end


def _from_c1(control: re.Match[bytes]) -> bytes:
    byte = control[0][1:]
    return byte.decode("cp1252", "ignore").encode()


def _line(content: bytes, place: int) -> int:
    return content.count(b"\n", 0, place) + 1
