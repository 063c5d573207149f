"""What a change of an article would do: its fields by words, and the feeds."""

from collections.abc import Mapping
from typing import Any, Literal

from syndication.api.articles import ArticlePatch, operation, parse_article_json
from syndication.api.operations import caller, context
from syndication.api.schemas import ArticlePath, ResponseModel, Time
from syndication.api.visibility import visibility
from syndication.diagnostics.article_changes import FeedEffect, find_effects
from syndication.diagnostics.field_differences import FieldDifference, field_differences
from syndication.model.article_json import dump_article, merge_patch
from syndication.model.formats import rfc3339
from syndication.store.articles import articles as store


class PieceResponse(ResponseModel):
    """A part of a difference; ``skipped`` stands for unchanged text."""

    kind: Literal["same", "gone", "new", "skipped"]
    text: str


class FieldChangeResponse(ResponseModel):
    """A field that would change. Lists have an item on each line."""

    field: str
    pieces: list[PieceResponse]


class FeedEffectResponse(ResponseModel):
    """What happens in one feed. ``position`` is the entry's after the change, from 1; ``at`` is set if scheduled."""

    section: str
    effect: Literal["enters", "changes", "moves", "leaves", "stays", "scheduled"]
    position: int | None
    at: Time | None


class ChangesResponse(ResponseModel):
    """The fields that would change, and up to 50 feeds. ``moves_date``: a new correction moves the date."""

    id: str
    fields: list[FieldChangeResponse]
    feeds: list[FeedEffectResponse]
    moves_date: bool


@operation("POST", "/articles/<article:id>/compare", "write", {200: ChangesResponse})
def compare_article(path: ArticlePath, body: ArticlePatch) -> ChangesResponse:
    """Show what a JSON merge patch would change, in the article and in the feeds.

    Nothing is stored. An article that does not exist is compared with an empty one.
    """
    patch = {**body.model_dump(), "id": path.id}
    with context().database.snapshot() as conn:
        found = visibility(conn, path.id, caller())
        stored = store.get_article(conn, path.id) if found.exists else None
        before = stored if stored is not None and found.shows(stored) else None
        old = dump_article(before) if before is not None else {}
        after = parse_article_json(merge_patch(old, patch))
        store.validate(after)
        effects = find_effects(conn, context().settings, before, after, caller().now)
    told, told_before = ((one.correction or "").strip() if one is not None else "" for one in (after, before))
    dated = before is not None and before.updated_at != after.updated_at and after.updated_at is not None
    return ChangesResponse(
        id=path.id,
        fields=field_changes(old, dump_article(after)),
        feeds=[_effect(one) for one in effects],
        moves_date=before is not None and bool(told) and told != told_before and not dated,
    )


def field_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChangeResponse]:
    """Returns the fields in which two articles in JSON differ."""
    return [field_change(one) for one in field_differences(before, after)]


def field_change(found: FieldDifference) -> FieldChangeResponse:
    """Returns the difference of one field."""
    pieces = [PieceResponse(kind=piece.kind, text=piece.text) for piece in found.pieces]
    return FieldChangeResponse(field=found.field, pieces=pieces)


def _effect(found: FeedEffect) -> FeedEffectResponse:
    at = None if found.at is None else rfc3339(found.at)
    return FeedEffectResponse(section=found.section, effect=found.effect, position=found.position, at=at)
