"""The tasks waiting for the worker's main thread: a set, so that repeated requests are merged."""

import threading
from enum import Enum


class Task(Enum):
    """A task of the worker."""

    GATHER = "gather"
    SWEEP = "sweep"
    RECONCILE = "reconcile"
    HOUSEKEEP = "housekeep"
    STOP = "stop"


class TaskQueue:
    """A thread-safe set of tasks: other threads add them, and the main thread takes all of them at once."""

    def __init__(self) -> None:
        self._tasks: set[Task] = set()
        self._filled = threading.Condition()

    def put(self, task: Task) -> None:
        """Adds ``task``."""
        with self._filled:
            self._tasks.add(task)
            self._filled.notify()

    def take_all(self, timeout: float | None) -> frozenset[Task]:
        """Returns all tasks added since the last call; none after ``timeout`` seconds without a task."""
        with self._filled:
            self._filled.wait_for(lambda: self._tasks, timeout)
            tasks = frozenset(self._tasks)
            self._tasks.clear()
            return tasks
