"""All checks together."""

from faults.checker import documents, on_the_way, polls
from faults.reading.history import History
from faults.stage.clocks import Clock
from faults.writing.journal import Journal


def losses_on_the_way(history: History, journal: Journal, clock: Clock) -> list[str]:
    """Returns everything that was lost, leaked or wrong in what readers saw, each as a sentence."""
    return [
        *on_the_way.some(on_the_way.early(history, journal, clock)),
        *on_the_way.some(on_the_way.old(history, journal, clock)),
        *on_the_way.returned(history, journal, clock),
        *on_the_way.twice(history),
        *documents.malformed(history),
        *documents.two_bodies(history),
        *documents.one_tag_twice(history),
        *documents.disagreeing(history),
        *documents.backwards(history),
        *polls.unanswered(history),
    ]
