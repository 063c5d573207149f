"""Declares the operations of the API: path, required scope and responses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar, cast, overload
from urllib.parse import urlencode

from flask import Response, current_app, g, json
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

from syndication.auth.bearer import Caller, TokenAccess
from syndication.config.loading import Settings
from syndication.model.article_json import slugs_by_title
from syndication.model.formats import rfc3339
from syndication.store.db.database import Database
from syndication.web.document_loader import DocumentLoader
from syndication.web.problems import MEDIA_TYPE

PREFIX = "/api/v1"

PUBLIC = "public"
"""The scope of operations that need no token."""

NO_WORKER = "No worker is running: the request waits until one starts."

PROBLEMS = (400, 401, 403, 404, 408, 413, 415, 422, 429, 503)
"""Error responses that every operation may return."""

F = TypeVar("F", bound=Callable[..., Response])


def _problem() -> dict[str, Any]:
    """Returns the response schema of problem details: a new value each time, since it is completed in place."""
    return {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}}


class Operations:
    """One resource of the API; ``scopes`` maps each endpoint to its required scope."""

    scopes: dict[str, str] = {}  # noqa: RUF012  # one table for the whole API, filled when its modules are imported
    needs: dict[Callable[..., Response], str] = {}  # noqa: RUF012  # the same, by function

    def __init__(self, name: str, title: str, description: str) -> None:
        self.name = name
        self.blueprint = APIBlueprint(
            name, __name__, url_prefix=PREFIX, abp_tags=[Tag(name=title, description=description)]
        )

    def __call__(
        self,
        method: str,
        rule: str,
        scope: str,
        answers: Mapping[int, type[BaseModel] | None],
        *,
        problems: tuple[int, ...] = (),
    ) -> Callable[[F], F]:
        """Declares the decorated function; ``answers`` are schemas by status, ``problems`` further error statuses."""

        def declare(view: F) -> F:
            responses: dict[str, Any] = {str(status): model for status, model in answers.items()}
            responses |= {str(status): _problem() for status in (*PROBLEMS, *problems)}
            security = [] if scope == PUBLIC else [{"token": [scope]}]
            register = getattr(self.blueprint, method.lower())
            register(rule, responses=responses, security=security, operation_id=view.__name__)(view)
            self.scopes[f"{self.name}.{view.__name__}"] = self.needs[view] = scope
            return view

        return declare


@dataclass(frozen=True)
class Context:
    """Dependencies of the operations; one for each process."""

    database: Database
    loader: DocumentLoader
    access: TokenAccess
    settings: Settings

    @cached_property
    def slugs(self) -> dict[str, str]:
        """The slugs of configured sections by lower-case title."""
        return slugs_by_title(self.settings.sections)


def context() -> Context:
    """Returns the context of the current app."""
    return cast(Context, current_app.extensions["editors"])


def caller() -> Caller:
    """Returns the authenticated caller; only where a scope is required."""
    return cast(Caller, g.caller)


def respond(value: BaseModel, status: int = 200, **headers: str) -> Response:
    """Returns an uncacheable JSON response; ``g.returned`` keeps its value for the dashboard."""
    g.returned = value
    text = json.dumps(value.model_dump(mode="json", by_alias=True), ensure_ascii=False)
    # The value may repeat input with half a surrogate pair, which is written as a JSON escape.
    response = Response(text.encode("utf-8", "backslashreplace"), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    for name, content in headers.items():
        response.headers[name.replace("_", "-")] = content
    return response


def link_next(response: Response, path: str, query: Mapping[str, Any], **where: Any) -> None:
    """Adds a Link header for the next page (RFC 8288): the same query with ``where`` as its cursor."""
    given = {name: value for name, value in query.items() if value not in (None, "")}
    g.next_page = given | where
    response.headers["Link"] = f'<{PREFIX}{path}?{urlencode(given | where)}>; rel="next"'


@overload
def instant(value: datetime) -> str: ...


@overload
def instant(value: None) -> None: ...


def instant(value: datetime | None) -> str | None:
    """Returns a time as the API writes it (RFC 3339, UTC); None stays None."""
    return None if value is None else rfc3339(value)
