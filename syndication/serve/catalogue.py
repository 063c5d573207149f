"""What a web process serves at one moment: immutable, and replaced as a whole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from syndication.model.values import FORMATS, Document, Section, Site
from syndication.serve.cdn_headers import Headers, key_headers
from syndication.serve.prepared import PreparedDocument, prepare

CountKey = tuple[str, str, str]
"""What a poll is counted as: of a document its path, the whole status line and the coding; of all else, whose paths
strangers choose, the format, three digits and "identity"."""

CountedResponse = tuple[str, Headers, bytes, CountKey]
"""Status line, headers and body, as WSGI wants them, and what the poll is counted as."""

RequestKey = tuple[str, str, str | None, str | None, str | None]
"""Method, path, Accept-Encoding, If-None-Match, If-Modified-Since: all that an answer depends on."""


@dataclass(frozen=True)
class Catalogue:
    """The documents by address, and the addresses that have something else to say.

    ``responses`` caches the answer by request; as the catalogue never changes, none goes stale.
    """

    site: Site
    sections: Mapping[str, Section]
    documents: Mapping[str, PreparedDocument]
    renamed: Mapping[str, str]
    retired: frozenset[str]
    surrogate_keys: bool = True
    responses: dict[RequestKey, CountedResponse] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def empty(
        cls,
        site: Site,
        sections: Mapping[str, Section],
        renamed: Mapping[str, str],
        retired: frozenset[str],
        *,
        surrogate_keys: bool = True,
    ) -> Self:
        """The catalogue of a process that has loaded nothing yet."""
        return cls(site, sections, {}, renamed, retired, surrogate_keys)

    def with_documents(self, documents: Iterable[Document]) -> Self:
        """A new catalogue in which these documents replace their predecessors."""
        fresh = {
            address(document.section, document.format): prepare(
                document, self.sections[document.section], self.site, surrogate_keys=self.surrogate_keys
            )
            for document in documents
            if document.section in self.sections
        }
        return replace(self, documents={**self.documents, **fresh}, responses={})

    def keys(self, slug: str | None = None) -> Headers:
        """The key headers of an answer without a document, if any are wanted: no stranger's text is a ``slug``."""
        return key_headers(slug) if self.surrogate_keys else []

    def versions(self) -> dict[str, int]:
        """The version that is served of each section."""
        return {document.section: document.version for document in self.documents.values()}

    @property
    def size(self) -> int:
        """The bytes of all bodies."""
        return sum(len(coded.body) for document in self.documents.values() for coded in document.encoded.values())


def is_for_feeds(path: str) -> bool:
    """Whether the answer to ``path`` is the catalogue's; /feeds too, which a router would redirect to /feeds/."""
    return path.startswith("/feeds/") or path == "/feeds"


def address(section: str, format: str) -> str:
    """The path of a feed."""
    return f"/feeds/{section}.{format}"


def parse(path: str) -> tuple[str, str] | None:
    """Slug and format of a feed's path, None for any other path."""
    slug, dot, format = path.removeprefix("/feeds/").rpartition(".")
    return (slug, format) if dot and format in FORMATS and path.startswith("/feeds/") else None


def format_of(path: str) -> str:
    """The format that a path asks for, "other" if it is none of ours."""
    ending = path[-5:]
    return "atom" if ending == ".atom" else "json" if ending == ".json" else "rss" if ending[1:] == ".rss" else "other"
