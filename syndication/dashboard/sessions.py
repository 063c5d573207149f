"""Who is logged in, and where: all sessions for admins, and ending one's own or, for admins, another's."""

from flask import Response, flash, g, request, session
from werkzeug.wrappers import Response as BaseResponse

from syndication.api import sessions as api
from syndication.api.operations import caller, context
from syndication.dashboard.pages import LOGGED_IN, Pages, Question, back, call, page, parse_request
from syndication.store.access import sessions as stored
from syndication.store.access.sessions import Session
from syndication.web.problems import not_found

pages = Pages("sessions")


@pages.get("/sessions", "admin")
def show_sessions() -> Response:
    """Lists everybody's sessions."""
    return page("sessions.html", sessions=sessions_of(None), this_session=session_here())


END = Question(
    "End this session?",
    "{user} is logged out there at once: what is typed in an open form there is lost.",
    "End session",
    "/sessions",
)

END_OWN = Question(
    "End this session?",
    "You are logged out there at once: what is typed in an open form there is lost.",
    "End session",
    "/account",
)


@pages.post("/sessions/end", "admin", ask=END)
def end_session() -> BaseResponse:
    """Ends a session of anybody."""
    ended = call(api.end_session, path=parse_request(api.SessionPath, id=request.form.get("id", "")))
    flash(f"Session ended: {ended.user} is logged out there.")
    return back("/sessions")


@pages.post("/account/sessions/end", LOGGED_IN, ask=END_OWN)
def end_own_session() -> BaseResponse:
    """Ends one of the user's own sessions."""
    id, database = request.form.get("id", ""), context().database
    with database.write() as conn:
        ended = stored.end_by_id(conn, id, caller().actor, database.now(conn), g.user.id)
    if ended is None:
        raise not_found(f"session {id[:100]!r}")
    flash("Session ended: you are logged out there.")
    return back("/account")


def sessions_of(user_id: str | None) -> list[Session]:
    """Returns the sessions of a user, or of everybody."""
    database = context().database
    with database.read() as conn:
        return stored.list_sessions(conn, database.now(conn), user_id)


def session_here() -> str:
    """Returns the id of this browser's session."""
    return stored.session_id(stored.hash_secret(session["login"]))
