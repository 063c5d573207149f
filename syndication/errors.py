"""The one family of errors that the project raises on purpose."""


class SyndicationError(Exception):
    """Something that a user can mend; the message is one sentence that says what would be right."""


class ConfigError(SyndicationError):
    """A setting is wrong: the message names the key, the value and what would be right."""


class StoreError(SyndicationError):
    """The database is not as the program needs it (missing migration, missing trigger, unreachable)."""


class ArticleError(SyndicationError):
    """An article cannot be stored: the message names the field, the value and what would be right."""


class Unrenderable(SyndicationError):  # noqa: N818  # it is a state of the article
    """One article cannot stand in a feed; its feed goes on without it.

    ``article_id`` names the article, the message is the reason shown to editors.
    """

    def __init__(self, article_id: str, reason: str) -> None:
        super().__init__(reason)
        self.article_id = article_id
        self.reason = reason
