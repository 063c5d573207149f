"""Addresses of posts, as Ghost makes them of a permalink (``replacePermalink`` of its url-utils). Pure."""

import re
from zoneinfo import ZoneInfo

from syndication.sources.ghost.posts import Post

NONE = "all"
"""What Ghost writes for the primary tag or author of a post without one."""


def address(home: str, permalink: str, post: Post, zone: ZoneInfo) -> str:
    """Returns the address of a post; the date in it is that of the newsroom's time zone."""
    at = post.published_at.astimezone(zone)
    tag, author = post.primary_tag, post.authors[0] if post.authors else None
    parts = {
        "slug": post.slug,
        "id": post.id,
        "year": f"{at:%Y}",
        "month": f"{at:%m}",
        "day": f"{at:%d}",
        "primary_tag": tag.slug if tag else NONE,
        "primary_author": author.slug if author else NONE,
    }
    return home + re.sub(r"{(\w+)}", lambda found: parts[found[1]], permalink)
