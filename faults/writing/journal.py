"""What a writer knows: what each story should be after each act, and when that act began and was acknowledged."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Story:
    """An article as its writer wants it.

    ``out`` says that it was withdrawn or deleted and not restored since; ``there``, whether it has a row at all.
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
        """A title that no other revision of any story has, with letters that every format has to escape."""
        return f"Story {self.id} & <its> {self.revision}. edition, 夜車 🚆"

    @property
    def html(self) -> str:
        """A body that no other revision has."""
        return f"<p>The body of {self.id} &amp; its {self.revision}. edition, 夜車 🚆.</p>"

    @property
    def shown(self) -> bool:
        """Whether it may stand in feeds when its time has come."""
        return self.there and not self.out and not self.draft

    @property
    def status(self) -> str:
        """What its row says."""
        return "withdrawn" if self.out else "draft" if self.draft else "published"


@dataclass(slots=True)
class Act:
    """What was done to a story: ``story`` is how it should be afterwards.

    Between ``began`` and ``acknowledged`` nobody knows whether it was done; it was tried again until it was known.
    """

    name: str
    story: Story
    began: datetime
    acknowledged: datetime | None = None
    attempts: int = 0


@dataclass(slots=True)
class Journal:
    """The acts by story, in their order: each story has one writer."""

    acts: dict[str, list[Act]] = field(default_factory=dict)

    def add(self, act: Act) -> None:
        """An act begins."""
        self.acts.setdefault(act.story.id, []).append(act)

    def of(self, id: str) -> list[Act]:
        """What was done to a story."""
        return self.acts.get(id, [])

    def now(self) -> dict[str, Story]:
        """The stories as they are after the last act that was acknowledged."""
        return {id: known[-1].story for id, acts in self.acts.items() if (known := [a for a in acts if a.acknowledged])}

    def unknown(self) -> list[Act]:
        """The acts of which nobody knows whether they were done."""
        return [act for act in self if act.acknowledged is None]

    def __iter__(self) -> Iterator[Act]:
        return (act for acts in self.acts.values() for act in acts)

    def __len__(self) -> int:
        return sum(map(len, self.acts.values()))

    @classmethod
    def of_all(cls, journals: list["Journal"]) -> "Journal":
        """The journals of writers that have no story in common, as one."""
        return cls({id: acts for journal in journals for id, acts in journal.acts.items()})
