"""Declaring and rendering pages, and calling the API's operations."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, redirect, render_template, request
from pydantic import BaseModel, ValidationError
from werkzeug.wrappers import Response as BaseResponse

from syndication.api.operations import Operations, caller, context
from syndication.model.scopes import who_may
from syndication.model.values import ALL
from syndication.web.problems import Problem, invalid

PREFIX = "/editors"

PUBLIC = "public"
"""The scope of pages that require no login: the login itself."""

LOGGED_IN = "logged-in"
"""The scope of pages that any logged-in user may use."""

View = Callable[..., BaseResponse]
V = TypeVar("V", bound=View)
M = TypeVar("M", bound=BaseModel)
R = TypeVar("R")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No inline scripts or styles, nothing from other origins."""


_CSRF_FIELD = re.compile(r'<input[^>]* name="csrf_token"[^>]*>')

CONFIRMED = "confirmed"
"""The field of a form that was confirmed."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a form asks once before it takes something away; ``{name}`` and the like are fields of it or its address."""

    title: str
    words: str
    button: str
    cancel: str
    only: tuple[str, str] | None = None
    """A field and its value: without it, the form asks nothing."""


class Pages:
    """The pages of one subject; ``scopes`` holds the required scope by endpoint."""

    scopes: dict[str, str] = {}  # noqa: RUF012  # one table for all pages, filled on import

    def __init__(self, name: str) -> None:
        self.name = name
        self.blueprint = Blueprint(name, __name__, url_prefix=PREFIX)

    def get(self, rule: str, scope: str) -> Callable[[V], V]:
        """Declares the decorated function as the page at ``rule``."""
        return self._declare("GET", rule, scope)

    def post(self, rule: str, scope: str, ask: Question | None = None) -> Callable[[V], V]:
        """Declares the decorated function as the handler of a form; ``ask`` is shown before, until it is confirmed."""
        return self._declare("POST", rule, scope, ask)

    def _declare(self, method: str, rule: str, scope: str, ask: Question | None = None) -> Callable[[V], V]:
        def declare(view: V) -> V:
            handler = _asking(view, ask) if ask is not None else view
            self.blueprint.add_url_rule(rule, view.__name__, handler, methods=[method])
            self.scopes[f"{self.name}.{view.__name__}"] = scope
            return view

        return declare


def page(template: str, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> Response:
    """Returns a rendered page, which no cache may store."""
    return html(render_template(f"dashboard/{template}", **values), status)


def _asking(view: View, ask: Question) -> View:
    """Returns a view that answers an unconfirmed form with the question, which sends the same form again."""

    @wraps(view)
    def asking(**values: Any) -> BaseResponse:
        form = request.form
        if form.get(CONFIRMED) == "1" or (ask.only is not None and form.get(ask.only[0]) != ask.only[1]):
            return view(**values)
        known = defaultdict(str, {**request.args.to_dict(), **form.to_dict(), **values})
        title, words = (text.format_map(known) for text in (ask.title, ask.words))
        cancel = ask.cancel.format_map(defaultdict(str, {name: quote(value, safe="") for name, value in known.items()}))
        kept = [(name, value) for name, value in form.items(multi=True) if name not in ("csrf_token", CONFIRMED)]
        return page("ask.html", title=title, words=words, button=ask.button, cancel=cancel, kept=kept)

    return asking


def html(text: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Returns rendered HTML as a response."""
    return Response(text, status.value, content_type="text/html; charset=utf-8")


def live_part(template: str, **values: Any) -> Response:
    """Returns a live part, which asks for changes since ``digest`` next time; 204 if it is unchanged."""
    bare = render_template(f"dashboard/{template}", digest="", **values)
    # The token of its forms is another one in each response.
    digest = hashlib.sha256(_CSRF_FIELD.sub("", bare).encode()).hexdigest()[:16]
    if request.args.get("seen") == digest:
        return Response(status=HTTPStatus.NO_CONTENT)
    return html(bare.replace("seen=", f"seen={digest}", 1))


def expired_part(part: str, words: str) -> Response:
    """Returns a replacement for an expired live part; it polls no more."""
    return html(render_template("dashboard/parts/gone.html", part=part, words=words))


def back(path: str, **query: Any) -> BaseResponse:
    """Redirects after a form (303), so that reloading does not send the form again."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return redirect(f"{PREFIX}{path}{'?' + urlencode(given, doseq=True) if given else ''}", HTTPStatus.SEE_OTHER)


def call(operation: Callable[..., R], **asked: Any) -> R:
    """Returns what an API operation returns, called in this process for the current user.

    Permissions, visibility and the audit log are therefore decided in one place. Raises Problem.
    """
    scope = Operations.needs[operation]
    if not caller().may(scope):
        raise missing_scope(scope)
    return operation(**asked)


def parse_request(model: type[M], **values: Any) -> M:
    """Returns form or query values as a model of the API; raises Problem if they are invalid."""
    try:
        return model.model_validate({name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        raise invalid(error) from error


def selected_scopes() -> list[str]:
    """Returns the scopes selected in a form; raises Problem if there are none."""
    scopes = request.form.getlist("scope")
    if not scopes:
        words = "Choose at least one permission."
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", words, errors=[("scope", words)])
    return scopes


def selected_role() -> dict[str, Any]:
    """Returns the role that a form names, or the scopes ticked in it; raises Problem if there are none."""
    role = request.form.get("role", "custom")
    return {"scopes": selected_scopes()} if role == "custom" else {"role": role}


def titles() -> dict[str, str]:
    """Returns section titles by slug; the feed of all articles would otherwise have the newsroom's own title."""
    sections = context().settings.sections
    return {slug: "All stories" if slug == ALL else section.title for slug, section in sections.items()}


def missing_scope(scope: str) -> Problem:
    """Returns the error for a user without the scope."""
    detail = f"You need the {scope} permission for this, which {who_may(scope)} have. Ask an admin to grant it."
    return Problem(HTTPStatus.FORBIDDEN, "scope", detail)


def is_live() -> bool:
    """Returns whether the page's script requests a live part."""
    return "HX-Request" in request.headers
