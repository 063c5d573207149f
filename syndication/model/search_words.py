"""The words of a text, for finding articles: the same function for what is stored and for what is looked for.

Scripts that put spaces between words are split there. In Chinese, Japanese, Korean, Thai and the like each character
and each pair of neighbours is a word, because most Chinese words have two characters, which trigrams do not find. Case,
accents of Latin letters and compatibility forms do not count.
"""

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from syndication.model.access import public_part
from syndication.model.selection import Term
from syndication.model.values import Article
from syndication.model.wanted_terms import article_terms

MAX_WORD = 64
"""Characters of a word that count."""

MAX_INDEXED = 400_000
"""Bytes of all words of an article together: PostgreSQL's tsvector holds less than a mebibyte."""

MIN_BEGINNING = 3
"""The fewest characters before a ``*``: shorter beginnings have so many words that reading them takes seconds."""

MAX_WORDS = 20
"""The most words of a question; further ones do not count."""

MEMBERS = "~"
"""Marks a word that only the members' part of an article has."""

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3041-\u30fa\u30fc-\u30ff\u3105-\u312f\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_MARKS = "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff"
_PIECE = re.compile(rf"([{_UNSPACED}]+)|((?:[^\W_{_UNSPACED}]|[{_MARKS}])+)")

_HIDDEN = re.compile(r"<!--|<(?:script|style)(?=[\s/>])", re.IGNORECASE)
_INLINE = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|cite|code|em|font|i|ins|kbd|mark|q|s|small|span|strong|sub|sup|u|wbr)(?:\s[^<>]*)?>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]*>")
_HOST = re.compile(r"^\s*https?://[^/\s]*", re.IGNORECASE)


class WantedWord(NamedTuple):
    """A word that an article must have; ``beginning``: one that begins so."""

    word: str
    beginning: bool = False


def words_of(text: str) -> Iterator[str]:
    """Yields the words of a plain text, in order and repeated as they are there."""
    for run, word in _PIECE.findall(_folded(text)):
        if word:
            yield word[:MAX_WORD]
            continue
        yield from run
        yield from (run[n : n + 2] for n in range(len(run) - 1))


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in plain if not "\u0300" <= c <= "\u036f"))


def wanted_words(text: str) -> tuple[WantedWord, ...]:
    """Returns the words that somebody looks for, each once; of an address, those of its path."""
    found: dict[WantedWord, None] = {}
    for part in _HOST.sub("", text).split():
        named = _PIECE.findall(_folded(part))
        begun = part.endswith("*") and bool(named) and len(named[-1][1]) >= MIN_BEGINNING
        words = [word for piece in named for word in _wanted(*piece)]
        found |= dict.fromkeys(WantedWord(word) for word in words[: len(words) - begun])
        if begun:
            found[WantedWord(words[-1], True)] = None
    return tuple(found)[:MAX_WORDS]


def _wanted(run: str, word: str) -> list[str]:
    if word:
        return [word[:MAX_WORD]]
    return [run] if len(run) == 1 else [run[n : n + 2] for n in range(len(run) - 1)]


def text_of(body: str) -> str:
    """Returns what a body says, without its markup. Cheap, and in one pass, whatever the body is: nothing is shown."""
    return html.unescape(_TAG.sub(" ", _INLINE.sub("", "".join(_shown(body)))))


def _shown(body: str) -> Iterator[str]:
    lower, place = body.lower(), 0
    if len(lower) != len(body):  # Of a few letters, the lower case is longer.
        body = lower
    while (hidden := _HIDDEN.search(body, place)) is not None:
        yield body[place : hidden.start()]
        yield " "
        ending = "-->" if hidden.group() == "<!--" else f"</{hidden.group()[1:].lower()}"
        end = lower.find(ending, hidden.end())
        if end < 0:
            return
        place = end + (len(ending) if ending == "-->" else 0)
    yield body[place:]


def article_words(article: Article) -> frozenset[str]:
    """Returns the words of an article; those that only members may read have ``MEMBERS`` before them.

    If there are very many, the last of its body are not among them.
    """
    public = public_part(article)
    found: dict[str, None] = dict.fromkeys(_words_of_all(public))
    if public.html != article.html:
        more = dict.fromkeys(words_of(text_of(article.html)))
        found |= {MEMBERS + word: None for word in more if word not in found}
    kept, size = [], 0
    for word in found:
        size += len(word.encode()) + 1
        if size > MAX_INDEXED:
            break
        kept.append(word)
    return frozenset(kept)


def _words_of_all(article: Article) -> Iterator[str]:
    for text in (article.id, article.title, article.url, article.slug, *(one.name for one in article.authors)):
        yield from words_of(text)
    for text in (*article.tags, article.correction or ""):
        yield from words_of(text)
    yield from words_of(text_of(article.summary or ""))
    yield from words_of(text_of(article.html))


def has_words(words: frozenset[str], wanted: Iterable[WantedWord], *, members: bool) -> bool:
    """Returns whether an article with ``words`` has every wanted one; ``members``: its members' part counts."""
    return all(_has(words, one, members=members) for one in wanted)


def _has(words: frozenset[str], wanted: WantedWord, *, members: bool) -> bool:
    if not wanted.beginning:
        return wanted.word in words or (members and MEMBERS + wanted.word in words)
    begins = (wanted.word, MEMBERS + wanted.word) if members else wanted.word
    return any(word.startswith(begins) for word in words)


def status_word(status: str) -> str:
    """Returns the word that the index has for a status."""
    return f"=.{status}"


def term_word(term: Term) -> str:
    """Returns the word that the index has for a term: no text of an article can make it."""
    return f"={term.kind[0]}{hashlib.blake2b(term.key.encode('utf-8', 'replace'), digest_size=8).hexdigest()}"


NO_LANGUAGE = "=l"
"""The word of an article that names no language."""


def filter_words(article: Article) -> frozenset[str]:
    """Returns the words by which filters find an article: its status and its terms."""
    terms = article_terms(article)
    words = {status_word(article.status), *map(term_word, terms)}
    if not any(term.kind == "language" for term in terms):
        words.add(NO_LANGUAGE)
    return frozenset(words)
