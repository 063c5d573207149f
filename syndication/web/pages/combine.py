"""The box "Combine sections": a form that needs no script, and the address that it leads to."""

from collections.abc import Sequence

from syndication.model.asked_addresses import AskedAddress, is_asked
from syndication.model.values import ALL, FORMATS, Section
from syndication.serve.catalogue import Catalogue
from syndication.web.pages.views import listed, public_url

PATH = "/combine"

MAX_CHOSEN = 50
"""The most sections that are read of a request; more than any list of a newsroom that ticks by hand."""


def offered_sections(catalogue: Catalogue) -> list[Section]:
    """Returns the sections that the box offers: those of the configuration that may be combined."""
    may = catalogue.asked.positions
    return [section for section in listed(catalogue) if section.owner == "configuration" and section.slug in may]


def combined_slug(catalogue: Catalogue, chosen: Sequence[str], without: Sequence[str]) -> str | None:
    """Returns the slug of the feed of these sections, in the order of the configuration, or None if it is none.

    ``world+sports`` is any of them, ``all~life`` everything without one. Unknown names are left out: they are of a page
    that is older than the configuration.
    """
    offered = [section.slug for section in offered_sections(catalogue)]
    wanted, refused = set(chosen[:MAX_CHOSEN]), set(without[:MAX_CHOSEN]) - {ALL}
    any_of = [slug for slug in offered if slug in wanted and slug not in refused and slug != ALL]
    none_of = [slug for slug in offered if slug in refused]
    if ALL in wanted or (not any_of and none_of):
        any_of = [ALL]
    # A section is already without the others, but a story may be in several: what is refused always counts.
    return "~".join(["+".join(any_of), *none_of]) if any_of else None


def combined_address(catalogue: Catalogue, chosen: Sequence[str], without: Sequence[str], format: str) -> str | None:
    """Returns the URL of the feed of these sections: its page, or the feed if ``format`` is one; None if it is none."""
    chosen_slug = combined_slug(catalogue, chosen, without)
    slug = chosen_slug
    if chosen_slug is not None and is_asked(chosen_slug):
        asked = catalogue.asked.resolve(chosen_slug)
        slug = asked.slug if isinstance(asked, AskedAddress) else asked
    if slug is None:
        return None
    ending = f".{format}" if format in FORMATS else ""
    return public_url(catalogue.site, f"/feeds/{slug}{ending}")
