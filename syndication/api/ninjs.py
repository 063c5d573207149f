"""Receives ninjs, IPTC's news in JSON, from Superdesk's HTTP Push and from agencies."""

from http import HTTPStatus
from typing import Literal

from flask import request
from pydantic import Field

from syndication.api.ninjs_delivery import Delivery, deliver, version_of
from syndication.api.operations import PUBLIC, Operations, context
from syndication.api.schemas import RequestModel, ResponseModel
from syndication.api.signatures import check_signature
from syndication.api.write_outcomes import DateOutcome
from syndication.importing.ninjs import signature
from syndication.importing.ninjs.article import not_taken
from syndication.importing.ninjs.item import InvalidItemError, Item, read_item
from syndication.importing.ninjs.rules import rules_of
from syndication.model.json_types import Text
from syndication.store.access.audit_log import AGENCY, Actor
from syndication.web.problems import FieldProblem, Problem
from syndication.web.request_log import set_actor

operation = Operations("ninjs", "ninjs", "Superdesk and agencies can send stories as ninjs (IPTC), with a signature.")


class NinjsResponse(ResponseModel):
    """What became of a story.

    ``withdrawn``: it is canceled or withheld. ``ignored``: nothing was changed, and ``message`` says why; there is no
    need to send it again. The others, ``date``, ``warnings`` and ``kept`` are as in the outcome of a PUT.
    """

    id: str
    outcome: Literal["created", "updated", "unchanged", "kept_out", "withdrawn", "ignored"]
    date: DateOutcome | None
    message: str | None
    warnings: list[FieldProblem]
    kept: list[str]


class AssetPath(RequestModel):
    """The id that Superdesk gives to a file."""

    media_id: Text = Field(max_length=500)


class AssetResponse(ResponseModel):
    """What Superdesk should know of a file."""

    media_id: str
    message: str


@operation("POST", "/webhooks/ninjs", PUBLIC, {200: NinjsResponse}, problems=(409,))
def receive_ninjs() -> NinjsResponse:
    """Receive a story as ninjs 1.x, 2.x or 3.x, as IPTC defines it or as Superdesk's HTTP Push sends it.

    The request is signed with the setting ninjs.secret, in one of two ways: x-superdesk-signature is "sha1=" and the
    HMAC-SHA1 of the body in hexadecimal, and requires that the story has a number as version, or versioncreated;
    webhook-id, webhook-timestamp and webhook-signature are as for articles. An older version of a story is ignored,
    and, with x-superdesk-signature, one that cannot be compared with the last. Media, events and parts of stories are
    ignored too, with 200: Superdesk stops its queue at an error. Properties that no article has are not read.
    """
    here = context()
    try:
        item = read_item(request.get_json(silent=True))
        if not _is_dated():
            _check_order(item)
        actor = Actor(AGENCY, request.remote_addr or "unknown")
        set_actor(actor)
        refused = not_taken(item) if item.pub_status != "canceled" else None
        id = request.headers["webhook-id"] if _is_dated() else None
        outcome = deliver(here, Delivery(item, rules_of(here.settings), id, refused), actor)
    except InvalidItemError as error:
        raise _invalid(error) from error
    return NinjsResponse.model_validate(outcome._asdict())


@operation("GET", "/webhooks/ninjs/assets/<path:media_id>", PUBLIC, {200: AssetResponse})
def get_ninjs_asset(path: AssetPath) -> AssetResponse:
    """Tell Superdesk that a file need not be sent.

    Superdesk asks for each picture before it pushes it to its setting "Assets URL". Feeds link to pictures where
    Superdesk serves them, so none is stored, and the answer is the same for each id.
    """
    return AssetResponse(media_id=path.media_id, message="Files are not stored here: feeds link to Superdesk's own.")


def check(secret: str) -> None:
    """Raises Problem unless the request has one of the two signatures, made with ``secret``."""
    if not secret:
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", "The ninjs webhook is not enabled: ninjs.secret is not set.")
    if _is_dated():
        check_signature(secret)
        return
    sent = request.headers.get(signature.HEADER)
    address = request.remote_addr or "unknown"
    if sent is None:
        detail = f"The header {signature.HEADER} is required, or webhook-id, webhook-timestamp and webhook-signature."
        raise context().access.refuse(address, detail)
    if not signature.is_signed(secret, request.get_data(), sent):
        detail = f"{signature.HEADER} does not match this body and the shared secret."
        raise context().access.refuse(address, detail)


def _is_dated() -> bool:
    """Returns whether the request is signed as in Standard Webhooks, which names the time."""
    return "webhook-signature" in request.headers


def _check_order(item: Item) -> None:
    """Raises InvalidItemError unless a copy of an earlier request would be known as older."""
    if not version_of(item).has_order:
        found = "is missing" if item.version is None else "is not a number"
        rule = f"with {signature.HEADER}, a story needs a number as version, or {item.names['updated_at']}"
        words = f"{found}: {rule}. Without them, copies of older requests could not be recognized"
        raise InvalidItemError([("version", words)])


def _invalid(error: InvalidItemError) -> Problem:
    more = f" (and {len(error.errors) - 1:,} more)" if len(error.errors) > 1 else ""
    errors = [(field or "the body", words) for field, words in error.errors]
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"{error}{more}", errors=errors)
