"""The routes of the pages for people and of the lists of feeds."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request

from syndication.model.old_feeds import OldFeed
from syndication.serve.catalogue import Catalogue
from syndication.serve.people import page_request, wsgi_path
from syndication.web.pages import colors, combine, lists, search
from syndication.web.pages.answers import NO_STORE, Answer, Answers
from syndication.web.pages.feed_page import OPENED, HasCatalogue, feed_page
from syndication.web.pages.front_page import front_page
from syndication.web.pages.newest import NewestEntries
from syndication.web.pages.responses import Same, response_of
from syndication.web.pages.settings import PageSettings
from syndication.web.pages.terms import FindTerms

LIST_CONTROL = "public, max-age=300"
STYLE_CONTROL = "public, max-age=3600"

MAX_SEARCHES = 64
"""How many answers of searches are kept."""


def feed_page_environ(catalogue: Catalogue, feed: str | OldFeed, environ: Mapping[str, Any]) -> dict[str, str]:
    """Returns what to change in a WSGI environ so that a request gets the feed's page; nothing if it is a poll."""
    page = page_request(catalogue, environ["REQUEST_METHOD"], feed, environ)
    if page is None:
        return {}
    return {"PATH_INFO": wsgi_path(page.slug)} | ({OPENED: page.format} if page.format else {})


def pages_blueprint(loader: HasCatalogue, settings: PageSettings, find_terms: FindTerms | None = None) -> Blueprint:
    """Returns the routes; they read the memory of the document loader, and only ``find_terms`` the database."""
    routes, answers, newest = Blueprint("pages", __name__), Answers(), NewestEntries()
    searches = Answers(MAX_SEARCHES)  # Of their own: strangers choose the words, and must not push out pages.

    def from_catalogue(key: str, media_type: str, control: str, make: Callable[[Catalogue], bytes]) -> Response:
        catalogue = loader.catalogue
        headers = [*catalogue.keys(), ("Access-Control-Allow-Origin", "*")]
        return response_of(
            answers.get(
                key,
                Same(catalogue, catalogue.memory.generation),
                lambda: Answer(HTTPStatus.OK, media_type, make(catalogue), control, headers),
            )
        )

    @routes.get("/")
    def front() -> Response:
        catalogue, query = loader.catalogue, request.args.get("q", "")[: search.LONGEST_QUERY].strip()
        kept, key = (searches, query) if query else (answers, "front")
        terms = find_terms(query, request.environ) if query and find_terms is not None else ()
        return response_of(
            kept.get(
                key,
                Same(catalogue, catalogue.memory.generation, terms),
                lambda: front_page(catalogue, newest, settings, query, terms),
            )
        )

    @routes.get("/feeds/<path:slug>")
    def feed(slug: str) -> Response:
        return feed_page(loader, answers, newest, settings, slug)

    @routes.get("/opml.xml")
    def opml() -> Response:
        return from_catalogue("opml", lists.OPML_TYPE, LIST_CONTROL, lists.opml)

    @routes.get("/feeds.json")
    def feeds_json() -> Response:
        return from_catalogue("feeds", "application/json", LIST_CONTROL, lists.feeds_json)

    @routes.get("/robots.txt")
    def robots() -> Response:
        body = lists.robots(loader.catalogue.site.base_url, settings.sitemaps)
        return response_of(Answer(HTTPStatus.OK, "text/plain; charset=utf-8", body, LIST_CONTROL))

    @routes.get("/static/accent.css")
    def accent() -> Response:
        body = colors.accent_css(settings.color).encode()
        return response_of(Answer(HTTPStatus.OK, "text/css; charset=utf-8", body, STYLE_CONTROL))

    if settings.combine:

        @routes.get(combine.PATH)
        def combined() -> Response:
            catalogue, asked = loader.catalogue, request.args
            target = combine.combined_address(
                catalogue, asked.getlist("section"), asked.getlist("without"), asked.get("format", "")
            )
            target = target or f"{catalogue.site.base_url}/#combine"
            headers = {"Location": target, "Cache-Control": NO_STORE}
            text = f"The feed is at {target}\n"
            return Response(text, HTTPStatus.SEE_OTHER, headers, content_type="text/plain; charset=utf-8")

    return routes
