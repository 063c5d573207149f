"""Marks of footnotes: ¹, [1] or *, which a person who reads aloud leaves out."""

import re

from selectolax.lexbor import LexborNode

from syndication.render.reading_rules import Attributes, short_text, value
from syndication.render.small_text import small_script, superscript

_NUMBER = r"(?:fn|nb?|notes?|注|註|脚注|※|\*)?\.?\s*\d{1,3}"
_LETTER = r"(?-i:[a-z]|x{0,2}(?:ix|iv|v?i{1,3}|v))"  # Also a Roman numeral.
_SYMBOL = r"[*†‡§¶‖※]{1,4}"
_OPEN, _CLOSE = r"[\[(（〔【［]", r"[\])）〕】］]"

_ONE = rf"(?:{_NUMBER}|{_LETTER}|{_SYMBOL}|[#↩↑^⇧]\ufe0e?|[⁰¹²³⁴-⁹]{{1,3}})"
_MARK = re.compile(rf"\s*{_OPEN}?\s*{_ONE}(?:\s*[,;、–\s-]\s*{_ONE})*\s*{_CLOSE}?\s*", re.IGNORECASE)

# What raised text says without a link: brackets and symbols mark notes; a bare number may be an exponent.
_RAISED = re.compile(
    rf"(?:\s*(?:[\[〔【［]\s*(?:{_NUMBER}|{_LETTER})\s*[\]〕】］]|{_SYMBOL}|(?:注|註|※|\*)\s*\d{{1,3}}))+\s*",
    re.IGNORECASE,
)

_LONGEST = 40
"""Characters and elements of the longest mark, such as ``[note 12, note 13]`` with each part in a span."""

_NOTE = re.compile(
    r"(?:^|[\s_-])(?:foot-?|end-?)?(?:note|fn|cite|citation|reference|ref)(?:s|ref|call)?(?:$|[\s_\d-])", re.IGNORECASE
)
"""Classes and fragments of notes: ``footnote-ref``, ``fn1``, ``cite_note-3``, ``_ftn1``."""

# A mark as text, behind a word or a stop. Behind a digit, brackets are the editor's: 19[84].
_BARE = re.compile(r"(?<=[^\W\d_]|[.,;:!?\"'”’»。，、；：！？」』)\]])\[\d{1,3}\](?!\w)")


def is_note_mark(node: LexborNode, tag: str, attributes: Attributes) -> bool:
    """Returns whether an element is a footnote's mark, or the link back from the note."""
    if tag != "a" and small_script(tag, value(attributes, "style")) is not superscript:
        return False
    role = f"{value(attributes, 'role')} {value(attributes, 'epub:type')}"
    if "noteref" in role or "backlink" in role:
        return True
    if tag == "a":
        href = value(attributes, "href")
        same_page = href.startswith("#") or ("#" in href and _NOTE.search(href.rpartition("#")[2]))
        return bool(same_page) and _reads(node, _MARK)
    return _reads(node, _MARK if _is_linked(node, attributes) else _RAISED)


def _is_linked(node: LexborNode, attributes: Attributes) -> bool:
    if _NOTE.search(value(attributes, "class")):
        return True
    return short_text(node, _LONGEST) is not None and node.css_first("a[href]") is not None


def _reads(node: LexborNode, mark: re.Pattern[str]) -> bool:
    text = short_text(node, _LONGEST)
    return text is not None and mark.fullmatch(text) is not None


def without_note_marks(text: str, before: str) -> str:
    """Returns the text without marks like [1]; ``before`` is the character that precedes it."""
    return _BARE.sub("", before + text)[len(before) :] if "[" in text else text
