"""The errors that the project raises on purpose."""

from collections.abc import Sequence


class SyndicationError(Exception):
    """An error that a user can correct; the message is one sentence that states what would be valid.

    ``details`` are list items printed below the message. They are separate because line ends in the message are
    escaped: they come from data.
    """

    def __init__(self, message: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)

    def __str__(self) -> str:
        return "\n- ".join((self.message, *self.details))


class ConfigError(SyndicationError):
    """A setting is invalid: the message names the key, the value and what would be valid."""


class FeedError(ConfigError):
    """An editor's feed cannot be stored: ``details`` has a sentence for each problem."""


class StoreError(SyndicationError):
    """The database is not usable: unreachable, not migrated, or without a trigger."""


class ArticleError(SyndicationError):
    """An article cannot be stored: the message names the field, the value and what would be valid."""


class UnrenderableArticleError(SyndicationError):
    """An article cannot be rendered, and is left out of its feeds; the message is the reason shown to editors."""

    def __init__(self, article_id: str, reason: str) -> None:
        super().__init__(reason)
        self.article_id = article_id
        self.reason = reason
