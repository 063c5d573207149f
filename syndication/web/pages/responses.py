"""Answers as Flask responses, and the headers of a page: what it may load (CSP), and that it gives no address away."""

from http import HTTPStatus

from flask import Response, request

from syndication.serve.catalogue import Catalogue
from syndication.serve.cdn_headers import Headers
from syndication.web.pages.answers import Answer, send

HTML = "text/html; charset=utf-8"

PAGE_POLICY = (
    "default-src 'none'; style-src 'self' {origin}; script-src 'self' {origin}; connect-src 'self' {origin};"
    " img-src 'self' {origin}{logo};"
    " base-uri 'none'; form-action 'self' {origin}; frame-ancestors 'none'"
)


class Same:
    """The state of an answer: equal to that of the very same objects only, which never change."""

    def __init__(self, *objects: object) -> None:
        self._objects = objects  # Kept: the identity of one that is gone could be that of another.

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and all(a is b for a, b in zip(self._objects, other._objects, strict=True))

    __hash__ = None  # type: ignore[assignment]  # it is compared, never a key


def response_of(answer: Answer, *, stored: bool = True) -> Response:
    """Returns the response to the current request."""
    status, headers, body = send(answer, request.environ, stored=stored)
    response = Response(status=status)
    response.headers.clear()
    response.headers.extend(headers)
    if request.method != "HEAD" and status != HTTPStatus.NOT_MODIFIED:
        response.set_data(body)
    return response


def page_headers(catalogue: Catalogue) -> Headers:
    """Returns the headers of each page."""
    logo = catalogue.site.logo
    policy = PAGE_POLICY.format(origin=_origin(catalogue.site.base_url), logo=f" {_origin(logo)}" if logo else "")
    return [("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer")]


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
