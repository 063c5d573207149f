"""What an export of WordPress (WXR) has beside RSS: items that are no published stories, names, pictures, raw texts."""

import re
from collections.abc import Mapping

from syndication.errors import ArticleError
from syndication.importing.node import Node
from syndication.render.text import one_line

_PUBLISHED = ("publish", "future")
"""A scheduled post has its time, which is in the future, as its date."""

_OTHERS = {
    "attachment", "custom_css", "customize_changeset", "nav_menu_item", "oembed_cache", "page", "revision",
    "user_request",
}  # fmt: skip
"""Types of posts that are no stories; so are all that begin with ``wp_``. A newsroom may have types of its own."""

# Possessive, and no part passes the bracket that begins another one: a text is read once.
_CAPTION = re.compile(
    r"\[caption\b[^\[\]]*+\](\s*+(?:<a\b[^<>]*+>\s*+)?<img\b[^<>]*+>(?:\s*+</a>)?)([^\[]*+)\[/caption\]",
    re.IGNORECASE,
)
_BLANK_LINES = re.compile(r"\n\s*\n")
_BLOCK = re.compile(
    r"</?(?:address|article|aside|blockquote|details|div|dl|figure|form|h[1-6]|hr|iframe|ol|p|pre|section|table|ul)\b"
    r"|<!--",
    re.IGNORECASE,
)


def check_published(item: Node) -> None:
    """Raises ArticleError, with the reason, for an item of an export that is no published story."""
    kind, status = item.text("wp:post_type"), item.text("wp:status")
    if kind in _OTHERS or kind.startswith("wp_"):
        raise ArticleError(f"its type in WordPress is {kind[:40]!r}, which is not a story")
    if status and status not in _PUBLISHED:
        raise ArticleError(
            f"its status in WordPress is {status[:40]!r}: only published and scheduled posts are imported"
        )
    if item.text("wp:post_password"):
        raise ArticleError("it has a password in WordPress")


def names(channel: Node) -> Mapping[str, str]:
    """Returns the names of an export's authors by their logins, which ``dc:creator`` has there."""
    found = {
        author.text("wp:author_login"): one_line(author.text("wp:author_display_name"))
        for author in channel.all("wp:author")
    }
    return {login: name for login, name in found.items() if login and name}


def pictures(channel: Node) -> Mapping[str, str]:
    """Returns the addresses of an export's pictures and files, which are items of their own, by their IDs."""
    found = {item.text("wp:post_id"): item.text("wp:attachment_url") for item in channel.all("item")}
    return {id: address for id, address in found.items() if id and address}


def picture(item: Node, addresses: Mapping[str, str]) -> str:
    """Returns the address of a post's picture ("featured image"), empty if it has none in the export."""
    chosen = (meta for meta in item.all("wp:postmeta") if meta.text("wp:meta_key") == "_thumbnail_id")
    return next((addresses.get(meta.text("wp:meta_value"), "") for meta in chosen), "")


def html(item: Node, text: str) -> str:
    """Returns a text of an export with the captions and paragraphs that WordPress makes when it shows a page.

    A text that has paragraphs already, as the block editor writes them, gets no more.
    """
    if not item.all("wp:post_type"):
        return text
    text = _CAPTION.sub(r"<figure>\1<figcaption>\2</figcaption></figure>", text)
    if "<p>" in text or "<p " in text:
        return text
    parts = [part.strip() for part in _BLANK_LINES.split(text.replace("\r\n", "\n"))]
    return "\n".join(
        part if _BLOCK.match(part) else f"<p>{part.replace(chr(10), '<br>')}</p>" for part in parts if part
    )
