"""What the body's writer knows about the page: its addresses, the entry's prefix, and the limit of what is written."""

from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from syndication.model.addresses import resolved
from syndication.render.body.anchors import anchors_of

GROWTH = 10
"""A written body has at most ten times the characters of the article's: addresses and repeated elements add some."""

SHORT = 64 * 1024
"""Characters that a body may always have: a short one with a few embeds grows more than ten times."""


class BodyRefused(Exception):  # noqa: N818  # it is a finding
    """A body is not published, for the reason in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Page:
    """The article's page. ``base`` is the address that relative ones are relative to."""

    url: str
    base: str
    prefix: str
    anchors: frozenset[str]
    largest: int

    @property
    def too_large(self) -> str:
        """The reason, for editors, why a body is not published that has more characters than ``largest``."""
        return (
            f"its body has more than {self.largest:,} characters once it is rendered, too many for its length: close"
            " its elements, or split it"
        )


def page_of_body(body: LexborNode, url: str, prefix: str, characters: int, largest: int) -> Page:
    """Returns what is known about a parsed body that had so many ``characters``; ``largest`` is the section's limit."""
    return Page(url, base_of(body, url), prefix, anchors_of(body, url), min(max(GROWTH * characters, SHORT), largest))


def base_of(body: LexborNode, url: str) -> str:
    """Returns the address that relative ones are relative to (HTML standard, section 2.4.3: the first base counts)."""
    first = body.css_first("base[href]")
    return (resolved(url, first.attributes["href"] or "") if first is not None else None) or url
