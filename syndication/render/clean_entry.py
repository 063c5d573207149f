"""An entry with every text cleaned, ready for the three formats."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote

from syndication.errors import UnrenderableArticleError
from syndication.model.addresses import iri, web_address
from syndication.model.formats import email_address, language_tag, media_type
from syndication.model.values import Author, Enclosure, Entry, Image, Section, Site
from syndication.render.body.anchors import prefix_of
from syndication.render.body.media import MediaFile
from syndication.render.body.page import BodyRefused
from syndication.render.body_limits import exceeds_limits
from syndication.render.entry_fields import unusable_fields
from syndication.render.html import Body, sanitize, with_correction
from syndication.render.summary import make_summary, plain, visible_body
from syndication.render.text import legal, one_line, visible_line


@dataclass(frozen=True, slots=True)
class CleanEntry:
    """The content of an entry. ``html`` is None in a section of summaries; all texts are legal in XML.

    ``id`` is the guid as readers know it, ``atom_id`` the same as an IRI.
    """

    article_id: str
    id: str
    atom_id: str
    url: str
    title: str
    html: str | None
    summary: str
    authors: tuple[Author, ...]
    categories: tuple[tuple[str, str, str], ...]  # term, scheme, label
    language: str | None
    image: Image | None
    enclosures: tuple[Enclosure, ...]
    published: str
    updated: str
    entry: Entry


def clean(entry: Entry, site: Site, section: Section) -> CleanEntry:
    """Returns the entry cleaned; raises UnrenderableArticleError, with the reason, if no reader could use it."""
    for field, words in unusable_fields(entry):
        raise UnrenderableArticleError(entry.article_id, f"its {field} {words}")
    title, url = visible_line(entry.title), web_address(entry.url) or ""
    identity = legal(entry.id).strip()  # To the letter: white space inside is part of what readers know.
    correction = visible_line(entry.correction) or None
    if reason := exceeds_limits(entry.html) or exceeds_limits(entry.summary or "", "summary"):
        raise UnrenderableArticleError(entry.article_id, reason)
    body = _body(entry, url, section)
    language = language_tag(one_line(entry.language or ""))
    return CleanEntry(
        article_id=entry.article_id,
        id=identity,
        atom_id=atom_id(identity, site),
        url=url,
        title=title,
        html=with_correction(body.html, correction) if section.content == "full" else None,
        summary=_summary(entry, title, correction, section),
        authors=_once(author for author in map(_person, entry.authors) if author.name),
        categories=_categories(entry, site),
        language=language if language and language.lower() != section.language.lower() else None,
        image=_image(entry.image),
        enclosures=_enclosures(entry, body.media if section.media_enclosures else ()),
        published=entry.published.isoformat(),
        updated=entry.updated.isoformat(),
        entry=entry,
    )


def atom_id(guid: str, site: Site) -> str:
    """Returns ``guid`` as an atom:id, which must be an IRI (RFC 4287 section 4.2.6); an imported guid may be any text.

    A guid that is not an IRI becomes a tag: URI of the newsroom, always the same for the same guid.
    """
    known = legal(guid).strip()
    return iri(known) or f"tag:{site.authority},{site.authority_date}:guid/{quote(known, safe='')}"


def _body(entry: Entry, url: str, section: Section) -> Body:
    try:
        return sanitize(entry.html, url, prefix_of(entry.id), section.largest_body)
    except BodyRefused as refused:
        raise UnrenderableArticleError(entry.article_id, refused.reason) from refused


def _summary(entry: Entry, title: str, correction: str | None, section: Section) -> str:
    summary = plain(entry.summary or "") or make_summary(visible_body(entry.html), section.summary_length, title)
    if correction and section.content == "summary":
        # There is no body for the correction to precede.
        return f"{summary} (Correction: {correction})".strip()
    return summary


def _categories(entry: Entry, site: Site) -> tuple[tuple[str, str, str], ...]:
    """Returns the sections, then each tag once; readers see no difference between a tag and a section's title."""
    sections = [(slug, f"{site.home_url}/sections", visible_line(title) or slug) for slug, title in entry.categories]
    shown = {_folded(label) for _, _, label in sections} | {""}
    tags = []
    for tag in map(visible_line, entry.tags):
        if (folded := _folded(tag)) not in shown:
            shown.add(folded)
            tags.append((tag, f"{site.home_url}/tags", tag))
    return (*sections, *tags)


def _folded(text: str) -> str:
    """Returns what texts have in common that differ only in case or in the form of a letter (UAX 15, NFKC)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _once(authors: Iterable[Author]) -> tuple[Author, ...]:
    """Returns each author once, with what the byline says of them; two of the same name may differ by address."""
    found: list[Author] = []
    for author in authors:
        for place, known in enumerate(found):
            if _folded(known.name) == _folded(author.name) and _agree(known.email, author.email):
                found[place] = Author(known.name, known.email or author.email, known.uri or author.uri)
                break
        else:
            found.append(author)
    return tuple(found)


def _agree(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one.casefold() == other.casefold()


def _person(person: Author) -> Author:
    return Author(visible_line(person.name), email_address(one_line(person.email or "")), web_address(person.uri or ""))


def _image(image: Image | None) -> Image | None:
    url = web_address(image.url) if image else None
    if image is None or url is None:
        return None
    caption, credit, alt = (visible_line(text) or None for text in (image.caption, image.credit, image.alt))
    return replace(image, url=url, caption=caption, credit=credit, alt=alt)


def _enclosures(entry: Entry, media: tuple[MediaFile, ...]) -> tuple[Enclosure, ...]:
    """Returns the article's files, and those that its body plays and the article does not name."""
    own = tuple(file for file in map(_enclosure, entry.enclosures) if file)
    named = {file.url for file in own}
    return (*own, *(Enclosure(m.address, m.media_type, title=m.title or None) for m in media if m.address not in named))


def _enclosure(file: Enclosure) -> Enclosure | None:
    url = web_address(file.url)
    if url is None:
        return None
    kind = media_type(one_line(file.media_type)) or "application/octet-stream"
    return replace(file, url=url, media_type=kind, title=visible_line(file.title) or None)
