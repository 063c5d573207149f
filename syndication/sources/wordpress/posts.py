"""What the database knows of posts: all but the texts and addresses that WordPress renders."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from html import unescape
from typing import Any

from syndication.model.addresses import web_address
from syndication.model.values import Author, Enclosure
from syndication.sources.foreign_database import Snapshot
from syndication.sources.wordpress.plain import plain
from syndication.sources.wordpress.statements import Statements
from syndication.sources.wordpress.values import Post, author_id, moment

COAUTHOR = "cap-"
"""Begins the slug of a term of Co-Authors Plus, before the name of the user or guest."""

Rows = Iterable[Mapping[str, Any]]


def read_posts(snapshot: Snapshot, statements: Statements, zone: tzinfo, ids: Sequence[int]) -> dict[int, Post]:
    """Returns those of the posts that are public, by id, in the order asked for."""
    if not ids:
        return {}
    asked = {"ids": list(ids)}
    rows = {row["id"]: row for row in snapshot.all(statements.posts, asked)}
    terms = _by_post(snapshot.all(statements.terms, asked))
    files = _by_post(snapshot.all(statements.enclosures, asked))
    people = _coauthors(snapshot, statements, terms)
    return {id: _post(rows[id], terms.get(id, []), files.get(id, []), people, zone) for id in ids if id in rows}


def _by_post(rows: Rows) -> dict[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(row)
    return found


def _coauthors(
    snapshot: Snapshot, statements: Statements, terms: Mapping[int, list[Mapping[str, Any]]]
) -> dict[str, Author]:
    """Returns co-authors by the slug of their term."""
    slugs = {term["slug"] for of in terms.values() for term in of if term["taxonomy"] == "author"}
    if not slugs:
        return {}
    guests = snapshot.all(statements.guest_authors, {"names": sorted(slugs)})
    names = sorted(slug.removeprefix(COAUTHOR) for slug in slugs)
    users = snapshot.all(statements.coauthors, {"names": names})
    found = {f"{COAUTHOR}{user['nicename']}": _author(user) for user in users}
    found |= {guest["nicename"]: _author(guest) for guest in guests}
    return {slug: author for slug, author in found.items() if author is not None}


def _author(row: Mapping[str, Any]) -> Author | None:
    name = plain(row["display_name"] or "")
    if not name:
        return None
    id = author_id((row["nicename"] or "").removeprefix(COAUTHOR))
    return Author(name, uri=web_address(row["user_url"] or ""), id=id)


def _post(row: Mapping[str, Any], terms: Rows, files: Rows, people: Mapping[str, Author], zone: tzinfo) -> Post:
    terms = list(terms)
    several = [people[term["slug"]] for term in terms if term["taxonomy"] == "author" and term["slug"] in people]
    one = _author(row)
    tags = [unescape(term["name"]) for term in terms if term["taxonomy"] == "post_tag"]
    return Post(
        id=row["id"],
        title=row["title"],
        excerpt=row["excerpt"],
        slug=row["slug"],
        guid=unescape(row["guid"]),
        published_at=moment(row["date_gmt"], row["date"], zone),
        modified_at=moment(row["modified_gmt"]),
        authors=tuple(several) or ((one,) if one else ()),
        categories=tuple(term["term_id"] for term in terms if term["taxonomy"] == "category"),
        tags=tuple(dict.fromkeys(tag for tag in tags if tag)),
        enclosures=tuple(file for file in map(_enclosure, files) if file),
    )


def _enclosure(row: Mapping[str, Any]) -> Enclosure | None:
    """Returns the file of three lines: address, bytes, media type (do_enclose). Plugins for podcasts add a fourth."""
    lines = [line.strip() for line in (row["value"] or "").splitlines()]
    address = web_address(lines[0]) if lines else None
    if address is None or len(lines) < 3 or "/" not in lines[2]:
        return None
    size = int(lines[1]) if lines[1].isascii() and lines[1].isdigit() and len(lines[1]) < 16 else 0
    return Enclosure(address, lines[2], size or None)
