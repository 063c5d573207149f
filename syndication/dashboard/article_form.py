"""The form of a story: what its fields show of an article in JSON, and the changes that they make. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from syndication.dashboard.form_times import read_time, write_time

TEXTS = ("title", "url", "summary", "html", "correction")

IMAGE = {"image_url": "url", "image_alt": "alt", "image_caption": "caption", "image_credit": "credit"}

TIMES = ("published_at", "expires_at")

TURNS_OF = {"published_at": "published_at_turn", "expires_at": "expires_at_turn"}
"""The field of each time that says which of two equal times is meant, when clocks go back."""

LISTS = ("authors", "tags")
"""Lists that are written, with an item on each line; sections are ticked."""

AUTHOR = ("name", "email", "uri")
"""The parts of an author's line, with a vertical bar between them."""

FORM_FIELDS = (*TEXTS, *IMAGE, *TIMES, *TURNS_OF.values(), *LISTS)

FIELD_OF = dict.fromkeys(IMAGE, "image") | {turn: name for name, turn in TURNS_OF.items()}
"""The article's field of each form field that is named otherwise."""

LABELS = {
    "id": "ID", "title": "Title", "url": "Address", "summary": "Summary", "html": "Body", "authors": "Authors",
    "sections": "Sections", "tags": "Tags", "image": "Picture", "correction": "Correction note",
    "published_at": "Publication time", "expires_at": "Expiry time", "status": "Status", "language": "Language",
    "slug": "Slug", "enclosures": "Files", "updated_at": "Date of last update", "guid": "Entry ID", "access": "Access",
}  # fmt: skip
"""What an article's fields are called."""

Given = dict[str, Any]
"""What the fields of the form show: texts, and the slugs of sections in a list."""


def empty_form() -> Given:
    """Returns the fields of a new story."""
    return {"id": "", **dict.fromkeys(FORM_FIELDS, ""), "sections": []}


def form_values(article: Mapping[str, Any], zone: ZoneInfo) -> Given:
    """Returns what the form shows of an article in JSON."""
    image = article.get("image") or {}
    given: Given = {name: _plain(article.get(name) or "") for name in TEXTS}
    given |= {name: _plain(image.get(part) or "") for name, part in IMAGE.items()}
    for name, turn in TURNS_OF.items():
        given[name], given[turn] = write_time(article.get(name), zone)
    given["authors"] = "\n".join(_author_line(author) for author in article.get("authors") or [])
    given["tags"] = "\n".join(article.get("tags") or [])
    return {"id": article.get("id", ""), **given, "sections": list(article.get("sections") or [])}


def sent_values(form: "MultiDict[str, str]") -> Given:
    """Returns what the fields had when the form was sent."""
    given: Given = {name: _plain(form.get(name, "")) for name in FORM_FIELDS}
    return {"id": form.get("id", "").strip(), **given, "sections": form.getlist("sections")}


def find_changes(given: Given, article: Mapping[str, Any], zone: ZoneInfo) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the JSON merge patch that the form makes of an article, and what is wrong with fields it cannot read.

    What shows the same as the article is not in the patch: line endings and seconds stay as they are stored.
    """
    shown = form_values(article, zone)
    changed = {name for name in (*FORM_FIELDS, "sections") if given[name] != shown[name]}
    patch: dict[str, Any] = {name: given[name].strip() or None for name in TEXTS if name in changed and name != "html"}
    if "html" in changed:
        patch["html"] = given["html"]
    if changed & IMAGE.keys():
        patch["image"] = _image(given, article)
    if "authors" in changed:
        patch["authors"] = [_author(line) for line in _lines(given["authors"])]
    if "tags" in changed:
        patch["tags"] = _lines(given["tags"])
    if "sections" in changed:
        patch["sections"] = given["sections"]
    errors: dict[str, str] = {}
    for name, turn in TURNS_OF.items():
        if {name, turn} & changed:
            try:
                patch[name] = read_time(given[name], zone, given[turn])
            except ValueError as error:
                errors[name] = str(error)
    return patch, errors


def changed_fields(patch: Mapping[str, Any]) -> list[str]:
    """Returns the article's fields that a patch changes, in the order of the form."""
    return [name for name in LABELS if name in patch]


def digests(given: Given) -> dict[str, str]:
    """Returns a short digest of each field, so that a form knows what it was opened with."""
    return {name: hashlib.sha256(repr(given[name]).encode("utf-8", "replace")).hexdigest()[:12] for name in _all()}


def digest(given: Given) -> str:
    """Returns a digest of what a review shows; the correction note is written beside the review, after it."""
    reviewed = sorted((name, value) for name, value in digests(given).items() if name != "correction")
    return hashlib.sha256(repr(reviewed).encode()).hexdigest()[:16]


def merge_forms(mine: Given, now: Given, base: Mapping[str, str]) -> tuple[Given, list[str], list[str]]:
    """Merges a form that is out of date with what is stored ``now``; ``base`` are the digests that it was opened with.

    Returns the form, the fields that somebody else changed, which are taken over, and those that both changed, in which
    the form keeps its own.
    """
    stored, own = digests(now), digests(mine)
    theirs = [name for name in _all() if stored[name] != base.get(name)]
    both = [name for name in theirs if own[name] not in (base.get(name), stored[name])]
    merged = mine | {name: now[name] for name in theirs if name not in both}
    return merged, [name for name in theirs if name not in both and own[name] != stored[name]], both


def _all() -> tuple[str, ...]:
    return (*FORM_FIELDS, "sections")


def _plain(text: str) -> str:
    """Returns a text with line endings as forms have them before they are sent."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _author_line(author: Mapping[str, Any]) -> str:
    parts = [author.get(part) or "" for part in AUTHOR]
    return " | ".join(parts).rstrip(" |")


def _author(line: str) -> dict[str, Any]:
    parts = [part.strip() for part in line.split("|", len(AUTHOR) - 1)]
    return {name: part or None for name, part in zip(AUTHOR, parts, strict=False) if part or name == "name"}


def _image(given: Given, article: Mapping[str, Any]) -> dict[str, Any] | None:
    values = {part: given[name].strip() or None for name, part in IMAGE.items()}
    if not any(values.values()):
        return None
    before = article.get("image") or {}
    # Width and height are those of the picture at that address.
    return values if values["url"] == before.get("url") else values | {"width": None, "height": None}
