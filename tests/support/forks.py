"""Processes that tests kill, forked from one that has imported the program already and has no database open."""

import multiprocessing
from collections.abc import Callable
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["pytest", "psycopg", "syndication.store.copy", "tests.conftest", "tests.support.desk"])


def exit_code_of(work: Callable[..., None], *arguments: Any) -> int | None:
    """Calls a function of a test module in a process of its own; returns the exit code, negative for a signal."""
    process = _CONTEXT.Process(target=work, args=arguments)
    process.start()
    process.join(60)
    return process.exitcode
