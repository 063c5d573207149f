"""Counts the elements that browsers would create for tags, without creating any (HTML standard, section 13.2.6)."""

from collections import defaultdict
from typing import Final

MOST_ELEMENTS = 1_000_000
"""An 8 MB table with a digit in each cell has 900,000. The sanitizer needs about 400 bytes for each."""

DEEPEST = 500
"""Browsers stop at 512."""

MOST_FORMATTING = 100
"""Formatting elements that are open at the same time; they are reconstructed in each block that follows."""

VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "keygen",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "basefont",
        "bgsound",
    ]
)

FORMATTING = frozenset(
    ["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)

_MARKED = frozenset(["td", "th", "caption", "applet", "object", "marquee", "template"])
"""Elements that are open outside of these are not reconstructed inside."""

_SCOPE = _MARKED | {"table", "html"}
"""An end tag inside of these closes nothing outside."""

_FOREIGN = frozenset({"svg", "math"})

_CLOSE_P = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dd",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "listing",
        "plaintext",
        "search",
        "section",
        "summary",
        "table",
        "ul",
        "xmp",
    ]
)

_SPECIAL = (
    _CLOSE_P
    | _SCOPE
    | frozenset(
        ["button", "colgroup", "iframe", "select", "tbody", "tfoot", "textarea", "thead", "tr", "script", "style"]
    )
)

_ROWS = {
    "caption": ("table",),
    "colgroup": ("table",),
    "tbody": ("table",),
    "thead": ("table",),
    "tfoot": ("table",),
    "tr": ("tbody", "thead", "tfoot", "table"),
    "td": ("tr", "tbody", "thead", "tfoot", "table"),
    "th": ("tr", "tbody", "thead", "tfoot", "table"),
}
"""Parts of a table and their parents: elements open inside the parent are closed first."""

_LISTS = {"li": ("ul", "ol", "menu", "dir"), "dd": ("dl",), "dt": ("dl",)}

_LIKE_SIBLINGS = {"option": ("option",), "optgroup": ("option",)} | dict.fromkeys(
    ("rb", "rt", "rp", "rtc"), ("rb", "rt", "rp", "rtc")
)
"""Elements whose end tag is implied by the start of the next one."""

_IGNORED = frozenset(["html", "head", "body", "frameset", "frame"])

_LIKE_THE_SAME = 3
"""At most this many identical formatting elements are reconstructed (the "Noah's Ark clause")."""


class LimitExceeded(Exception):  # noqa: N818  # it is a finding
    """A limit is exceeded: ``kind`` names it; ``reason`` is set where it is already known."""

    def __init__(self, kind: str, reason: str | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.reason = reason


class _Formatting:
    """An entry of the list of active formatting elements; ``open`` while it is on the stack."""

    __slots__ = ("attributes", "name", "open")

    def __init__(self, name: str, attributes: str) -> None:
        self.name = name
        self.attributes = attributes
        self.open = True


_MARKER: Final = _Formatting("", "")


class ElementCounter:
    """Counts the tags and texts of a body, given in order; raises LimitExceeded as soon as a limit is exceeded."""

    def __init__(self, most: int = MOST_ELEMENTS, characters: int = 2**30) -> None:
        self.elements = 0
        self._most = most
        self._characters = characters
        self._stack: list[tuple[str, _Formatting | None]] = []
        self._where: dict[str, list[int]] = defaultdict(list)
        self._barriers: list[int] = []
        self._special: list[int] = []
        self._formatting: list[_Formatting] = []
        self._unmarked = 0

    @property
    def in_foreign(self) -> bool:
        """Whether the position is inside svg or math, where the rules of HTML do not apply."""
        return bool(self._where["svg"] or self._where["math"])

    def text(self, html: str, start: int, stop: int) -> None:
        """Counts a text: open formatting elements are reconstructed around it."""
        if self._formatting and not self._formatting[-1].open:
            in_table = bool(self._stack) and (self._stack[-1][0] in _ROWS or self._stack[-1][0] == "table")
            if not (in_table and html[start : min(stop, start + 100)].isspace()):
                self._reconstruct()

    def start(self, name: str, attributes: str) -> None:  # the cases of one step of the standard
        """Counts a start tag."""
        if self.in_foreign:
            if name not in _CLOSE_P and name not in FORMATTING:
                self._make(name) if not attributes.endswith("/") else self._count()
                return
            while self.in_foreign:
                self._pop()
        if name in VOID:
            if name == "hr":
                self._close("p", ())
            else:
                self._reconstruct()
            self._count()
        elif name in FORMATTING:
            self._format(name, attributes)
        elif name in _ROWS:
            self._table_part(name)
        elif name in _CLOSE_P:
            self._block(name)
        elif name not in _IGNORED:
            self._other(name, attributes)

    def _other(self, name: str, attributes: str) -> None:
        siblings = _LIKE_SIBLINGS.get(name, ())
        # Readings follow each other only in a ruby.
        if self._stack and self._stack[-1][0] in siblings and (name.startswith("op") or self._where["ruby"]):
            self._pop()
        self._reconstruct()
        if not (name in _FOREIGN and attributes.endswith("/")):
            self._make(name)
        if name in _MARKED:
            self._mark()

    def end(self, name: str) -> None:
        """Counts an end tag."""
        if name in FORMATTING:
            self._end_formatting(name)
        elif name in ("p", "br") and not self._in_scope(name):
            self._count()  # These create an empty element.
        elif name in _LISTS:
            self._close(name, _LISTS[name])
        elif name == "table" or name in _ROWS:
            table = self._where["table"]
            here = self._where[name]
            if here and (name == "table" or (table and here[-1] > table[-1])):
                self._pop_to(here[-1])
        elif name in _SPECIAL or name in _FOREIGN:
            self._close(name, ())
        else:
            here = self._where[name]
            if here and here[-1] > (self._special[-1] if self._special else -1):
                self._pop_to(here[-1])

    def _block(self, name: str) -> None:
        if name in _LISTS:
            for other in ("dd", "dt") if name != "li" else ("li",):
                self._close(other, _LISTS[other])
        self._close("p", ("button",))
        self._make(name)

    def _table_part(self, name: str) -> None:
        table = self._where["table"]
        if not table:
            return  # Ignored outside of a table.
        within = _ROWS[name]
        while self._stack[-1][0] not in within and len(self._stack) - 1 > table[-1]:
            self._pop()
        if name in ("td", "th", "tr") and self._stack[-1][0] == "table":
            self._make("tbody")
        if name in ("td", "th") and self._stack[-1][0] != "tr":
            self._make("tr")
        self._make(name)
        if name in _MARKED:
            self._mark()

    def _format(self, name: str, attributes: str) -> None:
        if name in ("a", "nobr") and any(one.name == name for one in self._since_marker()):
            self._end_formatting(name)
        self._reconstruct()
        same = [one for one in self._since_marker() if one.name == name and one.attributes == attributes]
        if len(same) >= _LIKE_THE_SAME:
            self._remove_formatting(same[-1])
        entry = _Formatting(name, attributes)
        self._make(name, entry)
        self._formatting.append(entry)
        self._unmarked += 1
        if self._unmarked > MOST_FORMATTING:
            raise LimitExceeded("formatting")

    def _since_marker(self) -> list[_Formatting]:
        """Returns the entries after the last marker, the last one first."""
        return self._formatting[: -self._unmarked - 1 : -1] if self._unmarked else []

    def _remove_formatting(self, entry: _Formatting) -> None:
        for place in range(len(self._formatting) - 1, -1, -1):
            if self._formatting[place] is entry:
                del self._formatting[place]
                self._unmarked -= 1
                return

    def _mark(self) -> None:
        self._formatting.append(_MARKER)
        self._unmarked = 0

    def _unmark(self) -> None:
        while self._formatting and self._formatting.pop() is not _MARKER:
            pass
        self._unmarked = 0
        for entry in reversed(self._formatting):
            if entry is _MARKER:
                break
            self._unmarked += 1

    def _reconstruct(self) -> None:
        """Reopens formatting elements that are not open ("reconstruct the active formatting elements")."""
        if not self._unmarked or self._formatting[-1].open:
            return
        for entry in self._since_marker()[::-1]:
            if not entry.open:
                self._make(entry.name, entry)
                entry.open = True

    def _end_formatting(self, name: str) -> None:
        """The adoption agency algorithm, as far as it changes the open elements."""
        entry = next((one for one in self._since_marker() if one.name == name), None)
        if entry is None:
            here = self._where[name]
            if here and here[-1] > (self._special[-1] if self._special else -1):
                self._pop_to(here[-1])
            return
        self._remove_formatting(entry)
        if not entry.open:
            return
        place = next(p for p in range(len(self._stack) - 1, -1, -1) if self._stack[p][1] is entry)
        if self._special and self._special[-1] > place:
            above = self._stack[place + 1 :]
            self._pop_to(place, keep=True)
            blocks = sum(1 for name, _ in above if name in _SPECIAL)
            self._count(min(8, blocks) * min(4, len(above)))
            for other, its in above:
                self._push(other, its)
                if its is not None:
                    its.open = True
        else:
            self._pop_to(place)

    def _in_scope(self, name: str, more: tuple[str, ...] = ()) -> bool:
        here = self._where[name]
        if not here:
            return False
        barrier = self._barriers[-1] if self._barriers else -1
        return here[-1] > max([barrier, *(self._where[other][-1] for other in more if self._where[other])])

    def _close(self, name: str, more: tuple[str, ...]) -> None:
        if self._where[name] and (name in _SCOPE or self._in_scope(name, more)):
            self._pop_to(self._where[name][-1])

    def _count(self, number: int = 1) -> None:
        self.elements += number
        if self.elements > self._most:
            raise LimitExceeded("elements")

    def _make(self, name: str, entry: _Formatting | None = None) -> None:
        self._count()
        if entry is not None:
            self._characters -= len(entry.attributes)
            if self._characters < 0:
                raise LimitExceeded("elements")
        self._push(name, entry)
        if len(self._stack) > DEEPEST:
            raise LimitExceeded("depth")

    def _push(self, name: str, entry: _Formatting | None) -> None:
        place = len(self._stack)
        self._stack.append((name, entry))
        self._where[name].append(place)
        if name in _SCOPE:
            self._barriers.append(place)
        if name in _SPECIAL:
            self._special.append(place)

    def _pop(self, *, keep: bool = False) -> None:
        name, entry = self._stack.pop()
        self._where[name].pop()
        if name in _SCOPE:
            self._barriers.pop()
        if name in _SPECIAL:
            self._special.pop()
        if entry is not None:
            entry.open = False
        if name in _MARKED and not keep:
            self._unmark()

    def _pop_to(self, place: int, *, keep: bool = False) -> None:
        """Closes everything from ``place`` on; ``keep`` is for elements that are reopened at once."""
        while len(self._stack) > place:
            self._pop(keep=keep)
