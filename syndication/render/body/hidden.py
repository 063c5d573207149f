"""Removes what browsers hide: hidden elements, templates, closed dialogs, scripts and styles, the head of a document.

``details`` stays with all that is in it, because one click shows it. ``aria-hidden`` hides nothing from the eye.
``hidden="until-found"`` stays with its attribute: readers of the page find it by searching.
"""

import re
from collections.abc import Mapping

from selectolax.lexbor import LexborNode

from syndication.render.body.elements import SKIPPED, names
from syndication.render.body.scripts import script_address
from syndication.render.body.styles import declarations, has_no_room, has_no_size, is_out_of_sight
from syndication.render.body.tree import descendants

_ALWAYS = SKIPPED - {"base", "track"}
"""``base`` counts for the addresses, and ``track`` belongs to its video."""

_CANDIDATES = ",".join(
    [
        "[hidden]",
        "[style]",
        "[popover]",
        "dialog:not([open])",
        "input[type=hidden i]",
        "script",
        *sorted(_ALWAYS - {"title"}),
        "title",
    ]
)

_HIDES = re.compile(r"display|visib|position|\\", re.IGNORECASE)

_REPLACED = names("audio canvas embed hr iframe img input math object svg video")
"""Elements that are seen without any text."""


def prune_hidden(body: LexborNode) -> None:
    """Removes from the tree what browsers do not show to a person without scripts."""
    # The tag of a pasted document's body may hide it until a script has run; what is in it was pasted to be shown.
    found = [node for node in body.css(_CANDIDATES) if node.mem_id != body.mem_id]
    if not found:
        return
    opened = {node.attributes["popovertarget"] or "" for node in body.css("[popovertarget]")}
    invisible = False
    # The innermost first: what is removed is never inside of something that was removed before.
    for node in reversed(found):
        how = _hidden(node, opened)
        if how == "gone":
            node.decompose()
        elif how == "invisible":
            invisible = True
    if invisible:
        styled = (node for node in body.css("[style]") if node.mem_id != body.mem_id)
        _prune_invisible([node for node in styled if _by_style(node.attributes["style"]) == "invisible"])


def _hidden(node: LexborNode, opened: set[str]) -> str:
    """Returns "gone" for an element that is not rendered, "invisible" if descendants may be visible; otherwise ""."""
    tag = node.tag or ""
    if tag in _ALWAYS:
        return "" if tag == "title" and _in_drawing(node) else "gone"
    if tag == "script":
        return "" if script_address(node) else "gone"
    values = node.attributes
    style = values.get("style")
    if _is_hidden(tag, values, opened) or _is_empty_box(node, tag, style):
        return "gone"
    return _by_style(style)


def _is_hidden(tag: str, values: Mapping[str, str | None], opened: set[str]) -> bool:
    """Whether an element is hidden by its attributes."""
    if "hidden" in values and (values["hidden"] or "").strip().lower() != "until-found":
        return True
    # A button can open a popover without any script.
    if "popover" in values and (values.get("id") or "-") not in opened:
        return True
    if tag == "input":
        return (values.get("type") or "").strip().lower() == "hidden"
    return tag == "dialog" and "open" not in values


def _is_empty_box(node: LexborNode, tag: str, style: str | None) -> bool:
    """Whether nothing is seen of an element's text. What has a size of its own, like pictures, is seen."""
    if not style or "0" not in style or tag in _REPLACED:
        return False
    said = declarations(style)
    first = node.first_child
    only_text = first is not None and first.tag == "-text" and first.next is None
    return has_no_room(said) or (only_text and has_no_size(said))


def _by_style(style: str | None) -> str:
    if not style or _HIDES.search(style) is None:
        return ""
    found = declarations(style)
    if found.get("display") == "none" or found.get("content-visibility") == "hidden" or is_out_of_sight(found):
        return "gone"
    return "invisible" if found.get("visibility") in ("hidden", "collapse") else ""


def _in_drawing(title: LexborNode) -> bool:
    """Whether a title is that of a drawing, and not of a document."""
    above = title.parent
    while above is not None and above.tag != "body":
        if above.tag == "svg":
            return True
        above = above.parent
    return False


def _prune_invisible(found: list[LexborNode]) -> None:
    """Removes what is invisible in these elements, given in document order, and keeps descendants that are visible."""
    done: set[int] = set()
    for node in found:
        if node.mem_id not in done:
            _prune_one(node, done)


def _prune_one(node: LexborNode, done: set[int]) -> None:
    seen = {node.mem_id: False}
    drop: list[LexborNode] = []
    kept = False
    for one in descendants(node):
        above = one.parent
        visible = seen[above.mem_id] if above is not None else False
        if one.is_element_node:
            done.add(one.mem_id)
            style = declarations(one.attributes.get("style") or "").get("visibility", "")
            visible = style == "visible" or (visible and style not in ("hidden", "collapse"))
            seen[one.mem_id] = visible
            kept = kept or visible
            if not visible and one.tag in _REPLACED:
                drop.append(one)
        elif not visible:
            drop.append(one)
    if not kept:
        node.decompose()
        return
    for one in reversed(drop):
        one.decompose()
