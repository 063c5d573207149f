"""Invariants of whole documents, which must hold during every fault."""

from collections import defaultdict
from itertools import combinations

from faults.reading.documents import Document
from faults.reading.history import History


def malformed(history: History) -> list[str]:
    """Returns the malformed documents, and the responses without a version in their ETag."""
    return [
        f"{s.document.path} of {s.web}, {s.etag}, cannot be read: {s.document.malformed or 'its ETag has no version'}"
        for s in history.sightings
        if s.document.malformed or s.version < 0
    ]


def two_bodies(history: History) -> list[str]:
    """Returns the versions of a feed that had different bodies at different times or places."""
    bodies: dict[tuple[str, int], set[str]] = defaultdict(set)
    for sighting in history.sightings:
        bodies[sighting.document.path, sighting.version].add(sighting.document.digest)
    return [
        f"{path} had {len(of)} bodies in version {version}" for (path, version), of in bodies.items() if len(of) > 1
    ]


def one_tag_twice(history: History) -> list[str]:
    """Returns the ETags that were used for two bodies or two encodings."""
    bodies: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for sighting in history.sightings:
        bodies[sighting.document.path, sighting.etag].add((sighting.document.digest, sighting.coding))
    return [
        f"{path} used the ETag {etag} for {len(of)} responses" for (path, etag), of in bodies.items() if len(of) > 1
    ]


def disagreeing(history: History) -> list[str]:
    """Returns the versions whose formats have different content."""
    versions: dict[tuple[str, int], dict[str, Document]] = defaultdict(dict)
    for sighting in history.sightings:
        versions[sighting.document.section, sighting.version][sighting.document.format] = sighting.document
    return [
        f"{one.path} and {other.path} disagree in version {version}"
        for (_, version), formats in versions.items()
        for one, other in combinations(formats.values(), 2)
        if _content(one) != _content(other)
    ]


def _content(document: Document) -> list[tuple[object, ...]]:
    return [(entry.id, entry.title, entry.html, entry.published) for entry in document.entries]


def backwards(history: History) -> list[str]:
    """Returns the web processes that went back to an older version, Last-Modified or ``updated``.

    A restarted process counts as the same: everything that was served is stored.
    """
    losses = []
    for (web, path), sightings in history.by_feed().items():
        newest: dict[str, object] = {}
        for sighting in sorted(sightings, key=lambda s: s.first):
            values = {
                "version": sighting.version,
                "Last-Modified": sighting.last_modified,
                "updated": sighting.document.updated,
            }
            for name, value in values.items():
                before = newest.get(name)
                if value is not None and before is not None and value < before:  # type: ignore[operator]
                    losses.append(f"{path} of {web} went back from the {name} {before!s} to {value!s}")
                newest[name] = before if value is None else value
    return losses
