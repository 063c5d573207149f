"""Withdraws articles from every feed, one or several at once, restores them, and undoes a withdrawal."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from syndication.api.articles import operation as article_operation
from syndication.api.deliveries import DeliveryQuery, progress_fields, read_delivery, read_web
from syndication.api.operations import Operations, caller, context, instant
from syndication.api.schemas import ArticlePath, IdPath, ResponseModel, Time
from syndication.api.visibility import check_exists, visibilities, visible_outlines, visible_states
from syndication.diagnostics.batch_delivery import BatchDelivery, batch_delivery
from syndication.diagnostics.delivery import NO_TITLES, Stage
from syndication.diagnostics.withdrawal_words import outcome_words, summary, undone_words
from syndication.model.field_limits import MAX_REASON, MAX_WITHDRAWALS
from syndication.model.json_types import Id, StrictModel, Text
from syndication.model.reasons import plain_reason
from syndication.store import Connection
from syndication.store.articles import withdrawal_batches as store
from syndication.store.articles.batch_facts import read_batch_facts
from syndication.store.articles.withdrawal_batches import BatchArticle, Outcome, Undone, WithdrawalBatch
from syndication.store.articles.withdrawals import restore
from syndication.web.problems import Problem, not_found

TAKEN_OVER = "The article was out already. It now stays out until someone restores it, whatever its sender does."

operation = Operations("withdrawals", "Withdrawals", "Withdraw several articles by one act, and undo it.")

Reason = Annotated[
    Annotated[Text, Field(max_length=MAX_REASON), AfterValidator(plain_reason)] | None,
    Field(description="For the newsroom, one line; no feed shows it."),
]


class WithdrawRequest(StrictModel):
    """Why the article is withdrawn. The body may be missing."""

    reason: Reason = None

    @model_validator(mode="before")
    @classmethod
    def _may_be_missing(cls, value: Any) -> Any:
        return {} if value is None else value


class WithdrawalRequest(StrictModel):
    """The articles to withdraw, and why."""

    ids: list[Id] = Field(min_length=1, max_length=MAX_WITHDRAWALS)
    reason: Reason = None


class WithdrawalResponse(ResponseModel):
    """The outcome of a withdrawal or a restoration. ``message`` says how far it has come: GET delivery follows it.

    ``withdrawal`` is the act, which POST /withdrawals/{id}/undo undoes; null if nothing was withdrawn.
    """

    id: str
    outcome: Literal["withdrawn", "restored", "unchanged"]
    message: str
    withdrawal: str | None = None


class WithdrawnArticle(ResponseModel):
    """What the act did with one article, and what undoing it did (null: nothing yet), each explained.

    ``title`` is null if the article is deleted, or if you may not read it.
    """

    id: str
    title: str | None
    outcome: Outcome
    message: str
    undone: Undone | None
    undone_message: str | None


class WithdrawalBatchResponse(ResponseModel):
    """One act. ``can_undo``: undoing it, until ``undo_until``, would restore something. ``message`` sums it up."""

    id: str
    at: Time
    by: str
    reason: str | None
    message: str
    undo_until: Time
    can_undo: bool
    undone_at: Time | None
    undone_by: str | None
    articles: list[WithdrawnArticle]


class WithdrawalDeliveryResponse(ResponseModel):
    """How far the withdrawal, or its undoing, has come. ``served``: it has arrived everywhere.

    ``still_shown`` is the number of withdrawn articles that a feed still has. The other fields are those of an
    article's delivery.
    """

    id: str
    stage: Stage
    served: bool
    blocked: bool
    message: str
    sections: list[str]
    still_shown: int
    web_processes: int
    behind: int
    publication: int | None


@article_operation("POST", "/articles/<article:id>/withdraw", "write", {200: WithdrawalResponse}, problems=(409,))
def withdraw_article(path: ArticlePath, body: WithdrawRequest) -> WithdrawalResponse:
    """Withdraw an article from every feed until it is restored.

    A deleted article then stays out if it is sent again. Caches keep copies for the sections' cache times. The response
    says that it is stored: follow it at /articles/{id}/delivery until it is served.
    """
    _known(path.id)
    batch = store.withdraw_together(context().database, [path.id], caller().actor, body.reason)
    (done,) = batch.articles
    if done.outcome == "failed":
        raise Problem(HTTPStatus.CONFLICT, "rejected", outcome_words(done))
    if done.outcome == "unknown":
        raise not_found(f"article {path.id!r}")
    if done.outcome == "unchanged":
        return WithdrawalResponse(id=path.id, outcome="unchanged", message="The article was already withdrawn.")
    message = TAKEN_OVER if done.outcome == "taken-over" else _progress(path.id)
    return WithdrawalResponse(id=path.id, outcome="withdrawn", message=message, withdrawal=batch.id)


@article_operation("POST", "/articles/<article:id>/restore", "write", {200: WithdrawalResponse})
def restore_article(path: ArticlePath) -> WithdrawalResponse:
    """Restore a withdrawn article.

    One that was deleted as well is published when it is sent again.
    """
    out = _known(path.id)
    missing = restore(context().database, [path.id], by=caller().actor)
    if not out:
        return WithdrawalResponse(id=path.id, outcome="unchanged", message="The article was not withdrawn.")
    back = "The article was deleted: send it again to publish it." if missing else _progress(path.id)
    return WithdrawalResponse(id=path.id, outcome="restored", message=back)


@operation("POST", "/withdrawals", "write", {200: WithdrawalBatchResponse})
def withdraw_articles(body: WithdrawalRequest) -> WithdrawalBatchResponse:
    """Withdraw up to 200 articles from every feed until they are restored.

    It is one act: it can be undone within an hour. An article that cannot be withdrawn is named, with the reason, and
    the others are withdrawn. Follow it at /withdrawals/{id}/delivery until it is served.
    """
    who = caller()
    with context().database.read() as conn:
        unknown = [id for id, found in visibilities(conn, body.ids, who).items() if not found.exists]
    batch = store.withdraw_together(context().database, body.ids, who.actor, body.reason, unknown)
    return _response(batch)


@operation("GET", "/withdrawals/<id>", "write", {200: WithdrawalBatchResponse})
def get_withdrawal_batch(path: IdPath) -> WithdrawalBatchResponse:
    """Get what an act withdrew. It is kept for 30 days."""
    with context().database.read() as conn:
        return _response(_batch(conn, path.id))


@operation("POST", "/withdrawals/<id>/undo", "write", {200: WithdrawalBatchResponse}, problems=(409,))
def undo_withdrawal(path: IdPath) -> WithdrawalBatchResponse:
    """Undo a withdrawal, within an hour.

    Restores exactly what the act withdrew. Articles that were withdrawn before stay out; what was restored, withdrawn
    again or changed since is named. Repeating the request tries again what failed, and nothing else.
    """
    try:
        batch = store.undo(context().database, path.id, caller().actor)
    except store.TooLateError as error:
        raise Problem(HTTPStatus.CONFLICT, "too-late", str(error)) from error
    if batch is None:
        raise not_found(f"withdrawal {path.id!r}")
    return _response(batch)


@operation("GET", "/withdrawals/<id>/delivery", "write", {200: WithdrawalDeliveryResponse})
def get_withdrawal_delivery(
    path: IdPath, query: DeliveryQuery, titles: Mapping[str, str] = NO_TITLES
) -> WithdrawalDeliveryResponse:
    """Follow a withdrawal of several articles, or its undoing, until every web process serves it.

    Poll it, at most once a second, with the publication of the response before.
    """
    with context().database.snapshot() as conn:
        batch = _batch(conn, path.id)
        return _delivery_response(batch.id, _read_delivery(conn, batch, query.publication, titles))


def _read_delivery(
    conn: Connection, batch: WithdrawalBatch, since: int | None, titles: Mapping[str, str]
) -> BatchDelivery:
    settings, now = context().settings, context().database.now(conn)
    undone = batch.undone_at is not None
    returned = ("restored", "restored-changed")
    wanted = [one.id for one in batch.made_out if not undone or one.undone in returned]
    facts = read_batch_facts(conn, _seen(conn, wanted), settings.selections, now)
    facts = facts.seen_by_all(visible_states(conn, facts.states)) if not caller().may("preview") else facts
    return batch_delivery(facts, settings.sections, read_web(conn, now), since, titles, restored=undone)


def _seen(conn: Connection, ids: list[str]) -> list[str]:
    found = visibilities(conn, ids, caller())
    return [id for id in ids if found[id].exists]


def _delivery_response(id: str, found: BatchDelivery) -> WithdrawalDeliveryResponse:
    return WithdrawalDeliveryResponse(id=id, still_shown=found.still_shown, **progress_fields(found))


def _batch(conn: Connection, id: str) -> WithdrawalBatch:
    batch = store.get_batch(conn, id)
    if batch is None:
        raise not_found(f"withdrawal {id!r}")
    return batch


def _response(batch: WithdrawalBatch) -> WithdrawalBatchResponse:
    """Returns the act as far as the caller may see it: of others' acts, no article that does not exist for the caller.

    A reason may say what must not be public, so it is for those who may preview, and for whoever gave it.
    """
    who = caller()
    own = batch.by == who.actor.name
    with context().database.snapshot() as conn:
        ids = [one.id for one in batch.articles]
        exists = visibilities(conn, ids, who)
        outlines = visible_outlines(conn, [id for id in ids if exists[id].exists])
    shown = [one for one in batch.articles if own or exists[one.id].exists]
    return WithdrawalBatchResponse(
        id=batch.id,
        at=instant(batch.at),
        by=batch.by,
        reason=batch.reason if own or who.may("preview") else None,
        message=summary(batch),
        undo_until=instant(batch.undo_until),
        can_undo=batch.may_be_undone(who.now),
        undone_at=instant(batch.undone_at),
        undone_by=batch.undone_by,
        articles=[_article(one, outlines[one.id].title if one.id in outlines else None) for one in shown],
    )


def _article(one: BatchArticle, title: str | None) -> WithdrawnArticle:
    return WithdrawnArticle(
        id=one.id,
        title=title,
        outcome=one.outcome,
        message=outcome_words(one),
        undone=one.undone,
        undone_message=undone_words(one),
    )


def _progress(id: str) -> str:
    """Returns how far it has come right now."""
    with context().database.snapshot() as conn:
        return read_delivery(conn, id, check_exists(conn, id)).words


def _known(id: str) -> bool:
    """Returns whether the article is withdrawn; raises a 404 Problem unless it exists for the caller."""
    with context().database.read() as conn:
        return check_exists(conn, id).exposure.withdrawn
