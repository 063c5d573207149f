"""Push: who subscribes to which feed, how deliveries arrive, and what other hubs answered.

A callback is an address of somebody else's, whose query may hold a token: only admins see it whole, others its host.
"""

from ada_url import URL
from pydantic import Field

from syndication.api.operations import Operations, Reply, caller, context, instant, next_page
from syndication.api.schemas import Filter, Limit, RequestModel, ResponseModel, Slug, Time
from syndication.model.feed_addresses import feed_url
from syndication.store.hub import outside_hubs, overview, push_attempts
from syndication.store.hub.outside_hubs import Echo, Ping
from syndication.store.hub.overview import HostSubscribers, SectionSubscribers, Subscription
from syndication.store.hub.push_attempts import PushAttempt, PushOutcome
from syndication.store.hub.subscription_states import SubscriptionState
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

MAX_ID = 2**53

DEFAULT_PORTS = {"http:": "80", "https:": "443"}


class SubscriptionPath(RequestModel):
    """The number of a subscription."""

    number: int = Field(ge=1, le=MAX_ID)


class HubQuery(RequestModel):
    """``section``: only its subscriptions."""

    section: Slug | None = None


class SubscriptionsQuery(RequestModel):
    """Filters and the page."""

    section: Slug | None = None
    format: Filter | None = None
    state: SubscriptionState | None = None
    host: Filter | None = Field(None, description="The host and port of the callback, as the list has it.")
    limit: Limit = 50
    before: int | None = Field(None, ge=1, le=MAX_ID, description="Only subscriptions before this number.")


class PushesQuery(RequestModel):
    """Filters and the page."""

    section: Slug | None = None
    outcome: PushOutcome | None = None
    subscription: int | None = Field(None, ge=1, le=MAX_ID)
    limit: Limit = 50
    before: int | None = Field(None, ge=1, le=MAX_ID, description="Only attempts before this number.")


class StatesResponse(ResponseModel):
    """Subscriptions by state.

    current: they have the newest version; waiting: it is on its way; failing: the last attempt failed, another one
    follows; parked: attempts were given up; paused: by somebody.
    """

    current: int
    waiting: int
    failing: int
    parked: int
    paused: int


class LagResponse(ResponseModel):
    """Milliseconds from a publication until it arrived, of the last delivery of each subscription."""

    median: int
    p99: int
    slowest: int


class SectionSubscribersResponse(ResponseModel):
    """The subscriptions of a section. ``newest_ms`` is how long the newest version took to the last that has it."""

    section: str
    subscriptions: int
    formats: dict[str, int]
    states: StatesResponse
    hosts: int
    lag: LagResponse | None
    newest_ms: int | None


class HostResponse(ResponseModel):
    """The subscriptions whose callbacks are on one host, and how many of them are failing and parked."""

    host: str
    subscriptions: int
    failing: int
    parked: int


class PingResponse(ResponseModel):
    """What a hub was told, and the status that it answered; ``given_up``: it is told no more of this version."""

    hub: str
    section: str
    version: int
    at: Time
    answered_at: Time | None
    status: int | None
    attempts: int
    error: str | None
    next_attempt_at: Time | None
    given_up: bool


class OutsideHubResponse(ResponseModel):
    """Another hub. The service subscribes to ``section`` there; ``missing``: what it announced did not come back."""

    hub: str
    section: str | None
    format: str | None
    verified_at: Time | None
    expires_at: Time | None
    denied: str | None
    announced_version: int | None
    announced_at: Time | None
    returned_version: int | None
    returned_at: Time | None
    missing: bool
    error: str | None


class HubResponse(ResponseModel):
    """Push at a glance. ``hub`` is the address of the built-in hub, null if it is turned off."""

    hub: str | None
    subscriptions: int
    sections: list[SectionSubscribersResponse]
    hosts: list[HostResponse]
    outside: list[OutsideHubResponse]
    pings: list[PingResponse]


class SubscriptionResponse(ResponseModel):
    """A subscription. ``callback`` and ``address``, its IP address, are null without the scope admin.

    ``has_secret``: deliveries are signed. ``version`` is the last one that it was sent, ``newest`` the present one,
    ``lag_ms`` how long after its publication the last one arrived.
    """

    number: int
    section: str
    format: str
    topic: str
    host: str
    callback: str | None
    address: str | None
    has_secret: bool
    state: SubscriptionState
    version: int
    newest: int | None
    delivered_at: Time | None
    lag_ms: int | None
    lease_seconds: int
    subscribed_at: Time
    verified_at: Time
    expires_at: Time
    attempts: int
    error: str | None
    failed_at: Time | None
    next_attempt_at: Time | None
    paused_at: Time | None
    parked_at: Time | None


class SubscriptionsResponse(ResponseModel):
    """One page, newest first; the Link header has the next one (RFC 8288)."""

    subscriptions: list[SubscriptionResponse]


class PushResponse(ResponseModel):
    """An attempt to push a version. ``callback`` is null without the scope admin.

    gone: the callback answered 410, which ended the subscription; parked: the last of many attempts failed.
    """

    number: int
    subscription: int
    section: str
    format: str
    host: str
    callback: str | None
    version: int
    at: Time
    outcome: PushOutcome
    status: int | None
    error: str | None
    took_ms: int
    lag_ms: int | None


class PushesResponse(ResponseModel):
    """One page, newest first; the Link header has the next one (RFC 8288)."""

    pushes: list[PushResponse]


@operation("GET", "/hub", "read", {200: HubResponse})
def get_hub(query: HubQuery) -> HubResponse:
    """Show how push is doing: subscriptions by section and host, and the other hubs that are told."""
    settings, database = context().settings, context().database
    with database.snapshot() as conn:
        now = database.now(conn)
        sections = overview.count_by_section(conn, now, query.section)
        hosts = overview.list_hosts(conn, now, MAX_HOSTS, query.section)
        pings = outside_hubs.list_pings(conn, MAX_PINGS)
        echoes = outside_hubs.list_echoes(conn, settings.hub.outside)
    return HubResponse(
        hub=f"{settings.site.base_url}/hub" if settings.hub.enabled else None,
        subscriptions=sum(one.subscriptions for one in sections),
        sections=[_section(one) for one in sections],
        hosts=[_host(one) for one in hosts],
        outside=[_outside(hub, echoes.get(hub)) for hub in settings.hub.outside],
        pings=[_ping(ping) for ping in pings],
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


def _outside(hub: str, echo: Echo | None) -> OutsideHubResponse:
    late = context().settings.hub.echo_seconds
    return OutsideHubResponse(
        hub=hub,
        section=echo.section if echo else None,
        format=echo.format if echo else None,
        verified_at=instant(echo.verified_at) if echo else None,
        expires_at=instant(echo.expires_at) if echo else None,
        denied=echo.denied if echo else None,
        announced_version=echo.pinged_version if echo else None,
        announced_at=instant(echo.pinged_at) if echo else None,
        returned_version=echo.returned_version if echo else None,
        returned_at=instant(echo.returned_at) if echo else None,
        missing=echo is not None and echo.is_missing(caller().now, late),
        error=echo.error if echo else None,
    )


def _ping(found: Ping) -> PingResponse:
    waits = found.answered_at is None and found.given_up_at is None
    return PingResponse(
        hub=found.hub,
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
