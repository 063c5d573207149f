"""A newsroom of any size: the same articles in every run, generated or from a file.

Generated bodies are realistic where it matters: paragraphs with links, headings, quotations and pictures, and a word
distribution like that of a language, so that they compress like news (about 3.5 times).
"""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate, count, islice
from pathlib import Path
from typing import Any

from syndication.model.article_json import parse_article
from syndication.model.values import Article, Author, CachePolicy, Image, Section, Site

ENTRIES = 50
SHORT = (800, 2_000)
"""The length of bodies in characters, for feeds of 50 entries and about 140 kB."""

USUAL = (2_000, 10_000)
BODIES = 500
"""The number of different bodies; each article has one of them, and its own title, URL and ID."""

SYLLABLES = ("ta", "lo", "rin", "es", "mo", "ka", "den", "i", "st", "ur", "ve", "an", "che", "po", "gul", "wi")

START = datetime(2020, 1, 1, tzinfo=UTC)
SITE = Site("The Daily Example", "http://127.0.0.1:8000", "https://www.daily.example", "daily.example", "2026-01-01")
CACHE = CachePolicy(browser=300, cdn=60, stale_while_revalidate=60, stale_if_error=86400)


def slugs(number: int) -> list[str]:
    """Returns the slugs of the sections."""
    return [f"section-{n:03}" for n in range(number)]


def sections(number: int, entries: int = ENTRIES) -> dict[str, Section]:
    """Returns ``all`` and the sections; the content of their feeds depends only on the count, not on the time."""
    return {
        slug: Section(slug, slug.title(), f"What happens in {slug}", "en", "full", entries, 0, entries, 300, CACHE)
        for slug in ["all", *slugs(number)]
    }


def articles(
    number: int, section_count: int, lengths: tuple[int, int], source: Path | None = None
) -> Iterator[Article]:
    """Yields articles, oldest first, in each section in turn."""
    filed = slugs(section_count)
    for n, body in zip(range(number), _bodies(lengths, source), strict=False):
        moment = START + timedelta(minutes=2 * n)
        yield replace(
            body,
            id=f"a{n:07}",
            slug=f"story-{n:07}",
            url=f"/news/story-{n:07}",
            title=f"{body.title} ({n})",
            sections=(filed[n % section_count],),
            published_at=moment,
            updated_at=moment,
        )


def write_lines(path: Path, found: Iterator[Article]) -> int:
    """Writes articles in the import's format, and returns the size of the file in bytes."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line(article), ensure_ascii=False) + "\n" for article in found)
    return path.stat().st_size


def line(article: Article) -> dict[str, Any]:
    """Returns an article in the import's format."""
    return {
        "id": article.id,
        "slug": article.slug,
        "url": article.url,
        "title": article.title,
        "html": article.html,
        "summary": article.summary,
        "authors": [author.name for author in article.authors],
        "sections": article.sections,
        "tags": article.tags,
        "image": {"url": article.image.url, "alt": article.image.alt} if article.image else None,
        "published_at": article.published_at and article.published_at.isoformat(),
        "updated_at": article.updated_at and article.updated_at.isoformat(),
    }


def _bodies(lengths: tuple[int, int], source: Path | None) -> Iterator[Article]:
    known = _from_file(source) if source else _made_up(lengths)
    return (known[n % len(known)] for n in count())


@cache
def _from_file(source: Path) -> list[Article]:
    with source.open(encoding="utf-8") as lines:
        return [parse_article(json.loads(line), {}) for line in islice(lines, 10_000)]


@cache
def _made_up(lengths: tuple[int, int]) -> list[Article]:
    rng = random.Random(1)
    return [_story(rng, rng.randint(*lengths)) for _ in range(BODIES)]


def _story(rng: random.Random, length: int) -> Article:
    parts: list[str] = []
    while sum(map(len, parts)) < length:
        parts.append(_part(rng))
    return Article(
        id="",
        slug="",
        url="",
        title=_sentence(rng, rng.randint(5, 9)).rstrip("."),
        html="\n".join(parts),
        summary=_sentence(rng, 25),
        authors=(Author(_sentence(rng, 2).rstrip(".").title()),),
        tags=tuple(rng.sample(_words()[0][100:200], 3)),
        image=Image(f"/photos/{rng.randrange(10**6)}.jpg", alt=_sentence(rng, 6)),
    )


def _part(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.08:
        return f"<h2>{_sentence(rng, 4)}</h2>"
    if kind < 0.16:
        return f"<blockquote><p>{_sentence(rng, 20)}</p></blockquote>"
    if kind < 0.24:
        return f'<figure><img src="/photos/{rng.randrange(10**6)}.jpg" alt="{_sentence(rng, 6)}"/></figure>'
    text = " ".join(_sentence(rng, rng.randint(8, 24)) for _ in range(rng.randint(2, 4)))
    return f'<p>{text} <a href="/news/{rng.randrange(10**6)}">{_sentence(rng, 3)}</a></p>'


def _sentence(rng: random.Random, number: int) -> str:
    words, weights = _words()
    return " ".join(rng.choices(words, cum_weights=weights, k=number)).capitalize() + "."


@cache
def _words() -> tuple[list[str], list[float]]:
    """Returns 4,000 words and their cumulative weights: the n-th is n times rarer than the first (Zipf)."""
    rng = random.Random(2)
    made = ("".join(rng.choices(SYLLABLES, k=rng.randint(1, 5))) for _ in count())
    words = list(dict.fromkeys(islice(made, 8_000)))[:4_000]
    return words, list(accumulate(1 / n for n in range(1, len(words) + 1)))
