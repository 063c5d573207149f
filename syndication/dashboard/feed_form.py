"""The form of a feed: what it shows of a definition, and the definition that its fields make. Pure."""

from typing import Any

from werkzeug.datastructures import MultiDict

from syndication.model.feed_json import GROUPS, FeedJson

NAMED = ("tag", "author", "language")
"""Kinds of terms that are written, one per line; sections are ticked."""

NUMBERS = ("entries", "hours", "max_entries", "summary_length")

TEXTS = ("title", "description", "language")

OPTIONAL = ("content", "cache", "image")
"""Fields whose empty text is the default of the configuration."""

OWN = ":own"
"""The value of the tick for stories filed under the feed's own address, which a new feed does not have yet."""


def read_form(form: "MultiDict[str, str]", slug: str = "") -> dict[str, Any]:
    """Returns the values of a ``FeedJson``, not validated; ``slug`` is the feed's own address."""
    values: dict[str, Any] = {name: form.get(name, "").strip() for name in TEXTS}
    values |= {name: form.get(name, "").strip() or None for name in OPTIONAL}
    values |= {name: _number(form.get(name, "")) for name in NUMBERS}
    for group in GROUPS:
        sections = [slug if value == OWN else value for value in form.getlist(f"{group}_section")]
        terms = [{"kind": "section", "name": name} for name in sections if name]
        for kind in NAMED:
            lines = form.get(f"{group}_{kind}", "").splitlines()
            terms += [{"kind": kind, "name": line.strip()} for line in lines if line.strip()]
        values[group] = terms
    return values | {"listed": "listed" in form}


def form_values(definition: FeedJson, slug: str) -> dict[str, Any]:
    """Returns what the fields of the form show of a definition; ``slug`` is the feed's address."""
    names = (*TEXTS, *OPTIONAL, *NUMBERS)
    given: dict[str, Any] = {name: _text(getattr(definition, name)) for name in names}
    for group in GROUPS:
        terms = getattr(definition, group)
        sections = [term.name for term in terms if term.kind == "section"]
        given[f"{group}_section"] = [OWN if name == slug else name for name in sections]
        for kind in NAMED:
            given[f"{group}_{kind}"] = "\n".join(term.name for term in terms if term.kind == kind)
        given[f"{group}_used"] = bool(terms)
    return given | {"slug": slug, "listed": definition.listed}


def sent_values(form: "MultiDict[str, str]") -> dict[str, Any]:
    """Returns what the fields had when the form was sent, to be shown again as it was written."""
    given: dict[str, Any] = {name: form.get(name, "") for name in ("slug", *TEXTS, *OPTIONAL, *NUMBERS)}
    for group in GROUPS:
        given[f"{group}_section"] = form.getlist(f"{group}_section")
        given |= {f"{group}_{kind}": form.get(f"{group}_{kind}", "") for kind in NAMED}
        given[f"{group}_used"] = bool(given[f"{group}_section"] or any(given[f"{group}_{kind}"] for kind in NAMED))
    return given | {"listed": "listed" in form}


def empty_form() -> dict[str, Any]:
    """Returns the fields of a new feed."""
    return form_values(FeedJson.model_construct(title="", listed=True), "")


def _number(text: str) -> int | str | None:
    """Returns a number, None for nothing, or the text itself, which the check refuses."""
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 10 else plain or None


def _text(value: Any) -> str:
    return "" if value is None else str(value)
