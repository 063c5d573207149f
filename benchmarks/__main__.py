"""``python -m benchmarks [NAMES…]``: run these benchmarks, or all of them."""

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
    "polls": "polls a second: this service, nginx, Django, a Flask view with feedgen",
    "generating": "regenerating a feed with one new article by stage, beside feedgen and Django",
    "latency": "from the commit into the database to the changed ETag",
    "editors": "from an editor's PUT or click to the served feed, and PUTs a second",
    "beside": "polls beside the dearest requests of editors",
    "dashboards": "polls while fifty dashboards are open",
    "dearest": "the dearest request of a stranger and of each scope: time, memory, rows and bytes",
    "scale": "the same work in a large newsroom and in a small one",
    "importing": "articles a second and memory of the import",
    "hostile": "polls beside slow and hostile clients, and memory",
    "workers": "a rebuild of 400 sections by one, two and four workers on PostgreSQL",
    "soak": "memory and files while articles are published and polled (ten minutes with --full)",
}


def main(arguments: list[str] | None = None) -> int:
    """Run what is named; 1 if one of them failed."""
    options, names = parse(arguments)
    signal.signal(signal.SIGTERM, _end)
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    failed = []
    for name in names:
        try:
            import_module(f"benchmarks.{name}").run(options)
        except Exception as error:  # One that fails leaves the others their turn.
            print(f"\n{name} failed: {type(error).__name__}: {error}", file=sys.stderr)
            failed.append(name)
    return 1 if failed else 0


def parse(arguments: list[str] | None) -> tuple[Options, list[str]]:
    """Options, and the names in the order of the list."""
    names = "\n".join(f"  {name:<12}{words}" for name, words in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the service beside its peers.",
        epilog=f"benchmarks (all, unless some are named):\n{names}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="one of those below")
    parser.add_argument("--full", action="store_true", help="a million articles, which takes many minutes")
    parser.add_argument("--articles", type=Path, metavar="FILE", help="real articles (JSON Lines, as for the import)")
    parser.add_argument("--quick", action="store_true", help=argparse.SUPPRESS)
    values = parser.parse_args(arguments)
    unknown = [name for name in values.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}: there are {', '.join(BENCHMARKS)}")
    if values.articles and not values.articles.is_file():
        parser.error(f"there is no file {values.articles}")
    return Options(values.full, values.quick, values.articles), values.names or list(BENCHMARKS)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(143)  # As an exception, so that children end and folders go.


if __name__ == "__main__":
    sys.exit(main())
