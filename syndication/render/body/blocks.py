"""Elements that become others, or their content; and those whose content needs care."""

from collections.abc import Callable

from selectolax.lexbor import LexborNode

from syndication.render.body.controls import control_words
from syndication.render.body.images import picture
from syndication.render.body.output import Output
from syndication.render.body.tree import attribute


def division(node: LexborNode, out: Output) -> LexborNode | None:
    """A block becomes a div."""
    out.put("<div>")
    if node.tag == "optgroup" and (label := attribute(node, "label")):
        out.text(f"{label} ")
    return out.enter(node, "</div>")


def list_of_items(node: LexborNode, out: Output) -> LexborNode | None:
    """A menu becomes a ul."""
    out.put("<ul>")
    return out.enter(node, "</ul>")


def raw_text(node: LexborNode, out: Output) -> LexborNode | None:
    """An xmp becomes a pre."""
    out.put("<pre>")
    return preformatted(node, out)


def preformatted(node: LexborNode, out: Output) -> LexborNode | None:
    """Writes the content of a pre, whose white space counts."""
    first = node.first_child
    if first is not None and first.tag == "-text" and (first.text_content or "").startswith("\n"):
        # A parser drops the first line end in a pre: the sanitizer's, and that of the reader.
        out.put("\n\n")
    out.pre += 1

    def end() -> None:
        out.pre -= 1
        out.put("</pre>")

    return out.enter(node, end, phrasing=True)


def figure_end(out: Output) -> Callable[[], None]:
    """Returns what ends the figure that was just begun: it goes if nothing is in it."""
    start, shown = len(out.parts) - 1, out.shown

    def end() -> None:
        if out.shown == shown:
            del out.parts[start:]
        else:
            out.put("</figure>")

    return end


def apart(node: LexborNode, out: Output) -> LexborNode | None:
    """The content of a box in the line, with space around it."""
    out.space()
    if node.tag == "option" and node.first_child is None and (label := attribute(node, "label")):
        out.text(label)
    return out.enter(node, out.space)


def control(node: LexborNode, out: Output) -> LexborNode | None:
    """The words in a form's control."""
    if node.tag == "input" and attribute(node, "type").lower() == "image":
        return picture(node, out)
    if words := control_words(node):
        out.boxed(words)
    return None
