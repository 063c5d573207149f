"""Turns the entries of a feed that this service published back into the articles that they were.

Their IDs become the articles' own again, so that an article is restored and does not appear a second time.
"""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import unquote

from syndication.importing.fields import FEED, Fields
from syndication.model.values import Site
from syndication.pipeline.entries import tag_uri

# As render/html.py and render/clean_entry.py write a correction; the round trip of the tests compares them.
_CORRECTION = re.compile(r"<p><em>Correction: (.*?)</em></p>\n?", re.DOTALL)
_IN_SUMMARY = " (Correction: "


def is_own(found: Fields, site: Site) -> bool:
    """Returns whether an entry is from a feed of this service, by the address that the feed names as its own."""
    url = found[FEED]["url"]
    return isinstance(url, str) and url.startswith(f"{site.base_url}/feeds/")


def as_published(found: Fields, site: Site, slugs: Mapping[str, str]) -> Fields:
    """Returns the article that an entry of our own was, as far as the feed shows it.

    ``slugs`` are those of the configured sections, by their titles in lower case: JSON Feed has sections among tags.
    """
    feed = found[FEED]
    fields = {key: value for key, value in found.items() if key != FEED}
    sections, tags = _sections(feed["categories"], site, slugs)
    fields |= {**_identity(str(found["guid"]), site), "sections": sections, "tags": tags}
    if feed["author_inherited"]:
        fields["authors"] = []  # The newsroom itself, which the feed names once for all.
    if feed["full"]:
        fields["html"], fields["correction"] = _from_body(str(found["html"] or ""))
    else:
        fields["html"], text = "", str(found["summary"] or found["html"] or "")
        fields["summary"], fields["correction"] = _from_summary(text.removeprefix("<p>").removesuffix("</p>"))
    return fields


def _identity(guid: str, site: Site) -> Fields:
    """Returns ID and guid: see ``pipeline/entries.py`` and ``atom_id`` in ``render/clean_entry.py``."""
    article, imported = tag_uri(site, "article/"), tag_uri(site, "guid/")
    if guid.startswith(article):
        return {"id": unquote(guid.removeprefix(article)), "guid": None}
    known = unquote(guid.removeprefix(imported)) if guid.startswith(imported) else guid
    return {"id": known, "guid": known}


def _sections(categories: Any, site: Site, slugs: Mapping[str, str]) -> tuple[list[str], list[str]]:
    sections: list[str] = []
    tags: list[str] = []
    for text, scheme in categories:
        section = scheme == f"{site.home_url}/sections" if scheme else str(text).lower() in slugs
        (sections if section else tags).append(text)
    return sections, tags


def _from_body(html: str) -> tuple[str, str | None]:
    found = _CORRECTION.match(html)
    return (html[found.end() :], unescape(found[1])) if found else (html, None)


def _from_summary(html: str) -> tuple[str | None, str | None]:
    text, found, correction = html.rpartition(_IN_SUMMARY)
    if not found or not correction.endswith(")"):
        return html or None, None
    return text or None, unescape(correction[:-1])
