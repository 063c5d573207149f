"""What of a parsed body is read: the tables of elements, roles and classes."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from selectolax.lexbor import LexborNode

Attributes = Mapping[str, str | None]

BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "button", "caption", "center", "dd", "details", "dialog",
    "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
    "header", "hgroup", "hr", "input", "legend", "li", "listing", "main", "menu", "mtd", "mtr", "nav", "ol", "optgroup",
    "option", "p", "plaintext", "pre", "search", "section", "select", "summary", "table", "tbody", "td", "text",
    "textarea", "tfoot", "th", "thead", "tr", "ul", "xmp",
}  # fmt: skip
"""Elements that stand apart: their text is parted from what is around them by a space."""

_UNREAD = {
    # Never shown as text, or only by programs that cannot show the element itself.
    "audio", "datalist", "head", "iframe", "link", "meta", "noembed", "noframes", "script", "style", "template",
    "title", "video",
    # In SVG and MathML: descriptions, definitions, and the same formula in another notation.
    "annotation", "annotation-xml", "defs", "desc", "metadata", "symbol",
    # The reading of the characters beside it.
    "rp", "rt", "rtc",
    # Struck out: no longer what the writer says.
    "del", "s", "strike",
}  # fmt: skip
"""Elements that nobody reads aloud."""

_OPERATED = {
    # Operated, not read.
    "button", "input", "label", "legend", "meter", "nav", "option", "output", "progress", "search", "select",
    "textarea",
    # Said about something else.
    "caption", "figcaption",
    # Looked at.
    "canvas", "dialog", "object", "svg",
}  # fmt: skip
"""Elements that are never the story's opening."""

_BESIDE = {"address", "aside", "details", "figure", "footer", "form", "table"}
"""Elements beside the story, unless there is no other text: old systems wrap a whole page in a form or a table."""

_ROLES = {
    "alertdialog", "banner", "button", "complementary", "contentinfo", "dialog", "directory", "doc-backlink",
    "doc-endnotes", "doc-footnote", "doc-pullquote", "doc-toc", "menu", "menubar", "navigation", "search", "tablist",
    "toolbar", "tooltip",
}  # fmt: skip
"""Roles of such elements (WAI-ARIA and DPUB-ARIA)."""

_CLASSES = {
    # Hidden by every style sheet that has them.
    "screen-reader-text", "sr-only", "visually-hidden", "visuallyhidden",
    # Contents and paths.
    "breadcrumb", "breadcrumbs", "ez-toc-container", "table-of-contents", "tableofcontents", "toc", "toc_container",
    # What plugins put around a story.
    "addtoany_content", "addtoany_share_save_container", "jp-relatedposts", "reading-time", "rt-reading-time",
    "sharedaddy", "span-reading-time", "wp-block-post-time-to-read", "yarpp", "yarpp-related",
    # Notes.
    "endnotes", "footnotes", "references",
    # Posts of other services, whose text is not the writer's.
    "bluesky-embed", "fb-post", "fb-video", "imgur-embed-pub", "instagram-media", "mastodon-embed", "reddit-card",
    "reddit-embed", "reddit-embed-bq", "text-post-media", "tiktok-embed", "tumblr-post", "twitter-tweet",
    "twitter-video", "wp-block-embed", "wp-embedded-content",
}  # fmt: skip
"""Classes of such elements."""

_CREDIT = re.compile(
    r"(?!has-|no-|with-|category-|tag-).*(?:caption|credit|byline|photographer|copyright|kicker|eyebrow)s?"
    r"(?:[-_]*(?:box|container|inner|line|text|wrap|wrapper))?",
    re.IGNORECASE,
)
_BUTTON = re.compile(r"(?:.*[-_])?(?:button|btn)s?(?:[-_].*)?", re.IGNORECASE)

SHORT = 300
"""Characters: a credit or a button has fewer. What has more is the story, whatever its class is called."""

LONGEST_VALUE = 2_000
"""Characters of an attribute that are looked at: longer ones say nothing more, and cost time."""

_CREDIT_LINE = re.compile(
    r"\W{0,3}(?:(?:photo|image|picture)\s+(?:credit|by|courtesy)s?\b"
    r"|(?:photo(?:graph)?|image|picture|illustration|credit|crédit|foto|bild)s?\s*:"
    r"|(?:圖|图|攝影|摄影|写真|撮影|画像)(?:片|提供)?\s*[:：/／=＝])",
    re.IGNORECASE,
)
_CREDIT_AT_END = re.compile(
    r".*[(（\[]\s*(?:(?:photo|image|picture|foto|credit)\w*\s*(?:by|:|/)|(?:圖|图|攝影|写真|撮影)(?:片|提供)?\s*[:：/／])"
    r"[^()（）\[\]]{1,80}[)）\]]\W{0,2}"
    r"|.*[.!?…。]\s*(?:(?:photo|picture|foto|credit)s?\s*:|圖[:：])[^.!?。:：]{1,60}\.?",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"(?:read more|read also|also read|see also|related(?: \w+)?|延伸閱讀|相關新聞|関連記事)\s*[:：].+", re.IGNORECASE
)
_BYLINE = re.compile(r"By:?\s+[^\W\d_a-z][\w'’.-]*(?:(?:,?\s+(?:and|&)|,)?\s+[^\W\d_a-z][\w'’.-]*){1,11}")
_ADDRESS = re.compile(r"https?://\S+")
_LONGEST_LINE = 120
"""Characters of a credit or an address. A longer block has a story to tell."""

_STRUCK = re.compile(r"text-decoration(?:-line)?\s*:[^;]{0,200}line-through", re.IGNORECASE)


class Skips(NamedTuple):
    """What one way of reading leaves out: elements, and whether roles and classes count."""

    elements: AbstractSet[str]
    by_name: bool


OPENING = Skips(_UNREAD | _OPERATED | _BESIDE, by_name=True)
"""For a summary made from the body."""

CAUTIOUS = Skips(_UNREAD | _OPERATED, by_name=True)
"""The same for a story inside one of the elements beside the story."""

EVERYTHING = Skips(_UNREAD, by_name=False)
"""For a written summary, and for a story that has no other text than captions."""


def value(attributes: Attributes, name: str) -> str:
    """Returns an attribute's value, as far as anybody writes; empty if it is not there."""
    return (attributes.get(name) or "")[:LONGEST_VALUE]


def is_skipped(node: LexborNode, tag: str, attributes: Attributes, skips: Skips) -> bool:
    """Returns whether an element is left out with all that is in it."""
    if tag in skips.elements and not _is_shown(tag, attributes):
        return True
    if skips.by_name and tag.startswith("amp-"):
        return True
    if not attributes:
        return False
    if "hidden" in attributes or "popover" in attributes:
        return True  # Still in the body, because searching or a button shows it.
    if "style" in attributes and _STRUCK.search(value(attributes, "style")):
        return True
    return skips.by_name and _by_name(node, attributes)


def _is_shown(tag: str, attributes: Attributes) -> bool:
    """Returns whether the element is read all the same: open details, and a table that only lays out a page."""
    return (tag == "details" and "open" in attributes) or (
        tag == "table" and attributes.get("role") in ("presentation", "none")
    )


def _by_name(node: LexborNode, attributes: Attributes) -> bool:
    if value(attributes, "role").lower() in _ROLES:
        return True
    names = [*value(attributes, "class").split(), value(attributes, "id").lower()]
    if not _CLASSES.isdisjoint(names):
        return True
    named = any(_CREDIT.fullmatch(name) or _BUTTON.fullmatch(name) for name in names)
    return named and short_text(node, SHORT) is not None


def is_no_sentence(block: str) -> bool:
    """Returns whether a block is a picture's credit, a caption that ends with it, a byline, or leads elsewhere.

    Such as ``Photo: A. Reporter``, ``A ferry. (Photo: CNA)``, ``By Ann Reporter``, ``Read more: A ferry``.
    """
    if len(block) > SHORT:
        return False
    if _CREDIT_AT_END.fullmatch(block):
        return True
    if len(block) > _LONGEST_LINE:
        return False
    lines = (_CREDIT_LINE.match, _ADDRESS.fullmatch, _BYLINE.fullmatch, _ELSEWHERE.fullmatch)
    return any(is_line(block) for is_line in lines)


def short_text(node: LexborNode, most: int) -> str | None:
    """Returns all text in an element; None if it has more than ``most`` characters and nodes."""
    found: list[str] = []
    path: list[LexborNode] = []
    at = node.first_child
    while at is not None or path:
        if at is None:
            at = path.pop().next
            continue
        if at.tag == "-text":
            text = at.text_content or ""
            found.append(text)
            most -= len(text)
        most -= 1
        if most < 0:
            return None
        child = at.first_child
        if child is not None:
            path.append(at)
        at = child if child is not None else at.next
    return "".join(found)
