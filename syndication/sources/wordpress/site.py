"""What a site says of itself in its database: addresses, zone, categories."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from syndication.sources.foreign_database import Snapshot
from syndication.sources.wordpress.statements import Statements
from syndication.sources.wordpress.values import Category, site_zone


@dataclass(frozen=True, slots=True)
class Site:
    """The site's settings. ``digest`` covers what changes each post's address or time; ``blocks`` all reusable blocks.

    ``home`` has no slash at its end.
    """

    home: str
    zone: tzinfo
    digest: str
    blocks: str
    categories: tuple[Category, ...]


def read_site(snapshot: Snapshot, statements: Statements) -> Site:
    """Returns the site as of this snapshot."""
    options = {row["name"]: str(row["value"]) for row in snapshot.all(statements.options)}
    rows = snapshot.all(statements.categories)
    blocks = snapshot.value(statements.blocks)
    return Site(
        home=options.get("home", "").rstrip("/"),
        zone=site_zone(options.get("timezone_string", ""), options.get("gmt_offset", "")),
        digest=_digest(sorted(options.items())),
        blocks=blocks.decode() if isinstance(blocks, bytes) else str(blocks or ""),
        categories=tuple(map(_category, rows)),
    )


def _category(row: Mapping[str, Any]) -> Category:
    return Category(row["term_id"], row["parent"], row["slug"], row["name"], row["place"], row["posts"])


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()
