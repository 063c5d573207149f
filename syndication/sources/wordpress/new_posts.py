"""Which posts WordPress is still writing. Pure: it is given the time.

WordPress inserts a post, then files it under its categories and tags, and writes its guid last (wp_insert_post). A look
in between would give readers a story under an ID of our own, and a moment later the same story under its guid. Its
times say nothing: a new post has the date that its writer gave it as the time of its last change.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

WRITING_SECONDS = 60.0
"""A new post without a guid is waited for so long. Then it is read as it is: some programs write posts without one."""

EVERY_ID = 2**63 - 1

STEP = 100
"""How many new rows are recorded at once: revisions and files are rows too, and a record is a commit."""


class _Stored(BaseModel):
    model_config = ConfigDict(extra="forbid")

    newest: int = Field(ge=0, le=EVERY_ID)
    waiting: dict[int, float] = {}


@dataclass(frozen=True, slots=True)
class NewPosts:
    """What looks have seen of new posts; it survives a restart as a look's bookmark.

    Up to the ID ``newest`` a post without a guid is finished, and may be stored, unless it is in ``waiting``: that has
    the seconds since 1970 at which a look saw it first. Before the first look nothing is known: all are finished.
    """

    newest: int = EVERY_ID
    waiting: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def from_text(cls, text: str) -> "NewPosts":
        """Returns what ``to_text`` wrote; for anything else, that nothing is known."""
        try:
            found = _Stored.model_validate_json(text)
        except ValidationError:
            return cls()
        return cls(found.newest, found.waiting)

    def to_text(self) -> str:
        """Returns it as JSON; empty if nothing is known."""
        known: dict[str, Any] = {"newest": self.newest, "waiting": dict(self.waiting)}
        return "" if self.newest == EVERY_ID else _Stored(**known).model_dump_json()

    def unfinished(self, without_guid: Iterable[int], now: datetime) -> dict[int, float]:
        """Returns those of the posts that are being written, with the seconds at which they were seen first."""
        moment = now.timestamp()
        new = {id: self.waiting.get(id, moment) for id in without_guid if id > self.newest or id in self.waiting}
        # One of the future was seen before the clock was set back.
        return {id: since for id, since in new.items() if 0 <= moment - since < WRITING_SECONDS}

    def after(self, newest: int, waiting: Mapping[int, float]) -> "NewPosts":
        """Returns what the next look should know, when this one saw IDs up to ``newest``."""
        if waiting == self.waiting and 0 <= newest - self.newest < STEP:
            return self
        return NewPosts(newest, waiting)


def listed(ids: Collection[int]) -> str:
    """Returns numbers with commas, for a statement."""
    return ",".join(map(str, sorted(ids)))
