"""The description of the API: OpenAPI 3.1 for programs, made from the code, and a page for people."""

import hashlib
import re
from functools import cache
from typing import Any

from flask import Blueprint, Response, json, render_template, request
from flask_openapi3.openapi import OpenAPI
from markupsafe import Markup, escape

from syndication.api.operations import PREFIX
from syndication.model.body_limits import BodyLimits, in_words, largest_body

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

HEADERS = {
    "put_article": ("If-Match", "If-None-Match"),
    "patch_article": ("If-Match", "If-None-Match"),
    "receive_article": ("webhook-id", "webhook-timestamp", "webhook-signature"),
}
"""Request headers that an operation looks at, by its name."""

MEANINGS = {
    "If-Match": "Only if the article still has this ETag. Needs the scope preview.",
    "If-None-Match": "With *: only if there is no such article. Needs the scope preview.",
    "webhook-id": "Names the message: it is taken once.",
    "webhook-timestamp": "When it was signed, in seconds since 1970.",
    "webhook-signature": "v1, and the base64 of the HMAC-SHA256; several are parted by spaces.",
}

BATCH_SCHEMA = {
    "type": "object",
    "required": ["articles"],
    "additionalProperties": False,
    "properties": {"articles": {"type": "array", "items": {"type": "object"}, "minItems": 1, "maxItems": 1000}},
}
"""The body of a batch; each of its items is an article, and one that is wrong refuses only itself."""

PROBLEMS = {
    "invalid": "A field is wrong: errors names each, and what would be right.",
    "bad-request": "The request cannot be read; the detail says why.",
    "method-not-allowed": "This address takes other methods; Allow lists them.",
    "too-large": "The body is over the most that is read at this address; the detail gives the limit, and what to do.",
    "not-json": "The body is not JSON; the detail says where it stops being it.",
    "media-type": "The body should be sent as application/json (a patch: application/merge-patch+json).",
    "token": "A token is needed, or this one opens nothing.",
    "scope": "The token has not the scope that this needs.",
    "token-in-address": "A token stood in the address, where logs keep it: revoke it.",
    "too-many-attempts": "Too many wrong tokens or signatures from one address; Retry-After says how long to wait.",
    "too-many-previews": "Too many previews wait for their answer; Retry-After says when to ask again.",
    "too-many-regenerations": "Too many regenerations were requested in a minute; Retry-After says how long to wait.",
    "not-found": "There is no such thing, or not for this token.",
    "stale": "The article was changed since it was read (If-Match).",
    "exists": "There is such an article already (If-None-Match: *).",
    "replayed": "A webhook with this id was received already.",
    "database-down": "The database does not answer. Feeds go on being served as they were.",
    "busy": "So many requests are being answered that this one would have to wait; Retry-After says how long.",
    "unexpected": "Something went wrong in the service; its log says what.",
}


def blueprint(document: dict[str, Any], base_url: str) -> Blueprint:
    """``/api/v1/openapi.json`` and ``/api/v1/docs``."""
    pages = Blueprint("description", __name__, url_prefix=PREFIX, template_folder="templates", static_folder="static")
    pages.static_url_path = "/static"

    pages.add_app_template_filter(quoted)

    @cache
    def rendered() -> tuple[bytes, bytes]:
        """Both, made once: nothing in them depends on who asks or when."""
        page = render_template(
            "docs.html",
            api=document,
            subjects=_by_subject(document),
            problems=PROBLEMS,
            kind=kind,
            meaning=meaning,
            base_url=base_url,
        )
        return json.dumps(document).encode(), page.encode()

    @pages.get("/openapi.json")
    def openapi_json() -> Response:
        return _cacheable(rendered()[0], "application/json")

    @pages.get("/docs")
    def docs() -> Response:
        response = _cacheable(rendered()[1], "text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return pages


def _cacheable(body: bytes, content_type: str) -> Response:
    """An answer that caches keep for a minute, and compare by its ETag afterwards."""
    response = Response(body, content_type=content_type)
    response.headers["Cache-Control"] = "public, max-age=60"
    response.set_etag(hashlib.sha256(body).hexdigest()[:24])
    response.make_conditional(request)
    return response


def description(app: OpenAPI, limits: BodyLimits) -> dict[str, Any]:
    """The OpenAPI document; made once, when all operations are there."""
    document: dict[str, Any] = app.api_doc
    for address, item in document["paths"].items():
        for method, operation in item.items():
            _complete_operation(method, operation)
            _state_limit(method, address, operation, limits)
    return document


def _state_limit(method: str, address: str, operation: dict[str, Any], limits: BodyLimits) -> None:
    """How large the body may be: for programs as a number, for people beside the 413 and the body."""
    largest = largest_body(method.upper(), address, limits)
    operation["x-largest-body"] = largest
    operation["responses"]["413"]["description"] = f"The body is over {in_words(largest)}."
    if "requestBody" in operation:
        operation["requestBody"]["description"] = f"At most {in_words(largest)}."


def _complete_operation(method: str, operation: dict[str, Any]) -> None:
    """What flask-openapi3 leaves: line ends of docstrings as HTML, the media type of a patch (RFC 7396), headers."""
    if operation["operationId"] == "put_articles":  # Read item by item, and so not by flask-openapi3.
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": BATCH_SCHEMA}}}
    if "description" in operation:
        operation["description"] = operation["description"].replace("<br/>", " ").strip()
    if method == "patch":
        content = operation["requestBody"]["content"]
        content["application/merge-patch+json"] = content["application/json"]
    parameters = [_header(name) for name in HEADERS.get(operation["operationId"], ())]
    if parameters:
        operation["parameters"] = [*operation.get("parameters", []), *parameters]


def _header(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": name.startswith("webhook-"),
        "description": MEANINGS[name],
        "schema": {"type": "string"},
    }


def _by_subject(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for address, item in document["paths"].items():
        for method, operation in item.items():
            scopes = [scope for need in operation.get("security") or [] for scope in need.get("token", [])]
            found.setdefault(operation["tags"][0], []).append(
                {
                    "method": method.upper(),
                    "address": address,
                    "scope": scopes[0] if scopes else "",
                    "body": _body(document, operation),
                    **operation,
                }
            )
    return found


def _body(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of the request's body."""
    for content in (operation.get("requestBody") or {}).get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        schema: dict[str, Any] | None = document["components"]["schemas"].get(name)
        return schema
    return None


def meaning(required: bool, description: str | None) -> Markup:
    """What a table says of a field beside its type."""
    return Markup(" ").join([*([Markup("required")] if required else []), quoted(description or "")]).strip()


def quoted(text: str) -> Markup:
    """A docstring's text as HTML: what stands in two backticks is code."""
    return Markup(re.sub("``([^`]+)``", r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped before


def kind(schema: dict[str, Any]) -> str:
    """The type of a schema, in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(kind(one) for one in schema["anyOf"] if one.get("type") != "null"))
    of = str(schema.get("format") or schema.get("type") or "any")
    return f"list of {kind(schema['items'])}" if of == "array" and "items" in schema else of
