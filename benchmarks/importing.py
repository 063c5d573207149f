"""``syndication import`` of a JSON Lines file: articles per second, and the peak memory of the process.

First a tenth of the file is imported and then all of it, each into an empty database, to show that memory does not grow
with the file. Then the same file is imported again, which changes nothing. No worker is running. Memory is Linux's
VmHWM: the largest resident set.
"""

import contextlib
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import newsroom
from benchmarks.databases import DIALECTS, available, folder, urls
from benchmarks.options import Options
from benchmarks.processes import environment, syndication, write_config
from benchmarks.table import count, ratio, show

SECTIONS = 20
LIMIT_SECONDS = 3600
LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Import:
    """One run of the command: its duration, its largest resident set in bytes, and its output."""

    seconds: float
    memory: int
    words: str


def run(options: Options) -> None:
    """Measures on each database."""
    number = options.size(200, 20_000, 1_000_000)
    rows: list[list[str]] = []
    with folder() as where:
        write_config(where, SECTIONS)
        sizes = [_write(where, amount, options) for amount in (number // 10, number)]
        for dialect in ["sqlite"] if options.quick else available():
            rows += _measure(where, dialect, number)
    columns = ["", "articles", "seconds", "articles per second", "memory, MB", "x tenth"]
    notes = [f"files of {sizes[0] / 1e6:,.0f} and {sizes[1] / 1e6:,.0f} MB, {SECTIONS} sections"]
    show("import of a JSON Lines file", columns, rows, notes)


def _write(where: Path, amount: int, options: Options) -> int:
    found = newsroom.articles(amount, SECTIONS, newsroom.USUAL, options.articles)
    return newsroom.write_lines(where / f"{amount}.jsonl", found)


def _measure(where: Path, dialect: str, number: int) -> list[list[str]]:
    with urls(dialect, 2) as (first, second):
        tenth = _import(where, first, number // 10)
        whole = _import(where, second, number)
        again = _import(where, second, number)
    if f"{number} unchanged" not in again.words.replace(",", ""):
        raise RuntimeError(f"the second import changed something: {again.words}")
    named = {"a tenth": (number // 10, tenth), "all": (number, whole), "the same again": (number, again)}
    return [
        [
            f"{DIALECTS[dialect]}: {name}",
            count(amount),
            f"{done.seconds:.1f}",
            count(amount / done.seconds),
            count(done.memory / 1e6),
            ratio(done.memory / tenth.memory),
        ]
        for name, (amount, done) in named.items()
    ]


def _import(where: Path, url: str, amount: int) -> Import:
    started, memory = time.perf_counter(), 0
    process = subprocess.Popen(
        syndication("import", f"{amount}.jsonl"),
        cwd=where,
        env=environment(SYNDICATION_DATABASE__URL=url),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        while process.poll() is None:
            memory = max(memory, _high_water(process.pid))
            if time.perf_counter() - started > LIMIT_SECONDS:
                raise RuntimeError(f"the import took more than {LIMIT_SECONDS} seconds")
            time.sleep(LOOK_SECONDS)
        words = process.communicate()[0]
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise RuntimeError(f"the import failed: {words}")
    return Import(time.perf_counter() - started, memory, words)


def _high_water(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
