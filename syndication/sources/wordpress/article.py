"""A post of WordPress becomes an article. Pure: it is given the time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from syndication.model.values import Article
from syndication.sources.reader import Found, Row
from syndication.sources.wordpress.plain import opening, plain
from syndication.sources.wordpress.sections import SectionMap
from syndication.sources.wordpress.values import Category, Post, Rendered

CLOCK_TOLERANCE = timedelta(seconds=2)
"""How far ahead of ours the clock of WordPress may be before somebody is told."""

UNRENDERED = "unrendered "
"""Begins the digest of an article that WordPress did not render: the next look finds another, and reads it again."""


@dataclass(frozen=True, slots=True)
class ArticleMaker:
    """Makes articles of posts. ``source`` begins their ids; ``fallback`` is the section of those that are in none.

    ``reported`` are the categories of which it was told that they lead to no section: once is enough.
    """

    source: str
    fallback: str
    sections: SectionMap
    now: datetime
    reported: set[int]

    def rendered(self, row: Row, post: Post, page: Rendered) -> Found:
        """Returns the article with the body that WordPress rendered."""
        # The title is taken as rendered too: WordPress sets quotation marks in it.
        title = plain(page.post.title) or plain(post.title) or opening(page.html)
        summary = page.post.excerpt if post.excerpt.strip() else None
        return self._found(row, post, title, page.link, page.html, summary, page, self._clock_warning(post))

    def unrendered(self, row: Row, post: Post, home: str, reason: str) -> Found:
        """Returns the article without a body: what of the raw text is public, WordPress alone knows.

        Its address redirects to the permalink.
        """
        excerpt = post.excerpt.strip() or None
        title = plain(post.title) or opening(excerpt or "")
        warning = f"without its text for now, because WordPress did not render it: {reason}"
        again = Row(row.id, f"{UNRENDERED}{row.digest}")
        link = f"{home}/?p={post.id}"
        return self._found(again, post, title, link, "", excerpt, None, (warning, *self._clock_warning(post)))

    def _found(
        self,
        row: Row,
        post: Post,
        title: str,
        link: str,
        html: str,
        summary: str | None,
        page: Rendered | None,
        warnings: tuple[str, ...],
    ) -> Found:
        if not title:
            return Found(row, None, "it has no title, no text and no excerpt", warnings)
        warnings = (*warnings, *self._unknown_categories(post))
        sections = self.sections.sections(post.categories) or ((self.fallback,) if self.fallback else ())
        published = min(post.published_at or self.now, self.now)
        article = Article(
            id=f"{self.source}-{post.id}",
            slug=post.slug or str(post.id),
            url=link,
            title=title,
            html=html,
            summary=summary,
            authors=post.authors,
            sections=sections,
            tags=post.tags,
            image=page.image if page else None,
            enclosures=post.enclosures,
            published_at=published,
            updated_at=self._updated(post, published),
            # In the first look, a post may have got its guid while WordPress rendered it.
            guid=post.guid or (page.post.guid if page else "") or None,
        )
        return Found(row, article, warnings=warnings)

    def _updated(self, post: Post, published: datetime) -> datetime | None:
        """Returns the time of the last change, if it can be one: importers and scheduled posts have any time there."""
        if post.modified_at is None or not published < post.modified_at <= self.now:
            return None
        return post.modified_at

    def _unknown_categories(self, post: Post) -> tuple[str, ...]:
        unknown = [found for found in self.sections.unknown(post.categories) if found.id not in self.reported]
        self.reported.update(category.id for category in unknown)
        return told(unknown)

    def _clock_warning(self, post: Post) -> tuple[str, ...]:
        # What WordPress shows is public, whatever its date: with that date it would be under embargo here.
        if post.published_at is None or post.published_at <= self.now + CLOCK_TOLERANCE:
            return ()
        ahead = int((post.published_at - self.now).total_seconds())
        return (f"it is public in WordPress with a date {ahead} s in the future: published with the time of now",)


def told(categories: Iterable[Category]) -> tuple[str, ...]:
    """Returns a warning for each category that leads to no section."""
    return tuple(
        f"the category {plain(category.name)!r} ({category.slug}) leads to no section: name one in categories"
        for category in categories
    )
