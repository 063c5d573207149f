"""What an item inherits from its feed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from syndication.importing.node import Node
from syndication.importing.people import Person
from syndication.model.formats import language_tag
from syndication.render.feedgen_common import GENERATOR


@dataclass(frozen=True, slots=True)
class Channel:
    """The head of a feed. ``url`` is the feed's own address, ``home`` that of the site; both may be empty.

    ``own`` is set if this program wrote the feed. ``names`` are those of authors whom items name in another way;
    ``pictures`` are addresses by what items call them.
    """

    url: str = ""
    home: str = ""
    language: str = ""
    authors: tuple[Person, ...] = ()
    own: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)

    @property
    def bases(self) -> tuple[str, ...]:
        """The addresses that relative ones are resolved against without ``xml:base``, innermost first."""
        return tuple(address for address in (self.url, self.home) if "://" in address)


def is_own(generator: str) -> bool:
    """Returns whether this program wrote the feed."""
    return generator == GENERATOR


def first_language(*languages: str | None) -> str | None:
    """Returns the first that is not None, as a tag (RFC 5646); None if it is none, or empty: there is no language."""
    return language_tag(next((language for language in languages if language is not None), ""))


def link(node: Node, *relations: str) -> str:
    """Returns the address of the feed's first link with one of these relations."""
    return next((one.attribute("href") for one in node.all("link", "atom:link") if relation(one) in relations), "")


def relation(node: Node) -> str:
    """Returns a link's relation; ``alternate`` if it has none (RFC 4287 section 4.2.7.2)."""
    return node.attribute("rel").lower().removeprefix("http://www.iana.org/assignments/relation/") or "alternate"
