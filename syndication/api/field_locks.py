"""Locks of an article's fields, so that the next write of a CMS or a source does not undo what an editor corrected."""

from pydantic import Field

from syndication.api.articles import operation
from syndication.api.operations import caller, context, instant
from syndication.api.schemas import ArticlePath, ResponseModel, Time
from syndication.api.visibility import visible_outline
from syndication.model.json_types import StrictModel
from syndication.store import Connection
from syndication.store.articles import field_locks as store
from syndication.store.articles.articles import lock
from syndication.store.articles.field_locks import LockableField
from syndication.store.articles.last_writer import find_owner


class LocksRequest(StrictModel):
    """The fields that are locked from now on; every other one is released."""

    fields: list[LockableField] = Field(max_length=len(store.LOCKABLE))


class FieldLockResponse(ResponseModel):
    """A locked field; ``by`` is who locked it."""

    field: LockableField
    at: Time
    by: str


class LocksResponse(ResponseModel):
    """The locked fields of an article: writes by tokens, webhooks, sources and imports keep their stored values.

    ``owner`` is the program whose next write replaces every other field: the source of the article, or whoever wrote it
    last. It is null if a person did, or nobody knows.
    """

    id: str
    owner: str | None
    locks: list[FieldLockResponse]


@operation("GET", "/articles/<article:id>/locks", "read", {200: LocksResponse})
def list_locks(path: ArticlePath) -> LocksResponse:
    """List the locked fields of an article."""
    with context().database.snapshot() as conn:
        visible_outline(conn, path.id)
        return _locks(conn, path.id)


@operation("PUT", "/articles/<article:id>/locks", "write", {200: LocksResponse})
def set_locks(path: ArticlePath, body: LocksRequest) -> LocksResponse:
    """Lock fields of an article, and release its others.

    Writes by tokens, webhooks, sources and imports then keep the stored values of these fields, and name them in
    ``kept``. Editors in the dashboard change them all the same. An empty list releases everything.
    """
    database = context().database
    with database.write() as conn:
        visible_outline(conn, path.id)
        lock(conn, [path.id])
        store.set_locks(conn, path.id, body.fields, caller().actor, database.now(conn))
        return _locks(conn, path.id)


def _locks(conn: Connection, id: str) -> LocksResponse:
    found = store.list_locks(conn, [id]).get(id, ())
    locks = [
        FieldLockResponse.model_validate({"field": one.field, "at": instant(one.at), "by": one.by}) for one in found
    ]
    return LocksResponse(id=id, owner=find_owner(conn, id), locks=locks)
