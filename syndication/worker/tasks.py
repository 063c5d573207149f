"""What the worker's main thread is asked to do next: a set of words, so that asking twice is asking once."""

import threading
from enum import Enum


class Task(Enum):
    """What can be asked of the worker."""

    GATHER = "gather"
    RECONCILE = "reconcile"
    HOUSEKEEP = "housekeep"
    STOP = "stop"


class TaskQueue:
    """Other threads put tasks in; the main thread takes all of them at once."""

    def __init__(self) -> None:
        self._tasks: set[Task] = set()
        self._filled = threading.Condition()

    def put(self, task: Task) -> None:
        """Ask for ``task``."""
        with self._filled:
            self._tasks.add(task)
            self._filled.notify()

    def take_all(self, timeout: float | None) -> frozenset[Task]:
        """Everything asked for since the last call; empty after ``timeout`` seconds without a task."""
        with self._filled:
            self._filled.wait_for(lambda: self._tasks, timeout)
            tasks = frozenset(self._tasks)
            self._tasks.clear()
            return tasks
