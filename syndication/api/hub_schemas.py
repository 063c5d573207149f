"""What the operations about push are asked, and what they answer."""

from pydantic import Field

from syndication.api.schemas import Filter, Limit, RequestModel, ResponseModel, Slug, Time
from syndication.diagnostics.hub_words import HubStatus
from syndication.store.hub.push_attempts import PushOutcome
from syndication.store.hub.subscription_states import SubscriptionState

MAX_ID = 2**53


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
    """What a hub was told, and the status that it answered; ``hub`` is its host.

    ``given_up``: it is not told of this version any more.
    """

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
    """Another hub. ``words`` says what is wrong; it is null if nothing is.

    silent: it answers, and passes nothing on; unwatched: nobody can know; waiting: for its first answers. The service
    subscribes to ``section`` there: what the hub was told of has to come back.
    """

    hub: str
    host: str
    status: HubStatus
    words: str | None
    section: str | None
    expires_at: Time | None
    announced_version: int | None
    announced_at: Time | None
    returned_version: int | None
    returned_at: Time | None


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
