"""What changed or fell due becomes sections to regenerate; a section becomes the Feed to render.

It reads ``now`` as a value, and knows neither formats nor HTTP.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote, urljoin

from syndication.feeds import ALL, Article, Entry, Feed, Section, Site
from syndication.store import Connection, articles, changes, newest, sections


@dataclass(frozen=True, slots=True)
class Newsroom:
    """What gathering needs of the configuration: the site and its sections by slug."""

    site: Site
    sections: Mapping[str, Section]

    def fingerprints(self) -> dict[str, str]:
        """A digest by section of everything in the configuration that its documents depend on."""
        titles = [(slug, section.title, section.filed_under) for slug, section in self.sections.items()]
        return {
            slug: hashlib.sha256(repr((self.site, section, titles)).encode()).hexdigest()
            for slug, section in self.sections.items()
        }


@dataclass(frozen=True, slots=True)
class Gathered:
    """A feed as it is at ``now``, and when it will change by itself."""

    feed: Feed
    next_due: datetime | None


def notice(conn: Connection, newsroom: Newsroom, now: datetime) -> int:
    """Mark the sections of everything that changed or fell due, in one write transaction.

    Gives the number of changes read; call again until it is 0.
    """
    read = changes.read(conn)
    touched: set[str] = set()
    if read.everything:
        touched = set(newsroom.sections)
    elif read.article_ids:
        slugs = changes.sections_of(conn, read.article_ids)
        touched = {section.slug for section in newsroom.sections.values() if slugs & set(section.filed_under)}
        touched.add(ALL)
    fallen_due = sections.due(conn, newsroom.sections, now)
    sections.request(conn, touched.union(fallen_due), now)
    if fallen_due:
        sections.clear_due(conn, fallen_due)
    changes.remove(conn, read.seqs)
    return len(read.seqs)


def gather(conn: Connection, newsroom: Newsroom, section: Section, now: datetime) -> Gathered:
    """The section's feed at ``now``, read from one snapshot."""
    chosen = choose(newest_articles(conn, section, now), section, now)
    upcoming = newest.first_upcoming(conn, section.filed_under, now)
    return Gathered(feed_of(chosen, newsroom, section, now), _next_due(chosen, section, upcoming, now))


def feed_of(chosen: Iterable[Article], newsroom: Newsroom, section: Section, now: datetime) -> Feed:
    """The feed with these articles, in this order."""
    return Feed(
        id=tag_uri(newsroom.site, f"section/{section.origin}"),
        site=newsroom.site,
        section=section,
        entries=tuple(to_entry(article, newsroom, now) for article in chosen),
        updated=now.replace(microsecond=0),
    )


def newest_articles(conn: Connection, section: Section, now: datetime, more: int = 0) -> list[Article]:
    """The articles that may stand in the feed, and ``more`` behind them, should as many be taken out."""
    found = newest.newest(conn, section.filed_under, now, section.entries + more)
    if len(found) == section.entries + more and found[-1].published_at > now - timedelta(hours=section.hours):
        ordered = newest.newest(conn, section.filed_under, now, section.max_entries + more)
        found = [c for place, c in enumerate(ordered, 1) if has_place(section, place - more, c.published_at, now)]
    return list(articles.load_articles(conn, [candidate.article_id for candidate in found]).values())


def choose(found: Iterable[Article], section: Section, now: datetime) -> list[Article]:
    """Those that the feed shows, newest first: so many, and beyond them all of the last hours up to a maximum.

    On a busy day everything of the last hours stays, so that a reader who polls once an hour loses nothing.
    """
    dated = [(article.published_at, article.id, article) for article in found if article.published_at is not None]
    ordered = sorted(dated, key=lambda item: item[:2], reverse=True)[: section.max_entries]
    return [article for place, (moment, _, article) in enumerate(ordered, 1) if has_place(section, place, moment, now)]


def has_place(section: Section, place: int, published_at: datetime, now: datetime) -> bool:
    """Whether the ``place``-th newest article of a section (1 is the newest) stands in its feed."""
    recent = published_at > now - timedelta(hours=section.hours)
    return place <= section.entries or (place <= section.max_entries and recent)


def _next_due(chosen: Sequence[Article], section: Section, upcoming: datetime | None, now: datetime) -> datetime | None:
    window = timedelta(hours=section.hours)
    moments = [upcoming]
    moments += [article.expires_at for article in chosen]
    moments += [article.updated_at for article in chosen]
    moments += [article.published_at + window for article in chosen[section.entries :] if article.published_at]
    return min((moment for moment in moments if moment is not None and moment > now), default=None)


def to_entry(article: Article, newsroom: Newsroom, now: datetime) -> Entry:
    """An article as it stands in a feed at ``now``.

    An ``updated_at`` that is still to come counts when its time comes, and one before the publication
    (a draft's last edit) counts as the publication itself.
    """
    published = article.published_at
    if published is None:
        raise ValueError(f"article {article.id} has no published_at and cannot stand in a feed")
    updated = article.updated_at
    if updated is None or updated > now or updated < published:
        updated = published
    site = newsroom.site
    return Entry(
        article_id=article.id,
        id=article.guid or tag_uri(site, f"article/{quote(article.id, safe='')}"),
        url=urljoin(f"{site.home_url}/", article.url),
        title=article.title,
        html=article.html,
        summary=article.summary,
        authors=article.authors,
        categories=_categories(article.sections, newsroom.sections),
        tags=article.tags,
        language=article.language,
        image=article.image and replace(article.image, url=urljoin(f"{site.home_url}/", article.image.url)),
        enclosures=tuple(
            replace(enclosure, url=urljoin(f"{site.home_url}/", enclosure.url)) for enclosure in article.enclosures
        ),
        published=published.replace(microsecond=0),
        updated=updated.replace(microsecond=0),
        correction=article.correction,
    )


def tag_uri(site: Site, specific: str) -> str:
    """An id that outlives a new address: RFC 4151."""
    return f"tag:{site.authority},{site.authority_date}:{specific}"


def _categories(filed: Collection[str], configured: Mapping[str, Section]) -> tuple[tuple[str, str], ...]:
    """Slug and title of the sections an article stands in; one that is not configured has its slug for a title."""
    named = {slug: section for section in configured.values() for slug in section.filed_under}
    categories = {}
    for slug in filed:
        section = named.get(slug)
        categories[section.slug if section else slug] = section.title if section else slug
    return tuple(categories.items())
