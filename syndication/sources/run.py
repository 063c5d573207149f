"""What the steps of one look share."""

from dataclasses import dataclass

from syndication.model.counted import counted
from syndication.sources import decide
from syndication.sources.reader import Look, SourceError
from syndication.sources.reading import Reading
from syndication.sources.records import Records
from syndication.sources.take_over import Storing
from syndication.store.sources.source_states import SourceState


@dataclass(frozen=True, slots=True)
class Run:
    """One look under way; ``size`` is the window against which what vanished is measured."""

    look: Look
    state: SourceState
    storing: Storing
    reading: Reading
    records: Records
    size: int

    def is_believed(self, vanished: int, *, accepted: bool) -> bool:
        """Returns whether so many stories vanished, unless it is too much; then the source is held.

        Raises SourceError if some of them are listed and not shown: to ask for them each second would be a load.
        """
        if accepted or not decide.too_many_vanished(vanished, self.size):
            return True
        self.records.hold(vanished, self.look.bookmark())
        if unshown := len(self.reading.vanished):
            words = f"it lists {counted(unshown, 'story', 'stories')} that it does not show when read: they stay"
            raise SourceError(f"{words} until `syndication source accept {self.storing.table.name}`")
        return False

    def withdraw_unshown(self, others: int, *, accepted: bool) -> None:
        """Withdraws what was stored and is not shown any more; with ``others`` that vanished, it may be too much."""
        vanished = self.reading.vanished
        if vanished and self.is_believed(others + len(vanished), accepted=accepted):
            self.storing.refuse_unshown(vanished)
            self.reading.vanished = []
