"""Declares the operations of the API: path, required scope and responses."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, wraps
from typing import Any, Generic, TypeVar, cast, overload
from urllib.parse import urlencode

from flask import Response, current_app, g, has_request_context, json, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

from syndication.auth.bearer import Caller, TokenAccess
from syndication.config.loading import Settings
from syndication.model.article_json import slugs_by_title
from syndication.model.formats import rfc3339
from syndication.sources.dry_run import DryRuns
from syndication.store.db.database import Database, DatabaseDown
from syndication.store.publishing.effective_settings import EffectiveSettings
from syndication.web.document_loader import DocumentLoader
from syndication.web.problems import MEDIA_TYPE

PREFIX = "/api/v1"

PUBLIC = "public"
"""The scope of operations that need no token."""

NO_WORKER = "No worker is running: the request waits until one starts."

PROBLEMS = (400, 401, 403, 404, 408, 413, 415, 422, 429, 503)
"""Error responses that every operation may return."""

V = TypeVar("V", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Reply(Generic[V]):
    """A value with more than the declared response says: another status, headers, or the query of the next page."""

    value: V
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    next_page: Mapping[str, Any] | None = None


F = TypeVar("F", bound=Callable[..., BaseModel | Reply[Any]])


def _problem() -> dict[str, Any]:
    """Returns the response schema of problem details: a new value each time, since it is completed in place."""
    return {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}}


class Operations:
    """One resource of the API; ``scopes`` maps each endpoint to its required scope."""

    scopes: dict[str, str] = {}  # noqa: RUF012  # one table for the whole API, filled when its modules are imported
    needs: dict[Callable[..., Any], str] = {}  # noqa: RUF012  # the same, by function

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
        """Declares the decorated function, which returns a value or a Reply, and serializes what it returns.

        ``answers`` are schemas by status, of which the first is the default; ``problems`` are further error statuses.
        """

        def declare(view: F) -> F:
            responses: dict[str, Any] = {str(status): model for status, model in answers.items()}
            responses |= {str(status): _problem() for status in (*PROBLEMS, *problems)}
            security = [] if scope == PUBLIC else [{"token": [scope]}]
            register = getattr(self.blueprint, method.lower())

            @wraps(view)
            def answer(**asked: Any) -> Response:
                return _serialize(view(**asked), next(iter(answers)))

            register(rule, responses=responses, security=security, operation_id=view.__name__)(answer)
            self.scopes[f"{self.name}.{view.__name__}"] = self.needs[view] = scope
            return view

        return declare


@dataclass(frozen=True)
class Context:
    """Dependencies of the operations; one for each process."""

    database: Database
    loader: DocumentLoader
    access: TokenAccess
    files: Settings
    dry_runs: DryRuns = field(default_factory=DryRuns)

    @cached_property
    def _effective(self) -> EffectiveSettings:
        return EffectiveSettings(self.files)

    @property
    def settings(self) -> Settings:
        """The settings with the feeds of editors: the same for a whole request, those of its beginning."""
        if not has_request_context():
            return self._effective.current
        if "settings" not in g:
            # While the database is down, what was read last: only operations without it succeed then.
            with suppress(DatabaseDown), self.database.read() as conn:
                self._effective.refresh(conn)
            g.settings = self._effective.current
        return cast(Settings, g.settings)

    @property
    def slugs(self) -> dict[str, str]:
        """The slugs of configured sections by lower-case title."""
        return slugs_by_title(self.settings.sections)


def context() -> Context:
    """Returns the context of the current app."""
    return cast(Context, current_app.extensions["editors"])


def caller() -> Caller:
    """Returns the authenticated caller; only where a scope is required."""
    return cast(Caller, g.caller)


def _serialize(returned: BaseModel | Reply[Any], status: int) -> Response:
    """Returns an uncacheable JSON response, with a Link header if there is a next page (RFC 8288)."""
    reply = returned if isinstance(returned, Reply) else Reply(returned)
    text = json.dumps(reply.value.model_dump(mode="json", by_alias=True), ensure_ascii=False)
    # The value may repeat input with half a surrogate pair, which is written as a JSON escape.
    body = text.encode("utf-8", "backslashreplace")
    response = Response(body, reply.status or status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    response.headers.update(reply.headers)
    if reply.next_page is not None:
        response.headers["Link"] = f'<{request.path}?{urlencode(reply.next_page)}>; rel="next"'
    return response


def next_page(query: BaseModel, **cursor: Any) -> dict[str, Any] | None:
    """Returns the query of the next page: the same values, continued at ``cursor``; None if that is None."""
    if None in cursor.values():
        return None
    given = {name: value for name, value in query.model_dump().items() if value not in (None, "")}
    times = {name: rfc3339(value) for name, value in given.items() if isinstance(value, datetime)}
    return given | times | cursor


@overload
def instant(value: datetime) -> str: ...


@overload
def instant(value: None) -> None: ...


def instant(value: datetime | None) -> str | None:
    """Returns a time as the API writes it (RFC 3339, UTC); None stays None."""
    return None if value is None else rfc3339(value)
