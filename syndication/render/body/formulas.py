"""Formulas (MathML Core): their letters as browsers show them, with sub and sup; fractions and roots in one line.

Annotations are not shown by browsers; they are taken where a formula has no letters.
"""

from html import escape

from selectolax.lexbor import LexborNode

from syndication.render.body.elements import names
from syndication.render.body.tree import attribute, text_of

DEEPEST = 50
"""Levels that are written as structure; the letters of what is deeper follow each other."""

_HIDDEN = names("annotation annotation-xml mphantom mprescripts none script style")


_WRITTEN_TWICE = ".katex-mathml + .katex-html, nobr[aria-hidden]:has(+ .MJX_Assistive_MathML)"
_SOURCE = 'script[type^="math/tex" i]'


def settle_formulas(body: LexborNode) -> None:
    """Keeps a formula once where KaTeX or MathJax wrote it twice, and the source of one that only a script would write.

    Their style sheets show the copy for the eye alone; no reader has these, so the copy in MathML is the one to keep.
    """
    for copy in reversed(body.css(_WRITTEN_TWICE)):
        copy.decompose()
    for source in body.css(_SOURCE):
        shown = source.prev
        if shown is not None and "MathJax" in attribute(shown, "class") and text_of(shown):
            source.decompose()
        else:
            source.replace_with(text_of(source))


def formula(math: LexborNode) -> str:
    """Returns a formula as HTML in one line; "" if it has no letters at all."""
    letters = " ".join(_inside(math, 0).split()).rstrip(";")
    if letters:
        return letters
    for note in math.css("annotation"):
        if text := text_of(note):
            return escape(text, quote=False)
    return escape(" ".join(attribute(math, "alttext", "aria-label", "title").split()), quote=False)


def _inside(node: LexborNode, depth: int) -> str:
    written = []
    child = node.first_child
    while child is not None:
        written.append(_one(child, depth + 1))
        child = child.next
    return "".join(written)


def _one(node: LexborNode, depth: int) -> str:
    tag = node.tag or ""
    if tag == "-text":
        return escape(" ".join((node.text_content or "").split()), quote=False)
    if not node.is_element_node or tag in _HIDDEN:
        return ""
    if depth > DEEPEST:
        return escape(text_of(node), quote=False)
    parts = _SHAPES.get(tag)
    if parts is None:
        return _spaced(tag, _inside(node, depth), node)
    children = [one for one in node.iter() if one.tag not in _HIDDEN]
    return parts([_one(one, depth) for one in children])


def _spaced(tag: str, inside: str, node: LexborNode) -> str:
    if tag == "mfenced":
        values = node.attributes
        return escape((values.get("open") or "(") + "\0" + (values.get("close") or ")"), quote=False).replace(
            "\0", inside
        )
    if tag == "mo" and inside in _WIDE:
        return f" {inside} "
    before, after = _AROUND.get(tag, ("", ""))
    return before + inside.rstrip(",; ") + after if before or after else inside


_AROUND = {"mspace": (" ", ""), "mtext": (" ", " "), "mtd": ("", ", "), "mtr": ("", "; ")}

_WIDE = frozenset(["=", "+", "−", "±", "→", "≤", "≥", "≠", "≈", "≡", "∈", "⇒", "⟹", "&lt;", "&gt;", ":=", "×", "⋅"])


def _fraction(parts: list[str]) -> str:
    return "/".join(part if len(part) <= 1 or part.isalnum() else f"({part.strip()})" for part in parts)


def _root(parts: list[str]) -> str:
    degree = f"<sup>{parts[1]}</sup>" if len(parts) > 1 else ""
    return f"{degree}√({''.join(parts[:1])})"


def _under(parts: list[str]) -> str:
    return parts[0] + "".join(f"<sub>{part}</sub>" for part in parts[1:]) if parts else ""


def _over(parts: list[str]) -> str:
    return parts[0] + "".join(f"<sup>{part}</sup>" for part in parts[1:]) if parts else ""


def _both(parts: list[str]) -> str:
    return _under(parts[:2]) + "".join(f"<sup>{part}</sup>" for part in parts[2:])


_SHAPES = {
    "mfrac": _fraction,
    "msqrt": lambda parts: f"√({''.join(parts)})",
    "mroot": _root,
    "msub": _under,
    "munder": _under,
    "msup": _over,
    "mover": _over,
    "msubsup": _both,
    "munderover": _both,
}
