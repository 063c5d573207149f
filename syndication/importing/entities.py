"""Replaces references in XML by what they stand for: those of HTML, and those that the file's DOCTYPE declares.

External entities are not loaded, and the sizes of internal ones are limited.
"""

import re
from html.entities import html5

from syndication.errors import ArticleError

LONGEST = 10_000
"""Bytes of one entity with all that it refers to."""

MOST_ADDED = 16 * 2**20
"""Bytes that the entities of a DOCTYPE may add to a file."""

_DECLARED = re.compile(rb"""<!ENTITY\s+([A-Za-z_][\w.:-]*)\s+(?:"([^"]*)"|'([^']*)')\s*>""")

_REFERENCE = re.compile(rb"&(?:(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z_][\w.:-]*);)?")

_XML = {b"amp", b"lt", b"gt", b"quot", b"apos"}


class Entities:
    """The entities of one file."""

    def __init__(self) -> None:
        self._declared: dict[bytes, bytes] = {}
        self._replacements: dict[bytes, bytes] = {}
        self._added = 0

    def declare(self, subset: bytes) -> None:
        """Reads the internal subset of a DOCTYPE; the first declaration of a name counts (XML 1.0 section 4.2)."""
        for name, double, single in _DECLARED.findall(subset):
            self._declared.setdefault(name, double or single)

    def replace(self, reference: bytes) -> bytes:
        """Returns what ``&name;``, ``&#number;`` or a lone ``&`` stands for, as XML; raises ArticleError if too long.

        An unknown name is text: nothing else could be meant.
        """
        name = reference[1:-1]
        if not name:
            return b"&amp;"
        if name.startswith(b"#"):
            return _character(name[1:])
        if name in _XML:
            return reference
        if name in self._declared:
            replacement = self._expand(name, ())
            self._added += len(replacement)
            if self._added > MOST_ADDED:
                raise ArticleError(f"entities that add more than {MOST_ADDED // 2**20} MB, the limit")
            return replacement
        text = html5.get(f"{name.decode(errors='replace')};")
        return _escaped(text) if text else b"&amp;" + reference[1:]

    def _expand(self, name: bytes, within: tuple[bytes, ...]) -> bytes:
        if name in self._replacements:
            return self._replacements[name]
        if name in within:
            raise ArticleError(f"an entity that contains itself: {name.decode(errors='replace')}")
        pieces: list[bytes] = []
        place = size = 0
        value = self._declared[name]
        for found in _REFERENCE.finditer(value):
            inner = found[0][1:-1]
            known = inner in self._declared and inner not in _XML
            pieces += [
                value[place : found.start()],
                self._expand(inner, (*within, name)) if known else self.replace(found[0]),
            ]
            place = found.end()
            size += len(pieces[-1])
            if size > LONGEST:
                break
        replacement = b"".join([*pieces, value[place:]])
        if len(replacement) > LONGEST:
            raise ArticleError(f"an entity of more than {LONGEST:,} bytes, the limit: {name.decode(errors='replace')}")
        self._replacements[name] = replacement
        return replacement


def _character(number: bytes) -> bytes:
    """Returns the reference to a character; one that XML forbids as browsers read it (HTML, section 13.2.5.80)."""
    hexadecimal = number[:1] in b"xX"
    digits = number[1:] if hexadecimal else number
    code = int(digits[-8:], 16 if hexadecimal else 10) if len(digits.lstrip(b"0")) <= 8 else 0x110000
    if code in (0x0B, 0x0C):
        return b"\n"
    if 0x80 <= code <= 0x9F:
        return bytes([code]).decode("cp1252", "ignore").encode()
    legal = code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
    return b"&#%d;" % code if legal else b""


def _escaped(text: str) -> bytes:
    return b"".join(b"&#%d;" % ord(character) for character in text)
