"""What is said of outside hubs, by the command line, the API and the dashboard alike. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from syndication.diagnostics.words import span
from syndication.model.counted import counted
from syndication.model.hub_addresses import hub_host
from syndication.store.hub.echoes import Echo
from syndication.store.hub.pings import HubFailure

LATE = timedelta(seconds=60)
"""How long a hub that does not answer is nobody's concern."""

HubStatus = Literal["working", "unwatched", "waiting", "retrying", "failing", "silent"]
"""``silent``: it answers, and passes nothing on; ``unwatched``: nobody can know; ``waiting`` for its first answers."""


@dataclass(frozen=True, slots=True)
class HubFacts:
    """An outside hub: what it could not be told of, if anything, and the service's own subscription there.

    ``patience`` is how long what it was told of may take to come back.
    """

    hub: str
    failure: HubFailure | None
    echo: Echo | None
    patience: timedelta

    @property
    def host(self) -> str:
        """What people see of the hub."""
        return hub_host(self.hub)


def hub_facts(
    hubs: Collection[str], failures: Sequence[HubFailure], echoes: Sequence[Echo], patience: timedelta
) -> list[HubFacts]:
    """Returns the facts of each hub in the settings."""
    failing = {failure.hub: failure for failure in failures}
    subscribed = {echo.hub: echo for echo in echoes}
    return [HubFacts(hub, failing.get(hub), subscribed.get(hub), patience) for hub in hubs]


def hub_status(facts: HubFacts, now: datetime) -> HubStatus:
    """Returns what somebody who looks should know first."""
    failure, echo = facts.failure, facts.echo
    if failure is not None:
        if failure.given_up or now - failure.since > facts.patience:
            return "failing"
        if now - failure.since > LATE:
            return "retrying"
    if echo is None:
        return "waiting"
    if echo.is_subscribed(now):
        awaited = echo.awaited_since
        return "silent" if awaited is not None and now - awaited > facts.patience else "working"
    unconfirmed = echo.requested_at is not None and now - echo.requested_at > facts.patience
    return "unwatched" if echo.denied is not None or unconfirmed else "waiting"


def hub_words(facts: HubFacts, now: datetime) -> str:
    """Returns what is wrong with a hub; empty if nothing is."""
    host, failure, echo = facts.host, facts.failure, facts.echo
    match hub_status(facts, now):
        case "failing" if failure is not None and failure.given_up:
            feeds = counted(failure.given_up, "changed feed")
            return (
                f"The hub {host} was not told of {feeds}, and retries have stopped: {failure.error}. Its subscribers"
                " get what they missed when the feed changes again."
            )
        case "failing" | "retrying" if failure is not None:
            since = span(now - failure.since)
            return (
                f"The hub {host} has not been told of new stories for {since}: {failure.error}. Retrying automatically."
            )
        case "silent" if echo is not None and echo.awaited_since is not None:
            since = span(now - echo.awaited_since)
            return (
                f"The hub {host} did not pass on what it was told of {since} ago: its subscribers may be missing new"
                " stories."
            )
        case "unwatched" if echo is not None:
            return _unwatched(host, echo)
    return ""


def _unwatched(host: str, echo: Echo) -> str:
    unknown = "so it is not known whether it passes on new stories"
    if echo.denied is not None:
        reason = f" ({echo.denied})" if echo.denied else ""
        return f"The hub {host} denied the service's own subscription{reason}, {unknown}."
    if echo.error is not None:
        return f"The service could not subscribe at the hub {host}, {unknown}: {echo.error}."
    return f"The hub {host} has not confirmed the service's own subscription, {unknown}."
