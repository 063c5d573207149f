"""The whole service as separate processes, for tests over HTTP."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from syndication.cli import main

ROOT = Path(__file__).parents[2]

SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.1
"""Seconds between two looks of ``until``."""


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def environ(**more: str) -> dict[str, str]:
    """Returns the environment without the service's settings."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SYNDICATION_")}
    return clean | {"PYTHONPATH": str(ROOT)} | more


def until(ask: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Waits until ``ask`` returns a true value, and returns it; raises AssertionError after a timeout.

    It asks less often while it waits: asking a service fifty times a second slows down what it waits for.
    """
    deadline = time.monotonic() + seconds
    pause = SHORTEST_PAUSE
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            found = ask()
            if found:
                return found
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(pause)
        pause = min(1.2 * pause, LONGEST_PAUSE)


def command(
    *arguments: str, folder: Path, env: Mapping[str, str], input: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs ``syndication`` in this process, where it is imported already: a new one takes a second of CPU time."""
    others = {key: None for key in os.environ if key.startswith("SYNDICATION_")}
    with contextlib.chdir(folder):
        result = CliRunner(env=others | dict(env)).invoke(main, arguments, input)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)


class Answer:
    """One HTTP response, with header names in lower case."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()


class Service:
    """``python -m syndication COMMAND`` in a folder, on a port."""

    def __init__(
        self,
        folder: Path,
        command: str = "serve",
        *,
        url: str = "",
        arguments: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
        python: str = sys.executable,
        port: int = 0,
    ) -> None:
        self.folder = folder
        self.python = python
        self.port = port or free_port()
        self.env = environ(**({"SYNDICATION_DATABASE__URL": url} if url else {}), **(env or {}))
        arguments = ("--port", str(self.port), *arguments) if command in ("serve", "web") else arguments
        self.log = folder / f"{command}.log"
        self._secrets: dict[tuple[str, ...], str] = {}
        self.start("-m", "syndication", command, *arguments)

    def start(self, *words: str) -> None:
        """Starts Python with these arguments."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [self.python, *words], cwd=self.folder, env=self.env, stdout=log, stderr=log
            )

    def get(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: str | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request(method, path, body, headers=dict(headers or {}))
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def run(self, *arguments: str, input: str | None = None) -> subprocess.CompletedProcess[str]:
        """Runs another command on the same database."""
        if self.python == sys.executable:
            return command(*arguments, folder=self.folder, env=self.env, input=input)
        return subprocess.run(
            [self.python, "-m", "syndication", *arguments], input=input,
            cwd=self.folder, env=self.env, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def token(self, name: str, *scopes: str) -> str:
        """Returns the secret of a token, with every scope if none is named. It is created at the first call."""
        return self._once(
            "token", "create", name, *[word for scope in scopes for word in ("--scope", scope)] or ["--all"]
        )

    def user(self, name: str) -> str:
        """Returns the password of a user with every scope, who is created at the first call."""
        return self._once("user", "create", name, "--all", "--generate")

    def _once(self, *arguments: str) -> str:
        """Returns the last word that a command printed; runs it only once.

        Tests that run in several processes may set up the fixtures of a module twice on one shared service.
        """
        if arguments not in self._secrets:
            done = self.run(*arguments)
            assert done.returncode == 0, done.stderr
            self._secrets[arguments] = done.stdout.split()[-1]
        return self._secrets[arguments]

    def ready(self, seconds: float = 60.0) -> "Service":
        """Waits until every section is served; ``start_log`` is what it has logged by then."""
        until(lambda: self.get("/readyz").status == 200, seconds)
        # The last section of a first start, and ``all``, which is published after the sections.
        until(lambda: all(self.get(f"/feeds/{slug}.json").status == 200 for slug in ("world", "all")), seconds)
        self.start_log = self.log.read_text()
        return self

    def children(self) -> dict[str, int]:
        """Returns the process IDs of the supervisor's children by command."""
        found = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = path.read_text().rsplit(")", 1)[1].split()
                if int(fields[1]) == self.process.pid and fields[0] != "Z":
                    words = (path.parent / "cmdline").read_text().split("\0")
                    match = [word for word in words if re.fullmatch("worker|web|demonstrate", word)]
                    if match:
                        found[match[0]] = int(path.parent.name)
        return found

    def stop(self) -> float:
        """Sends SIGTERM, waits, and returns the seconds that the stop took."""
        started = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(15)
        return time.monotonic() - started


@contextlib.contextmanager
def running(folder: Path, command: str = "serve", **options: Any) -> Iterator[Service]:
    service = Service(folder, command, **options)
    try:
        yield service
    finally:
        service.stop()
