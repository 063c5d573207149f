"""The routes of the pages for people and of the lists of feeds."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from flask import Blueprint, Response, render_template, request

from syndication.model.feed_addresses import wsgi_path as wsgi_document_path
from syndication.model.old_feeds import OldFeed
from syndication.serve.catalogue import Catalogue
from syndication.serve.cdn_headers import Headers, lifetime_header
from syndication.serve.people import page_request, wsgi_path
from syndication.serve.prepared import PreparedDocument, cache_control
from syndication.web.pages import colors, combine, lists
from syndication.web.pages.answers import NO_STORE, Answer, Answers, send
from syndication.web.pages.newest import NewestEntries
from syndication.web.pages.settings import PageSettings
from syndication.web.pages.subscribing import qr_code, readers
from syndication.web.pages.views import addresses, listed, local, moment, name_of, page_url

HTML = "text/html; charset=utf-8"

OPENED = "syndication.opened_feed"
"""In a WSGI environ: the request is for the feed itself, and its answer must not be stored."""

PAGE_POLICY = (
    "default-src 'none'; style-src 'self' {origin}; script-src 'self' {origin}; img-src 'self' {origin}{logo};"
    " base-uri 'none'; form-action 'self' {origin}; frame-ancestors 'none'"
)

FRONT_CONTROL = "public, max-age=60"
LIST_CONTROL = "public, max-age=300"
GONE_CONTROL = "public, max-age=3600"

RETRY_SECONDS = "5"

MAX_CARDS = 200
"""The most sections on the front page; the lists for programs have all."""

OTHERS = 40
"""The most other feeds on a feed's page."""


class HasCatalogue(Protocol):
    """The document loader, as far as pages use it."""

    catalogue: Catalogue

    def find(self, path: str) -> PreparedDocument | None:
        """Returns a document of a published feed, read if it is not in memory; may wait."""


def feed_page_environ(catalogue: Catalogue, feed: str | OldFeed, environ: Mapping[str, Any]) -> dict[str, str]:
    """Returns what to change in a WSGI environ so that a request gets the feed's page; nothing if it is a poll."""
    page = page_request(catalogue, environ["REQUEST_METHOD"], feed, environ)
    if page is None:
        return {}
    return {"PATH_INFO": wsgi_path(page.slug)} | ({OPENED: page.format} if page.format else {})


def pages_blueprint(loader: HasCatalogue, settings: PageSettings) -> Blueprint:
    """Returns the routes; they read the memory of the document loader, never the database."""
    routes, answers, newest = Blueprint("pages", __name__), Answers(), NewestEntries()

    def from_catalogue(key: str, media_type: str, control: str, make: Callable[[Catalogue], bytes]) -> Response:
        catalogue = loader.catalogue
        headers = [*catalogue.keys(), ("Access-Control-Allow-Origin", "*")]
        return _response(
            answers.get(
                key, _State(catalogue), lambda: Answer(HTTPStatus.OK, media_type, make(catalogue), control, headers)
            )
        )

    @routes.get("/")
    def front() -> Response:
        catalogue = loader.catalogue
        return _response(
            answers.get("front", _State(catalogue), lambda: _front(catalogue, newest, settings)),
        )

    @routes.get("/feeds/<path:slug>")
    def feed(slug: str) -> Response:
        return _feed(loader, answers, newest, settings, slug)

    @routes.get("/opml.xml")
    def opml() -> Response:
        return from_catalogue("opml", lists.OPML_TYPE, LIST_CONTROL, lists.opml)

    @routes.get("/feeds.json")
    def feeds_json() -> Response:
        return from_catalogue("feeds", "application/json", LIST_CONTROL, lists.feeds_json)

    @routes.get("/robots.txt")
    def robots() -> Response:
        body = lists.robots(loader.catalogue.site.base_url, settings.sitemaps)
        return _response(Answer(HTTPStatus.OK, "text/plain; charset=utf-8", body, LIST_CONTROL))

    @routes.get("/static/accent.css")
    def accent() -> Response:
        body = colors.accent_css(settings.color).encode()
        return _response(Answer(HTTPStatus.OK, "text/css; charset=utf-8", body, GONE_CONTROL))

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


class _State:
    """The state of all feeds: equal to that of the same catalogue with the same documents only."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._generation = catalogue.memory.generation

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _State) or other._generation != self._generation:
            return False
        return other._catalogue is self._catalogue

    __hash__ = None  # type: ignore[assignment]  # it is compared, never a key


def _response(answer: Answer, *, stored: bool = True) -> Response:
    status, headers, body = send(answer, request.environ, stored=stored)
    response = Response(status=status)
    response.headers.clear()
    response.headers.extend(headers)
    if request.method != "HEAD" and status != HTTPStatus.NOT_MODIFIED:
        response.set_data(body)
    return response


def _html_headers(catalogue: Catalogue) -> Headers:
    logo = catalogue.site.logo
    policy = PAGE_POLICY.format(origin=_origin(catalogue.site.base_url), logo=f" {_origin(logo)}" if logo else "")
    return [("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer")]


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def _front(catalogue: Catalogue, newest: NewestEntries, settings: PageSettings) -> Answer:
    sections = listed(catalogue)
    cards = []
    for section in sections[:MAX_CARDS]:
        shown = newest.of(catalogue, section.slug)
        first = shown.entries[0] if shown and shown.entries else None
        cards.append(
            {
                "section": section,
                "name": name_of(section),
                "page": page_url(catalogue.site, section.slug),
                "addresses": addresses(catalogue.site, section.slug),
                "newest": first,
                "when": local(first.published, settings.zone) if first else "",
            }
        )
    updated = moment(max(list(catalogue.memory.modified.values()), default=None))
    body = render_template(
        "front.html",
        site=catalogue.site,
        cards=cards,
        more=len(sections) - len(cards),
        combine=[section for section in sections if section.owner == "configuration"] if settings.combine else [],
        updated=updated,
        updated_words=local(updated, settings.zone),
        zone=settings.timezone,
    )
    headers = [*catalogue.keys(), *_html_headers(catalogue)]
    return Answer(HTTPStatus.OK, HTML, body.encode(), FRONT_CONTROL, headers)


def _feed(loader: HasCatalogue, answers: Answers, newest: NewestEntries, settings: PageSettings, slug: str) -> Response:
    """Returns a feed's page: 200, 301 for a former slug, 410, 503, or 404."""
    catalogue = loader.catalogue
    stored = OPENED not in request.environ
    if slug in catalogue.renamed:
        return _moved(catalogue, catalogue.renamed[slug])
    section = catalogue.sections.get(slug)
    if section is None:
        return _with_policy(_response(_without_feed(catalogue, slug), stored=stored), catalogue)
    shown, path = newest.of(catalogue, slug), wsgi_document_path(slug, "json")
    if shown is None and catalogue.is_published(path) and loader.find(path) is not None:
        shown = newest.of(catalogue, slug)
    if shown is None:
        body = render_template("no_feed.html", site=catalogue.site, title=section.title, kind="unpublished")
        headers = [("Retry-After", RETRY_SECONDS), *_html_headers(catalogue)]
        waiting = Answer(HTTPStatus.SERVICE_UNAVAILABLE, HTML, body.encode(), NO_STORE, headers)
        response = _response(waiting, stored=stored)
        response.headers["Retry-After"] = RETRY_SECONDS
        return _with_policy(response, catalogue)

    def render() -> Answer:
        found = addresses(catalogue.site, slug)
        body = render_template(
            "feed.html",
            site=catalogue.site,
            section=section,
            name=name_of(section),
            page=page_url(catalogue.site, slug),
            addresses=found,
            readers=readers(found[0].url),
            qr=qr_code(page_url(catalogue.site, slug)),
            entries=[(entry, local(entry.published, settings.zone)) for entry in shown.entries],
            others=[
                (name_of(other), page_url(catalogue.site, other.slug))
                for other in listed(catalogue)
                if other.slug != slug
            ][:OTHERS],
            zone=settings.timezone,
        )
        keys = [lifetime_header(section.cache), *catalogue.keys(slug)] if catalogue.surrogate_keys else []
        headers = [*keys, *_html_headers(catalogue)]
        return Answer(HTTPStatus.OK, HTML, body.encode(), cache_control(section.cache), headers)

    # Of the catalogue the page shows this feed, and the names of the others.
    state = (shown.version, id(catalogue.sections), section)
    return _with_policy(_response(answers.get(("feed", slug), state, render), stored=stored), catalogue)


def _with_policy(response: Response, catalogue: Catalogue) -> Response:
    """Adds the policy to a page that is not stored, which has none of its answer's headers."""
    for name, value in _html_headers(catalogue):
        response.headers.setdefault(name, value)
    return response


def _without_feed(catalogue: Catalogue, slug: str) -> Answer:
    if slug in catalogue.retired:
        body = render_template("no_feed.html", site=catalogue.site, title="", kind="retired")
        headers = [*catalogue.keys(slug), *_html_headers(catalogue)]
        return Answer(HTTPStatus.GONE, HTML, body.encode(), GONE_CONTROL, headers)
    return Answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"Feed not found.\n", FRONT_CONTROL)


def _moved(catalogue: Catalogue, slug: str) -> Response:
    target = page_url(catalogue.site, slug)
    section = catalogue.sections.get(slug)
    control = cache_control(section.cache) if section else FRONT_CONTROL
    headers = {"Location": target, "Cache-Control": control, **dict(catalogue.keys(slug))}
    text = f"This feed has moved to {target}\n"
    return Response(text, HTTPStatus.MOVED_PERMANENTLY, headers, content_type="text/plain; charset=utf-8")
