"""The API reference, generated from the code: an OpenAPI 3.1 document and an HTML page."""

import hashlib
import re
from functools import cache
from threading import Lock
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
    "change_feed": ("If-Match",),
    "rename_feed": ("If-Match",),
    "retire_feed": ("If-Match",),
    "reinstate_feed": ("If-Match",),
    "look_at_source": ("webhook-id", "webhook-timestamp", "webhook-signature", "x-ghost-signature"),
    "receive_article": ("webhook-id", "webhook-timestamp", "webhook-signature"),
    "receive_ninjs": ("x-superdesk-signature", "webhook-id", "webhook-timestamp", "webhook-signature"),
}
"""Request headers by operation id."""

MEANINGS = {
    "If-Match": "Write only if it still has this ETag. For articles, this needs the scope preview.",
    "If-None-Match": "With *: create only if the article does not exist. Needs the scope preview.",
    "x-superdesk-signature": "sha1= and the HMAC-SHA1 of the body in hexadecimal; in place of the other three.",
    "webhook-id": "Unique id of the message; a repeated id is refused.",
    "webhook-timestamp": "Time of signing, in seconds since 1970.",
    "x-ghost-signature": "sha256= and the hexadecimal HMAC-SHA256 of body and time, t= and the time in milliseconds.",
    "webhook-signature": "v1, and the base64 of the HMAC-SHA256; several signatures are separated by spaces.",
}

BATCH_SCHEMA = {
    "type": "object",
    "required": ["articles"],
    "additionalProperties": False,
    "properties": {"articles": {"type": "array", "items": {"type": "object"}, "minItems": 1, "maxItems": 1000}},
}
"""The body of a batch. Each item is an article; an invalid one is refused without affecting the others."""

NINJS_SCHEMA = {
    "type": "object",
    "description": "One item of ninjs 1.x, 2.x or 3.x (https://iptc.org/standards/ninjs/), or of Superdesk.",
    "additionalProperties": True,
    "properties": {
        "uri": {"type": "string", "description": "Identifies the story; guid in Superdesk. One of both is required."},
        "guid": {"type": "string", "description": "Superdesk's name for uri."},
        "type": {"type": "string", "description": "text and composite become articles; others are ignored."},
        "version": {"type": "string", "description": "An older version never overwrites a newer one."},
        "pubStatus": {"type": "string", "enum": ["usable", "withheld", "canceled"], "description": "pubstatus in 1.x."},
    },
}
"""The body of ninjs, whose properties IPTC defines; what of them is read is in docs/sources-ninjs.md."""

PROBLEMS = {
    "invalid": "A field is invalid: errors lists each field with the reason.",
    "bad-request": "The request is malformed; see the detail.",
    "method-not-allowed": "This URL does not support the method; Allow lists the supported ones.",
    "too-large": "The body is over the limit for this operation; the detail has the limit and advice.",
    "not-json": "The body is not valid JSON; the detail has the position of the error.",
    "media-type": "Send the body as application/json (a patch also as application/merge-patch+json).",
    "token": "The token is missing, unknown, expired or revoked.",
    "scope": "The token lacks the required scope.",
    "token-in-address": "The URL contains a token, and URLs are logged: revoke that token.",
    "too-many-attempts": "Too many invalid tokens or signatures from one address; see Retry-After.",
    "too-many-previews": "Too many previews are pending; see Retry-After.",
    "too-many-regenerations": "Too many regenerations requested within a minute; see Retry-After.",
    "dry-run-running": "A dry run of this source is still running; see Retry-After.",
    "not-found": "Not found, or not visible to this token.",
    "stale": "The article or feed has changed since it was read (If-Match).",
    "configured": "The feed is set by the configuration, and is changed there.",
    "address-taken": "Another feed has, or had, this address.",
    "held": "An editor holds the feed; the detail has who, since when and why.",
    "unpublished": "The feed is not published yet.",
    "public-already": "The article has been public, so no embargo can be set: withdraw it.",
    "unreadable": "A part of the stored article cannot be read; the detail says which.",
    "deleted": "The article is deleted, so there is nothing to compare with or to change.",
    "exists": "The article already exists (If-None-Match: *).",
    "replayed": "A webhook with this id was already received.",
    "database-down": "The database does not respond. Feeds are still served.",
    "busy": "The service is handling too many requests; see Retry-After.",
    "slow-body": "The body arrived too slowly. Nothing was done.",
    "editors-down": "The process behind the API does not respond; the detail says whether anything was done.",
    "too-late": "A withdrawal can be undone for an hour.",
    "rejected": "The database rejected the change; the detail names what did.",
    "unexpected": "An unexpected error; the service log has the details.",
}


def blueprint(app: OpenAPI, limits: BodyLimits, base_url: str) -> Blueprint:
    """Returns the blueprint of ``/api/v1/openapi.json`` and ``/api/v1/docs``.

    Both are made when somebody first asks: few web processes are ever asked, and every one would start later.
    """
    pages = Blueprint("description", __name__, url_prefix=PREFIX, template_folder="templates", static_folder="static")
    pages.static_url_path = "/static"

    pages.add_app_template_filter(quoted)

    once = Lock()

    @cache
    def rendered() -> tuple[bytes, bytes]:
        """Returns both documents, rendered once: they depend neither on the caller nor on the time."""
        document = description(app, limits)
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
        with once:
            body, _ = rendered()
        return _cacheable(body, "application/json")

    @pages.get("/docs")
    def docs() -> Response:
        with once:
            _, body = rendered()
        response = _cacheable(body, "text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return pages


def _cacheable(body: bytes, content_type: str) -> Response:
    """Returns a response that caches keep for a minute and then revalidate by its ETag."""
    response = Response(body, content_type=content_type)
    response.headers["Cache-Control"] = "public, max-age=60"
    response.set_etag(hashlib.sha256(body).hexdigest()[:24])
    response.make_conditional(request)
    return response


def description(app: OpenAPI, limits: BodyLimits) -> dict[str, Any]:
    """Returns the OpenAPI document, completed once all operations are registered."""
    document: dict[str, Any] = app.api_doc
    for address, item in document["paths"].items():
        for method, operation in item.items():
            _complete_operation(method, operation)
            _state_limit(method, address, operation, limits)
    return document


def _state_limit(method: str, address: str, operation: dict[str, Any], limits: BodyLimits) -> None:
    """Adds the limit of the body: as a number for programs, and in the descriptions of the 413 and the body."""
    largest = largest_body(method.upper(), address, limits)
    operation["x-largest-body"] = largest
    operation["responses"]["413"]["description"] = f"The body is over the limit of {in_words(largest)}."
    if "requestBody" in operation:
        operation["requestBody"]["description"] = f"At most {in_words(largest)}."


def _complete_operation(method: str, operation: dict[str, Any]) -> None:
    """Completes flask-openapi3's output: no HTML line breaks, the media type of a patch (RFC 7396), request headers."""
    if operation["operationId"] == "put_articles":  # Validated item by item, not by flask-openapi3.
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": BATCH_SCHEMA}}}
    if operation["operationId"] == "withdraw_article":
        operation["requestBody"]["required"] = False
    if operation["operationId"] == "receive_ninjs":  # Of two shapes, read by ``importing/ninjs``.
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": NINJS_SCHEMA}}}
    if "description" in operation:
        operation["description"] = operation["description"].replace("<br/>", " ").strip()
    if method == "patch":
        content = operation["requestBody"]["content"]
        content["application/merge-patch+json"] = content["application/json"]
    headers = HEADERS.get(operation["operationId"], ())
    one_of_two = "x-superdesk-signature" in headers
    parameters = [_header(name, name.startswith("webhook-") and not one_of_two) for name in headers]
    if parameters:
        operation["parameters"] = [*operation.get("parameters", []), *parameters]


def _header(name: str, required: bool) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
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
    """Returns the schema of the request body, or None."""
    for content in (operation.get("requestBody") or {}).get("content", {}).values():
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        schema: dict[str, Any] | None = document["components"]["schemas"].get(name)
        return schema
    return None


def meaning(required: bool, description: str | None) -> Markup:
    """Returns a field's description for the table, starting with "required" if it is."""
    return Markup(" ").join([*([Markup("required")] if required else []), quoted(description or "")]).strip()


def quoted(text: str) -> Markup:
    """Returns a docstring's text as HTML, with double backticks as code."""
    return Markup(re.sub("``([^`]+)``", r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped before


def kind(schema: dict[str, Any]) -> str:
    """Returns the type of a schema in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(kind(one) for one in schema["anyOf"] if one.get("type") != "null"))
    of = str(schema.get("format") or schema.get("type") or "any")
    return f"list of {kind(schema['items'])}" if of == "array" and "items" in schema else of
