"""The next steps of a new newsroom, shown above its table of feeds: each until it is done."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from syndication.api.operations import context
from syndication.config.example_values import is_example_host
from syndication.model.values import ALL
from syndication.store import Connection
from syndication.store.access import users
from syndication.store.articles.articles import any_stored
from syndication.store.processes import poll_counts
from syndication.store.processes.service_status import ServiceStatus

NEW = timedelta(days=7)
"""How long a newsroom that has stories is new: after that, nobody is reminded of what they do not want."""


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """The steps that are not done yet; ``has_source``: a source is configured, which has brought no story yet."""

    stories: bool
    colleagues: bool
    readers: bool
    has_source: bool


def find_first_steps(conn: Connection, status: ServiceStatus, may_preview: bool, now: datetime) -> FirstSteps | None:
    """Returns the steps of a newsroom that is new, or has no story that the caller may know of; None if none is left.

    The example newsroom is nobody's: it has no next steps once it has stories.
    """
    settings, state = context().settings, status.states.get(ALL)
    stories = not (state is not None and state.entries) and not (may_preview and any_stored(conn))
    if not stories and (is_example_host(settings.site.authority) or not _is_new(conn, now)):
        return None
    steps = FirstSteps(
        stories=stories,
        colleagues=users.count_enabled(conn) < 2,
        readers=not poll_counts.any_polls(conn),
        has_source=bool(settings.sources),
    )
    return steps if steps.stories or steps.colleagues or steps.readers else None


def _is_new(conn: Connection, now: datetime) -> bool:
    began = users.first_created(conn)
    return began is not None and began > now - NEW
