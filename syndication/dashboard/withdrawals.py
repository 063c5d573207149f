"""Several stories withdrawn at once: chosen in a list, asked about once, followed until served, and undone."""

from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from flask import Response, flash, request
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import withdrawals as api
from syndication.api.deliveries import DeliveryQuery
from syndication.api.operations import caller, context
from syndication.api.schemas import IdPath
from syndication.api.visibility import visibilities, visible_outlines
from syndication.api.withdrawals import WithdrawalDeliveryResponse
from syndication.dashboard.pages import CONFIRMED, Pages, back, call, page, parse_request, titles
from syndication.model.field_limits import MAX_WITHDRAWALS
from syndication.store.articles.batch_facts import BatchFacts, read_batch_facts
from syndication.web.problems import Problem

pages = Pages("withdrawals")

REASONS = (
    "Published by mistake", "Factual error", "Legal complaint", "Privacy or safety of a person", "Duplicate",
    "Rights have ended", "Withdrawn by the agency",
)  # fmt: skip
"""Common reasons, which the forms suggest."""

ORIGINS = ("/articles", "/sections/")
"""What the address of a list begins with, to which a question may return."""


@pages.post("/withdrawals", "write")
def withdraw_many() -> BaseResponse:
    """Asks once about the chosen stories, and withdraws them when that is confirmed."""
    ids = _chosen()
    if request.form.get(CONFIRMED) != "1":
        return _ask(ids)
    reason = request.form.get("reason", "")
    try:
        body = parse_request(api.WithdrawalRequest, ids=ids, reason=reason)
    except Problem as problem:
        return _ask(ids, reason, problem.detail)
    return back(f"/withdrawals/{call(api.withdraw_articles, body=body).id}")


@pages.get("/withdrawals/<id>", "write")
def show_withdrawal(id: str) -> Response:
    """Shows what became of each story, how far the feeds are, and offers to undo it."""
    path = _path(id)
    batch = call(api.get_withdrawal_batch, path=path)
    return page("withdrawal.html", batch=batch, delivery=_delivery(path))


@pages.post("/withdrawals/<id>/undo", "write")
def undo(id: str) -> BaseResponse:
    """Undoes a withdrawal; one of a single story returns to its page."""
    batch = call(api.undo_withdrawal, path=_path(id))
    if len(batch.articles) != 1:
        return back(f"/withdrawals/{id}")
    (article,) = batch.articles
    if article.undone != "restored":
        flash(article.undone_message or batch.message)
    return back("/article", id=article.id, followed="1" if article.undone in ("restored", "restored-changed") else None)


@pages.get("/live/withdrawals/<id>", "write")
def live_withdrawal(id: str) -> Response:
    """Returns how far a withdrawal, or its undoing, has come, until it is served."""
    return page("parts/withdrawal_delivery.html", delivery=_delivery(_path(id)))


def asked_reason() -> str:
    """Returns the reason as it was typed in a form."""
    return request.form.get("reason", "")


def _path(id: str) -> IdPath:
    return parse_request(IdPath, id=id)


def _delivery(path: IdPath) -> WithdrawalDeliveryResponse:
    query = parse_request(DeliveryQuery, publication=request.args.get("publication") or None)
    return call(api.get_withdrawal_delivery, path=path, query=query, titles=titles())


def _chosen() -> list[str]:
    """Returns the stories that were ticked, or all of the page. Fields have them encoded: browsers change line ends."""
    field = "listed" if request.form.get("what") == "page" else "id"
    ids = list(dict.fromkeys(unquote(value) for value in request.form.getlist(field)))
    if not ids:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "Select at least one story.")
    if len(ids) > MAX_WITHDRAWALS:
        words = f"Select at most {MAX_WITHDRAWALS} stories at once. Nothing was withdrawn."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", words)
    return ids


def _ask(ids: list[str], reason: str = "", error: str | None = None) -> Response:
    """Returns the question: the stories with the feeds that have each of them."""
    settings = context().settings
    with context().database.snapshot() as conn:
        exists = visibilities(conn, ids, caller())
        known = [id for id in ids if exists[id].exists]
        outlines = visible_outlines(conn, known)
        facts = read_batch_facts(conn, known, settings.selections, context().database.now(conn))
    feeds = [slug for slug in settings.sections if facts.shown.get(slug)]
    return page(
        "withdraw_many.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        stories=[_story(id, outlines, facts, feeds) for id in ids],
        feeds=[titles()[slug] for slug in feeds],
        copies=max((settings.sections[slug].cache.longest_copy for slug in feeds), default=0),
        reason=reason,
        reasons=REASONS,
        error=error,
        origin=_origin(),
    )


def _story(id: str, outlines: Any, facts: BatchFacts, feeds: list[str]) -> dict[str, Any]:
    return {
        "id": id,
        "title": outlines[id].title if id in outlines else None,
        "known": id in facts.ids,
        "out": id in facts.out,
        "feeds": [titles()[slug] for slug in feeds if id in facts.shown[slug]],
    }


def _origin() -> str:
    """Returns the list from which the form came."""
    given = request.form.get("from", "")
    return given if given.startswith(ORIGINS) else "/articles"
