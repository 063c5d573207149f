"""What a look costs the CMS' database, beside other ways to learn of changes."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count as numbers

from benchmarks import newsroom
from benchmarks.options import Options
from benchmarks.sources.cms import Cms
from benchmarks.sources.usage import Usage, average
from benchmarks.table import count, ms, ratio
from syndication.model.values import Section
from syndication.sources.reader import Look, Reader

COLUMNS = ["", "statements", "ms", "ms of processor", "kB", "of a look's ms"]
NOTES = ["means, except for the longest look; MariaDB counted itself; a look each second, as the worker does"]

SECOND = 1.0

MAX_ENTRIES = 200
"""As the configuration has it if nobody sets it: WordPress' posts are compared so far back in each section."""


def measure(cms: Cms, sections: Mapping[str, Section], options: Options) -> list[list[str]]:
    """Returns the rows of the table."""
    looks, times = options.size(2, 20, 60), options.size(1, 5, 10)
    wide = {slug: replace(section, max_entries=MAX_ENTRIES) for slug, section in sections.items()}
    with cms.reader(wide) as reader:
        _look(reader)
        _listing(cms, reader, "Before the first of the looks")  # Fills what a reader remembers for minutes.
        quiet = list(_paced(lambda: cms.meter.measure(lambda: _look(reader)), looks))
        usual = average(quiet)
        found = {
            "a look, nothing changed": usual,
            "the longest of these looks": max(quiet, key=lambda usage: usage.seconds),
            "listing all ids after a change": average([
                _listing(cms, reader, f"One more of the looks {n}") for n in range(times)
            ]),
        }  # fmt: skip
    with cms.reader(sections) as reader:
        _look(reader)
        few = list(_paced(lambda: cms.meter.measure(lambda: _look(reader)), looks))
        found[f"a look with max_entries = {newsroom.ENTRIES}"] = average(few)
    for name, other in cms.others().items():
        other.poll()
        found[name] = average([other.meter.measure(other.poll) for _ in range(times)])
    return [[f"{cms.name}: {name}", *_cells(usage, usual)] for name, usage in found.items()]


def _cells(usage: Usage, usual: Usage) -> list[str]:
    statements = f"{usage.statements:.1f}".removesuffix(".0")
    processor = "" if usage.processor is None else ms(usage.processor)
    sent = "" if usage.sent is None else f"{usage.sent / 1000:,.1f}" if usage.sent < 1e6 else count(usage.sent / 1000)
    return [statements, ms(usage.seconds), processor, sent, ratio(usage.seconds / usual.seconds)]


def _look(reader: Reader) -> None:
    """Asks what a look asks of a source in which nothing changed."""
    with reader.look() as look:
        _compare(look)


def _compare(look: Look) -> object:
    return look.fingerprint(), list(look.window()), list(look.removed())


def _listing(cms: Cms, reader: Reader, title: str) -> Usage:
    """Publishes a story, and returns what the list of all ids costs in the look that sees it."""
    cms.publish(cms.draft(title))
    with reader.look() as look:
        _compare(look)
        return cms.meter.measure(lambda: list(look.public_ids() or ()))


def _paced(act: Callable[[], Usage], times: int) -> Iterator[Usage]:
    began = time.monotonic()
    for n in numbers(1):
        yield act()
        if n == times:
            return
        time.sleep(max(0.0, began + n * SECOND - time.monotonic()))
