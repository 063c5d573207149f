"""Writes a parsed body as HTML for the sanitizer: walks the tree once, and does with each element what the table says.

Nothing is recursive, so a deep tree cannot exhaust the stack.
"""

from collections.abc import Callable, Mapping
from urllib.parse import unquote

from selectolax.lexbor import LexborNode

from syndication.model.addresses import resolved
from syndication.render.body import blocks, images, links, players
from syndication.render.body.anchors import NOTE_CLASSES, NOTE_ROLES
from syndication.render.body.elements import ELEMENTS, ITSELF, KEPT, PHRASING, VOID, Becomes, names
from syndication.render.body.embeds import FILLED, MARKS, card_words, filling, marked_embed
from syndication.render.body.output import Attributes, End, Output
from syndication.render.body.pictures import BACKGROUNDS, late_background
from syndication.render.body.style_meaning import NOTHING, Meaning, meaning_of
from syndication.render.body.styles import background
from syndication.render.body.text import attribute_text

_OWN_END = VOID | {"figure", "picture", "pre"}
"""Elements that have no end tag, or whose end depends on what is in them."""

_SIMPLE = {tag: (f"<{tag}>", f"</{tag}>", tag in PHRASING) for tag in ITSELF - _OWN_END}
"""Elements that without attributes need no more than this: start tag, end tag, and whether only phrasing is inside."""

_LINE_NUMBERS = names("gutter line-number line-numbers lineno linenos linenumber ln lnt")
"""Classes of Chroma, Pygments, Rouge and Expressive Code."""

_FROM_ELSEWHERE = MARKS.union(FILLED, BACKGROUNDS, ["style"])
"""Attributes by which an element may show something from elsewhere, or say more than its name."""


def write(body: LexborNode, out: Output) -> str:
    """Returns the children of ``body`` as HTML; raises BodyRefused if they are too much."""
    node = body.first_child
    while node is not None:
        inside = _node(node, out)
        if inside is not None:
            node = inside
            continue
        beside = node.next
        while beside is None and out.open:
            beside = out.leave().next
        node = beside
    return "".join(out.parts)


def _node(node: LexborNode, out: Output) -> LexborNode | None:
    """Writes a node or the beginning of it; returns its first child if its content is to be written."""
    tag = node.tag
    if tag == "-text":
        out.text(node.text_content or "")
        return None
    if tag is None or tag == "-comment":
        return None
    simple = _SIMPLE.get(tag)
    if simple is not None and not (values := node.attributes):
        start, end, phrasing = simple
        out.put(start)
        first = node.first_child
        if first is None:
            out.put(end)
            return None
        out.open.append((node, end, phrasing))
        out.phrasing += phrasing
        return first
    becomes = ELEMENTS.get(tag)
    if becomes is Becomes.ITSELF:
        return _itself(node, tag, out, values if simple is not None else node.attributes)
    return _WRITE[becomes](node, out) if becomes is not None else links.unknown(node, out)


def _itself(node: LexborNode, tag: str, out: Output, values: Attributes) -> LexborNode | None:
    if not _FROM_ELSEWHERE.isdisjoint(values):
        return _marked(node, tag, out, values)
    out.put(f"<{tag}{_attributes(tag, values, out) if values else ''}>")
    _card(node, tag, values, out)
    return _content(node, tag, out, f"</{tag}>")


def _card(node: LexborNode, tag: str, values: Attributes, out: Output) -> None:
    """Writes words into a link without any that a script would make a card of."""
    if tag == "a" and node.first_child is None and (words := card_words(values, out.page.base)):
        out.text(words)


def _marked(node: LexborNode, tag: str, out: Output, values: Attributes) -> LexborNode | None:
    """Writes the beginning of an element that may show something from elsewhere, or whose style may say something."""
    empty = node.first_child is None
    embed = marked_embed(node, values, out.page.base) or (filling(node, values, out.page.base) if empty else None)
    style = values.get("style") or ""
    said = meaning_of(tag, style)
    if empty and (picture := background(style) or late_background(values)):
        images.background_image(out, values, picture)
    if said.plain and embed is None:
        return out.enter(node, "")
    if said.own_line and not out.pre:
        out.line_break()
    out.put(f"<{tag}{_attributes(tag, {**values, **dict(said.attributes)}, out)}>")
    _card(node, tag, values, out)
    if out.pre and tag == "span" and _is_line_number(node, values):
        return out.enter(node, "</span> ", phrasing=True)
    end = f"</{tag}>" if said is NOTHING or tag in _OWN_END else _begin(said, node, f"</{tag}>", out)
    return _content(node, tag, out, links.linking(embed, end, out) if embed is not None else end)


def _is_line_number(node: LexborNode, values: Attributes) -> bool:
    """Whether this is a line's number in code, which a style sheet parts from the line."""
    known = "user-select" in (values.get("style") or "") or not _LINE_NUMBERS.isdisjoint(
        (values.get("class") or "").split()
    )
    first = node.first_child
    return known and first is not None and first.next is None and (first.text_content or "").strip(" ").isdecimal()


def _content(node: LexborNode, tag: str, out: Output, end: End) -> LexborNode | None:
    if tag in VOID:
        return None
    if tag == "pre":
        return blocks.preformatted(node, out)
    if tag == "figure":
        return out.enter(node, blocks.figure_end(out))
    if tag == "picture":
        return out.enter(node, images.picture_end(node, out))
    return out.enter(node, end, phrasing=tag in PHRASING)


def _begin(said: Meaning, node: LexborNode, end: str, out: Output) -> Callable[[], None]:
    """Begins what a style says of an element's content; returns what ends it, and the element."""
    for inner in said.inside:
        out.put(f"<{inner}>")
    out.lines += said.lines
    out.spaces += said.spaces

    def finish() -> None:
        out.lines -= said.lines
        out.spaces -= said.spaces
        out.put("".join(f"</{inner}>" for inner in reversed(said.inside)) + end)
        if said.own_line and not out.pre and node.next is not None and not node.next.is_empty_text_node:
            out.put("<br>")

    return finish


def _attributes(tag: str, values: Attributes, out: Output) -> str:
    """Returns the attributes that stay, with addresses resolved."""
    written = ""
    kept = KEPT[tag]
    for name, value in values.items():
        if name in kept or name == "name":
            found = _value(name, value or "", out)
            if found is not None:
                written += found
    return written


def _value(name: str, value: str, out: Output) -> str | None:
    kept: str | None = value
    if name == "href":
        kept = _href(value, out)
    elif name == "cite":
        kept = resolved(out.page.base, value)
    elif name in ("id", "name"):
        if value not in out.page.anchors:
            return None
        return f' id="{out.page.prefix}{attribute_text(value)}" data-id="{attribute_text(value)}"'
    elif name == "headers":
        kept = " ".join(out.page.prefix + one for one in value.split() if one in out.page.anchors) or None
    elif name in ("class", "role"):
        known = NOTE_CLASSES if name == "class" else NOTE_ROLES
        kept = " ".join(word for word in value.split() if word in known) or None
    elif name in ("hidden", "data-id"):
        # Only a part that is found by searching is still here.
        kept = "until-found" if name == "hidden" else None
    return None if kept is None else f' {name}="{attribute_text(kept)}"'


def _href(value: str, out: Output) -> str | None:
    page = out.page
    address = resolved(page.base, value)
    if address is None:
        return None
    if page.anchors and "#" in address:
        before, _, fragment = value.strip().partition("#")
        if before in ("", page.url) and unquote(fragment) in page.anchors:
            address = f"{page.url.partition('#')[0]}#{page.prefix}{address.partition('#')[2]}"
    out.note_link(address)
    return address


_WRITE: Mapping[Becomes, Callable[[LexborNode, Output], LexborNode | None]] = {
    Becomes.DIVISION: blocks.division,
    Becomes.LIST: blocks.list_of_items,
    Becomes.PREFORMATTED: blocks.raw_text,
    Becomes.CONTENT: lambda node, out: out.enter(node, ""),
    Becomes.APART: blocks.apart,
    Becomes.WORDS: blocks.control,
    Becomes.PICTURE: images.picture,
    Becomes.MEDIA: players.player,
    Becomes.LINK: links.embed,
    Becomes.DRAWING: images.drawing,
    Becomes.FORMULA: images.formula,
    Becomes.NOTHING: lambda _node, _out: None,
}
