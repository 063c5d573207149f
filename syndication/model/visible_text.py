"""Whether a reader sees anything of a text: a title without a visible character cannot be clicked."""

import regex

# What can be seen: not white space, controls, marks without a base, nor what Unicode calls default ignorable (zero
# width, soft hyphens, variation selectors, Hangul fillers). Arabic number signs are format characters with a shape.
# Two symbols are blank by design, without a property that says so: the empty Braille pattern and the null notehead.
_VISIBLE = regex.compile(
    r"(?V1)[^\p{Default_Ignorable_Code_Point}\p{M}\p{Z}\p{Cc}[\p{Cf}--\p{Prepended_Concatenation_Mark}]\p{Cs}"
    r"\p{Noncharacter_Code_Point}\u2800\U0001d159]"
)


def is_visible(text: str) -> bool:
    """Returns whether a reader sees anything of ``text``, by the properties of its characters (UAX 44)."""
    return _VISIBLE.search(text) is not None


def visible_or(text: str | None, instead: str) -> str:
    """Returns ``text`` if a reader sees anything of it, otherwise ``instead``."""
    return text if text and is_visible(text) else instead
