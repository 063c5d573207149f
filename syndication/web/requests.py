"""Handles a request for the editors process: admission, reading the body in time, and forwarding."""

import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Response

from syndication.config.loading import Settings
from syndication.logs import get_logger
from syndication.metrics.front import REFUSED, REQUESTS, Reason, start_at_zero
from syndication.model.body_limits import BodyLimits, largest_body, too_large
from syndication.model.client_network import network
from syndication.web.admission import Busy, KnownCredentials, Lane, LaneSize, Rank
from syndication.web.body_buffer import BodyBuffer, BodyRefused, ClientGone, Receive
from syndication.web.credentials import API, Claim, Kind, claim_of, is_for_hub, new_session
from syndication.web.editors_client import EditorsAnswer, EditorsClient, EditorsDown, EditorsNotAsked
from syndication.web.problems import Problem
from syndication.web.request_head import believed_address, declared_length
from syndication.web.served_versions import Served, encode_served

log = get_logger(__name__)

BUSY = "Too many requests are being handled. Nothing was done: try again."
SLOW = "The body arrived too slowly. Nothing was done: send it again."
ENDED = "The connection closed before the end of the body. Nothing was done."
DOWN = (
    "The editors process is restarting, and it is not known whether this request was processed:"
    " check before you send it again. Feeds are still served."
)
NOT_ASKED = (
    "The editors process does not respond and is about to restart. Nothing was done: send the request again."
    " Feeds are still served."
)
FORM_TOO_LARGE = "The form is over the limit of 64 KiB. Nothing was saved: shorten your text."

NOT_ACCEPTED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER)
"""Statuses that mean an invalid credential: of the API, and the dashboard's redirects to the log-in."""

HUB_PLACES = 4
"""Requests to the hub are short, and strangers send them: they wait for each other, and for nobody else."""

LOG_INS = 20
"""More than the places in the password verification queue, so that queue decides the order."""


def lane_sizes(at_once: int) -> dict[Kind, LaneSize]:
    """Returns the lanes of a front that handles ``at_once`` requests of known editors concurrently."""
    half = max(1, at_once // 2)
    return {
        "editors": LaneSize(at_once, each=half, unknown=half, queue=256, queue_each=64),
        "known_log_in": LaneSize(LOG_INS, each=5, unknown=LOG_INS, queue=64, queue_each=8),
        "log_in": LaneSize(LOG_INS, each=5, unknown=LOG_INS, queue=64, queue_each=8),
        "hub": LaneSize(HUB_PLACES, each=HUB_PLACES // 2, unknown=HUB_PLACES, queue=128, queue_each=16),
        "webhook": LaneSize(half, each=max(1, half - 1), unknown=half, queue=128, queue_each=32),
        "public": LaneSize(half, each=max(1, half - 1), unknown=half, queue=128, queue_each=32),
    }


def share(at_once: int, fronts: int) -> int:
    """Returns one front's share of the editors process; the operating system spreads clients over the fronts."""
    return max(1, -(-at_once // fronts))


def threads_for(at_once: int, fronts: int) -> int:
    """Returns the number of threads that the editors process needs for the lanes of all fronts."""
    return fronts * sum(size.places for size in lane_sizes(share(at_once, fronts)).values())


@dataclass(frozen=True, slots=True)
class EditorsRequest:
    """The head of a request, the client's address, and the time of arrival."""

    method: str
    path: str
    headers: Mapping[bytes, str]
    address: str
    began: float

    @property
    def is_api(self) -> bool:
        """Returns whether the request is for the API, whose errors are problem details."""
        return self.path.startswith(API)


class EditorsRequestHandler:
    """Decides which requests are forwarded to the editors process, and when."""

    def __init__(self, settings: Settings, client: EditorsClient) -> None:
        self._client = client
        self.trusted_proxies = settings.editors.trusted_proxies
        self.body_limits = settings.editors.body_limits
        places = share(settings.editors.at_once, settings.server.workers)
        self.lanes = {kind: Lane(size) for kind, size in lane_sizes(places).items()}
        self.bodies = {kind: BodyBuffer() for kind in self.lanes}
        self.known = KnownCredentials(time.monotonic)
        start_at_zero(self.lanes)

    def believed_address(self, peer: str, headers: Mapping[bytes, str]) -> str:
        """Returns the client's address, trusting only the configured number of proxies."""
        return believed_address(peer, headers.get(b"x-forwarded-for"), self.trusted_proxies)

    async def answer(
        self, arrived: EditorsRequest, environ: dict[str, str], receive: Receive, served: Served | None
    ) -> EditorsAnswer | Response:
        """Returns the editors process's answer, or an error response if it gave none."""
        claim = claim_of(arrived.method, arrived.path, arrived.headers)
        try:
            return await self._ask(arrived, claim, environ, receive, served)
        except (Busy, BodyRefused, ClientGone, EditorsDown) as error:
            if isinstance(error, EditorsDown):
                log.warning("editors_down", error=str(error))
            REFUSED.labels(claim.kind, reason_of(error)).inc()
            return _refused(arrived, error, self.body_limits)

    async def _ask(
        self, arrived: EditorsRequest, claim: Claim, environ: dict[str, str], receive: Receive, served: Served | None
    ) -> EditorsAnswer:
        party, rank = self._party(claim, arrived.address)
        async with AsyncExitStack() as held:
            body = await held.enter_async_context(self._body(arrived, claim, receive, party, rank))
            with REQUESTS.labels(claim.kind, "waiting").track_inprogress():
                await held.enter_async_context(self.lanes[claim.kind].place(party, rank))
            held.enter_context(REQUESTS.labels(claim.kind, "under way").track_inprogress())
            more: dict[str, Any] = {
                "waited": time.perf_counter() - arrived.began,
                "served": None if served is None else encode_served(served),
            }
            answer = await self._client.ask(environ, body, more)
        self._remember_credential(claim, answer)
        return answer

    def _party(self, claim: Claim, address: str) -> tuple[str, Rank]:
        """Returns the party that a request counts for: the owner of a recently accepted credential, or its network."""
        owner = self.known.owner(claim.credential)
        return (owner, "known") if owner else (f"network {network(address)}", "unknown")

    def _body(self, arrived: EditorsRequest, claim: Claim, receive: Receive, party: str, rank: Rank) -> Any:
        declared = declared_length(arrived.headers)
        if arrived.is_api and claim.kind == "public":
            declared = 0  # Either refused for lack of a token or a GET of the reference: the body is not read.
        largest = largest_body(arrived.method, arrived.path, self.body_limits)
        return self.bodies[claim.kind].read(receive, declared, largest, party, rank)

    def _remember_credential(self, claim: Claim, answer: EditorsAnswer) -> None:
        """Remembers accepted credentials, and forgets refused ones."""
        if answer.actor is None:
            if claim.credential is not None and answer.status in NOT_ACCEPTED:
                self.known.refuse(claim.credential)
            return
        if claim.credential is not None:
            self.known.accept(claim.credential, answer.actor)
        for name, text in answer.headers:
            if name.lower() == "set-cookie" and (session := new_session(text)) is not None:
                self.known.accept(session, answer.actor)


Refusal = Busy | BodyRefused | ClientGone | EditorsDown


def reason_of(error: Refusal) -> Reason:
    """Returns the label under which a refusal is counted."""
    match error:
        case Busy():
            return "busy"
        case BodyRefused():
            return "slow-body" if error.status == HTTPStatus.REQUEST_TIMEOUT else "too-large"
        case ClientGone():
            return "client-gone"
        case EditorsNotAsked():
            return "editors-not-answering"
        case EditorsDown():
            return "editors-down"


def _refused(arrived: EditorsRequest, error: Refusal, limits: BodyLimits) -> Response:
    match error:
        case Busy():
            return refuse(arrived, HTTPStatus.SERVICE_UNAVAILABLE, "busy", BUSY, {"Retry-After": "1"})
        case BodyRefused():
            return _body_refused(arrived, error, limits)
        case ClientGone():
            return refuse(arrived, HTTPStatus.BAD_REQUEST, "bad-request", ENDED, {"Connection": "close"})
        case EditorsDown():
            words, seconds = (NOT_ASKED, "10") if isinstance(error, EditorsNotAsked) else (DOWN, "2")
            return refuse(arrived, HTTPStatus.SERVICE_UNAVAILABLE, "editors-down", words, {"Retry-After": seconds})


def _body_refused(arrived: EditorsRequest, error: BodyRefused, limits: BodyLimits) -> Response:
    if error.status == HTTPStatus.REQUEST_TIMEOUT:
        return refuse(arrived, error.status, "slow-body", SLOW, {"Connection": "close"})
    is_form = not arrived.is_api and not is_for_hub(arrived.path, arrived.method)
    detail = FORM_TOO_LARGE if is_form else too_large(arrived.method, arrived.path, limits)
    return refuse(arrived, error.status, "too-large", detail, {"Connection": "close"})


def refuse(arrived: EditorsRequest, status: HTTPStatus, kind: str, detail: str, headers: dict[str, str]) -> Response:
    """Returns an error response: problem details for the API, plain text for browsers."""
    if arrived.is_api:
        return Problem(status, kind, detail, headers=headers).response()
    more = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} | headers
    return Response(f"{detail}\n", status, more, content_type="text/plain; charset=utf-8")


def log_refused(arrived: EditorsRequest, status: int) -> None:
    """Logs a request that did not reach the editors process and so was not logged there."""
    ms = round((time.perf_counter() - arrived.began) * 1000, 1)
    log.info("request", method=arrived.method, path=None, status=status, ms=ms)
