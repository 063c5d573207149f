"""A person at a terminal, for commands that ask."""

import os
import pty
import signal
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

CTRL_C = "\x03"


def typed(
    answers: Iterable[tuple[bytes, str]], *arguments: str, env: Mapping[str, str], folder: Path
) -> tuple[int, str]:
    """Returns the exit code and the screen of a terminal at which each question is answered, in a new process."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ignored if the tests run in the background.
        os.execve(sys.executable, [sys.executable, "-m", "syndication", *arguments], dict(env))
    screen = b""
    for question, answer in answers:
        asked = len(screen)
        while question not in screen[asked:]:
            screen += os.read(terminal, 1000)
        os.write(terminal, answer.encode() + (b"" if answer == CTRL_C else b"\n"))
    while True:
        try:
            screen += os.read(terminal, 1000)
        except OSError:  # As Linux tells the end of a terminal.
            break
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), screen.decode()
