"""wrk, the load generator: one thread, which asks on 32 connections as fast as it is answered."""

import re
import subprocess

INSTALL = "apt-get install wrk"
CONNECTIONS = 32


def polls_a_second(url: str, headers: dict[str, str], seconds: int, before: list[str]) -> float:
    """The rate at which ``url`` is answered; ``before`` is a command that runs wrk, such as taskset."""
    fields = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    command = [*before, "wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s", *fields, url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True)
    if "Non-2xx or 3xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"not every poll was answered:\n{done.stdout}")
    found = re.search(r"Requests/sec:\s*([0-9.]+)", done.stdout)
    if found is None:
        raise RuntimeError(f"wrk said nothing of its rate:\n{done.stdout}")
    return float(found[1])
