"""Push: who subscribes to which feed, how deliveries arrive, and what other hubs answered.

A callback is an address of somebody else's, whose query may hold a token: only admins see it whole, others its host.
"""

from datetime import datetime, timedelta

from ada_url import URL

from syndication.api.hub_schemas import (
    HostResponse,
    HubQuery,
    HubResponse,
    LagResponse,
    OutsideHubResponse,
    PingResponse,
    PushesQuery,
    PushesResponse,
    PushResponse,
    SectionSubscribersResponse,
    StatesResponse,
    SubscriptionPath,
    SubscriptionResponse,
    SubscriptionsQuery,
    SubscriptionsResponse,
)
from syndication.api.operations import Operations, Reply, caller, context, instant, next_page
from syndication.diagnostics.hub_words import HubFacts, hub_facts, hub_status, hub_words
from syndication.model.feed_addresses import feed_url
from syndication.model.hub_addresses import hub_host, hub_url
from syndication.store.hub import echoes, overview, pings, push_attempts
from syndication.store.hub.overview import HostSubscribers, SectionSubscribers, Subscription
from syndication.store.hub.ping_log import LoggedPing, list_pings
from syndication.store.hub.push_attempts import PushAttempt
from syndication.web.problems import not_found

operation = Operations(
    "hub", "Push", "Subscriptions to feeds by WebSub, what was delivered to them, and the other hubs that are told."
)

SEES_CALLBACKS = "admin"
"""The scope of those who see whole callbacks."""

MAX_HOSTS = 20
"""Hosts in an overview: those with the most subscriptions."""

MAX_PINGS = 50
"""Pings in an overview: the newest."""

DEFAULT_PORTS = {"http:": "80", "https:": "443"}


@operation("GET", "/hub", "read", {200: HubResponse})
def get_hub(query: HubQuery) -> HubResponse:
    """Show how push is doing: subscriptions by section and host, and the other hubs that are told."""
    settings, database = context().settings, context().database
    with database.snapshot() as conn:
        now = database.now(conn)
        sections = overview.count_by_section(conn, now, query.section)
        hosts = overview.list_hosts(conn, now, MAX_HOSTS, query.section)
        told = list_pings(conn, settings.hub.outside, MAX_PINGS)
        failures = pings.list_failing(conn, settings.hub.outside)
        subscribed = echoes.list_some(conn, settings.hub.outside)
    outside = hub_facts(settings.hub.outside, failures, subscribed, timedelta(seconds=settings.hub.echo_seconds))
    return HubResponse(
        hub=hub_url(settings.site.base_url) if settings.hub.enabled else None,
        subscriptions=sum(one.subscriptions for one in sections),
        sections=[_section(one) for one in sections],
        hosts=[_host(one) for one in hosts],
        outside=[_outside(facts, now) for facts in outside],
        pings=[_ping(ping) for ping in told],
    )


def section_subscribers(section: str) -> SectionSubscribersResponse | None:
    """Returns the subscriptions of one section; None: nobody subscribes to it."""
    database = context().database
    with database.read() as conn:
        found = overview.count_by_section(conn, database.now(conn), section)
    return _section(found[0]) if found else None


@operation("GET", "/hub/subscriptions", "read", {200: SubscriptionsResponse})
def list_subscriptions(query: SubscriptionsQuery) -> Reply[SubscriptionsResponse]:
    """List the subscriptions by push, newest first."""
    wanted = overview.SubscriptionFilter(query.section, query.format, query.state, query.host)
    database = context().database
    with database.read() as conn:
        found = overview.list_subscriptions(conn, wanted, database.now(conn), query.limit + 1, query.before)
    page = found[: query.limit]
    return Reply(
        SubscriptionsResponse(subscriptions=[subscription_response(one) for one in page]),
        next_page=next_page(query, before=page[-1].id if len(found) > query.limit else None),
    )


@operation("GET", "/hub/subscriptions/<number>", "read", {200: SubscriptionResponse})
def get_subscription(path: SubscriptionPath) -> SubscriptionResponse:
    """Get one subscription."""
    database = context().database
    with database.read() as conn:
        found = overview.find_subscription(conn, path.number, database.now(conn))
    if found is None:
        raise no_subscription(path.number)
    return subscription_response(found)


@operation("GET", "/hub/pushes", "read", {200: PushesResponse})
def list_pushes(query: PushesQuery) -> Reply[PushesResponse]:
    """List the attempts to push versions, newest first. They are kept for the days that hub.log_days says."""
    wanted = push_attempts.AttemptFilter(query.section, query.outcome, query.subscription)
    with context().database.read() as conn:
        found = push_attempts.list_attempts(conn, wanted, query.limit + 1, query.before)
    page = found[: query.limit]
    return Reply(
        PushesResponse(pushes=[_push(one) for one in page]),
        next_page=next_page(query, before=page[-1].id if len(found) > query.limit else None),
    )


def no_subscription(number: int) -> Exception:
    """Returns the 404 Problem for a subscription that does not exist, or has expired."""
    return not_found(f"subscription {number}")


def subscription_response(found: Subscription) -> SubscriptionResponse:
    """Returns a subscription as the API writes it, as far as the caller may see it."""
    shown = caller().may(SEES_CALLBACKS)
    return SubscriptionResponse(
        number=found.id,
        section=found.section,
        format=found.format,
        topic=feed_url(context().settings.site, found.section, found.format),
        host=found.host,
        callback=found.callback if shown else None,
        address=found.address if shown else None,
        has_secret=found.has_secret,
        state=found.state,
        version=found.version,
        newest=found.newest,
        delivered_at=instant(found.delivered_at),
        lag_ms=found.lag_ms,
        lease_seconds=found.lease_seconds,
        subscribed_at=instant(found.subscribed_at),
        verified_at=instant(found.verified_at),
        expires_at=instant(found.expires_at),
        attempts=found.attempts,
        error=found.error,
        failed_at=instant(found.failed_at),
        next_attempt_at=instant(found.retry_at) if found.state == "failing" else None,
        paused_at=instant(found.paused_at),
        parked_at=instant(found.parked_at),
    )


def host_of(callback: str) -> str:
    """Returns a callback's host and port."""
    try:
        url = URL(callback)
    except ValueError:
        return ""
    return f"{url.hostname}:{url.port or DEFAULT_PORTS.get(url.protocol, '')}"


def _section(found: SectionSubscribers) -> SectionSubscribersResponse:
    lag = found.lag
    return SectionSubscribersResponse(
        section=found.section,
        subscriptions=found.subscriptions,
        formats=found.formats,
        states=StatesResponse(**found.states),
        hosts=found.hosts,
        lag=None if lag is None else LagResponse(median=lag.median, p99=lag.p99, slowest=lag.slowest),
        newest_ms=found.newest_ms,
    )


def _host(found: HostSubscribers) -> HostResponse:
    return HostResponse(host=found.host, subscriptions=found.subscriptions, failing=found.failing, parked=found.parked)


def _outside(facts: HubFacts, now: datetime) -> OutsideHubResponse:
    echo = facts.echo
    return OutsideHubResponse(
        hub=facts.hub,
        host=facts.host,
        status=hub_status(facts, now),
        words=hub_words(facts, now) or None,
        section=echo.section if echo else None,
        expires_at=instant(echo.expires_at) if echo else None,
        announced_version=echo.pinged_version if echo else None,
        announced_at=instant(echo.pinged_at) if echo else None,
        returned_version=echo.returned_version if echo else None,
        returned_at=instant(echo.returned_at) if echo else None,
    )


def _ping(found: LoggedPing) -> PingResponse:
    waits = found.answered_at is None and found.given_up_at is None
    return PingResponse(
        hub=hub_host(found.hub),
        section=found.section,
        version=found.version,
        at=instant(found.created_at),
        answered_at=instant(found.answered_at),
        status=found.status,
        attempts=found.attempts,
        error=found.error,
        next_attempt_at=instant(found.retry_at) if waits else None,
        given_up=found.given_up_at is not None,
    )


def _push(found: PushAttempt) -> PushResponse:
    return PushResponse(
        number=found.id,
        subscription=found.subscription_id,
        section=found.section,
        format=found.format,
        host=host_of(found.callback),
        callback=found.callback if caller().may(SEES_CALLBACKS) else None,
        version=found.version,
        at=instant(found.attempted_at),
        outcome=found.outcome,
        status=found.status,
        error=found.error,
        took_ms=found.took_ms,
        lag_ms=found.lag_ms,
    )
