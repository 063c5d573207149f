"""A person at a terminal, for commands that ask."""

import os
import pty
import select
import signal
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

CTRL_C = "\x03"

AGAIN = 3.0
"""Seconds after which a person presses it again."""


def typed(
    answers: Iterable[tuple[bytes, str | None]], *arguments: str, env: Mapping[str, str], folder: Path
) -> tuple[int, str]:
    """Returns the exit code and the screen of a terminal at which each question is answered, in a new process.

    None: the words are only waited for.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ignored if the tests run in the background.
        os.execve(sys.executable, [sys.executable, "-m", "syndication", *arguments], dict(env))
    screen, seen, answer = b"", 0, None
    for question, answer in answers:
        while question not in screen[seen:]:
            screen += os.read(terminal, 1000)
        seen = screen.index(question, seen) + len(question)
        if answer is None:
            continue
        os.write(terminal, answer.encode() + (b"" if answer == CTRL_C else b"\n"))
    while True:
        # A signal between a question and the wait for its answer is seen only with the next key: press it again.
        if answer == CTRL_C and not select.select([terminal], [], [], AGAIN)[0]:
            os.write(terminal, CTRL_C.encode())
        try:
            screen += os.read(terminal, 1000)
        except OSError:  # As Linux tells the end of a terminal.
            break
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), screen.decode()
