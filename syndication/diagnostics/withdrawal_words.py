"""What an act did with each story, and what undoing it did, in words. Pure."""

from collections import Counter
from collections.abc import Mapping

from syndication.store.articles.withdrawal_batches import MADE_OUT, BatchArticle, Outcome, Undone, WithdrawalBatch


def outcome_words(one: BatchArticle) -> str:
    """Returns what the act did with this story."""
    words: Mapping[Outcome, str] = {
        "withdrawn": "Withdrawn.",
        "taken-over": f"It was out already, withdrawn by {one.former_by}. It now stays out until someone restores it.",
        "unchanged": "It was withdrawn before: nothing changed.",
        "unknown": "There is no such story.",
        "failed": f"Not withdrawn: the database rejected it ({one.detail}).",
    }
    return words[one.outcome]


def undone_words(one: BatchArticle) -> str | None:
    """Returns what undoing the act did with this story; None if it did nothing."""
    if one.undone is None:
        return None
    words: Mapping[Undone, str] = {
        "restored": "Restored.",
        "restored-changed": "Restored, with the changes made since.",
        "given-back": f"Out as before: {one.former_by} may publish it again.",
        "kept": "It stays withdrawn: someone decided that since, or its sender changed it.",
        "already-restored": "It had been restored before.",
        "deleted": "It was deleted since: it returns when it is written again.",
        "failed": f"Not restored: the database rejected it ({one.detail}). Undo again to retry.",
    }
    return words[one.undone]


_OUTCOMES: tuple[tuple[Outcome, str], ...] = (
    ("withdrawn", "withdrawn"),
    ("taken-over", "kept out from now on"),
    ("unchanged", "withdrawn before"),
    ("unknown", "not found"),
    ("failed", "not withdrawn"),
)

_UNDONE: tuple[tuple[Undone, str], ...] = (
    ("restored", "restored"),
    ("restored-changed", "restored with changes made since"),
    ("given-back", "out as before"),
    ("already-restored", "restored before"),
    ("kept", "still withdrawn"),
    ("deleted", "deleted since"),
    ("failed", "not restored"),
)


def summary(batch: WithdrawalBatch) -> str:
    """Returns what the act, or its undoing, did altogether: "3 stories: 2 withdrawn, 1 not found."."""
    if batch.undone_at is not None:
        return _summary(
            _UNDONE, Counter(one.undone for one in batch.articles if one.outcome in MADE_OUT and one.undone)
        )
    return _summary(_OUTCOMES, Counter(one.outcome for one in batch.articles))


def _summary(names: tuple[tuple[str, str], ...], counts: Mapping[str, int]) -> str:
    number = sum(counts.values())
    parts = [f"{counts[name]} {words}" for name, words in names if counts.get(name)]
    return f"{number} {'story' if number == 1 else 'stories'}: {', '.join(parts)}."
