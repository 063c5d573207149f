"""Calls the functions of ``writer_process`` in a process of the measured version."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.processes import STOP_SECONDS, environment
from benchmarks.publishing.versions import Version

SCRIPT = Path(__file__).with_name("writer_process.py")


class Writer:
    """The other process."""

    def __init__(self, version: Version, process: subprocess.Popen[str], log: Path) -> None:
        self._version = version
        self._process = process
        self._log = log

    def call(self, name: str, *arguments: Any) -> Any:
        """Returns what the function returns; raises RuntimeError if the process has ended."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps([name, *arguments]), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            said = self._log.read_text(errors="replace")[-2000:]
            raise RuntimeError(
                f"the code of {self._version.name} does not run with the packages that are installed here:\n{said}"
            )
        return json.loads(line)


@contextlib.contextmanager
def writer(version: Version, where: Path, url: str) -> Iterator[Writer]:
    """Runs the process until the end of the block, and checks which code it imported."""
    log = where / "writer.log"
    env = environment(**version.environment(url))
    command = [sys.executable, "-P", str(SCRIPT), url]  # -P: the folder of the script is not searched for modules.
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command, cwd=where, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        opened = Writer(version, process, log)
        root = Path(opened.call("root")).resolve()
        if root != version.root.resolve():
            raise RuntimeError(f"the program was imported from {root} instead of {version.root}")
        yield opened
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.communicate(timeout=STOP_SECONDS)  # Its input ends, and so does it.
        if process.poll() is None:
            process.kill()
            process.wait()
