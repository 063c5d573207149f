"""The words that browsers show in a form's controls."""

from selectolax.lexbor import LexborNode

from syndication.render.body.tree import attribute, text_of

_DEFAULT = {"submit": "Submit", "reset": "Reset"}


def control_words(node: LexborNode) -> str:
    """Returns what a person sees in an input, a text field, a meter or a progress bar."""
    if node.tag == "textarea":
        return node.text(deep=True) or attribute(node, "placeholder")
    if node.tag in ("meter", "progress"):
        return text_of(node) or _measured(node)
    kind = attribute(node, "type").lower()
    if kind in ("checkbox", "radio"):
        return "☑" if "checked" in node.attributes else "☐"
    if kind in ("password", "color", "range", "file"):
        return ""
    return attribute(node, "value", "placeholder") or _DEFAULT.get(kind, "")


def _measured(node: LexborNode) -> str:
    value = attribute(node, "value")
    return f"{value}/{attribute(node, 'max') or '1'}" if value else ""
