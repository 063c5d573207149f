"""304 a second of each version's web process, compared with nginx's for a file, in alternating rounds."""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import newsroom, wrk
from benchmarks.databases import folder
from benchmarks.held import family
from benchmarks.options import Options
from benchmarks.peers import nginx
from benchmarks.polls import PINNED, SERVER_CORE, WRK_CORE
from benchmarks.processes import free_port, get, running, wait_until_served
from benchmarks.publishing.versions import Version
from benchmarks.table import median

PATH = f"/feeds/{newsroom.slugs(1)[0]}.atom"


def of_nginx(webs: Sequence[tuple[Version, int, int]], options: Options) -> list[tuple[Version, float]]:
    """Returns each version's share of nginx's rate; ``webs`` are their ports and process ids. Needs nginx and wrk."""
    missing = [name for name in ("nginx", "wrk") if shutil.which(name) is None]
    if missing:
        print(f"publishing: no polls without {' and '.join(missing)}", file=sys.stderr)
        return []
    rounds, seconds = options.size(1, 3, 7), 1
    with folder() as where, contextlib.ExitStack() as stack:
        port = free_port()
        body = wait_until_served(webs[0][1], PATH).body
        stack.enter_context(running([*SERVER_CORE, *nginx.prepare(where, port, PATH, body)], where, port))
        for _, _, pid in webs:
            stack.enter_context(_on_core(pid))
        rates: dict[int, list[float]] = {}
        for _ in range(rounds):
            for asked in (port, *(one for _, one, _ in webs)):
                rates.setdefault(asked, []).append(_ask(asked, seconds))
    return [(version, median(rates[one]) / median(rates[port])) for version, one, _ in webs]


def _ask(port: int, seconds: int) -> float:
    headers = {"Accept-Encoding": "gzip"}
    etag = get(port, PATH, Accept_Encoding="gzip").headers["etag"]
    headers |= {"If-None-Match": etag}
    answer = get(port, PATH, Accept_Encoding="gzip", If_None_Match=etag)
    if answer.status != 304:
        raise RuntimeError(f"port {port} answers {answer.status} instead of 304")
    return wrk.ask(f"http://127.0.0.1:{port}{PATH}", headers, seconds, WRK_CORE).rate


@contextlib.contextmanager
def _on_core(pid: int) -> Iterator[None]:
    """Keeps a process on the servers' core until the end of the block."""
    every = os.sched_getaffinity(0)
    if PINNED:
        _keep_on(pid, {int(SERVER_CORE[-1])})
    try:
        yield
    finally:
        _keep_on(pid, every)


def _keep_on(pid: int, cores: set[int]) -> None:
    """Lets a process and its descendants, with all their threads, run on these cores only."""
    for one in family(pid):
        for thread in Path(f"/proc/{one}/task").iterdir():
            with contextlib.suppress(OSError):
                os.sched_setaffinity(int(thread.name), cores)
