"""Writes links in the place of what readers cannot show: frames, objects, services' embeds, elements of scripts."""

from collections.abc import Callable

from selectolax.lexbor import LexborNode

from syndication.render.body.blocks import apart
from syndication.render.body.embeds import Embed, embed_of, image_address, marked_embed
from syndication.render.body.hidden import prune_hidden
from syndication.render.body.images import background_image, plain_image
from syndication.render.body.output import End, Output
from syndication.render.body.page import BodyRefused
from syndication.render.body.pictures import settle_noscripts
from syndication.render.body.styles import background
from syndication.render.body.tree import attribute, parse_body, text_of
from syndication.render.body_limits import exceeds_limits


def embed(node: LexborNode, out: Output) -> LexborNode | None:
    """Writes the content of an embed, and a link to what it shows."""
    if node.tag in ("object", "embed") and (picture := image_address(node, out.page.base)):
        plain_image(out, picture, attribute(node, "title", "aria-label") or text_of(node))
        return None
    found = embed_of(node, out.page.base)
    if node.tag in ("iframe", "script"):
        # The content is raw text for browsers without frames.
        if document := _document(node, out):
            out.put(document)
        if found is not None:
            out.link(found)
        return None
    return apart(node, out) if found is None else out.enter(node, linking(found, "", out))


def unknown(node: LexborNode, out: Output) -> LexborNode | None:
    """An element that browsers do not know: its content, and a link if a script would have loaded something."""
    values = node.attributes
    if not values:
        return out.enter(node, "")
    found = marked_embed(node, values, out.page.base) or embed_of(node, out.page.base)
    if found is None:
        return out.enter(node, "")
    if picture := values.get("poster") or background(values.get("style") or ""):
        background_image(out, values, picture)
    return out.enter(node, linking(found, "", out))


def linking(found: Embed, end: End, out: Output) -> Callable[[], None]:
    """Returns what ends an element that shows something: a link to it, unless its content has that link."""
    shown, links = out.shown, out.links

    def finish() -> None:
        linked = out.links if found.unless_linked else out.linked.get(found.address, 0)
        if linked <= links or out.shown == shown:
            out.link(found)
        out.end(end)

    return finish


def _document(frame: LexborNode, out: Output) -> str:
    """Returns the document that is written in a frame's own attribute, ``srcdoc``."""
    html = frame.attributes.get("srcdoc") or ""
    if not html.strip():
        return ""
    if reason := exceeds_limits(html):
        raise BodyRefused(reason)
    body = parse_body(html)
    prune_hidden(body)
    settle_noscripts(body, out.page.base)
    written = out.nested(body)
    return f"<div>{written}</div>" if written else ""
