"""Superscripts, subscripts and fractions on one line: 10⁶ and H₂O keep their meaning, and 1st is a word."""

import re
from collections.abc import Callable, Sequence

FORMULAS = frozenset(["mfrac", "mroot", "msqrt", "msub", "msubsup", "msup"])
"""Elements of MathML whose children stand above, below or beside each other."""

_STYLE = re.compile(r"vertical-align\s*:\s*(su(?:b|per))\b", re.IGNORECASE)

_DIGITS_SUPER = str.maketrans("0123456789+-−–=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾")
_LETTERS_SUPER = str.maketrans("abcdefghijklmnoprstuvwxyz", "ªᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿºᵖʳˢᵗᵘᵛʷˣʸᶻ")
_SUPER = _DIGITS_SUPER | _LETTERS_SUPER
_SUB = str.maketrans("0123456789+-−–=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")

_SIGNS = {"tm": "™", "sm": "℠"}


def small_script(tag: str, style: str) -> Callable[[str, str], str] | None:
    """Returns how the text of an element is written if it is raised or lowered, by its tag or its style."""
    name = tag if tag in ("sup", "sub") or not style else (found[1] if (found := _STYLE.search(style)) else "")
    return {"sup": superscript, "super": superscript, "sub": subscript}.get(name.lower())


def superscript(text: str, before: str) -> str:
    """Returns ``text``, raised in HTML, as it follows the character ``before``: ⁶, ^2.5, or st of 1st."""
    if text.lower() in _SIGNS:
        return _SIGNS[text.lower()]
    return _written(text, _SUPER, "^" if before.isalnum() or before == ")" else "")


def subscript(text: str, before: str) -> str:
    """Returns ``text``, lowered in HTML, as it follows the character ``before``: ₂, or _2.5 behind a digit."""
    return _written(text, _SUB, "_" if before.isdigit() else "")


def _written(text: str, small: dict[int, int], sign: str) -> str:
    if len(text) > 1 and text.isalpha():  # 1st, Mme: words, which change no number.
        return text
    if text and all(ord(letter) in small for letter in text):
        return text.translate(small)
    if not sign or not any(map(str.isalnum, text)):  # Such as ®.
        return text
    if " " in text:  # A remark, not an exponent.
        return f" {text} "
    return f"{sign}{text}" if text.isalnum() or text.replace(".", "").isdigit() else f"{sign}({text})"


def formula(tag: str, parts: Sequence[str], before: str) -> str:
    """Returns one of ``FORMULAS`` on one line; ``parts`` are its children as text."""
    first, second, third = (*parts, "", "", "")[:3]
    if tag == "mfrac":
        # Three and a half is 3 1/2, not 31/2.
        return f"{' ' if before.isdigit() else ''}{_grouped(first)}/{_grouped(second)}"
    if tag == "msqrt":
        return f"√{_grouped(first)}"
    if tag == "mroot":
        return f"{superscript(second, '')}√{_grouped(first)}"
    low = subscript(second, first[-1:]) if tag != "msup" else ""
    high = superscript({"msup": second, "msubsup": third}.get(tag, ""), first[-1:])
    return first + low + high


def _grouped(text: str) -> str:
    return text if text.isalnum() else f"({text})"
