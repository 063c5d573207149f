"""The next steps of a newsroom without stories, shown above its empty table of feeds."""

from dataclasses import dataclass

from syndication.api.operations import context
from syndication.model.values import ALL
from syndication.store import Connection
from syndication.store.access import users
from syndication.store.articles.articles import any_stored
from syndication.store.processes.service_status import ServiceStatus


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What is done already of the three steps: a source is configured, and somebody else can log in."""

    has_source: bool
    has_colleagues: bool


def find_first_steps(conn: Connection, status: ServiceStatus, may_preview: bool) -> FirstSteps | None:
    """Returns the steps while there is no story that the caller may know of, else None."""
    state = status.states.get(ALL)
    if (state is not None and state.entries) or (may_preview and any_stored(conn)):
        return None
    return FirstSteps(bool(context().settings.sources), users.count_enabled(conn) > 1)
