"""Checks that every poll was answered correctly while its web process was running."""

from bisect import bisect
from collections.abc import Sequence
from datetime import datetime

from faults.reading.history import NO_ANSWER, History, Poll


def unanswered(history: History) -> list[str]:
    """Returns the polls with a wrong response, or none, that no kill explains."""
    losses = []
    for web in sorted({poll.web for poll in history.polls}):
        polls = sorted((poll for poll in history.polls if poll.web == web), key=lambda poll: poll.ended)
        losses += _of_one(polls, sorted(history.killed.get(web, [])))
    return losses


def _of_one(polls: Sequence[Poll], kills: Sequence[datetime]) -> list[str]:
    """After a kill, no response is expected before the first one, and no feed before it was served once."""
    losses = []
    served: set[tuple[int, str]] = set()
    for poll in polls:
        if not poll.wrong:
            life = bisect(kills, poll.asked)
            served |= {(life, poll.path), (life, "anything")}
            continue
        life = bisect(kills, poll.ended)
        path = "anything" if poll.wrong.startswith(NO_ANSWER) else poll.path
        if life == 0 or (life, path) in served:
            losses.append(f"{poll.path} of {poll.web} at {poll.asked}: {poll.wrong}")
    return losses
