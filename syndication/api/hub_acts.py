"""What people do with subscriptions by push: pause, resume, push again, remove."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from syndication.api.hub import no_subscription, operation
from syndication.api.hub_schemas import SubscriptionPath
from syndication.api.operations import NO_WORKER, caller, context
from syndication.api.schemas import RequestModel, ResponseModel
from syndication.model.counted import counted
from syndication.model.json_types import Text
from syndication.store import Connection
from syndication.store.access.audit_log import Actor
from syndication.store.db.database import WORK
from syndication.store.hub import subscription_acts
from syndication.store.hub.subscription_acts import ActOutcome
from syndication.store.processes import workers
from syndication.web.problems import not_found

MESSAGES: dict[tuple[str, ActOutcome], str] = {
    ("pause", "paused"): "Nothing is delivered until it is resumed. The subscription stays until it expires.",
    ("pause", "unchanged"): "It was paused already.",
    ("resume", "resumed"): "The newest version is delivered within about a second, if the subscriber lacks it.",
    ("resume", "unchanged"): "It was neither paused nor parked.",
    ("push", "requested"): "The present version is delivered once more within about a second.",
    ("push", "unchanged"): "It is paused: resume it first.",
    ("remove", "removed"): "The subscription is removed, and the subscriber is told. It may subscribe again.",
}


class HostPath(RequestModel):
    """A callback's host and port, as lists have it."""

    host: Annotated[Text, Field(min_length=1, max_length=300)]


class SubscriptionActResponse(ResponseModel):
    """What came of it."""

    number: int
    outcome: Literal["paused", "resumed", "requested", "removed", "unchanged"]
    message: str


class HostActResponse(ResponseModel):
    """How many subscriptions of the host were removed."""

    host: str
    removed: int
    message: str


@operation("POST", "/hub/subscriptions/<number>/pause", "admin", {200: SubscriptionActResponse})
def pause_subscription(path: SubscriptionPath) -> SubscriptionActResponse:
    """Pause a subscription: nothing is delivered until it is resumed."""
    return _act("pause", path.number, subscription_acts.pause)


@operation("POST", "/hub/subscriptions/<number>/resume", "admin", {200: SubscriptionActResponse})
def resume_subscription(path: SubscriptionPath) -> SubscriptionActResponse:
    """Resume a paused or parked subscription. It is sent the newest version at once, if it lacks that."""
    return _act("resume", path.number, subscription_acts.resume)


@operation("POST", "/hub/subscriptions/<number>/push", "regenerate", {200: SubscriptionActResponse})
def push_again(path: SubscriptionPath) -> SubscriptionActResponse:
    """Deliver the present version once more, also to a parked subscription."""
    return _act("push", path.number, subscription_acts.push_again)


@operation("DELETE", "/hub/subscriptions/<number>", "admin", {200: SubscriptionActResponse})
def remove_subscription(path: SubscriptionPath) -> SubscriptionActResponse:
    """Remove a subscription. The subscriber is told that it is denied (WebSub section 5.2), and may subscribe again."""
    return _act("remove", path.number, subscription_acts.remove)


@operation("DELETE", "/hub/hosts/<host>", "admin", {200: HostActResponse})
def remove_host(path: HostPath) -> HostActResponse:
    """Remove all subscriptions whose callbacks are on a host."""
    database = context().database
    with database.write() as conn:
        removed = subscription_acts.remove_host(conn, path.host, caller().actor, database.now(conn))
        database.notify(conn, WORK)
    if not removed:
        raise not_found(f"subscription of {path.host!r}")
    message = f"{counted(removed, 'subscription')} removed. The subscribers are told, and may subscribe again."
    return HostActResponse(host=path.host, removed=removed, message=message)


def _act(
    name: str, number: int, act: Callable[[Connection, int, Actor, datetime], ActOutcome]
) -> SubscriptionActResponse:
    database = context().database
    with database.write() as conn:
        now = database.now(conn)
        outcome = act(conn, number, caller().actor, now)
        database.notify(conn, WORK)
        waits = outcome in ("requested", "resumed") and not workers.list_alive(conn, now)
    if outcome == "not-found":
        raise no_subscription(number)
    message = NO_WORKER if waits else MESSAGES[name, outcome]
    return SubscriptionActResponse(number=number, outcome=outcome, message=message)
