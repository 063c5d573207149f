"""The front page: the newsroom's sections with their newest stories, or those that a search found."""

from http import HTTPStatus
from typing import Any

from flask import render_template

from syndication.serve.catalogue import Catalogue
from syndication.web.pages import search
from syndication.web.pages.answers import NO_STORE, Answer
from syndication.web.pages.combine import offered_sections
from syndication.web.pages.newest import NewestEntries
from syndication.web.pages.responses import HTML, page_headers
from syndication.web.pages.settings import PageSettings
from syndication.web.pages.terms import FoundTerm, shown_terms
from syndication.web.pages.views import addresses, listed, local, moment, name_of, page_url

FRONT_CONTROL = "public, max-age=60"

MAX_CARDS = 200
"""The most sections on the front page; the lists for programs have all."""

LEAD = 4
"""How many stories the first card has; the others have one."""


def front_page(
    catalogue: Catalogue,
    newest: NewestEntries,
    settings: PageSettings,
    query: str,
    terms: tuple[FoundTerm, ...] | None = (),
) -> Answer:
    """Returns the front page: with all sections, or with those that a search found, and with these tags and authors.

    ``terms`` is None if they could not be searched: nobody keeps such a page.
    """
    sections = search.found(listed(catalogue), search.search_words(query))
    cards: list[dict[str, Any]] = []
    for section in sections[:MAX_CARDS]:
        shown = newest.of(catalogue, section.slug)
        count = 1 if cards or query else LEAD
        cards.append(
            {
                "section": section,
                "name": name_of(section),
                "page": page_url(catalogue.site, section.slug),
                "addresses": addresses(catalogue.site, section.slug),
                "newest": [(entry, local(entry.published, settings.zone)) for entry in shown.entries[:count]]
                if shown
                else [],
                "words": search.words_of(section),
            }
        )
    updated = moment(max(list(catalogue.memory.modified.values()), default=None))
    body = render_template(
        "front.html",
        site=catalogue.site,
        cards=cards,
        query=query,
        more=len(sections) - len(cards),
        combine=offered_sections(catalogue) if settings.combine and not query else [],
        updated=updated,
        updated_words=local(updated, settings.zone),
        zone=settings.timezone,
        searches_terms=settings.searches_terms,
        terms=None if terms is None else shown_terms(catalogue.site, terms),
    )
    headers = [*catalogue.keys(), *page_headers(catalogue)]
    return Answer(HTTPStatus.OK, HTML, body.encode(), NO_STORE if terms is None else FRONT_CONTROL, headers)
