"""The page of a feed: 200, 301 for a former slug, 410, 503 while it is not published, or 404."""

from http import HTTPStatus
from typing import Protocol

from flask import Response, render_template, request

from syndication.model.asked_addresses import AskedAddress
from syndication.model.feed_addresses import wsgi_path
from syndication.serve.catalogue import Catalogue
from syndication.serve.cdn_headers import lifetime_header
from syndication.serve.prepared import PreparedDocument, cache_control
from syndication.web.pages.answers import NO_STORE, Answer, Answers
from syndication.web.pages.newest import NewestEntries
from syndication.web.pages.responses import HTML, Same, page_headers, response_of
from syndication.web.pages.settings import PageSettings
from syndication.web.pages.subscribing import qr_code, readers
from syndication.web.pages.views import addresses, listed, local, name_of, page_url

OPENED = "syndication.opened_feed"
"""In a WSGI environ: the request is for the feed itself, and its answer must not be stored."""

PAGE_FORMAT = "json"
"""The format of the document that a page shows the entries of."""

WAITING = "syndication.waiting_feed"
"""In a WSGI environ: the feed was asked for and is not there yet; the text says which of the two pages it gets."""

BRIEF_CONTROL = "public, max-age=60"
GONE_CONTROL = "public, max-age=3600"

RETRY_SECONDS = "5"

OTHERS = 40
"""The most other feeds on a feed's page."""


class HasCatalogue(Protocol):
    """The document loader, as far as pages use it."""

    catalogue: Catalogue

    def find(self, path: str) -> PreparedDocument | None:
        """Returns a document of a published feed, read if it is not in memory; may wait."""


def feed_page(
    loader: HasCatalogue, answers: Answers, newest: NewestEntries, settings: PageSettings, slug: str
) -> Response:
    """Returns a feed's page: 200, 301 for a former slug, 410, 503, or 404."""
    catalogue = loader.catalogue
    stored = OPENED not in request.environ
    if slug in catalogue.renamed:
        return _moved(catalogue, catalogue.renamed[slug])
    asked = catalogue.asked.resolve(slug)
    canonical = asked.slug if isinstance(asked, AskedAddress) else asked
    if canonical is not None and canonical != slug:
        return _moved(catalogue, canonical)
    section = catalogue.sections.get(slug)
    waiting = request.environ.get(WAITING)
    if section is None and waiting:
        return _with_policy(_unpublished(catalogue, "", waiting), catalogue)
    if section is None:
        return _with_policy(response_of(_without_feed(catalogue, answers, slug), stored=stored), catalogue)
    shown, path = newest.of(catalogue, slug), wsgi_path(slug, PAGE_FORMAT)
    if shown is None and catalogue.is_published(path) and loader.find(path) is not None:
        shown = newest.of(catalogue, slug)
    if shown is None:
        return _with_policy(_unpublished(catalogue, section.title, waiting or "unpublished"), catalogue)

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
        headers = [*keys, *page_headers(catalogue)]
        return Answer(HTTPStatus.OK, HTML, body.encode(), cache_control(section.cache), headers)

    # Of the catalogue the page shows this feed, and the names of the others.
    answer = answers.get(("feed", slug), Same(shown, catalogue.sections), render)
    return _with_policy(response_of(answer, stored=stored), catalogue)


def _unpublished(catalogue: Catalogue, title: str, kind: str) -> Response:
    """Returns the page of a feed that is not there yet: it loads itself again. Nobody stores it."""
    body = render_template("no_feed.html", site=catalogue.site, title=title, kind=kind, again=RETRY_SECONDS)
    response = response_of(Answer(HTTPStatus.SERVICE_UNAVAILABLE, HTML, body.encode(), NO_STORE, []), stored=False)
    response.headers["Retry-After"] = RETRY_SECONDS
    return response


def _with_policy(response: Response, catalogue: Catalogue) -> Response:
    """Adds the policy to a page that is not stored, which has none of its answer's headers."""
    for name, value in page_headers(catalogue):
        response.headers.setdefault(name, value)
    return response


def _without_feed(catalogue: Catalogue, answers: Answers, slug: str) -> Answer:
    if slug in catalogue.retired:
        body = render_template("no_feed.html", site=catalogue.site, title="", kind="retired")
        headers = [*catalogue.keys(slug), *page_headers(catalogue)]
        return Answer(HTTPStatus.GONE, HTML, body.encode(), GONE_CONTROL, headers)

    def render() -> Answer:
        body = render_template("no_feed.html", site=catalogue.site, title="", kind="missing").encode()
        return Answer(HTTPStatus.NOT_FOUND, HTML, body, BRIEF_CONTROL, page_headers(catalogue))

    # One page for all addresses: anybody may ask for any number of them.
    return answers.get("missing", Same(catalogue.site), render)


def _moved(catalogue: Catalogue, slug: str) -> Response:
    target = page_url(catalogue.site, slug)
    section = catalogue.sections.get(slug)
    control = cache_control(section.cache) if section else BRIEF_CONTROL
    headers = {"Location": target, "Cache-Control": control, **dict(catalogue.keys(slug))}
    text = f"This feed has moved to {target}\n"
    return Response(text, HTTPStatus.MOVED_PERMANENTLY, headers, content_type="text/plain; charset=utf-8")
