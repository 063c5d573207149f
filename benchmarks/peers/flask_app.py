"""A Flask view that builds its feed with feedgen on each request, as feedgen's documentation shows."""

import gzip

from feedgen.feed import FeedGenerator
from flask import Flask, Response, request

from benchmarks.peers import HOME, SECTION, loaded

app = Flask("peer")
ARTICLES = loaded()


@app.get(f"/feeds/{SECTION}.atom")
def feed() -> Response:
    """Returns 200 with gzip, or 304 by ETag."""
    response = Response(build(), content_type="application/atom+xml; charset=utf-8")
    response.add_etag()
    response.vary.add("Accept-Encoding")
    response.make_conditional(request)
    if response.status_code == 200 and "gzip" in request.headers.get("Accept-Encoding", ""):
        response.set_data(gzip.compress(response.get_data(), 6))
        response.headers["Content-Encoding"] = "gzip"
    return response


def build() -> bytes:
    """Returns the Atom document."""
    head = FeedGenerator()
    head.id(f"tag:daily.example,2026-01-01:section/{SECTION}")
    head.title(SECTION)
    head.link(href=f"{HOME}/feeds/{SECTION}.atom", rel="self")
    head.updated(ARTICLES[0]["updated_at"])
    for article in ARTICLES:
        entry = head.add_entry(order="append")
        entry.id(f"tag:daily.example,2026-01-01:article/{article['id']}")
        entry.title(article["title"])
        entry.link(href=HOME + article["url"])
        entry.author([{"name": name} for name in article["authors"]])
        entry.category([{"term": tag} for tag in [*article["sections"], *article["tags"]]])
        entry.summary(article["summary"] or article["title"])
        entry.content(article["html"], type="html")
        entry.published(article["published_at"])
        entry.updated(article["updated_at"])
    document: bytes = head.atom_str()
    return document
