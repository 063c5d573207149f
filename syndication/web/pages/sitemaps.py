"""The routes of the sitemaps."""

from typing import Protocol

from flask import Blueprint, Response, request

from syndication.model.sitemaps import INDEX_PATH
from syndication.serve.catalogue import Catalogue
from syndication.serve.sitemaps import Sitemaps, respond_to_crawler


class HasSitemaps(Protocol):
    """The sitemap loader, as far as pages use it."""

    @property
    def current(self) -> Sitemaps:
        """All files."""


class Loader(Protocol):
    """The document loader, as far as sitemaps use it."""

    @property
    def catalogue(self) -> Catalogue:
        """The feeds."""

    @property
    def sitemaps(self) -> HasSitemaps | None:
        """The sitemaps, if this process has them."""


def sitemaps_blueprint(loader: Loader) -> Blueprint:
    """Returns the routes; they read memory, never the database."""
    routes = Blueprint("sitemaps", __name__)

    @routes.get(INDEX_PATH)
    @routes.get("/sitemap-<name>.xml")
    def sitemap(name: str = "") -> Response:  # noqa: ARG001  # the path says it all
        current = Sitemaps() if loader.sitemaps is None else loader.sitemaps.current
        keys = loader.catalogue.surrogate_keys
        status, headers, body = respond_to_crawler(current, request.path, request.environ, surrogate_keys=keys)
        response = Response(status=status)
        response.headers.clear()
        response.headers.extend(headers)
        if request.method != "HEAD":
            response.set_data(body)
        return response

    return routes
