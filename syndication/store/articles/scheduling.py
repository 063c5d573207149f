"""Publication times of articles that no reader has seen yet."""

from dataclasses import replace
from datetime import datetime

from syndication.errors import SyndicationError
from syndication.model.values import Article


class PublicAlreadyError(SyndicationError):
    """Readers have the article: its embargo is over."""

    def __init__(self) -> None:
        super().__init__("The article is public already. Change its publication time, or withdraw it.")


def schedule(stored: Article, at: datetime | None, now: datetime) -> Article:
    """Returns a draft or an article under embargo as it is published at ``at`` (None: now).

    A withdrawn article stays withdrawn. Raises PublicAlreadyError.
    """
    if stored.status == "published" and stored.published_at is not None and stored.published_at <= now:
        raise PublicAlreadyError
    status = "withdrawn" if stored.status == "withdrawn" else "published"
    return replace(stored, published_at=at or now.replace(microsecond=0), status=status)
