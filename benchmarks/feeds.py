"""Many feeds beside fifteen sections: memory, start, commit to served of a section, and polls a second.

The services of all sizes run at the same time and are measured in turns, so that ratios hold on a busy machine too.
Each commit is an article with ten tags and three authors, whose feeds are awake: in the larger newsrooms it marks
thirteen feeds beside its section and the feed of every story. Polls follow Zipf's law over all feeds (wrk). Both are in
the order of the feeds' numbers, so that the articles are about what is read most.
"""

import contextlib
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

from benchmarks import filling, held, many_feeds, newsroom, wrk
from benchmarks.databases import DIALECTS, available, database, folder, urls
from benchmarks.latency import Poller
from benchmarks.options import Options
from benchmarks.processes import free_port, get, running, syndication, wait_until_served, write_config
from benchmarks.table import count, median, ms, percentile, ratio, show
from syndication.model.values import Article
from syndication.store.db.database import Database

MEMORY = 512
"""Megabytes of documents that a web process may keep."""

DRAWN = 50_000
"""Polls drawn for wrk, which repeats them."""

READY_SECONDS = 300
PAUSE = 1.0
COLUMNS = [
    "", "feeds", "web ready, s", "worker ready, s", "served, ms", "p99", "x first", "polls a second", "x first",
    "web, MB", "worker, MB",
]  # fmt: skip
NOTES = [
    "web ready: from the start of the process until /readyz answers 200; worker ready: until it has published",
    "served: from the commit of an article until its section is served; memory: the proportional set size at the end",
]

_SCRIPT = """local paths, n = {}, 0
for line in io.lines("PATHS") do paths[#paths + 1] = wrk.format("GET", line, {["Accept-Encoding"] = "gzip"}) end
request = function() n = n % #paths + 1; return paths[n] end
"""


@dataclass(slots=True)
class Scale:
    """A service of one size, and its measurements."""

    feeds: int
    database: Database
    coming: Iterator[Article]
    port: int
    script: Path
    processes: list[subprocess.Popen[bytes]]
    ready: list[float]
    poller: Poller
    served: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)


def run(options: Options) -> None:
    """Measures on each database."""
    if shutil.which("wrk") is None:
        print(f"feeds: wrk is missing: {wrk.INSTALL}", file=sys.stderr)
        return
    for dialect in ["sqlite"] if options.quick else available():
        show(f"many feeds, with {MEMORY} MB for documents", COLUMNS, _measure(dialect, options), NOTES)


def _measure(dialect: str, options: Options) -> list[list[str]]:
    sizes = options.size((15, 60), (15, 1_000), (15, 1_000, 50_000))
    with ExitStack() as stack:
        found = stack.enter_context(urls(dialect, len(sizes)))
        scales = [_start(stack, url, feeds, options) for url, feeds in zip(found, sizes, strict=True)]
        for n in range(options.size(2, 25, 40)):
            for scale in scales:
                _commit(scale, n)
        for _ in range(options.size(1, 3)):
            for scale in scales:
                url, script = f"http://127.0.0.1:{scale.port}/", scale.script
                scale.rates.append(wrk.ask(url, {}, options.size(1, 5), [], script).rate)
        return [_row(dialect, scale, scales[0]) for scale in scales]


def _start(stack: ExitStack, url: str, feeds: int, options: Options) -> Scale:
    """Fills a database, starts a web process and a worker, and measures both starts."""
    where, opened = stack.enter_context(folder()), stack.enter_context(database(url))
    write_config(where, many_feeds.SECTIONS)
    with (where / "config/syndication.toml").open("a") as config:
        config.write(f"[on_demand]\nmax_feeds = 100000\n[server]\ndocument_memory = {MEMORY}\n")
    coming = newsroom.articles(100_000, many_feeds.SECTIONS, newsroom.SHORT, options.articles)
    slugs = many_feeds.fill(opened, where / "config/syndication.toml", feeds, coming)
    env, port, script = {"SYNDICATION_DATABASE__URL": url}, free_port(), where / "polls.lua"
    _draw(slugs, script)
    started = time.perf_counter()
    web = stack.enter_context(running(syndication("web", "--port", str(port)), where, port, **env))
    _wait_until_ready(port)
    ready = [time.perf_counter() - started]
    poller = Poller(port)
    wait_until_served(port, f"/feeds/{newsroom.slugs(1)[0]}.atom")
    poller.poll(newsroom.slugs(1)[0])
    _put(opened, coming, 0)
    started = time.perf_counter()
    worker = stack.enter_context(running(syndication("worker"), where, **env))
    ready.append(poller.wait(newsroom.slugs(1)[0], seconds=READY_SECONDS) - started)
    return Scale(feeds, opened, coming, port, script, [web, worker], ready, poller)


def _draw(slugs: list[str], script: Path) -> None:
    """Writes a script that polls feeds by Zipf's law."""
    rng = random.Random(4)
    weights = list(accumulate(1 / n for n in range(1, len(slugs) + 1)))
    drawn = rng.choices(slugs, cum_weights=weights, k=DRAWN)
    paths = script.with_suffix(".txt")
    paths.write_text("".join(f"/feeds/{slug}.{rng.choice(('atom', 'rss', 'json'))}\n" for slug in drawn))
    script.write_text(_SCRIPT.replace("PATHS", str(paths)))


def _wait_until_ready(port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        # Without a worker it is not ready for long, but the feeds are.
        with contextlib.suppress(OSError):
            if get(port, "/readyz").status == 200:
                return
        time.sleep(0.02)
    raise RuntimeError(f"the web process was not ready within {READY_SECONDS} seconds")


def _commit(scale: Scale, n: int) -> None:
    """Publishes an article, and measures until its section is served; then leaves time for the other feeds."""
    section = n % many_feeds.SECTIONS
    scale.poller.poll(newsroom.slugs(many_feeds.SECTIONS)[section])
    committed = _put(scale.database, scale.coming, section)
    scale.served.append(scale.poller.wait(newsroom.slugs(many_feeds.SECTIONS)[section]) - committed)
    time.sleep(PAUSE)


def _put(opened: Database, coming: Iterator[Article], section: int) -> float:
    now = datetime.now(UTC)
    article = many_feeds.story(next(coming), random.randrange(20))
    article = replace(article, sections=(newsroom.slugs(many_feeds.SECTIONS)[section],))
    filling.put(opened, [replace(article, published_at=now, updated_at=now)])
    return time.perf_counter()


def memory_mb(pid: int) -> float:
    """Returns the proportional set size of a process and its children, in MB: memory that they share counts once."""
    total = 0
    for one in held.family(pid):
        with contextlib.suppress(OSError):
            total += int(Path(f"/proc/{one}/smaps_rollup").read_text().partition("Pss:")[2].split()[0])
    return total / 1024


def _row(dialect: str, scale: Scale, first: Scale) -> list[str]:
    return [
        DIALECTS[dialect],
        count(scale.feeds),
        *(f"{seconds:.1f}" for seconds in scale.ready),
        ms(median(scale.served)),
        ms(percentile(scale.served, 99)),
        ratio(median(scale.served) / median(first.served)),
        count(median(scale.rates)),
        ratio(median(scale.rates) / median(first.rates)),
        *(count(memory_mb(process.pid)) for process in scale.processes),
    ]
