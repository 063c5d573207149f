"""The newsroom of ten sections whose articles are measured: its processes, a reader, and commits at a distance."""

import contextlib
import random
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks import newsroom
from benchmarks.latency import Poller
from benchmarks.processes import free_port, wait_until_served
from benchmarks.publishing.services import Service
from benchmarks.publishing.versions import Version

SECTIONS = 10
APART = 1.2
"""Seconds between two commits into one section, which publishes at most once a second."""


@dataclass(slots=True)
class Running:
    """A service with its processes, and a reader with gzip."""

    service: Service
    port: int
    worker: subprocess.Popen[bytes]
    web: subprocess.Popen[bytes]
    poller: Poller

    @property
    def version(self) -> Version:
        """Its version."""
        return self.service.version


@contextlib.contextmanager
def run(service: Service) -> Iterator[Running]:
    """Runs a worker and a web process until the end of the block; when it begins, every section is served."""
    config, port = service.config(SECTIONS), free_port()
    with service.worker(config) as worker, service.web(config, port) as web:
        for slug in newsroom.slugs(SECTIONS):
            wait_until_served(port, f"/feeds/{slug}.atom")
        yield Running(service, port, worker, web, Poller(port, "gzip"))


@contextlib.contextmanager
def spaced(seconds: float) -> Iterator[None]:
    """Takes that long, and a random fifth more, so that commits are not aligned with the seconds of the clock."""
    started = time.perf_counter()
    yield
    time.sleep(max(0.0, seconds - (time.perf_counter() - started)) + random.random() * seconds / 5)
