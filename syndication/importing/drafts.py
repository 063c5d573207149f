"""Entries of Atom that are no published stories: drafts of AtomPub, and what else an export of Blogger has."""

from syndication.errors import ArticleError
from syndication.importing.node import Node

_KIND = "http://schemas.google.com/g/2005#kind"
_POST = "http://schemas.google.com/blogger/2008/kind#post"


def check_published(entry: Node) -> None:
    """Raises ArticleError, with the reason, for an entry that is no published story."""
    control = entry.first("app:control")
    # RFC 5023 section 13.1.1: a client may ask with it that the entry is not shown.
    if control is not None and control.text("app:draft").lower() == "yes":
        raise ArticleError("it is a draft")
    kinds = [node.attribute("term") for node in entry.all("category") if node.attribute("scheme") == _KIND]
    if kinds and _POST not in kinds:
        raise ArticleError(f"its kind in Blogger is {kinds[0].rpartition('#')[2][:40]!r}, which is not a story")


def is_kind(category: Node) -> bool:
    """Returns whether a category is Blogger's note of what an entry is, which no reader sees."""
    return category.attribute("scheme") == _KIND
