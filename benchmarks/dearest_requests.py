"""The requests of ``dearest``: every operation of the OpenAPI document, of usual size and as large as allowed.

An operation without a body is sent in its usual form and at its largest: with the longest strings and the highest
numbers in its query, for the largest article and its section. One with a body is sent in these forms:

usual      what a newsroom sends every day
longest    every string at its limit, and html up to the limit of the body
fullest    every list at its limit, with short items
numbers    as many small invalid values as fit into the limit of the body

Strings begin with a character beyond the BMP, which makes Python use four bytes for each character of the string.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from syndication.model.body_limits import DEFAULT, SMALL_BYTES, BodyLimits, largest_body

WIDE = "🚆"
PARAGRAPH = "<p>The night train to the east coast runs again, an hour late as ever.</p>"
STORY: dict[str, Any] = {
    "title": "Night train",
    "url": "/night-train",
    "published_at": "2026-03-14T08:00:00Z",
    "status": "published",
}
USUAL_HTML = PARAGRAPH * 50
OLD = "2019-03-14T08:00:00Z"
"""The publication of the largest articles: old enough that they are in their section but not in ``all``."""

NEWEST = "2026-03-15T08:00:00Z"
"""The publication of previewed articles: new enough to be in the feed, whatever was stored before."""

ROOM = 2_000
"""Bytes of a body that are reserved for everything except its html."""

EXACT: dict[str, Any] = {
    "published_at": "2026-03-14T08:00:00Z", "updated_at": "2026-03-14T08:00:00Z", "status": "published",
    "language": "en", "media_type": "audio/mpeg", "email": "desk@daily.example", "uri": "https://daily.example/desk",
    "expires_at": None, "id": None, "guid": None, "width": 1200, "height": 800, "length": 5_000_000, "duration": 90,
    "password": "a long night on the train to Hualien", "disabled": False, "type": "article.changed",
}  # fmt: skip
"""Values of fields that do not take any string or number."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """One request; ``form`` is its size, see above."""

    name: str
    form: str
    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Target:
    """The subjects of requests: sections, an article of usual size, and one of the largest in ``large_section``."""

    slugs: Sequence[str]
    large_section: str
    article: str
    large_article: str
    known: dict[str, str] = field(default_factory=dict)
    """IDs from earlier responses, by the first word of their path."""


class Catalogue:
    """The requests to one service, from its OpenAPI document and the body limits."""

    def __init__(self, document: Json, target: Target, limits: BodyLimits = DEFAULT) -> None:
        self._document = document
        self._target = target
        self._limits = limits
        self._number = 0

    def of_scope(self, scope: str) -> Iterator[Request]:
        """Yields the requests for a token with only this scope, small ones first."""
        operations = [one for one in self._operations() if _scope(one[2]) == scope]
        operations.sort(key=lambda one: one[2]["operationId"] == "restore_article")  # After the withdrawals.
        for forms in (("usual",), ("numbers", "fullest", "longest", "largest")):
            for method, path, operation in operations:
                for form in forms:
                    if form in _forms(operation):
                        yield self._request(method, path, operation, form)

    def of_webhook(self, secret: str) -> Iterator[Request]:
        """Yields the requests of a CMS with the webhook secret."""
        for method, path, operation in self._operations():
            if operation["operationId"] == "get_ninjs_asset":
                yield self._request(method, path, operation, "usual")
            if operation["operationId"] in ("receive_article", "receive_ninjs"):
                for form in _forms(operation):
                    request = self._request(method, path, operation, form)
                    yield Request(
                        request.name, form, method, request.path, request.body, _signed(request.body, secret, form)
                    )

    def of_stranger(self) -> Iterator[Request]:
        """Yields the requests without a token: pages and feeds, and the longest body of every operation."""
        feed = f"/feeds/{self._target.slugs[0]}"
        tags = ", ".join(f'"{n}"' for n in range(800))
        pages = ["/feeds/", "/healthz", "/readyz", "/metrics", "/api/v1/docs", "/api/v1/openapi.json", "/editors/login"]
        for path in [*(f"{feed}.{kind}" for kind in ("atom", "rss", "json")), "/feeds/none.atom", *pages]:
            yield Request(f"GET {path}", "usual", "GET", path)
        for kind in ("atom", "rss", "json"):
            path = f"/feeds/{self._target.large_section}.{kind}"
            yield Request(f"GET {path}", "largest", "GET", path)
        yield Request(f"GET {feed}.atom, 800 ETags", "largest", "GET", f"{feed}.atom", headers={"If-None-Match": tags})
        form = urlencode({"name": "nobody", "password": "x" * (SMALL_BYTES - 100)}).encode()
        content = {"Content-Type": "application/x-www-form-urlencoded"}
        yield Request("POST /editors/login", "longest", "POST", "/editors/login", form, content)
        yield Request("GET /status", "usual", "GET", "/api/v1/status")
        for method, path, operation in self._operations():
            if "requestBody" in operation:
                yield self._request(method, path, operation, "longest")

    def _operations(self) -> Iterator[tuple[str, str, Json]]:
        for path, item in self._document["paths"].items():
            for method, operation in item.items():
                yield method.upper(), path, operation

    def _request(self, method: str, path: str, operation: Json, form: str) -> Request:
        self._number += 1
        address = self._address(method, path, operation, form)
        body = self._body(method, path, operation, form) if "requestBody" in operation else b""
        headers = {"Content-Type": "application/json"} if body else {}
        return Request(f"{method} {path.removeprefix('/api/v1')}", form, method, address, body, headers)

    def _address(self, method: str, path: str, operation: Json, form: str) -> str:
        target, subject, large = self._target, path.split("/")[3], form != "usual"
        values = {
            "slug": target.large_section if large else target.slugs[0],
            "name": target.known.get("users", "nobody"),
            "id": target.known.get(subject, "none"),
            "media_id": "599e31ed1d41c833e0b8a83e",
            "revision": "0" * 32,
            "number": "1",
            "host": "reader.example:443",
        }
        if subject == "articles":
            values["id"] = target.large_article if large else target.article
            if method == "PUT" and large:
                values["id"] += f"-{form}"  # A new article, so that all its rows are new.
        query = {}
        for one in operation.get("parameters", []):
            if one["in"] == "query" and (large or one["required"]):
                query |= _parameter(one["name"], one["schema"], target)
        address = re.sub(r"{(\w+)}", lambda found: quote(values[found[1]]), path)
        return f"{address}?{urlencode(query)}" if query else address

    def _body(self, method: str, path: str, operation: Json, form: str) -> bytes:
        limit = largest_body(method, path, self._limits)
        if operation["operationId"] == "receive_ninjs":
            return _ninjs(form, limit)
        schema = self._resolve(next(iter(operation["requestBody"]["content"].values()))["schema"])
        if not schema.get("properties"):  # A patch, which may contain any field of an article.
            schema = self._document["components"]["schemas"]["ArticleBody"]
        if form == "numbers":
            name = next((name for name, one in schema["properties"].items() if one.get("type") == "array"), "data")
            return _numbers(name, limit)
        value = self._object(schema, form, limit)
        if "name" in value:
            value["name"] = f"dearest-{self._number}"
        text = json.dumps(value, ensure_ascii=False).encode()
        if len(text) > limit:
            raise ValueError(f"{method} {path}, {form}: {len(text):,} bytes are over its limit")
        return text

    def _object(self, schema: Json, form: str, limit: int) -> Json:
        fields = schema["properties"]
        if "html" in fields:
            return self._article(schema, form, limit)
        for name in ("articles", "changes"):
            if name in fields:
                section = {"section": self._target.slugs[0]} if name == "changes" else {}
                moment = {"published_at": NEWEST if section else STORY["published_at"]}
                return section | {name: [one | moment for one in self._items(fields[name]["maxItems"], form, limit)]}
        if "data" in fields:
            return {
                "type": EXACT["type"],
                "data": self._article(self._resolve(fields["data"]), form, limit) | {"id": "w"},
            }
        if "all_sections" in fields:
            slugs = self._target.slugs[:1] if form == "usual" else self._target.slugs
            return {"sections": list(slugs), "reason": "x" if form == "usual" else WIDE + "x" * 499}
        return {
            name: self._value(name, one, form) for name, one in fields.items() if name in schema.get("required", fields)
        }

    def _items(self, most: int, form: str, limit: int) -> list[Json]:
        """Returns the articles of one body: as many as allowed, within the limit of the body."""
        base = STORY | {"sections": self._target.slugs[:1], "html": USUAL_HTML}
        if form == "fullest":
            base = self._article(self._document["components"]["schemas"]["ArticleBody"], form, limit)
        if form == "longest":
            base["html"] = _html(limit // most - ROOM)
        size = len(json.dumps(base, ensure_ascii=False).encode()) + len(', "id": "longest-1000"')
        number = 1 if form == "usual" else min(most, (limit - ROOM) // size)
        return [base | {"id": f"{form}-{n}", "url": f"/{form}-{n}"} for n in range(number)]

    def _article(self, schema: Json, form: str, limit: int) -> Json:
        base = STORY | {"sections": self._target.slugs[:1]}
        if form == "usual":
            return base | {"html": USUAL_HTML}
        fields = {
            name: one for name, one in schema["properties"].items() if name not in ("id", "html", "sections", "guid")
        }
        found = {name: self._value(name, one, form) for name, one in fields.items()} | {"sections": base["sections"]}
        if form == "fullest":
            return found | {
                "sections": [*base["sections"], *(f"s{n}" for n in range(199))],
                "html": "<p>x</p>",
            }
        used = len(json.dumps(found, ensure_ascii=False).encode())
        large = {"sections": [self._target.large_section], "published_at": OLD, "html": _html(limit - used - ROOM)}
        return found | large

    def _value(self, name: str, schema: Json, form: str) -> Any:
        if name in EXACT:
            return EXACT[name]
        schema = self._resolve(
            next((one for one in reversed(schema.get("anyOf", [])) if one != {"type": "null"}), schema)
        )
        if schema.get("enum"):
            return schema["enum"][0]
        if schema["type"] == "array":
            item = self._resolve(schema["items"])
            if "enum" in item:
                return item["enum"]
            number = schema["maxItems"] if form == "fullest" else 1
            return [_differing(self._value("", item, form), n) for n in range(number)]
        if schema["type"] == "object":
            return {inner: self._value(inner, one, form) for inner, one in schema["properties"].items()}
        if schema["type"] == "boolean":
            return True
        if schema["type"] == "integer":
            return schema.get("maximum", 1)
        start = "/" if name == "url" else ""
        return start + (WIDE + "x" * (schema["maxLength"] - 5) if form == "longest" else "x")

    def _resolve(self, schema: Json) -> Json:
        while "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema


def _scope(operation: Json) -> str:
    return next((scope for need in operation.get("security") or [] for scope in need["token"]), "")


def _forms(operation: Json) -> tuple[str, ...]:
    if "requestBody" in operation:
        return ("usual", "longest", "fullest", "numbers")
    return ("usual", "largest") if operation.get("parameters") else ("usual",)


def _parameter(name: str, schema: Json, target: Target) -> Json:
    """Returns the largest value of a parameter; cursors are left out, because only the service can make them."""
    exact = {"old": 0, "new": 1, "section": target.large_section, "status": "published"}
    if name in exact:
        return {name: exact[name]}
    if name in ("after", "before"):
        return {}
    one = next((one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"), schema)
    if "enum" in one or "format" in one or one["type"] == "boolean" or name == "article":
        return {}  # They only narrow what is listed.
    if one["type"] == "integer":
        return {name: one["maximum"] if "maximum" in one else one["exclusiveMaximum"] - 1}
    return {name: "x" * one["maxLength"]}


def _differing(value: Any, number: int) -> Any:
    """Makes the items of a list different, so that each is stored."""
    if isinstance(value, str):
        return f"{value[: -len(str(number))]}{number}" if len(value) > 10 else f"{value}{number}"
    return value


def _html(size: int) -> str:
    """Returns paragraphs of at most ``size`` bytes."""
    return WIDE + PARAGRAPH * max(0, (size - 4) // len(PARAGRAPH))


def _numbers(name: str, limit: int) -> bytes:
    start, end = f'{{"{name}":['.encode(), b"1]}"
    return start + b"1," * ((limit - len(start) - len(end)) // 2) + end


def _ninjs(form: str, limit: int) -> bytes:
    """Returns a story as Superdesk sends it; the fullest has as many keywords, authors and files as an article may."""
    if form == "numbers":
        return _numbers("keywords", limit)
    story: Json = {
        "guid": f"urn:dearest:{form}", "version": "1", "type": "text", "headline": "Night train",
        "firstpublished": STORY["published_at"], "body_html": USUAL_HTML,
    }  # fmt: skip
    if form == "longest":
        story["body_html"] = _html(limit - ROOM)
    if form == "fullest":
        story["keywords"] = [f"{WIDE}{n}" for n in range(500)]
        story["authors"] = [{"name": f"{WIDE}{n}", "email": "desk@daily.example"} for n in range(200)]
        story["attachments"] = [
            {"href": f"https://daily.example/{n}.pdf", "mimetype": "application/pdf", "title": WIDE} for n in range(200)
        ]
    return json.dumps(story, ensure_ascii=False).encode()


def _signed(body: bytes, secret: str, id: str) -> dict[str, str]:
    stamp = str(int(time.time()))
    mac = hmac.digest(secret.encode(), f"{id}.{stamp}.".encode() + body, hashlib.sha256)
    return {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }
