"""Withdraws articles from every feed, and restores them."""

from typing import Literal

from syndication.api.articles import operation
from syndication.api.deliveries import read_delivery
from syndication.api.operations import caller, context
from syndication.api.schemas import ArticlePath, ResponseModel
from syndication.api.visibility import check_exists
from syndication.store.articles.withdrawals import get_withdrawal, restore, withdraw

TAKEN_OVER = "The article was out already. It now stays out until someone restores it, whatever its sender does."


class WithdrawalResponse(ResponseModel):
    """The outcome of a withdrawal or a restoration. ``message`` says how far it has come: GET delivery follows it."""

    id: str
    outcome: Literal["withdrawn", "restored", "unchanged"]
    message: str


@operation("POST", "/articles/<article:id>/withdraw", "write", {200: WithdrawalResponse})
def withdraw_article(path: ArticlePath) -> WithdrawalResponse:
    """Withdraw an article from every feed until it is restored.

    A deleted article then stays out if it is sent again. Caches keep copies for the sections' cache times. The response
    says that it is stored: follow it at /articles/{id}/delivery until it is served.
    """
    out = _known(path.id)
    with context().database.read() as conn:
        before = get_withdrawal(conn, path.id)
    withdraw(context().database, [path.id], by=caller().actor)
    if before is not None and before.is_automatic:
        return WithdrawalResponse(id=path.id, outcome="withdrawn", message=TAKEN_OVER)
    if out:
        return WithdrawalResponse(id=path.id, outcome="unchanged", message="The article was already withdrawn.")
    return WithdrawalResponse(id=path.id, outcome="withdrawn", message=_progress(path.id))


@operation("POST", "/articles/<article:id>/restore", "write", {200: WithdrawalResponse})
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


def _progress(id: str) -> str:
    """Returns how far it has come right now."""
    with context().database.snapshot() as conn:
        return read_delivery(conn, id, check_exists(conn, id)).words


def _known(id: str) -> bool:
    """Returns whether the article is withdrawn; raises a 404 Problem unless it exists for the caller."""
    with context().database.read() as conn:
        return check_exists(conn, id).exposure.withdrawn
