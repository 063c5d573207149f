"""Reads authors: as Atom's persons, and as the one line in which RSS and Dublin Core have name and address."""

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from syndication.importing.node import SPACE, Node, resolve
from syndication.model.field_limits import MAX_AUTHORS, MAX_NAME
from syndication.model.formats import email_address
from syndication.render.text import one_line

_EMAIL = re.compile(r"(?:mailto:)?([^\s@<>()\[\]\\,;:\"]++@[^\s@<>()\[\]\\,;:\"]++)", re.IGNORECASE)

# What is left of "name <address>", "address (name)" and the like without the address.
_BRACKETS = re.compile(r"\(\s*\)|<\s*>|\[\s*\]")
_BETWEEN = re.compile(r"\s*[,;]\s+|\s+(?:and|&)\s+")
_AROUND = " \t\"'“”,;:–—-"

LONGEST = 2 * MAX_NAME
"""Characters of a line in which an address is looked for, which takes the square of its length."""

Person = dict[str, Any]
"""``name``, ``email`` and ``uri``, each of which may be missing."""


def person_in_line(text: str, plain: Callable[[str], str] = one_line) -> Person:
    """Returns the person in a line like ``mail@old.example (A Name)``, ``A Name <mail@old.example>`` or ``A Name``."""
    line = plain(text)
    found = _EMAIL.findall(line) if len(line) <= LONGEST else []
    email = email_address(found[0]) if len(found) == 1 else None
    if email is None:
        return _person(_unbracketed(_BRACKETS.sub(" ", line).strip(SPACE)))
    name = _BRACKETS.sub(" ", _EMAIL.sub(" ", line)).strip(_AROUND)
    return _person(_unbracketed(one_line(name)), email)


def person(node: Node, *bases: str, plain: Callable[[str], str] = one_line) -> Person:
    """Returns the person of an Atom construct (RFC 4287 section 3.2), or of an element with a line.

    ``plain`` makes plain text of a name.
    """
    name = one_line(node.text("name", "atom:name"))
    email = email_address(one_line(node.text("email", "atom:email")).removeprefix("mailto:"))
    uri = node.text("uri", "url", "homepage", "atom:uri", "atom:url")
    if not (name or email or uri):
        return person_in_line(node.value, plain)
    found = person_in_line(name, plain)
    return _person(found["name"] or name, email or found["email"], resolve(uri, node.base, *bases) if uri else None)


def people(node: Node, *bases: str, plain: Callable[[str], str] = one_line) -> list[Person]:
    """Returns the persons of an element: several if each in its line has an address, as ``a@x (A), b@x (B)``."""
    parts = _BETWEEN.split(plain(node.value)) if not len(node.element) and len(node.value) <= LONGEST else []
    if len(parts) > 1 and all(len(_EMAIL.findall(part)) == 1 for part in parts):
        return [person_in_line(part) for part in parts]
    return [person(node, *bases, plain=plain)]


def distinct(people: Iterable[Person]) -> tuple[Person, ...]:
    """Returns each person once, with the addresses of all mentions; those without any are left out.

    One address and one name from two elements, as ``author`` and ``dc:creator`` of an item, are one person.
    """
    found: list[Person] = []
    for one in islice(people, 10 * MAX_AUTHORS):
        known = next((other for other in found if _same(one, other)), None)
        if known is not None:
            known.update({key: known[key] or one[key] for key in one})
        elif any(one.values()):
            found.append(dict(one))
    if len(found) == 2 and {bool(one["name"]) for one in found} == {True, False}:
        named, address = sorted(found, key=lambda one: not one["name"])
        if not named["email"]:
            found = [{**named, "email": address["email"]}]
    return tuple({**one, "name": one["name"] or one["email"] or one["uri"]} for one in found)


def _same(one: Person, other: Person) -> bool:
    if one["name"] and other["name"]:
        return bool(one["name"].casefold() == other["name"].casefold())
    return bool(one["email"] and other["email"] and one["email"].casefold() == other["email"].casefold())


def _person(name: str, email: str | None = None, uri: str | None = None) -> Person:
    return {"name": name or None, "email": email, "uri": uri or None}


def _unbracketed(name: str) -> str:
    """Returns a name without brackets around all of it: ``(A Name)``, but not ``A Name (Agency)``."""
    while len(name) > 2 and (name[0], name[-1]) in (("(", ")"), ("<", ">"), ("[", "]"), ('"', '"')):
        if name[0] != '"' and name.find(name[-1]) != len(name) - 1:
            break
        name = name[1:-1].strip(SPACE)
    return name
