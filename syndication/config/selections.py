"""What goes into a feed, as files and editors write it: parses terms, and says what is wrong with a selection. Pure."""

from collections.abc import Collection, Iterable, Iterator

from syndication.model.formats import language_tag
from syndication.model.selection import TERM_KINDS, Selection, Term, term_key
from syndication.model.values import ALL
from syndication.model.wanted_terms import MAX_KEY

MAX_TERMS = 100
"""The most terms of a selection: each is a walk of an index or a condition of one."""

EXAMPLES = "section:world, tag:ferries, author:Lin Mei-hua or language:zh-Hant"


def parse_term(text: str) -> Term:
    """Returns the term that a text like "tag:ferries" means, in any spelling; raises ValueError with what to write."""
    kind_text, colon, name = text.partition(":")
    kind = next((known for known in TERM_KINDS if known == kind_text.strip()), None)
    if not colon or kind is None:
        raise ValueError(f"should be a kind and a name, like {EXAMPLES}")
    name = name.strip()
    if kind == "language" and language_tag(name) is None:
        raise ValueError("should name a language by its tag, like language:zh-Hant (BCP 47)")
    key = term_key(kind, name)
    if not 0 < len(key) <= MAX_KEY:
        raise ValueError(f"should have a name of 1 to {MAX_KEY} characters after the colon, like {EXAMPLES}")
    return Term(kind, key)


def parse_selection(some: Iterable[str], every: Iterable[str], none: Iterable[str]) -> Selection | None:
    """Returns the selection of the lists any, all and none; None if all are empty. Raises ValueError."""
    groups = [tuple(dict.fromkeys(parse_term(text) for text in group)) for group in (some, every, none)]
    found = Selection(*groups)
    return found if found.terms else None


def find_selection_problems(
    own: Collection[str], selection: Selection, filed: Collection[str], combined: Collection[str]
) -> Iterator[str]:
    """Yields a sentence for each problem of the selection of a feed with its ``own`` slugs.

    ``filed`` are the slugs of sections that articles are filed under, ``combined`` those of feeds that have a selection
    themselves: naming one would select nothing. A feed may name its own slugs, for what is filed under these.
    """
    terms = selection.terms
    if len(terms) > MAX_TERMS:
        yield f"the selection has {len(terms)} terms: it should have at most {MAX_TERMS}"
    for kind, key in sorted(terms):
        if not 0 < len(key) <= MAX_KEY or not is_plain(key):
            yield f"the {kind} {key[:MAX_KEY]!r} of the selection should have from 1 to {MAX_KEY} characters"
        elif kind == "section" and key not in own and key in combined:
            yield f"the selection names {key!r}, which is a selection itself: name what that one selects"
        elif kind == "section" and key not in filed and key not in (ALL, *own):
            yield f"the selection names the section {key!r}, which does not exist"
    if Term("section", ALL) in selection.none:
        yield "the selection excludes the section 'all', which has every story: nothing would be left"


def is_plain(text: str) -> bool:
    """Returns whether XML 1.0 allows each character, and a database can store it."""
    return not any((ord(c) < 32 and c not in "\t\n") or 0xD800 <= ord(c) < 0xE000 or c in "\ufffe\uffff" for c in text)
