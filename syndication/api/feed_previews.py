"""Previews of a feed's definition: a query over the stored articles, without rendering."""

from dataclasses import replace

from syndication.api.feeds import FeedRequest, operation, refuse_configured, wrong_definition
from syndication.api.operations import caller, context, instant
from syndication.api.schemas import ResponseModel, Time
from syndication.config.feeds import check, merge
from syndication.diagnostics.feed_preview import preview_feed
from syndication.errors import FeedError
from syndication.model.feed_selections import FeedSelections
from syndication.store.publishing import feed_definitions


class PreviewedEntry(ResponseModel):
    """A story that would be in the feed; ``comes``: it is not in the published one."""

    article_id: str
    title: str
    published_at: Time
    comes: bool


class LeavingEntry(ResponseModel):
    """A story that is in the published feed and would not be in this one; ``title`` is empty if it is not public."""

    article_id: str
    title: str


class FeedPreviewResponse(ResponseModel):
    """What the feed would have now: ``total`` entries, of which ``first`` are the newest 20.

    ``come``, ``stay`` and ``gone`` compare it with the published ``version`` (0: there is none), ``leaving`` are the
    first of those that go. ``notices`` say what readers notice.
    """

    total: int
    first: list[PreviewedEntry]
    version: int
    come: int
    stay: int
    gone: int
    leaving: list[LeavingEntry]
    notices: list[str]


@operation("POST", "/feeds/preview", "feeds", {200: FeedPreviewResponse})
def preview_definition(body: FeedRequest) -> FeedPreviewResponse:
    """Preview a definition, stored or not: its first entries, and what readers of that address would notice.

    Only public stories are in it, for every caller. Nothing is stored or rendered.
    """
    settings = context().settings
    refuse_configured(body.slug)
    with context().database.snapshot() as conn:
        stored = feed_definitions.find(conn, body.slug)
        definition = body.definition.definition(body.slug, stored.definition if stored else None)
        others = [other for other in feed_definitions.read_definitions(conn) if other.slug != body.slug]
        try:
            check(settings, definition, others)
        except FeedError as error:
            raise wrong_definition(error) from error
        section = merge(settings, [replace(definition, retired=False)]).sections[body.slug]
        feeds = FeedSelections({**settings.sections, body.slug: section}, settings.site.language)
        before = merge(settings, [replace(stored.definition, retired=False)]) if stored is not None else None
        current = before.sections.get(body.slug) if before is not None else None
        found = preview_feed(conn, feeds, section, current, caller().now)
    return FeedPreviewResponse(
        total=found.total,
        first=[
            PreviewedEntry(
                article_id=one.article_id, title=one.title, published_at=instant(one.published_at), comes=one.comes
            )
            for one in found.first
        ],
        version=found.version,
        come=found.come,
        stay=found.stay,
        gone=found.gone,
        leaving=[LeavingEntry(article_id=one.article_id, title=one.title) for one in found.leaving],
        notices=list(found.notices),
    )
