"""Writes video and audio."""

from collections.abc import Iterable

from selectolax.lexbor import LexborNode

from syndication.render.body.addresses import embedded
from syndication.render.body.embeds import marked_embed
from syndication.render.body.links import linking
from syndication.render.body.media import Media, media_of
from syndication.render.body.output import Output
from syndication.render.body.services import name_of
from syndication.render.body.text import attribute_text, written_text

_KEPT = ("width", "height", "lang", "dir", "title")


def player(node: LexborNode, out: Output) -> LexborNode | None:
    """Writes a video or an audio with its files, and a link inside for readers that do not know the element."""
    media = media_of(node, out.page.base)
    if not media.files:
        return _without_file(node, media, out)
    out.media.append(media.files[0])
    out.shown += 1
    values = node.attributes
    video = media.name == "video"
    own = {"src": media.own, "poster": media.poster if video else None, "controls": ""}
    kept = {name: values[name] for name in _KEPT if name in values and (video or name not in ("width", "height"))}
    out.put(f"<{media.name}{out.attributes(own | kept)}>")
    for file in media.files[1 if media.own else 0 :]:
        out.put(f"<source{out.attributes({'src': file.address, 'type': file.media_type})}>")
    _tracks(media.tracks, out)
    first = media.files[0].address
    out.put(f'<a href="{attribute_text(first)}">{written_text(media.title or name_of(first))}</a></{media.name}>')
    return None


def _tracks(tracks: Iterable[LexborNode], out: Output) -> None:
    for track in tracks:
        values = track.attributes
        if address := embedded(out.page.base, values.get("src") or ""):
            kept = {name: values[name] for name in values if name in ("kind", "srclang", "label")}
            out.put(f"<track{out.attributes({'src': address} | kept)}>")


def _without_file(node: LexborNode, media: Media, out: Output) -> LexborNode | None:
    """A video that only a script could load: its poster as a link, to the article by default, and its content."""
    found = marked_embed(node, node.attributes, out.page.base)
    if media.poster is not None:
        address = found.address if found else out.page.url
        out.put(
            f'<a href="{attribute_text(address)}"><img{out.attributes({"src": media.poster, "alt": media.title})}></a>'
        )
        out.shown += 1
    return out.enter(node, linking(found, "", out) if found else "")
