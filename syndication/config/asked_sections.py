"""The feed that a reader asked for, as a section: with the look of the feed of all stories. Pure."""

import re
from collections.abc import Mapping
from dataclasses import replace

from syndication.config.loading import Settings, feed_title
from syndication.model.asked_addresses import AskedAddress, AskedAddresses, AskedKind, selection_of
from syndication.model.selection import Selection, Term
from syndication.model.values import ALL, Section

KIND_OF: Mapping[str, AskedKind] = {"combinations": "combination", "tags": "tag", "authors": "author"}
"""The kind of address by its name in the setting ``allowed``."""


def asked_addresses(settings: Settings) -> AskedAddresses:
    """Returns what readers may ask for with these settings."""
    own = settings.on_demand
    kinds = [KIND_OF[name] for name in own.allowed]
    return AskedAddresses.of(settings.sections, settings.redirects, kinds, own.max_parts)


def asked_section(settings: Settings, addresses: AskedAddresses, slug: str, key: str, name: str) -> Section | None:
    """Returns the section of an asked address; None if it may no longer be asked for, or has another address now.

    ``key`` and ``name`` are those of a tag or author in the register of terms.
    """
    asked = addresses.resolve(slug)
    if not isinstance(asked, AskedAddress) or asked.slug != slug:
        return None
    sections, all = settings.sections, settings.sections[ALL]
    if asked.kind == "combination":
        selection, title = selection_of(asked, sections), _title(asked, sections)
    else:
        selection, title = Selection(any=(Term(asked.kind, key),)), name
    languages = {sections[part].language for part in asked.any}
    return replace(
        all,
        slug=slug,
        title=title,
        description=title,
        language=languages.pop() if len(languages) == 1 else all.language,
        feed_title=feed_title(title, settings.main),
        formerly=(),
        selection=selection,
        owner="readers",
        listed=False,
    )


def _title(asked: AskedAddress, sections: Mapping[str, Section]) -> str:
    named = ["All stories" if slug == ALL else _one_line(sections[slug].title) for slug in asked.any]
    without = [_one_line(sections[slug].title) for slug in asked.none]
    return " + ".join(named) + (f" without {', '.join(without)}" if without else "")


def _one_line(title: str) -> str:
    return re.sub(r"\s+", " ", title)
