"""Programs that run during a benchmark on loopback, and are stopped at its end."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.held import family
from benchmarks.newsroom import slugs

ROOT = Path(__file__).parents[1]
START_SECONDS = 60
STOP_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response, with header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def free_port() -> int:
    """Returns an unused port."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def environment(**more: str) -> dict[str, str]:
    """Returns this process's environment without the service's settings, plus ``more``."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SYNDICATION_")}
    return clean | {"PYTHONPATH": str(ROOT)} | more


def write_config(folder: Path, section_count: int, more: str = "") -> None:
    """Writes the configuration with the sections of ``newsroom.sections``; ``more`` goes to sections.toml."""
    (folder / "config").mkdir()
    main = '[site]\ntitle = "The Daily Example"\nauthority = "daily.example"\nauthority_date = "2026-01-01"\n'
    main += 'base_url = "http://127.0.0.1:8000"\nhome_url = "https://www.daily.example"\n'
    (folder / "config/syndication.toml").write_text(f"{main}[feeds]\nhours = 0\n[cache.news]\n{CACHE}")
    found = "".join(f'[[section]]\nslug = "{slug}"\ntitle = "{slug.title()}"\n' for slug in slugs(section_count))
    (folder / "config/sections.toml").write_text(f"[all]\n{found}{more}")


CACHE = "browser = 300\ncdn = 60\nstale_while_revalidate = 60\nstale_if_error = 86400\n"


def syndication(*arguments: str) -> list[str]:
    """Returns the command line of one of the service's commands."""
    return [sys.executable, "-m", "syndication", *arguments]


@contextlib.contextmanager
def running(command: Sequence[str], folder: Path, port: int = 0, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a program until the end of the block; waits until it listens on ``port``, unless that is 0."""
    log = folder / f"{Path(command[0]).name}-{port}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment(**env), stdout=output, stderr=output)
    try:
        if port:
            _wait_for(process, port, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cpu_seconds(pid: int) -> float:
    """Returns the CPU time of a process and its descendants that have not ended, to the nanosecond."""
    total = 0.0
    for one in family(pid):
        with contextlib.suppress(OSError):
            total += time.clock_gettime(~one << 3 | 2)  # As clock_getcpuclockid(3) makes it: the time of all threads.
    return total


def get(port: int, path: str, **headers: str) -> Answer:
    """Sends one GET; the argument ``Accept_Encoding`` sets Accept-Encoding."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read())
    finally:
        connection.close()


def wait_until_served(port: int, path: str) -> Answer:
    """Waits for the first 200 for ``path`` and returns it."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            answer = get(port, path)
            if answer.status == 200:
                return answer
        time.sleep(0.05)
    raise RuntimeError(f"{path} was not served within {START_SECONDS} seconds")


def _wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the program did not start:\n{log.read_text(errors='replace')[-2000:]}")
