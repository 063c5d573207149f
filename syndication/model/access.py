"""What the public may read of an article: the one place that cuts a members' article, before anything is made of it."""

from dataclasses import replace

from syndication.model.values import Article

MEMBERS_ONLY = "<!--members-only-->"
"""Where the members' part of a body begins, as Ghost marks it: what stands before it is public."""


def access_level(name: str) -> str:
    """Returns the access level for what another system calls it: everything but ``public`` is for members."""
    return "public" if name.strip() == "public" else "members"


def public_part(article: Article) -> Article:
    """Returns the article as everybody may read it.

    Of a members' article that is its body up to the marker, and no body without one; and none of its files, which are
    what members pay for as much as the text. Title, summary, byline, picture, tags and correction are written for
    everybody. An access level that is not known is treated as ``members``.
    """
    if article.access == "public":
        return article
    opening, marker, _ = article.html.partition(MEMBERS_ONLY)
    return replace(article, html=opening if marker else "", enclosures=())
