"""What the service reports and serves during a fault and just after it."""

import json
from collections.abc import Callable

from faults.checker.rows import versions
from faults.stage.newsroom import PATHS
from faults.stage.processes import Web
from faults.stage.stage import Stage
from faults.stage.waiting import NeverHappened, until

AT_ONCE_SECONDS = 4.0
"""Two seconds are promised; a busy machine gets two more."""


def say_unless(stage: Stage, ask: Callable[[], bool], seconds: float, words: str) -> None:
    """Records a loss unless ``ask`` returns True within so many seconds."""
    try:
        until(ask, seconds, words)
    except NeverHappened as error:
        stage.claims.append(str(error))


def current_at_once(stage: Stage) -> None:
    """Records a loss unless every web process soon serves the versions that are published now."""
    published = versions(stage.url)
    for web in stage.webs:
        say_unless(
            stage,
            lambda web=web: all(web.version(f"/feeds/{slug}.atom") >= number for slug, number in published.items()),
            AT_ONCE_SECONDS,
            f"{web.name} serves what was published during the fault",
        )


def database_is(web: Web, state: str) -> bool:
    """Returns whether /readyz reports this state of the database."""
    status, body = web.get("/readyz")
    return status == 200 and json.loads(body)["database"] == state


def documents_of(web: Web) -> list[tuple[int, bytes]]:
    """Returns every feed as it is served now."""
    return [web.get(path) for path in PATHS]


def listen(stage: Stage) -> Callable[..., bool]:
    """Returns a function that returns whether any worker has logged one of the given texts since this call."""
    sizes = {program.name: program.log.stat().st_size for program in stage.workers}

    def said(*words: str) -> bool:
        texts = [program.log.read_bytes()[sizes[program.name] :].decode() for program in stage.workers]
        return any(word in text for text in texts for word in words)

    return said
