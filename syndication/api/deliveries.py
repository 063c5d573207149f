"""How far the withdrawal or restoration of an article has come."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from syndication.api.articles import operation
from syndication.api.delivery_list import ChangeDeliveryResponse, change_response
from syndication.api.operations import caller, context
from syndication.api.schemas import ArticlePath, RequestModel, ResponseModel
from syndication.api.visibility import Visibility, check_exists, visible_facts
from syndication.diagnostics.delivery import NO_TITLES, Delivery, Progress, Stage, WebFacts, delivery
from syndication.diagnostics.read_deliveries import read_article_moments
from syndication.diagnostics.trace import trace
from syndication.store import Connection
from syndication.store.articles.trace_facts import read_trace_facts
from syndication.store.processes import purge_queue, web_processes
from syndication.store.publishing.publication_numbers import last_number


class DeliveryQuery(RequestModel):
    """``publication``: that of an earlier response; later publications are then not waited for."""

    publication: int | None = Field(None, ge=0, lt=2**63)


class DeliveryResponse(ResponseModel):
    """Where an article is on its way out of its feeds, or back into them. ``served``: it has arrived everywhere.

    ``blocked``: somebody has to do something; ``message`` says what. ``sections`` are the feeds that are not up to date
    for it. ``behind`` of ``web_processes`` do not serve the ``publication`` yet, which is null while
    a feed is not regenerated. ``change`` has the moments of its last change, as the list of changes has them; it is
    null without the scope preview, and for a change from before the days that are kept.
    """

    id: str
    withdrawn: bool
    stage: Stage
    served: bool
    blocked: bool
    message: str
    sections: list[str]
    web_processes: int
    behind: int
    publication: int | None
    change: ChangeDeliveryResponse | None


@operation("GET", "/articles/<article:id>/delivery", "read", {200: DeliveryResponse})
def get_delivery(path: ArticlePath, query: DeliveryQuery, titles: Mapping[str, str] = NO_TITLES) -> DeliveryResponse:
    """Follow a withdrawal or a restoration until every web process serves it.

    Poll it, at most once a second, with the publication of the response before.
    """
    with context().database.snapshot() as conn:
        found = check_exists(conn, path.id)
        moments = read_article_moments(conn, path.id, caller().now) if found.may_preview else None
        change = None if moments is None else change_response(moments, None)
        return to_response(read_delivery(conn, path.id, found, query.publication, titles), change)


def read_delivery(
    conn: Connection, id: str, found: Visibility, since: int | None = None, titles: Mapping[str, str] = NO_TITLES
) -> Delivery:
    """Returns where the article is, as far as the caller may know."""
    settings, now = context().settings, context().database.now(conn)
    facts = visible_facts(conn, read_trace_facts(conn, id, settings.selections, now), found)
    verdicts = trace(facts, settings.sections, settings.retired)
    return delivery(facts, verdicts, read_web(conn, now), since, titles)


def read_web(conn: Connection, now: datetime) -> WebFacts:
    """Returns which web processes there are, and the last publication."""
    running = web_processes.list_alive(conn, now)
    purges = purge_queue.list_waiting(conn) if context().settings.purge.url else []
    return WebFacts(running, web_processes.list_silent(conn, now, running), last_number(conn), purges)


def to_response(found: Delivery, change: ChangeDeliveryResponse | None = None) -> DeliveryResponse:
    """Returns it as the API writes it."""
    return DeliveryResponse(id=found.article_id, withdrawn=found.withdrawn, change=change, **progress_fields(found))


def progress_fields(found: Progress) -> dict[str, Any]:
    """Returns what the responses about one article and about several have in common."""
    return {
        "stage": found.stage,
        "served": found.is_served,
        "blocked": found.is_blocked,
        "message": found.words,
        "sections": list(found.sections),
        "web_processes": found.webs,
        "behind": found.behind,
        "publication": found.publication,
    }
