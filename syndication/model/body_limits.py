"""The largest request body by method and path: the one table for every process that reads bodies.

The limit is applied before the body is read and the caller authenticated, so it depends on method and path alone.
"""

import re
from dataclasses import dataclass
from typing import Literal

from syndication.model.hub_addresses import ECHO_PATH

KIB, MIB = 1024, 1024 * 1024

SMALL_BYTES = 64 * KIB
"""Forms, tokens and a regeneration of a thousand named sections all stay far below this."""

WEBHOOK_BYTES = MIB
"""A webhook is read before its signature can be verified, so anyone can send one; longer articles use PUT."""

NAMES_BYTES = MIB
"""As many of the longest article ids as one act may name, percent-encoded."""

ECHO_BYTES = 8 * MIB
"""A feed of our own that a hub brings back: read before its signature can be verified, so anyone can send one."""

HUB_BYTES = 16 * KIB
"""The longest callback, topic and secret, percent-encoded: a stranger sends it."""

Kind = Literal["small", "hub", "echo", "names", "webhook", "ninjs", "article", "form", "batch"]


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """The two configurable limits, in bytes: one article, and a batch of articles."""

    article: int = 16 * MIB
    batch: int = 32 * MIB


DEFAULT = BodyLimits()

_ARTICLE = re.compile(r"/api/v1/articles/.+", re.DOTALL)

_COMPARE = re.compile(r"/api/v1/articles/.+/compare/?", re.DOTALL)

_PING = re.compile(r"/api/v1/sources/[^/]+/look/?")

_NAMED: dict[tuple[str, str], Kind] = {
    ("POST", "/hub"): "hub",
    ("POST", "/api/v1/articles:batch"): "batch",
    ("POST", "/api/v1/previews"): "article",
    ("POST", "/api/v1/withdrawals"): "names",
    ("POST", "/editors/withdrawals"): "names",
    ("POST", "/editors/article/edit"): "form",
    ("POST", "/editors/article/edit/preview"): "form",
    ("POST", "/editors/article/new"): "form",
    ("POST", "/api/v1/webhooks/articles"): "webhook",
    ("POST", "/api/v1/webhooks/ninjs"): "ninjs",
}


def is_ping(path: str) -> bool:
    """Returns whether this is where a CMS may ask for a look with a signature, which covers its body."""
    return _PING.fullmatch(path) is not None


def body_kind(method: str, path: str) -> Kind:
    """Returns the kind of body for this method and path; ``path`` is decoded and without query."""
    if method in ("PUT", "PATCH") and _ARTICLE.fullmatch(path):
        return "article"
    if method == "POST" and _COMPARE.fullmatch(path):
        return "article"
    if method == "POST" and is_ping(path):
        return "webhook"
    if method == "POST" and path.startswith(ECHO_PATH):
        return "echo"
    return _NAMED.get((method, path.removesuffix("/")), "small")


def largest_body(method: str, path: str, limits: BodyLimits = DEFAULT) -> int:
    """Returns the largest body accepted for this method and path, in bytes."""
    sizes: dict[Kind, int] = {
        "small": SMALL_BYTES,
        "echo": ECHO_BYTES,
        "hub": HUB_BYTES,
        "names": NAMES_BYTES,
        "webhook": min(WEBHOOK_BYTES, limits.article),
        "ninjs": min(WEBHOOK_BYTES, limits.article),
        "article": limits.article,
        "form": limits.article,
        "batch": limits.batch,
    }
    return sizes[body_kind(method, path)]


_ADVICE: dict[Kind, str] = {
    "small": "send only the fields you need.",
    "echo": "send the feed as it is served.",
    "hub": "send only the parameters of WebSub section 5.1.",
    "names": "name fewer articles.",
    "webhook": "PUT the article to /api/v1/articles/ID instead.",
    "ninjs": "send associated stories by their ids, and link to pictures instead of embedding them.",
    "article": "link to pictures and files instead of embedding them.",
    "form": "link to pictures and files instead of embedding them.",
    "batch": "send the articles in several batches.",
}


def too_large(method: str, path: str, limits: BodyLimits = DEFAULT) -> str:
    """Returns the error message for a body over the limit, with advice."""
    size = in_words(largest_body(method, path, limits))
    return f"The body is over the limit of {size}: {_ADVICE[body_kind(method, path)]}"


def in_words(size: int) -> str:
    """Returns a readable size, like 64 KiB."""
    return f"{size // MIB:,} MiB" if size >= MIB and not size % MIB else f"{size / KIB:,.0f} KiB"
