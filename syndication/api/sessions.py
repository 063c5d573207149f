"""Sessions: who is logged in to the dashboard, and where."""

from typing import Annotated

from pydantic import Field

from syndication.api.operations import Operations, caller, context, instant
from syndication.api.schemas import Reference, RequestModel, ResponseModel, Time
from syndication.model.json_types import Text
from syndication.store.access import sessions as stored
from syndication.store.access import users
from syndication.store.access.sessions import Session
from syndication.web.problems import not_found

operation = Operations(
    "sessions", "Sessions", "Browsers that are logged in to the dashboard; all operations need the scope admin."
)


class SessionPath(RequestModel):
    """A session's id, which opens nothing."""

    id: Reference


class SessionsQuery(RequestModel):
    """The user whose sessions to list; by default, those of everybody."""

    user: Annotated[Text, Field(max_length=100)] | None = None


class SessionResponse(ResponseModel):
    """A browser that is logged in: since when, from which address, and what it says that it is."""

    id: str
    user: str
    created_at: Time
    expires_at: Time
    source: str
    browser: str | None


class SessionsResponse(ResponseModel):
    """Sessions, the newest first; at most 1,000."""

    sessions: list[SessionResponse]


@operation("GET", "/sessions", "admin", {200: SessionsResponse})
def list_sessions(query: SessionsQuery) -> SessionsResponse:
    """List who is logged in to the dashboard, and where."""
    database = context().database
    with database.read() as conn:
        user = None
        if query.user is not None and (user := users.find_by_name(conn, query.user)) is None:
            raise not_found(f"user {query.user!r}")
        found = stored.list_sessions(conn, database.now(conn), user.id if user else None)
    return SessionsResponse(sessions=[_response(session) for session in found])


@operation("DELETE", "/sessions/<id>", "admin", {200: SessionResponse})
def end_session(path: SessionPath) -> SessionResponse:
    """End a session: the browser is logged out at its next request."""
    database = context().database
    with database.write() as conn:
        now = database.now(conn)
        found = next((session for session in stored.list_sessions(conn, now) if session.id == path.id), None)
        if found is None or stored.end_by_id(conn, path.id, caller().actor, now) is None:
            raise not_found(f"session {path.id!r}")
    return _response(found)


def _response(session: Session) -> SessionResponse:
    return SessionResponse(
        id=session.id,
        user=session.user,
        created_at=instant(session.created_at),
        expires_at=instant(session.expires_at),
        source=session.source,
        browser=session.browser,
    )
