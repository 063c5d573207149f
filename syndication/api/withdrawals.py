"""Taking an article out of every feed, and bringing it back: the only way back that there is."""

from typing import Literal

from flask import Response

from syndication.api.articles import operation
from syndication.api.operations import caller, context, respond
from syndication.api.schemas import ArticlePath, ResponseModel
from syndication.api.visibility import check_exists
from syndication.store.articles.withdrawals import restore, withdraw


class WithdrawalResponse(ResponseModel):
    """What came of a withdrawal or of a restoration."""

    id: str
    outcome: Literal["withdrawn", "restored", "unchanged"]
    message: str


@operation("POST", "/articles/<article:id>/withdraw", "write", {200: WithdrawalResponse})
def withdraw_article(path: ArticlePath) -> Response:
    """Take an article out of every feed, until it is restored. Copies in caches live for the sections' cache times."""
    out = _known(path.id)
    withdraw(context().database, [path.id], by=caller().actor)
    if out:
        return respond(WithdrawalResponse(id=path.id, outcome="unchanged", message="It was out already."))
    return respond(
        WithdrawalResponse(id=path.id, outcome="withdrawn", message="It leaves every feed within a second or so.")
    )


@operation("POST", "/articles/<article:id>/restore", "write", {200: WithdrawalResponse})
def restore_article(path: ArticlePath) -> Response:
    """Bring a withdrawn article back: nothing else does. One whose row was deleted may be written again afterwards."""
    out = _known(path.id)
    missing = restore(context().database, [path.id], by=caller().actor)
    if not out:
        return respond(WithdrawalResponse(id=path.id, outcome="unchanged", message="It was not out."))
    back = "Its row is gone: put it again." if missing else "It is back in its feeds within a second or so."
    return respond(WithdrawalResponse(id=path.id, outcome="restored", message=back))


def _known(id: str) -> bool:
    """Whether the article is out; raises the 404 of one that there is not, or not for the caller."""
    with context().database.read() as conn:
        return check_exists(conn, id).exposure.withdrawn
