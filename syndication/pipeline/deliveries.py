"""Records the changes that were gathered, each with the feeds that it may concern."""

from collections.abc import Collection, Mapping
from datetime import datetime

from syndication.store import Connection
from syndication.store.articles import change_kinds
from syndication.store.publishing import deliveries
from syndication.store.publishing.change_queue import Changes
from syndication.store.publishing.deliveries import MAX_NAMED, ChangeKind, NewDelivery


def record_gathered(
    conn: Connection,
    read: Changes,
    concerned: Mapping[str, Collection[str]],
    generations: Mapping[str, int],
    kinds: Mapping[str, ChangeKind] | None,
    now: datetime,
) -> None:
    """Records the changes that were read from the queue.

    ``concerned`` are the feeds by article, ``generations`` those requested of the feeds whose state is followed.
    ``kinds`` are those of the changes, if they were read already.
    Of very many changes at once, stories that a feed shows come first, and then the newest.
    """
    written = read.written
    named = list(written)
    if len(named) > MAX_NAMED:
        shown = change_kinds.list_shown(conn, named)
        named.sort(key=shown.__contains__)  # Stable: the newest are last.
    others, named = named[: max(len(named) - MAX_NAMED, 0)], named[-MAX_NAMED:]
    if kinds is None:
        kinds = change_kinds.change_kinds(conn, {id: written[id] for id in named}, now)
    own = generations.keys()
    changes = [NewDelivery(id, kinds[id], written[id], own & set(concerned.get(id, ()))) for id in named]
    if others or read.everything:
        touched = own if read.everything else own & set().union(*(concerned.get(id, ()) for id in others))
        oldest = min((written[id] for id in others), default=read.noticed_at or now)
        changes.insert(0, NewDelivery(None, "many", oldest, touched, len(others)))
    deliveries.record_changes(conn, changes, generations, now)


def record_due(
    conn: Connection, due: Mapping[str, datetime], known: Collection[str], generations: Mapping[str, int], now: datetime
) -> None:
    """Records the articles that appear or leave at their time; ``known`` are those that were changed as well.

    ``due`` are the moments of the feeds that fell due.
    """
    own = due.keys() & generations.keys()
    if not own:
        return
    first = min(due[slug] for slug in own)
    appeared = change_kinds.list_appeared(conn, first, now, MAX_NAMED)
    expired = change_kinds.list_expired(conn, own, now)
    changes = [NewDelivery(id, "appeared", at, own) for id, at in appeared.items() if id not in known]
    changes += [NewDelivery(id, "expired", at, own) for id, at in expired.items() if id not in known]
    deliveries.record_changes(conn, changes[:MAX_NAMED], generations, now)
