"""The page at the hub's address, for people who wonder what it is: how a program subscribes to pushes."""

from http import HTTPStatus

from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import NotFound

from syndication.model.feed_addresses import feed_url
from syndication.model.values import ALL
from syndication.serve.catalogue import Catalogue
from syndication.web.pages.answers import NO_STORE, Answer
from syndication.web.pages.feed_page import HasCatalogue
from syndication.web.pages.responses import HTML, page_headers, response_of

PATH = "/hub"

LEASE_SECONDS = 432_000
"""The lease of the example: five days."""


def hub_blueprint(loader: HasCatalogue) -> Blueprint:
    """Returns the route of the page. Requests to the hub do not come here: the editors process answers them."""
    routes = Blueprint("hub_page", __name__)

    @routes.route(PATH, methods=["GET", "POST"])
    def hub() -> Response:
        if request.method == "POST":
            raise NotFound
        return response_of(hub_page(loader.catalogue))

    return routes


def hub_page(catalogue: Catalogue) -> Answer:
    """Returns the page."""
    body = render_template(
        "hub.html",
        site=catalogue.site,
        hub=f"{catalogue.site.base_url}{PATH}",
        topic=feed_url(catalogue.site, ALL, "atom"),
        lease_seconds=LEASE_SECONDS,
    )
    return Answer(HTTPStatus.OK, HTML, body.encode(), NO_STORE, page_headers(catalogue))
