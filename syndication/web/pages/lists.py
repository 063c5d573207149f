"""The lists of feeds for programs: OPML, JSON, and robots.txt.

OPML is version 2.0 (opml.org/spec2.opml); robots.txt is RFC 9309.
"""

import json
import re
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from syndication.serve.catalogue import Catalogue
from syndication.web.pages.views import addresses, listed, moment, page_url

OPML_TYPE = "text/x-opml; charset=utf-8"

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML 1.0 cannot have, in whatever spelling (section 2.2)."""


def opml(catalogue: Catalogue) -> bytes:
    """Returns the listed feeds as OPML, each by its Atom address."""
    site = catalogue.site
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        "<head>",
        f"<title>{_text(site.title)}</title>",
    ]
    times = [t for section in listed(catalogue) if (t := _updated(catalogue, section.slug)) is not None]
    if times and (latest := moment(max(times))) is not None:
        lines.append(f"<dateModified>{format_datetime(latest, usegmt=True)}</dateModified>")
    lines += ["<docs>http://opml.org/spec2.opml</docs>", "</head>", "<body>"]
    for section in listed(catalogue):
        title = section.feed_title or section.title
        values = {
            "text": title,
            "title": title,
            "type": "rss",  # OPML says so of every feed, whatever its format.
            "xmlUrl": addresses(site, section.slug)[0].url,
            "htmlUrl": page_url(site, section.slug),
            "description": section.description,
            "language": section.language,
        }
        lines.append(f"<outline {' '.join(f'{name}={_attribute(value)}' for name, value in values.items() if value)}/>")
    return "\n".join([*lines, "</body>", "</opml>", ""]).encode()


def feeds_json(catalogue: Catalogue) -> bytes:
    """Returns the listed feeds for programs; ``updated`` is null while a feed is not published."""
    site = catalogue.site
    feeds = []
    for section in listed(catalogue):
        updated = moment(_updated(catalogue, section.slug))
        feeds.append(
            {
                "slug": section.slug,
                "title": section.feed_title or section.title,
                "description": section.description,
                "language": section.language,
                "page": page_url(site, section.slug),
                "addresses": {address.format: address.url for address in addresses(site, section.slug)},
                "updated": updated and f"{updated:%Y-%m-%dT%H:%M:%SZ}",
            }
        )
    whole = {"title": site.title, "home_page": f"{site.home_url}/", "feeds": feeds}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def robots(base_url: str, sitemaps: tuple[str, ...]) -> bytes:
    """Returns robots.txt: all is for everybody, except what needs an account."""
    lines = ["User-agent: *", "Disallow: /editors", "Disallow: /api/", "Allow: /"]
    lines += [f"Sitemap: {base_url}{path}" for path in sitemaps]
    return ("\n".join(lines) + "\n").encode()


def _updated(catalogue: Catalogue, slug: str) -> float | None:
    return catalogue.memory.modified.get(slug)


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("", text))


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("", text))
