"""All sections at once: rebuilt by two workers, and requested by an editor."""

import contextlib
import subprocess
import time
from collections.abc import Iterator, Sequence
from datetime import datetime

from benchmarks import newsroom
from benchmarks.editors import Api
from benchmarks.held import family, resident
from benchmarks.options import Options
from benchmarks.processes import free_port, wait_until_served
from benchmarks.publishing.figures import Figures
from benchmarks.publishing.services import GIVE_UP_SECONDS, TITLE, Service, State, services
from benchmarks.publishing.versions import Version

CREW = 2
OTHER_TITLE = "The Weekly Example"


def measure(dialect: str, found: Sequence[Version], options: Options, figures: Figures) -> None:
    """Adds the figures of one database."""
    sections, clicked = options.size(8, 200, 400), options.size(8, 200)
    entries, rounds = options.size(3, 20, newsroom.ENTRIES), options.size(1, 1, 3)
    with services(dialect, found, sections, entries, options.articles) as filled:
        with contextlib.ExitStack() as stack:
            for one in filled:
                stack.enter_context(_crew(one, sections, TITLE))
            for one in filled:
                one.wait_until_idle(sections)
        titles = [TITLE]
        for _ in range(rounds):
            titles.append(OTHER_TITLE if titles[-1] == TITLE else TITLE)
            for one in filled:
                _unchanged(one, sections, titles[-2], figures)
            for one in filled:
                _renamed(one, sections, titles[-1], figures)
        _clicks(filled, clicked, titles[-1], options.size(1, 2, 5), figures)


@contextlib.contextmanager
def _crew(service: Service, sections: int, title: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Runs the workers, which are there when the block begins."""
    config = service.config(sections, title)
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(service.worker(config)) for _ in range(CREW)]
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while service.writer.call("workers") < CREW:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the workers of {service.version.name} did not start")
            time.sleep(0.02)
        yield processes


def _unchanged(service: Service, sections: int, title: str, figures: Figures) -> None:
    """Measures from the request until the last section is done, after a start of the workers: nothing is in memory."""
    before = _versions(service.states(sections))
    with _crew(service, sections, title):
        service.wait_until_idle(sections)
        requested = datetime.fromisoformat(service.writer.call("request_all"))
        states = service.wait_until_idle(sections)
    if _versions(states) != before or min(state.at for state in states) < requested:
        raise RuntimeError(f"{service.version.name} published sections of which nothing changed, or left some out")
    seconds = (max(state.at for state in states) - requested).total_seconds()
    figures.add(
        f"rebuild of {sections} sections, nothing changed, sections a second", service.version, sections / seconds
    )


def _renamed(service: Service, sections: int, title: str, figures: Figures) -> None:
    """Measures from the first section until the last one after a start with another title of the site."""
    before = _versions(service.states(sections))
    with _crew(service, sections, title) as workers:
        states = service.wait_until(sections, lambda states: all(s.version > before[s.section] for s in states))
        memory = [resident(family(process.pid)) for process in workers]
    times = [state.at for state in states]
    seconds = (max(times) - min(times)).total_seconds()
    figures.add(f"rebuild of {sections} sections, other title, sections a second", service.version, sections / seconds)
    figures.add("memory of each worker after it, MB", service.version, max(memory))


def _versions(states: Sequence[State]) -> dict[str, int]:
    return {state.section: state.version for state in states}


def _clicks(filled: Sequence[Service], sections: int, title: str, rounds: int, figures: Figures) -> None:
    """Requests all sections through the API as an editor does, until they are served."""
    with contextlib.ExitStack() as stack:
        apis = []
        for one in filled:
            config, port = one.config(sections, title), free_port()
            stack.enter_context(one.worker(config))
            stack.enter_context(one.web(config, port))
            for slug in newsroom.slugs(sections):
                wait_until_served(port, f"/feeds/{slug}.atom")
            apis.append((port, one.writer.call("token")))
        for one in filled:
            one.wait_until_idle(sections)
        time.sleep(2)
        for _ in range(rounds):
            for one, (port, secret) in zip(filled, apis, strict=True):
                time.sleep(1.1)
                seconds = _click(one, Api(port, secret))  # A connection of its own: one that is silent is closed.
                figures.add(f"click to served, all {sections} sections, nothing changed, s", one.version, seconds)


def _click(service: Service, api: Api) -> float:
    started = time.perf_counter()
    asked = api.ask("POST", "/regenerations", {"all_sections": True})
    while asked["served_ms"] is None:
        if time.perf_counter() - started > GIVE_UP_SECONDS:
            raise RuntimeError(f"{service.version.name} did not serve all sections within {GIVE_UP_SECONDS} seconds")
        time.sleep(0.02)
        asked = api.ask("GET", f"/regenerations/{asked['id']}")
    return time.perf_counter() - started
