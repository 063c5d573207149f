"""How large the body of a request may be, by method and address: the one table for every process that reads bodies.

It is decided before a byte of the body is read, and so by the address alone: nobody is known yet.
"""

import re
from dataclasses import dataclass
from typing import Literal

KIB, MIB = 1024, 1024 * 1024

SMALL_BYTES = 64 * KIB
"""A form, a token, a regeneration of a thousand sections by name: none of them comes near."""

WEBHOOK_BYTES = MIB
"""A webhook is read before its signature can be checked, so that anybody may send one: a longer article is PUT."""

Kind = Literal["small", "webhook", "article", "batch"]


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """Bytes of the two kinds that a newsroom may set: one article, and a batch of them."""

    article: int = 16 * MIB
    batch: int = 32 * MIB


DEFAULT = BodyLimits()

_ARTICLE = re.compile(r"/api/v1/articles/.+", re.DOTALL)

_NAMED: dict[tuple[str, str], Kind] = {
    ("POST", "/api/v1/articles:batch"): "batch",
    ("POST", "/api/v1/previews"): "article",
    ("POST", "/api/v1/webhooks/articles"): "webhook",
}


def body_kind(method: str, path: str) -> Kind:
    """The kind of body that an address takes; ``path`` is decoded and has no query."""
    if method in ("PUT", "PATCH") and _ARTICLE.fullmatch(path):
        return "article"
    return _NAMED.get((method, path.removesuffix("/")), "small")


def largest_body(method: str, path: str, limits: BodyLimits = DEFAULT) -> int:
    """The largest body in bytes that is read at this address."""
    sizes: dict[Kind, int] = {
        "small": SMALL_BYTES,
        "webhook": min(WEBHOOK_BYTES, limits.article),
        "article": limits.article,
        "batch": limits.batch,
    }
    return sizes[body_kind(method, path)]


_ADVICE: dict[Kind, str] = {
    "small": "leave out what it does not need.",
    "webhook": "PUT a longer article to /api/v1/articles/ID.",
    "article": "link to pictures and files instead of embedding them.",
    "batch": "send the articles in several batches.",
}


def too_large(method: str, path: str, limits: BodyLimits = DEFAULT) -> str:
    """What is wrong with a longer body, and what to do."""
    size = in_words(largest_body(method, path, limits))
    return f"The body is over {size}, the most that is read here: {_ADVICE[body_kind(method, path)]}"


def in_words(size: int) -> str:
    """Bytes as a person reads them, like 64 KiB."""
    return f"{size // MIB:,} MiB" if size >= MIB and not size % MIB else f"{size / KIB:,.0f} KiB"
