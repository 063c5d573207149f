"""An element of a feed, with its children by name, and the language and base address that it inherits."""

from collections.abc import Iterator
from functools import cached_property
from typing import Self

from lxml import etree

from syndication.importing.html_addresses import join
from syndication.importing.namespaces import XML, name

SPACE = " \t\r\n"
"""White space of markup (XML 1.0 section 2.3); every other space, like U+00A0, is text."""


class Node:
    """One element; names of other elements are as in ``namespaces``, relative to the namespaces ``own``."""

    def __init__(self, element: etree._Element, own: frozenset[str]) -> None:
        self.element = element
        self.own = own

    @property
    def name(self) -> str:
        """The element's name."""
        return name(self.element.tag, self.own)

    @cached_property
    def _children(self) -> dict[str, list[Self]]:
        found: dict[str, list[Self]] = {}
        for child in self.element.iterchildren(etree.Element):
            found.setdefault(name(child.tag, self.own), []).append(type(self)(child, self.own))
        return found

    def all(self, *names: str) -> list[Self]:
        """Returns the children with these names: all of the first name, then all of the second."""
        return [node for wanted in names for node in self._children.get(wanted, ())]

    def first(self, *names: str) -> Self | None:
        """Returns the first child of the first name that has one."""
        return next(iter(self.all(*names)), None)

    @property
    def value(self) -> str:
        """The text of the element and all within it, without white space around it."""
        return "".join(str(text) for text in self.element.itertext(etree.Element)).strip(SPACE)

    def text(self, *names: str) -> str:
        """Returns the first text that is not blank, in the order of the names; otherwise an empty string."""
        return next((text for node in self.all(*names) if (text := node.value)), "")

    def attribute(self, wanted: str) -> str:
        """Returns an attribute without white space around it, empty if it is missing; its case does not matter."""
        value: object = self.element.get(wanted)
        if value is None:
            value = next((v for key, v in self.element.items() if str(key).lower() == wanted), "")
        return str(value).strip(SPACE)

    def _inherited(self, attribute: str) -> Iterator[str]:
        element: etree._Element | None = self.element
        while element is not None:
            if (value := element.get(attribute)) is not None:
                yield value.strip(SPACE)
            element = element.getparent()

    @property
    def language(self) -> str | None:
        """The nearest ``xml:lang``; empty if it says that there is none, None without one."""
        return next(self._inherited(f"{XML}lang"), None)

    @property
    def base(self) -> str:
        """The base address by ``xml:base`` (W3C XML Base), empty without one; relative if no ancestor's is absolute."""
        base = ""
        for outer in self._inherited(f"{XML}base"):
            base = join(outer, base)
        return base


def resolve(address: str, *bases: str) -> str:
    """Returns an address resolved against the innermost of the bases, each of which is resolved against the next."""
    for base in bases:
        if base:
            address = join(base, address)
    return address
