"""A JSON object becomes an Article: every field checked, and named when it is wrong."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from syndication.errors import ArticleError
from syndication.feeds import Article, Enclosure, Image, Person

FIELDS = frozenset(
    (
        "id", "slug", "url", "title", "html", "summary", "authors", "sections", "tags", "language", "image",
        "enclosures", "published_at", "updated_at", "expires_at", "status", "correction", "guid",
    )
)  # fmt: skip


def article_from(value: Any, slugs: Mapping[str, str]) -> Article:
    """The article; raises ArticleError. ``slugs`` are the configured sections' slugs by their titles, lower-case."""
    if not isinstance(value, dict):
        raise ArticleError(f"a line should be a JSON object, not {_kind(value)}")
    unknown = sorted(value.keys() - FIELDS)
    if unknown:
        raise ArticleError(f"{unknown[0]} is not a field of an article: there are {', '.join(sorted(FIELDS))}")
    id = _text(value, "id", required=True)
    sections = [_section(name, slugs) for name in _texts(value, "sections")]
    return Article(
        id=id,
        slug=_text(value, "slug") or slugify(id),
        url=_text(value, "url", required=True),
        title=_text(value, "title", required=True),
        html=_text(value, "html"),
        summary=_text(value, "summary") or None,
        authors=tuple(_person(author) for author in _list(value, "authors")),
        sections=tuple(dict.fromkeys(sections)),
        tags=tuple(_texts(value, "tags")),
        language=_text(value, "language") or None,
        image=_image(value.get("image")),
        enclosures=tuple(_enclosure(file) for file in _list(value, "enclosures")),
        published_at=_time(value, "published_at"),
        updated_at=_time(value, "updated_at"),
        expires_at=_time(value, "expires_at"),
        status=_text(value, "status") or ("published" if value.get("published_at") else "draft"),
        correction=_text(value, "correction") or None,
        guid=_text(value, "guid") or None,
    )


def slugify(text: str) -> str:
    """``text`` as a slug: "Arts & Leisure" is arts-leisure; empty if nothing of it can stand in one."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", ascii_text))


def _section(name: str, slugs: Mapping[str, str]) -> str:
    slug = slugs.get(name.strip().lower()) or slugify(name)
    if not slug:
        raise ArticleError(f"sections has {name!r}, of which no slug can be made: use letters and digits")
    return slug


def _text(value: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    text = value.get(name)
    if text is None or text == "":
        if required:
            raise ArticleError(f"{name} is missing: every article needs one")
        return ""
    if not isinstance(text, str):
        raise ArticleError(f"{name} is {_kind(text)}: it should be a text")
    if "\x00" in text:
        raise ArticleError(f"{name} holds the character U+0000, which no database text may: take it out")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ArticleError(f"{name} holds half a surrogate pair, which is no character: take it out") from error
    return text


def _list(value: Mapping[str, Any], name: str) -> list[Any]:
    found = value.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise ArticleError(f"{name} is {_kind(found)}: it should be a list")
    return found


def _texts(value: Mapping[str, Any], name: str) -> list[str]:
    return [_text({name: item}, name, required=True) for item in _list(value, name)]


def _time(value: Mapping[str, Any], name: str) -> datetime | None:
    text = _text(value, name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArticleError(f"{name} is {text!r}: it should be like 2026-03-14T08:00:00+08:00 (RFC 3339)") from error
    if moment.utcoffset() is None:
        raise ArticleError(f"{name} is {text!r}, without a time zone: add one, like {text}+00:00")
    return moment


def _person(value: Any) -> Person:
    if isinstance(value, str):
        return Person(_text({"authors": value}, "authors", required=True))
    if not isinstance(value, dict):
        raise ArticleError(f"authors has {_kind(value)}: it should be a name, or an object with name, email and uri")
    _only(value, "authors", ("name", "email", "uri"))
    return Person(_text(value, "name", required=True), _text(value, "email") or None, _text(value, "uri") or None)


def _image(value: Any) -> Image | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ArticleError(f"image is {_kind(value)}: it should be an object with url, caption, credit and alt")
    _only(value, "image", ("url", "caption", "credit", "alt", "width", "height"))
    caption, credit, alt = (_text(value, name) or None for name in ("caption", "credit", "alt"))
    url = _text(value, "url", required=True)
    return Image(url, caption, credit, alt, _number(value, "width"), _number(value, "height"))


def _enclosure(value: Any) -> Enclosure:
    if not isinstance(value, dict):
        raise ArticleError(f"enclosures has {_kind(value)}: it should be an object with url and media_type")
    _only(value, "enclosures", ("url", "media_type", "length", "title", "duration"))
    return Enclosure(
        _text(value, "url", required=True),
        _text(value, "media_type", required=True),
        _number(value, "length"),
        _text(value, "title") or None,
        _number(value, "duration"),
    )


def _number(value: Mapping[str, Any], name: str) -> int | None:
    number = value.get(name)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**53:
        raise ArticleError(f"{name} is {number!r}: it should be a whole number, 0 or more")
    return number


def _only(value: Mapping[str, Any], where: str, known: tuple[str, ...]) -> None:
    unknown = sorted(value.keys() - set(known))
    if unknown:
        raise ArticleError(f"{where} has {unknown[0]!r}: it should have {', '.join(known)}")


_KINDS: Mapping[type, str] = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", int: "a number"}


def _kind(value: Any) -> str:
    return "null" if value is None else _KINDS.get(type(value), "a number")
