"""What the service says of itself, and serves, while something is broken and just after."""

import json
from collections.abc import Callable

from faults.checker.rows import versions
from faults.stage.newsroom import PATHS
from faults.stage.processes import Web
from faults.stage.stage import Stage
from faults.stage.waiting import NeverHappened, until

AT_ONCE_SECONDS = 4.0
"""Two seconds are promised; a machine that does other things meanwhile gets two more."""


def say_unless(stage: Stage, ask: Callable[[], bool], seconds: float, words: str) -> None:
    """Claim a loss unless ``ask`` says yes within so many seconds."""
    try:
        until(ask, seconds, words)
    except NeverHappened as error:
        stage.claims.append(str(error))


def current_at_once(stage: Stage) -> None:
    """Claim a loss unless every web process soon serves what is published at this moment."""
    published = versions(stage.url)
    for web in stage.webs:
        say_unless(
            stage,
            lambda web=web: all(web.version(f"/feeds/{slug}.atom") >= number for slug, number in published.items()),
            AT_ONCE_SECONDS,
            f"{web.name} serves what was published meanwhile",
        )


def database_is(web: Web, state: str) -> bool:
    """Whether /readyz tells this of the database."""
    status, body = web.get("/readyz")
    return status == 200 and json.loads(body)["database"] == state


def documents_of(web: Web) -> list[tuple[int, bytes]]:
    """Every feed as it is served now."""
    return [web.get(path) for path in PATHS]


def listen(stage: Stage) -> Callable[..., bool]:
    """Gives a question: has any worker logged one of these words since now?"""
    sizes = {program.name: program.log.stat().st_size for program in stage.workers}

    def said(*words: str) -> bool:
        texts = [program.log.read_bytes()[sizes[program.name] :].decode() for program in stage.workers]
        return any(word in text for text in texts for word in words)

    return said
