"""The one family of errors that the project raises on purpose."""

from collections.abc import Sequence


class SyndicationError(Exception):
    """Something that a user can mend; the message is one sentence that says what would be right.

    ``details`` are lines of a list below it. They are no part of the message, because whoever prints it escapes line
    ends: those in the message come from data.
    """

    def __init__(self, message: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)

    def __str__(self) -> str:
        return "\n- ".join((self.message, *self.details))


class ConfigError(SyndicationError):
    """A setting is wrong: the message names the key, the value and what would be right."""


class StoreError(SyndicationError):
    """The database is not as the program needs it (missing migration, missing trigger, unreachable)."""


class ArticleError(SyndicationError):
    """An article cannot be stored: the message names the field, the value and what would be right."""


class UnrenderableArticleError(SyndicationError):  # it is a state of the article
    """One article cannot stand in a feed; its feed goes on without it.

    ``article_id`` names the article, the message is the reason shown to editors.
    """

    def __init__(self, article_id: str, reason: str) -> None:
        super().__init__(reason)
        self.article_id = article_id
        self.reason = reason
