"""Which entries a feed tells its readers to delete: those that are withdrawn or deleted, the newest version first."""

from collections.abc import Sequence

from syndication.model.values import DeletedEntry
from syndication.store.publishing.published import DELETED, PublishedState, Tombstone


def deleted_entries(current: PublishedState, leaving: Sequence[Tombstone] = ()) -> tuple[DeletedEntry, ...]:
    """Returns the deleted entries of the published version, or, with what is ``leaving``, those of the next one.

    In the order in which the next regeneration will read them: a regeneration without a change must find the same
    bytes. An article has one tombstone in a section, the last.
    """
    new = sorted(one.entry_id for one in leaving if one.reason in DELETED)
    replaced = {one.article_id for one in leaving}
    stands = [one for one in current.deleted if one.article_id not in replaced]
    return (*(DeletedEntry(id, None) for id in new), *(DeletedEntry(one.entry_id, one.at) for one in stands))
