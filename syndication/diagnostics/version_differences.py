"""The difference of two versions of a feed: entries that came, went, moved and changed, with titles and words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from syndication.diagnostics.field_differences import FieldDifference, state_differences
from syndication.store import Connection
from syndication.store.publishing import article_states, version_entries
from syndication.store.publishing.version_entries import VersionEntry
from syndication.store.publishing.versions import EntryChange

MOST = 50
"""Entries whose words are compared: each costs two states."""


@dataclass(frozen=True, slots=True)
class EntryDifference:
    """How an entry differs between two versions.

    ``title`` is that of the newer version that has it, and None if its state is no longer kept. Positions are from 1,
    and None where the version lacks the entry or its entries are not recorded. ``moved``: its date put it elsewhere
    among the entries that both versions have. ``fields`` are None if a state is no longer kept.
    """

    change: EntryChange
    title: str | None
    old_position: int | None
    new_position: int | None
    moved: bool
    fields: Sequence[FieldDifference] | None


def describe_changes(
    conn: Connection, section: str, changes: Collection[EntryChange], old: int, new: int
) -> list[EntryDifference]:
    """Returns the changes between two versions of a feed with what readers saw in each."""
    before, after = (version_entries.entries_of_version(conn, section, version) for version in (old, new))
    was, now = ({one.article_id: one for one in some} for some in (before, after))
    wanted = {
        (found.article_id, found.digest)
        for change in changes
        for some in (was, now)
        if (found := some.get(change.article_id)) is not None
    }
    titles = article_states.load_titles(conn, wanted)
    states = _load_states(conn, changes, was, now)
    places = _ranks(before), _ranks(after)
    both = (
        _ranks([one for one in before if one.article_id in now]),
        _ranks([one for one in after if one.article_id in was]),
    )
    return [
        EntryDifference(
            change,
            _title(titles, now.get(change.article_id) or was.get(change.article_id)),
            places[0].get(change.article_id),
            places[1].get(change.article_id),
            _moved(change.article_id, was, now, both),
            _fields(states, was.get(change.article_id), now.get(change.article_id)),
        )
        for change in changes
    ]


def list_titles(
    conn: Connection, section: str, changes: Collection[tuple[int, EntryChange]]
) -> dict[tuple[int, str], str]:
    """Returns the titles of changed entries, by version and article: those of the last version that had the entry."""
    stretches = version_entries.stretches_of(conn, section, {change.article_id for _, change in changes})
    named = {}
    for version, change in changes:
        shown = version - 1 if change.change == "gone" else version
        found = next((one for one in stretches.get(change.article_id, ()) if _includes(one, shown)), None)
        if found is not None:
            named[version, change.article_id] = (found.article_id, found.digest)
    titles = article_states.load_titles(conn, set(named.values()))
    return {place: titles[state] for place, state in named.items() if state in titles}


def _includes(found: VersionEntry, version: int) -> bool:
    return found.since <= version and (found.until is None or found.until >= version)


def _ranks(entries: Sequence[VersionEntry]) -> dict[str, int]:
    return {entry.article_id: place for place, entry in enumerate(entries, 1)}


def _title(titles: Mapping[tuple[str, str], str], entry: VersionEntry | None) -> str | None:
    return None if entry is None else titles.get((entry.article_id, entry.digest))


def _moved(
    id: str,
    was: Mapping[str, VersionEntry],
    now: Mapping[str, VersionEntry],
    both: tuple[Mapping[str, int], Mapping[str, int]],
) -> bool:
    if id not in was or id not in now or was[id].published_at == now[id].published_at:
        return False
    return both[0][id] != both[1][id]


def _load_states(
    conn: Connection, changes: Collection[EntryChange], was: Mapping[str, VersionEntry], now: Mapping[str, VersionEntry]
) -> dict[tuple[str, str], dict[str, Any]]:
    stays = [change.article_id for change in changes if change.article_id in was and change.article_id in now][:MOST]
    return article_states.load_states(conn, {(id, some[id].digest) for id in stays for some in (was, now)})


def _fields(
    states: Mapping[tuple[str, str], dict[str, Any]], old: VersionEntry | None, new: VersionEntry | None
) -> Sequence[FieldDifference] | None:
    if old is None or new is None:
        return None
    before, after = (states.get((one.article_id, one.digest)) for one in (old, new))
    return None if before is None or after is None else state_differences(before, after)
