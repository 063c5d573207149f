"""A section's documents: reader preview and source."""

import base64
import hashlib
import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from flask import Response, render_template
from markupsafe import Markup

from syndication.api import sections as api
from syndication.api.operations import context
from syndication.api.schemas import SectionPath
from syndication.dashboard.pages import Pages, call, html, page, parse_request, titles
from syndication.model.feed_addresses import feed_url, wsgi_path
from syndication.model.values import FORMATS
from syndication.serve.prepared import PreparedDocument
from syndication.web.problems import not_found

pages = Pages("documents")

LABELS = {"atom": "Atom", "rss": "RSS", "json": "JSON Feed"}

READER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src https: http:; media-src https:"
    " http:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""The reader preview is HTML from articles: it may load images and media, but run nothing."""


@pages.get("/sections/<slug>/reader", "read")
def show_reader(slug: str) -> Response:
    """Shows the reader preview; the feed itself is in a frame."""
    section = call(api.get_section, path=parse_request(SectionPath, slug=slug))
    _document(slug, "json")
    return page("reader.html", section=section, title=titles()[slug])


@pages.get("/sections/<slug>/reader/view", "read")
def reader_view(slug: str) -> Response:
    """Returns the content of the frame."""
    api.configured(slug)
    document = json.loads(_document(slug, "json").source.identity)
    return render_reader_preview(document.get("title", ""), document.get("items", []))


@pages.get("/sections/<slug>/documents/<format>", "read")
def show_document(slug: str, format: str) -> Response:
    """Shows the document's source and its response headers."""
    section = call(api.get_section, path=parse_request(SectionPath, slug=slug))
    found = _document(slug, format)
    plain = found.encoded["identity"]
    source = found.source.identity
    return page(
        "document.html",
        section=section,
        title=titles()[slug],
        format=format,
        format_labels=LABELS,
        document=found,
        text=source.decode(),
        headers=dict(plain.ok),
        address=feed_url(context().settings.site, slug, format),
        modified=datetime.fromtimestamp(found.modified, UTC) if found.modified is not None else None,
    )


def render_reader_preview(title: str, items: list[dict[str, Any]]) -> Response:
    """Returns the items of a JSON Feed as HTML, under a policy that disables scripts and forms."""
    style, digest = _style()
    text = render_template("dashboard/parts/reader.html", title=title, items=items, style=style)
    response = html(text)
    response.headers["Content-Security-Policy"] = READER_POLICY.format(digest=digest)
    return response


@cache
def _style() -> tuple[Markup, str]:
    """Returns the frame's inline style sheet and its CSP digest: a sandboxed frame has no origin to load one from."""
    text = files("syndication.dashboard").joinpath("static/reader.css").read_text("utf-8")
    return Markup(text), base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()  # noqa: S704  # our own file


def _document(slug: str, format: str) -> PreparedDocument:
    found = context().loader.find(wsgi_path(slug, format)) if format in FORMATS else None
    if found is None:
        raise not_found(f"document of {slug} in {format} yet")
    return found
