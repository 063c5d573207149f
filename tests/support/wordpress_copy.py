"""What a source makes of a WordPress, look by look, beside what WordPress itself shows the public."""

import io
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser
from feedparser.util import FeedParserDict

from syndication.config.source_schemas.wordpress import WordPressSource
from syndication.model.values import Article, CachePolicy, Section
from syndication.sources.reader import Found
from syndication.sources.wordpress.plain import plain
from syndication.sources.wordpress.reader import Clock, WordPressReader
from tests.support.wordpress import PREFIX, WordPress

CACHE = CachePolicy(60, 60, 0, 0)


def section(slug: str, title: str) -> Section:
    return Section(slug, title, "", "en", "full", 20, 24, 20, 300, CACHE)


SECTIONS = [section("all", "All"), section("world", "World"), section("sport", "Sport"), section("daily-arts", "Arts")]


def settings(site: WordPress, **more: Any) -> WordPressSource:
    table = {"name": "cms", "kind": "wordpress", "url": site.url, "allow_private": True, "prefix": PREFIX}
    return WordPressSource.model_validate(table | {"database": site.database} | more)


class Copy:
    """The articles of one source: what differs is read, what is public no more is dropped. No change time is asked."""

    def __init__(self, site: WordPress, **more: Any) -> None:
        self.site = site
        self._ahead = 0.0
        clock = Clock(
            lambda: datetime.now(UTC) + timedelta(seconds=self._ahead), lambda: time.monotonic() + self._ahead
        )
        self.reader = WordPressReader(settings(site, **more), SECTIONS, clock)
        self.articles: dict[str, Article] = {}
        self.digests: dict[str, str] = {}
        self.fingerprint: str | None = None
        self.bookmark = ""

    def look(self) -> list[Found]:
        """Looks once; returns what was read."""
        with self.reader.look(self.bookmark) as look:
            fingerprint = look.fingerprint()
            rows = look.window()
            if fingerprint is None or fingerprint != self.fingerprint:
                ids = look.public_ids()
                self._drop({row.id for row in rows} if ids is None else set(ids))
            self.fingerprint = fingerprint
            found = list(look.read([row for row in rows if self.digests.get(row.id) != row.digest]))
            self.bookmark = look.bookmark()
        for one in found:
            self.digests[one.row.id] = one.row.digest
            if one.article:
                self.articles[one.row.id] = one.article
        return found

    def later(self, seconds: float) -> None:
        """Lets time pass for what a reader does after a pause."""
        self._ahead += seconds

    def _drop(self, public: set[str]) -> None:
        for id in self.articles.keys() - public:
            del self.articles[id], self.digests[id]

    def held(self) -> dict[str, Any]:
        """Returns what the public would see of the articles, in the words of ``public``."""
        return {article.guid or "": _shown(article) for article in self.articles.values()}


def _shown(article: Article) -> dict[str, Any]:
    image = article.image
    return {
        "link": article.url,
        "title": article.title,
        "html": article.html,
        "summary": plain(article.summary) if article.summary else None,
        "authors": [author.name for author in article.authors],
        "sections": set(article.sections),
        "tags": set(article.tags),
        "image": image and (image.url, image.alt, image.caption, image.width, image.height),
        "published": article.published_at,
        "enclosures": [(file.url, file.media_type) for file in article.enclosures],
    }


def public(site: WordPress, sections: Callable[[Iterable[str]], set[str]]) -> dict[str, Any]:
    """Returns what WordPress shows anybody, by guid: its REST API, and its feed of all posts.

    ``sections`` says where the names of categories lead. What wants a password is not public.
    """
    posts = {post["link"]: post for post in site.public() if not post["content"]["protected"]}
    written = site.do("return array_column(array_filter(get_posts(['numberposts' => -1]), 'has_excerpt'), 'ID');")
    entries = {entry.link: entry for entry in _feed(site, posts) if not entry.title.startswith("Protected:")}
    assert entries.keys() == posts.keys(), "the feed and the REST API differ"
    return {
        entries[link].id: _of_site(post, entries[link], sections, post["id"] in written) for link, post in posts.items()
    }


def _feed(site: WordPress, posts: dict[str, Any]) -> list[Any]:
    status, feed = site.get("/feed/")
    zeros = f"SELECT 1 FROM {PREFIX}posts WHERE post_status = 'publish' AND YEAR(post_date_gmt) = 0"
    if status == 304 and site.sql(zeros):
        # WordPress 6.1 answers 304 to everybody then, because the feed has no time. Its API has the post.
        return [FeedParserDict(id=p["guid"]["rendered"], link=link, title="") for link, p in posts.items()]
    assert status == 200, (status, feed)
    return list(feedparser.parse(io.BytesIO(feed)).entries)


def _of_site(
    post: dict[str, Any], entry: Any, sections: Callable[[Iterable[str]], set[str]], written: bool
) -> dict[str, Any]:
    terms = [term for some in post["_embedded"]["wp:term"] for term in some]
    media = post["_embedded"].get("wp:featuredmedia", [{}])[0]
    return {
        "link": post["link"],
        "title": plain(post["title"]["rendered"]),
        "html": post["content"]["rendered"],
        "summary": plain(post["excerpt"]["rendered"]) if written else None,
        "authors": [entry.author] if entry.get("author") else [],
        "sections": sections([plain(term["name"]) for term in terms if term["taxonomy"] == "category"]),
        "tags": {plain(term["name"]) for term in terms if term["taxonomy"] == "post_tag"},
        "image": (
            media["source_url"],
            media["alt_text"] or None,
            plain(media["caption"]["rendered"]) or None,
            media["media_details"].get("width"),
            media["media_details"].get("height"),
        )
        if "source_url" in media
        else None,
        "published": datetime.fromisoformat(post["date_gmt"]).replace(tzinfo=UTC),
        "enclosures": [(file.href, file.type) for file in entry.get("enclosures", [])],
    }
