"""What an embed shows: the address of a page for people, and words for the link to it."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from syndication.model.addresses import resolved
from syndication.render.body.addresses import embedded
from syndication.render.body.scripts import script_address
from syndication.render.body.services import name_of, page_of
from syndication.render.body.tree import attribute

LAZY = ("data-src", "data-lazy-src", "data-original", "data-url", "data-lazy", "data-iframe-src")
"""Where scripts find the address of a frame that they load late."""


class Embed(NamedTuple):
    """What a link leads to, and its words."""

    address: str
    words: str
    unless_linked: bool = False
    """Whether any link in the element's content is enough: it leads to the same, written in another way."""


class _Marked(NamedTuple):
    """Markup that a service's script turns into an embed: the attribute with its number, and the page it stands for."""

    attribute: str
    number: str
    page: str


_WORD = r"[\w.-]+"
_WEB = r"https?://\S+"

_BY_TAG: Mapping[str, _Marked] = {
    "amp-youtube": _Marked("data-videoid", _WORD, "https://www.youtube.com/watch?v={}"),
    "amp-vimeo": _Marked("data-videoid", _WORD, "https://vimeo.com/{}"),
    "amp-twitter": _Marked("data-tweetid", r"\d+", "https://x.com/i/status/{}"),
    "amp-instagram": _Marked("data-shortcode", _WORD, "https://www.instagram.com/p/{}/"),
    "amp-tiktok": _Marked("data-src", r"\d+", "https://www.tiktok.com/embed/{}"),
    "amp-dailymotion": _Marked("data-videoid", _WORD, "https://www.dailymotion.com/video/{}"),
    "amp-soundcloud": _Marked("data-trackid", r"\d+", "https://w.soundcloud.com/player/?url=https://api.soundcloud.com/tracks/{}"),
    "amp-gist": _Marked("data-gistid", _WORD, "https://gist.github.com/{}"),
    "amp-imgur": _Marked("data-imgur-id", r"[\w./-]+", "https://imgur.com/{}"),
    "amp-brightcove": _Marked("data-video-id", _WORD, "https://players.brightcove.net/{data-account}/default_default/index.html?videoId={}"),
    "video-js": _Marked("data-video-id", _WORD, "https://players.brightcove.net/{data-account}/default_default/index.html?videoId={}"),
    "lite-youtube": _Marked("videoid", _WORD, "https://www.youtube.com/watch?v={}"),
    "lite-vimeo": _Marked("videoid", _WORD, "https://vimeo.com/{}"),
    "youtube-video": _Marked("videoid", _WORD, "https://www.youtube.com/watch?v={}"),
}  # fmt: skip

_BY_CLASS: Mapping[str, _Marked] = {
    "twitter-tweet": _Marked("data-tweet-id", r"\d+", "https://x.com/i/status/{}"),
    "instagram-media": _Marked("data-instgrm-permalink", _WEB, "{}"),
    "tiktok-embed": _Marked("cite", _WEB, "{}"),
    "text-post-media": _Marked("data-text-post-permalink", _WEB, "{}"),
    "bluesky-embed": _Marked("data-bluesky-uri", r"at://[\w:.-]+/app\.bsky\.feed\.post/\w+", "https://bsky.app/profile/{}"),
    "imgur-embed-pub": _Marked("data-id", r"[\w./-]+", "https://imgur.com/{}"),
    "flourish-embed": _Marked("data-src", r"[\w/-]+", "https://public.flourish.studio/{}/"),
    "infogram-embed": _Marked("data-id", r"[\w/-]+", "https://infogram.com/{}"),
    "youtube-player": _Marked("data-id", _WORD, "https://www.youtube.com/watch?v={}"),
    "video-js": _Marked("data-video-id", _WORD, "https://players.brightcove.net/{data-account}/default_default/index.html?videoId={}"),
}  # fmt: skip

_PAGES = ("data-oembed-url", "data-href", "data-youtube-url", "data-permalink", "data-embed-url", "data-pym-src")
"""Attributes of an element that a script or an editor fills with an embed, with the address of its page."""

MARKS = frozenset(("class", *_PAGES))
"""An element without any of these attributes is not marked."""

FILLED = (*LAZY, "data-video-url", "data-iframe", "data-embed")
"""Where scripts find the address of what they put into an element without content."""

_NOT_SHOWN = frozenset(("longdesc", "srcdoc", "style", "title"))

_IMAGE = re.compile(r"\.(?:png|jpe?g|gif|webp|avif|svg)(?:$|[?#])", re.IGNORECASE)

_DEAD = re.compile(r"\.swf(?:$|[?#])", re.IGNORECASE)


def marked_embed(node: LexborNode, values: Mapping[str, str | None], base: str) -> Embed | None:
    """Returns what a service's script would put into this element of any name; None if it is no such element."""
    classes = (values.get("class") or "").split()
    for marked in (_BY_CLASS[name] for name in classes if name in _BY_CLASS):
        if page := _page(marked, values):
            return _embed(node, page)
        if (link := node.css_first("a[href]")) and (address := embedded(base, link.attributes["href"] or "")):
            return _embed(node, address)._replace(unless_linked=True)
    for name in _PAGES:
        if name != "data-href" or "fb-" in (values.get("class") or ""):
            address = embedded(base, values.get(name) or "")
            if address:
                return _embed(node, address)._replace(unless_linked=True)
    return None


def filling(node: LexborNode, values: Mapping[str, str | None], base: str) -> Embed | None:
    """Returns what a script would put into an element without content, by an address of its own; otherwise None."""
    source = next((value.strip() for name in FILLED if (value := values.get(name))), "")
    if not source.lower().startswith(("http://", "https://", "//")) or _IMAGE.search(source):
        return None
    address = embedded(base, source)
    return _embed(node, address) if address else None


def card_words(values: Mapping[str, str | None], base: str) -> str:
    """Returns the words for a link without content that a script makes a card of; "" for any other link."""
    address = embedded(base, values.get("href") or "")
    if address is None or not ("embed" in (values.get("class") or "") or any(map(_is_data, values))):
        return ""
    return " ".join((values.get("title") or values.get("aria-label") or "").split()) or name_of(address)


def _is_data(name: str) -> bool:
    return name.startswith("data-")


def image_address(node: LexborNode, base: str) -> str | None:
    """Returns the address of an ``object`` or ``embed`` that is a picture, which browsers show as one."""
    address = embedded(base, attribute(node, *_SOURCES[node.tag or ""]))
    if address is None:
        return None
    kind = attribute(node, "type").lower()
    return address if kind.startswith("image/") or (not kind and _IMAGE.search(address)) else None


def embed_of(node: LexborNode, base: str) -> Embed | None:
    """Returns what an element shows from elsewhere; None if that is nothing that a person could open."""
    tag = node.tag or ""
    values = node.attributes
    if tag == "script":
        page = script_address(node)
        return _embed(node, page) if page else None
    if tag == "area":
        address = resolved(base, attribute(node, "href")) if "href" in values else None
        return Embed(address, attribute(node, "alt", "title") or name_of(address)) if address else None
    if (marked := _BY_TAG.get(tag)) and (page := _page(marked, values)):
        return _embed(node, page)
    source = attribute(node, *_SOURCES.get(tag, _ANY))
    address = embedded(base, source) or (_withheld(values, base) if tag == "iframe" else None)
    if not address or _DEAD.search(address) or _has_no_size(values):
        return None
    return _embed(node, address)


def _withheld(values: Mapping[str, str | None], base: str) -> str | None:
    """Returns the address in any other attribute: each consent manager has its own for a frame that it withholds."""
    for name, value in values.items():
        source = (value or "").strip()
        if name not in _NOT_SHOWN and source.lower().startswith(("https://", "http://", "//")):
            address = embedded(base, source)
            if address and not _IMAGE.search(address):
                return address
    return None


_ANY = ("src", "data-src", "data-url", "url", "data-href", "data-video-url")
_SOURCES: Mapping[str, tuple[str, ...]] = {
    "object": ("data", *LAZY),
    "embed": ("src", *LAZY),
    "iframe": (*LAZY, "src"),
    "amp-iframe": ("src",),
    "oembed": ("url", "src"),
    "applet": (),
}


def _embed(node: LexborNode, address: str) -> Embed:
    page = page_of(address)
    title = attribute(node, "title", "aria-label", "data-title", "playlabel", "data-alt", "alt")
    return Embed(page, " ".join(title.split()) or name_of(page))


def _page(marked: _Marked, values: Mapping[str, str | None]) -> str:
    number = (values.get(marked.attribute) or "").strip()
    if not re.fullmatch(marked.number, number):
        return ""
    number = number.removeprefix("at://").replace("/app.bsky.feed.post/", "/post/")
    account = (values.get("data-account") or "").strip()
    if "{data-account}" in marked.page and not account.isalnum():
        return ""
    return marked.page.replace("{data-account}", account).replace("{}", number)


def _has_no_size(values: Mapping[str, str | None]) -> bool:
    """Whether nothing is seen of a frame, like those that count visits."""
    return all((values.get(name) or "").strip().removesuffix("px") in ("0", "1") for name in ("width", "height"))
