"""A writer's journal: the expected story after each act, and when the act began and was acknowledged."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Story:
    """An article as its writer wants it.

    ``out`` means withdrawn and not restored since; ``there`` means that it has a row.
    """

    id: str
    published_at: datetime
    sections: tuple[str, ...]
    revision: int = 1
    expires_at: datetime | None = None
    updated_at: datetime | None = None
    draft: bool = False
    out: bool = False
    there: bool = True

    @property
    def title(self) -> str:
        """A title that is unique to this revision, with characters that every format must escape."""
        return f"Story {self.id} & <its> {self.revision}. edition, 夜車 🚆"

    @property
    def html(self) -> str:
        """A body that is unique to this revision."""
        return f"<p>The body of {self.id} &amp; its {self.revision}. edition, 夜車 🚆.</p>"

    @property
    def shown(self) -> bool:
        """Whether it may be in feeds once its publish time is reached."""
        return self.there and not self.out and not self.draft

    @property
    def status(self) -> str:
        """The status of the row."""
        return "withdrawn" if self.out else "draft" if self.draft else "published"


@dataclass(slots=True)
class Act:
    """An act on a story; ``story`` is the expected result.

    Between ``began`` and ``acknowledged`` it is unknown whether it was committed; it is retried until that is known.
    """

    name: str
    story: Story
    began: datetime
    acknowledged: datetime | None = None
    attempts: int = 0


@dataclass(slots=True)
class Journal:
    """The acts by story, in order; each story has one writer."""

    acts: dict[str, list[Act]] = field(default_factory=dict)

    def add(self, act: Act) -> None:
        """Records that an act begins."""
        self.acts.setdefault(act.story.id, []).append(act)

    def of(self, id: str) -> list[Act]:
        """Returns the acts on a story."""
        return self.acts.get(id, [])

    def now(self) -> dict[str, Story]:
        """Returns the stories after their last acknowledged act."""
        return {id: known[-1].story for id, acts in self.acts.items() if (known := [a for a in acts if a.acknowledged])}

    def unknown(self) -> list[Act]:
        """Returns the acts that were never acknowledged."""
        return [act for act in self if act.acknowledged is None]

    def __iter__(self) -> Iterator[Act]:
        return (act for acts in self.acts.values() for act in acts)

    def __len__(self) -> int:
        return sum(map(len, self.acts.values()))

    @classmethod
    def of_all(cls, journals: list["Journal"]) -> "Journal":
        """Returns the merged journal of writers that share no story."""
        return cls({id: acts for journal in journals for id, acts in journal.acts.items()})
