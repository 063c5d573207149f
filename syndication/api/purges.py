"""Purges the cache of a section again, after its retries have stopped."""

from typing import Literal

from syndication.api.operations import NO_WORKER, caller, context
from syndication.api.schemas import ResponseModel, SectionPath
from syndication.api.sections import configured, operation
from syndication.store.processes import purge_requests, workers

NO_CACHE = "No cache is configured: purge.url is empty."

PURGING = "The cache is purged as soon as every web process serves the newest version."


class PurgeResponse(ResponseModel):
    """The outcome of a request to purge."""

    section: str
    outcome: Literal["requested", "not-published", "no-cache"]
    message: str


@operation("POST", "/sections/<slug>/purge", "regenerate", {200: PurgeResponse})
def purge_section(path: SectionPath) -> PurgeResponse:
    """Purge the caches of a section's feed again, for example after the retries have stopped.

    A purge that still waits is not doubled.
    """
    section, database = configured(path.slug), context().database
    if not context().settings.purge.url:
        return PurgeResponse(section=section.slug, outcome="no-cache", message=NO_CACHE)
    with database.write() as conn:
        now = database.now(conn)
        outcome = purge_requests.request_purge(conn, section.slug, caller().actor, now)
        alive = len(workers.list_alive(conn, now))
    message = "The section is not published yet." if outcome != "requested" else PURGING if alive else NO_WORKER
    return PurgeResponse(section=section.slug, outcome=outcome, message=message)
