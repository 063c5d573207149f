"""Whether an article, or what is left of one, exists for the caller: one rule for its trace and its history."""

from syndication.editors.api.operations import caller
from syndication.editors.problems import not_found
from syndication.store.happened import Remains


def check_exists(id: str, found: Remains) -> None:
    """Raise the 404 of an article that there is not, or not for the caller.

    Of one whose row is gone, only a feed in which it stood tells that it was public.
    """
    unknown = found.article is None and found.withdrawal is None and not found.stands
    was_public = caller().may("preview") or found.stands or found.departed
    if unknown or not (caller().sees(found.article) if found.article is not None else was_public):
        raise not_found(f"article {id!r}")
