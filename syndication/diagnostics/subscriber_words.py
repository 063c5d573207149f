"""What people read of subscribers by push. Pure."""

from collections.abc import Mapping, Sequence

from syndication.model.counted import counted
from syndication.store.hub.push_attempts import PushOutcome
from syndication.store.hub.subscription_states import SubscriptionState

STATE_LABELS: Mapping[SubscriptionState, str] = {
    "current": "Up to date",
    "waiting": "Waiting",
    "failing": "Failing",
    "parked": "Parked",
    "paused": "Paused",
}

OUTCOME_LABELS: Mapping[PushOutcome, str] = {
    "done": "Delivered",
    "failed": "Failed",
    "gone": "Ended by subscriber",
    "parked": "Parked",
}

LATE: Sequence[SubscriptionState] = ("waiting", "failing", "parked", "paused")


def delivered_words(states: Mapping[str, int], newest: str | None) -> str:
    """Returns how many subscribers a section has and how many have its newest version, in ``newest``, like "0.4 s"."""
    number = sum(states.values())
    head = counted(number, "push subscriber")
    in_time = f" in {newest}" if newest else ""
    if states["current"] == number:
        whom = "" if number == 1 else f" to all {number:,}" if number > 2 else " to both"
        return f"{head}; newest version delivered{whom}{in_time}."
    late = ", ".join(f"{states[state]:,} {STATE_LABELS[state].lower()}" for state in LATE if states[state])
    return f"{head}; newest version delivered to {states['current']:,}{in_time if states['current'] else ''}: {late}."


def parked_words(number: int) -> str:
    """Returns the notice about parked subscribers."""
    if number == 1:
        rest = "It gets nothing until it is resumed or subscribes again."
    else:
        rest = "They get nothing until they are resumed or subscribe again."
    verb = "is" if number == 1 else "are"
    return f"{counted(number, 'push subscriber')} {verb} parked: nothing could be delivered for a long time. {rest}"
