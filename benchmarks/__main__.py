"""``python -m benchmarks [NAMES…]``: runs these benchmarks, or all of them."""

import argparse
import os
import platform
import signal
import sys
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import NoReturn

from benchmarks.options import Options

BENCHMARKS = {
    "polls": "polls per second: this service, nginx, Django, a Flask view with feedgen",
    "generating": "regenerating a feed with one new article by stage, compared with feedgen and Django",
    "publishing": "what publishing costs, beside an older version with --against: latency, processor time, rebuilds",
    "latency": "from the database commit to the changed ETag",
    "editors": "from an editor's PUT or click to the served feed, and PUTs per second",
    "beside": "polls during the most expensive requests of editors",
    "dashboards": "polls while 50 dashboards are open",
    "dearest": "the most expensive requests without a token and of each scope: time, memory, rows and bytes",
    "feeds": "15, 1,000 and (with --full) 50,000 feeds: memory, start, commit to served, polls a second",
    "scale": "the same work in a large and in a small newsroom",
    "find": "an editor's search among 100,000 and (with --full) a million articles",
    "sweeping": "what a sweep for missed changes costs, and a publication during one",
    "deliveries": "a publication with and without the record of its moments, and the list of changes",
    "push": "deliveries of a new version to 2,000 and (with --full) 10,000 subscribers",
    "importing": "articles per second and memory of the import",
    "sources": "what a source costs WordPress, Ghost and own tables, how soon it follows, and what it sees",
    "demand": "feeds on demand: the first request, and a flood of invented combinations",
    "hostile": "polls during slow and hostile clients, and memory",
    "workers": "new versions of 400 sections by one, two and four workers on PostgreSQL",
    "soak": "memory and files while articles are published and polled (ten minutes with --full)",
}


def main(arguments: list[str] | None = None) -> int:
    """Runs the named benchmarks and returns 1 if one of them failed."""
    options, names = parse(arguments)
    signal.signal(signal.SIGTERM, _end)
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    failed = []
    for name in names:
        try:
            import_module(f"benchmarks.{name}").run(options)
        except Exception as error:  # noqa: BLE001  # A failure must not stop the others.
            print(f"\n{name} failed: {type(error).__name__}: {error}", file=sys.stderr)
            failed.append(name)
    return 1 if failed else 0


def parse(arguments: list[str] | None) -> tuple[Options, list[str]]:
    """Returns the options and the names of the benchmarks."""
    names = "\n".join(f"  {name:<12}{words}" for name, words in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the service and compare it with its peers.",
        epilog=f"benchmarks (default: all):\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a benchmark from the list below")
    parser.add_argument("--full", action="store_true", help="use a million articles, which takes many minutes")
    parser.add_argument(
        "--articles", type=Path, metavar="FILE", help="use real articles (JSON Lines, as for the import)"
    )
    parser.add_argument(
        "--against", metavar="REVISION", help="measure publishing by this older version, a commit or tag, as well"
    )
    parser.add_argument("--quick", action="store_true", help=argparse.SUPPRESS)
    values = parser.parse_args(arguments)
    unknown = [name for name in values.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"unknown benchmark {unknown[0]!r}; choose from {', '.join(BENCHMARKS)}")
    if values.articles and not values.articles.is_file():
        parser.error(f"file not found: {values.articles}")
    return Options(values.full, values.quick, values.articles, values.against), values.names or list(BENCHMARKS)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(143)  # As an exception, so that children are stopped and folders deleted.


if __name__ == "__main__":
    sys.exit(main())
