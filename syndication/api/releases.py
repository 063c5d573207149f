"""Releases a held section: an editor publishes it without the entries that vanished."""

from typing import Literal

from syndication.api.operations import NO_WORKER, caller, context
from syndication.api.schemas import ResponseModel, SectionPath
from syndication.api.sections import configured, operation
from syndication.store.db.database import WORK
from syndication.store.processes import workers
from syndication.store.publishing import releases
from syndication.store.publishing.holds import list_holds

BY_EDITOR = "An editor holds the feed, and no entry has vanished. DELETE its hold to release it."


class ReleaseResponse(ResponseModel):
    """The outcome of a release."""

    section: str
    outcome: Literal["released", "not-held"]
    message: str


@operation("POST", "/sections/<slug>/release", "regenerate", {200: ReleaseResponse})
def release_section(path: SectionPath) -> ReleaseResponse:
    """Release a held section: publish it without the entries that vanished.

    It does nothing if the section is not held.
    """
    section, database = configured(path.slug), context().database
    with database.write() as conn:
        now = database.now(conn)
        outcome = releases.release(conn, section.slug, caller().actor, now)
        alive = len(workers.list_alive(conn, now))
        database.notify(conn, WORK)
        by_editor = outcome == "not-held" and section.slug in list_holds(conn, [section.slug]).by_editors
    message = BY_EDITOR if by_editor else _release_message(outcome, alive)
    return ReleaseResponse(section=section.slug, outcome=outcome, message=message)


def _release_message(outcome: str, alive: int) -> str:
    if outcome == "not-held":
        return "The section is not held."
    return "The feed is published without the vanished entries within a second or so." if alive else NO_WORKER
