"""Regenerating a section of 50 entries after one new article, by stage, compared with peers rendering the same feed.

The service does a worker's work, on a real database, in all three formats: read (the snapshot), render (only the new
entry is rendered by feedgen; the digests are compared), compress (gzip of each format, joined from pieces of which most
are known), write (the version, in one transaction). The peers render the same 50 entries from memory: feedgen without
any reuse, with bodies that are already sanitized, and Django's feed generators, which do not sanitize. Medians of
alternating rounds.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed

from benchmarks import filling, newsroom
from benchmarks.databases import database, urls
from benchmarks.options import Options
from benchmarks.peers import SECTION
from benchmarks.table import count, median, ms, ratio, show
from syndication.model.values import Entry, Feed, RenderedFeed
from syndication.pipeline import publish
from syndication.pipeline.fill import FilledFeed, select_entries
from syndication.pipeline.hold import Decision, HeldFeed
from syndication.pipeline.joined_gzip import PieceCache
from syndication.pipeline.regenerate import Regenerator
from syndication.pipeline.snapshot import SectionSnapshot, read_snapshot
from syndication.pipeline.version_maker import COMPRESSING_THREADS
from syndication.render.atom import atom
from syndication.render.clean_entry import clean
from syndication.render.json_feed import item, jsonfeed
from syndication.render.rss import rss
from syndication.store.db.database import Database
from syndication.store.publishing.published import PublishedState

Timed = dict[str, list[float]]


def run(options: Options) -> None:
    """Publishes one article after another and measures each regeneration."""
    if not settings.configured:
        settings.configure(USE_TZ=True)
    rounds = options.size(2, 40)
    coming = newsroom.articles(newsroom.ENTRIES + rounds, 1, newsroom.SHORT, options.articles)
    timed: Timed = {}
    pieces = PieceCache()
    with urls("sqlite") as (url,), database(url) as opened, ThreadPoolExecutor(COMPRESSING_THREADS) as pool:
        filling.put(opened, (next(coming) for _ in range(newsroom.ENTRIES)))
        worker = filling.regenerator(opened, newsroom.sections(1))
        filling.publish(worker)
        for n, article in enumerate(coming):
            filling.put(opened, [article])
            worker.process_changes()
            feed, sizes = _regenerate(opened, worker, (pieces, pool), timed, n + 1)
            _peers(feed, timed)
    _show({name: median(values) for name, values in timed.items()}, sizes, rounds)


def _regenerate(
    opened: Database,
    worker: Regenerator,
    compressing: tuple[PieceCache, ThreadPoolExecutor],
    timed: Timed,
    seconds: int,
) -> tuple[Feed, Mapping[str, int]]:
    def read() -> tuple[SectionSnapshot, FilledFeed]:
        snapshot = read_snapshot(opened, worker.newsroom, SECTION)
        return snapshot, select_entries(snapshot.gathered, ())

    def write() -> datetime | None:
        with opened.write() as conn:
            return publish.write(conn, current, new, opened.fixed_time, keep=100)

    snapshot, filled = _time(timed, "read", read)
    current = snapshot.published
    # Each round publishes a version of a later second, as in production.
    feed = replace(filled.feed, updated=filled.feed.updated + timedelta(seconds=seconds))
    as_before = replace(feed, updated=current.updated_at)
    rendered = _time(timed, "render", lambda: _render(worker, current, as_before, feed))
    bodies = _time(timed, "compress", lambda: publish.compress_feed(rendered, *compressing))
    held = HeldFeed(replace(filled, feed=feed), rendered, Decision(None, None))
    new = publish.new_version(snapshot, held, bodies, feed.updated)
    if not _time(timed, "write", write):
        raise RuntimeError("the version was not written")
    return feed, {format: len(body) for format, body in rendered.bodies.items()}


def _render(worker: Regenerator, current: PublishedState, as_before: Feed, feed: Feed) -> RenderedFeed:
    """Renders as the regenerator does: with the published version's time to detect changes, then with the new time."""
    if publish.is_unchanged(current, worker.renderer.render(as_before)):
        raise RuntimeError("a new article changed nothing")
    return worker.renderer.render(feed)


def _peers(feed: Feed, timed: Timed) -> None:
    cleaned = [clean(entry, feed.site, feed.section) for entry in feed.entries]
    _time(timed, "feedgen atom", lambda: atom(feed, cleaned))
    _time(timed, "feedgen rss", lambda: rss(feed, cleaned))
    _time(timed, "json", lambda: jsonfeed(feed, [item(one) for one in cleaned]))
    _time(timed, "django atom", lambda: _django(Atom1Feed, feed))
    _time(timed, "django rss", lambda: _django(Rss201rev2Feed, feed))


def _django(kind: type[SyndicationFeed], feed: Feed) -> str:
    head = kind(feed.section.title, f"{feed.site.home_url}/", feed.section.description, language="en")
    for entry in feed.entries:
        head.add_item(entry.title, entry.url, entry.html, **_fields(entry))
    return str(head.writeString("utf-8"))


def _fields(entry: Entry) -> dict[str, Any]:
    return {
        "unique_id": entry.id,
        "author_name": ", ".join(author.name for author in entry.authors),
        "pubdate": entry.published,
        "updateddate": entry.updated,
        "categories": [*(slug for slug, _ in entry.categories), *entry.tags],
    }


def _time(timed: Timed, name: str, do: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    result = do()
    timed.setdefault(name, []).append(time.perf_counter() - started)
    return result


def _show(medians: Mapping[str, float], sizes: Mapping[str, int], rounds: int) -> None:
    rendering = medians["render"]
    feedgen = medians["feedgen atom"] + medians["feedgen rss"]
    django = medians["django atom"] + medians["django rss"]
    stages = {name: medians[name] for name in ("read", "render", "compress", "write")}
    rows = [
        *([f"this service: {name}", ms(seconds), ratio(seconds / rendering)] for name, seconds in stages.items()),
        ["this service: all four", ms(sum(stages.values())), ratio(sum(stages.values()) / rendering)],
        ["feedgen: Atom", ms(medians["feedgen atom"]), ""],
        ["feedgen: RSS", ms(medians["feedgen rss"]), ""],
        [
            "feedgen: Atom, RSS, and JSON Feed",
            ms(feedgen + medians["json"]),
            ratio((feedgen + medians["json"]) / rendering),
        ],
        ["Django: Atom", ms(medians["django atom"]), ""],
        ["Django: RSS", ms(medians["django rss"]), ""],
        ["Django: both (it has no JSON Feed)", ms(django), ratio(django / rendering)],
    ]
    size = ", ".join(f"{format} {count(length)}" for format, length in sizes.items())
    title = f"one new article in a feed of {newsroom.ENTRIES}, three formats, median of {rounds} rounds"
    show(title, ["", "ms", "x our render"], rows, [f"bytes: {size}"])
