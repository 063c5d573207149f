"""What goes into a feed: a question to the store, made of terms.

A term is a section, a tag, an author or a language. Tags and authors have a key, which is what their spellings have in
common, and a slug, which is their part of an address. Both are pure functions of the text. An author with an id has a
second key, ``#`` and the id, which no name can have.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

TermKind = Literal["section", "tag", "author", "language"]

ID_MARK = "#"
"""Begins the key of an author's id, and never that of an author's name."""

TERM_KINDS: tuple[TermKind, ...] = ("section", "tag", "author", "language")


class Term(NamedTuple):
    """One term. ``key`` is the slug of a section, what ``term_key`` makes of a name, or that of an author's id."""

    kind: TermKind
    key: str


@dataclass(frozen=True, slots=True)
class Selection:
    """The articles that have at least one term of ``any``, each term of ``all`` and no term of ``none``.

    Where ``any`` is empty, ``all`` and ``none`` alone decide; the empty selection is every article.
    """

    any: tuple[Term, ...] = ()
    all: tuple[Term, ...] = ()
    none: tuple[Term, ...] = ()

    @property
    def terms(self) -> frozenset[Term]:
        """Every term that it names."""
        return frozenset((*self.any, *self.all, *self.none))

    @property
    def is_filtered(self) -> bool:
        """Whether it is more than a list of terms of which one suffices."""
        return bool(self.all or self.none)


def term_key(kind: TermKind, name: str) -> str:
    """Returns what the spellings of a name have in common; "" if nothing of it is text.

    Compatibility forms and case are folded (Unicode caseless matching, UAX 15 and section 3.13), spaces are single. An
    author that begins with ``#`` is an id.
    """
    if kind == "section":
        return name
    if kind == "language":
        name = name.replace("_", "-")  # As programs write locales.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    visible = "".join(c for c in folded if unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn") or c.isspace())
    key = " ".join(visible.split())
    if kind == "author" and key.startswith(ID_MARK):
        own = _unmarked(key)
        return f"{ID_MARK}{own}" if own else ""
    return key


def author_name_key(name: str) -> str:
    """Returns the key of an author's name; "" if nothing of it is text. It never begins with the mark of an id."""
    return _unmarked(term_key("author", name))


def author_id_key(id: str) -> str:
    """Returns the key of an author's id, with or without its mark; "" if nothing of it is text."""
    return term_key("author", f"{ID_MARK}{id}")


def _unmarked(key: str) -> str:
    return key.lstrip(f"{ID_MARK} ")


def term_slug(key: str) -> str:
    """Returns the part of an address that a key suggests; "" if it has neither letters nor digits.

    Letters, digits and their marks stay as they are, in any script; everything between becomes one hyphen, so that
    ``+``, ``~``, ``.`` and ``/`` keep their meaning in addresses. Latin letters lose their accents: ``café`` is found
    at ``cafe``.
    """
    plain = "".join(_without_accents(unicodedata.normalize("NFC", key)))
    return re.sub(r"-+", "-", "".join(c if _is_kept(c) else "-" for c in plain)).strip("-")


def _without_accents(text: str) -> Iterable[str]:
    for character in text:
        base = unicodedata.normalize("NFD", character)
        yield base[0] if base[0].isascii() and base[0].isalpha() else character


def _is_kept(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM"
