"""Makes an article of a post, as Ghost's own feed shows it. Pure."""

from html import escape
from zoneinfo import ZoneInfo

from syndication.model.values import Article, Author, Image
from syndication.render.summary import plain
from syndication.sources.ghost.gating import PUBLIC, public_html
from syndication.sources.ghost.permalinks import address
from syndication.sources.ghost.posts import Post
from syndication.sources.ghost.sections import SectionMap

PLACEHOLDER = "__GHOST_URL__"
"""Stands in Ghost's tables for the address of the site."""


class ArticleMaker:
    """Makes the articles of one Ghost, whose home page is ``home``, without a slash at its end."""

    def __init__(self, home: str, permalink: str, zone: ZoneInfo, sections: SectionMap) -> None:
        self.home = home
        self._permalink = permalink
        self._zone = zone
        self._sections = sections

    def article(self, post: Post, url: str | None) -> Article:
        """Returns the article; ``url`` is the address by Ghost's own word, None: by the permalink.

        The guid is that of Ghost's RSS, the post's id. So is the article's, so that an imported feed of this Ghost and
        its source are the same articles.
        """
        return Article(
            id=post.id,
            guid=post.id,
            slug=post.slug,
            url=url or address(self.home, self._permalink, post, self._zone),
            title=post.title,
            html=self._resolved(public_html(post.html, post.visibility)),
            summary=self._summary(post),
            authors=tuple(
                Author(writer.name, id=writer.slug or None) for writer in post.authors if writer.name.strip()
            ),
            sections=self._sections.sections(post.tags),
            tags=tuple(tag.name for tag in post.tags if tag.is_public and tag.name.strip()),
            image=self._image(post),
            published_at=post.published_at,
            updated_at=post.updated_at,
            status="published",
            access="public" if post.visibility == PUBLIC else "members",
        )

    def _summary(self, post: Post) -> str | None:
        """Returns what the newsroom wrote for those who have not opened the post, which is plain text in Ghost."""
        text = post.excerpt.strip() or post.description.strip()
        return escape(self._resolved(text), quote=False) or None

    def _image(self, post: Post) -> Image | None:
        if not post.image.strip():
            return None
        caption = plain(self._resolved(post.image_caption)) or None
        return Image(self._resolved(post.image.strip()), caption=caption, alt=post.image_alt.strip() or None)

    def _resolved(self, text: str) -> str:
        return text.replace(PLACEHOLDER, self.home)
