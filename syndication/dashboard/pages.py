"""How a page of the dashboard is declared, filled and sent; and how it asks the API."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

from flask import Blueprint, Response, g, redirect, render_template, request
from pydantic import BaseModel, ValidationError
from werkzeug.wrappers import Response as BaseResponse

from syndication.api.operations import Operations, caller, context
from syndication.model.values import ALL
from syndication.web.problems import Problem, invalid

PREFIX = "/editors"

PUBLIC = "anybody"
"""The scope of what needs nobody to be logged in: logging in, and the style sheet."""

LOGGED_IN = "person"
"""The scope of what everybody who is logged in may."""

View = Callable[..., BaseResponse]
V = TypeVar("V", bound=View)
M = TypeVar("M", bound=BaseModel)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No inline script or style, nothing from elsewhere."""


class Pages:
    """One subject's pages; ``scopes`` is the table of who may, by endpoint."""

    scopes: dict[str, str] = {}  # noqa: RUF012  # one table for the whole dashboard, filled when modules are imported

    def __init__(self, name: str) -> None:
        self.name = name
        self.blueprint = Blueprint(name, __name__, url_prefix=PREFIX)

    def get(self, rule: str, scope: str) -> Callable[[V], V]:
        """Declare the decorated function as the page at ``rule``."""
        return self._declare("GET", rule, scope)

    def post(self, rule: str, scope: str) -> Callable[[V], V]:
        """Declare the decorated function as what a form does."""
        return self._declare("POST", rule, scope)

    def _declare(self, method: str, rule: str, scope: str) -> Callable[[V], V]:
        def declare(view: V) -> V:
            self.blueprint.add_url_rule(rule, view.__name__, view, methods=[method])
            self.scopes[f"{self.name}.{view.__name__}"] = scope
            return view

        return declare


def page(template: str, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> Response:
    """A page, which no cache may keep."""
    return html(render_template(f"dashboard/{template}", **values), status)


def html(text: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """HTML that was rendered before."""
    return Response(text, status.value, content_type="text/html; charset=utf-8")


def expired_part(part: str, words: str) -> Response:
    """What stands in the place of a part of a page that nobody remembers any more: it asks for nothing."""
    return html(render_template("dashboard/parts/gone.html", part=part, words=words))


def back(path: str, **query: Any) -> BaseResponse:
    """After a form: the browser gets a page (303), which may be reloaded without doing it again."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return redirect(f"{PREFIX}{path}{'?' + urlencode(given, doseq=True) if given else ''}", HTTPStatus.SEE_OTHER)


def call(operation: Callable[..., Response], model: type[M], **asked: Any) -> M:
    """The value that an operation of the API answers, asked in this process by whoever is logged in.

    So who may what, what is hidden from whom and what is recorded is decided in one place. Raises Problem.
    """
    scope = Operations.needs[operation]
    if not caller().may(scope):
        raise missing_scope(scope)
    g.returned = g.next_page = None
    operation(**asked)
    if not isinstance(g.returned, model):
        raise TypeError(f"{operation.__name__} answered {type(g.returned).__name__}")
    return g.returned


def parse_request(model: type[M], **values: Any) -> M:
    """What a form or an address asks, in the API's shape; raises the Problem of what is wrong with it."""
    try:
        return model.model_validate({name: value for name, value in values.items() if value is not None})
    except ValidationError as error:
        raise invalid(error) from error


def next_page() -> dict[str, str] | None:
    """Where the next page begins, if the last answer was not all: the query of its address."""
    return cast("dict[str, str] | None", g.get("next_page"))


def titles() -> dict[str, str]:
    """The configured sections' titles by slug; that of the feed of everything would be the newsroom's own."""
    sections = context().settings.sections
    return {slug: "All stories" if slug == ALL else section.title for slug, section in sections.items()}


def missing_scope(scope: str) -> Problem:
    """The refusal of who is logged in and may not."""
    detail = f"This needs the scope {scope}, which you do not have. Somebody with the scope admin can give it to you."
    return Problem(HTTPStatus.FORBIDDEN, "scope", detail)


def is_live() -> bool:
    """Whether a page's script asks for a part of it."""
    return "HX-Request" in request.headers
