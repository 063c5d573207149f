"""wrk, the load generator: one thread that polls on 32 connections at full speed."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

INSTALL = "apt-get install wrk"
CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Load:
    """The result of one round: the number of responses, and responses per second."""

    answered: int
    rate: float


def ask(url: str, headers: dict[str, str], seconds: int, before: list[str], script: Path | None = None) -> Load:
    """Polls ``url`` for some seconds; ``before`` is a command that runs wrk, such as taskset.

    ``script`` is a Lua program that writes the requests.
    """
    fields = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    fields += ["-s", str(script)] if script else []
    command = [*before, "wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "--timeout", "10s", *fields, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    if "Non-2xx or 3xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"not every poll was answered:\n{done.stdout}")
    answered, rate = re.search(r"(\d+) requests in", done.stdout), re.search(r"Requests/sec:\s*([0-9.]+)", done.stdout)
    if answered is None or rate is None:
        raise RuntimeError(f"wrk printed no rate:\n{done.stdout}")
    return Load(int(answered[1]), float(rate[1]))
