"""What the service says of itself while something is broken."""

import json
from collections.abc import Callable

from faults.stage.newsroom import PATHS
from faults.stage.processes import Web
from faults.stage.stage import Stage
from faults.stage.waiting import NeverHappened, until


def say_unless(stage: Stage, ask: Callable[[], bool], seconds: float, words: str) -> None:
    """Claim a loss unless ``ask`` says yes within so many seconds."""
    try:
        until(ask, seconds, words)
    except NeverHappened as error:
        stage.claims.append(str(error))


def database_is(web: Web, state: str) -> bool:
    """Whether /readyz tells this of the database."""
    status, body = web.get("/readyz")
    return status == 200 and json.loads(body)["database"] == state


def documents_of(web: Web) -> list[tuple[int, bytes]]:
    """Every feed as it is served now."""
    return [web.get(path) for path in PATHS]
