"""Whether the logs of the service hold what they should not: a crash, or a story's text."""

from collections.abc import Mapping

CRASH = "Traceback (most recent call last)"
TEXTS = ("Story w", "The body of w")
"""How the titles and bodies of our stories begin: neither drafts nor embargoed ones are ever told."""


def wrong_in_logs(logs: Mapping[str, str]) -> list[str]:
    """By program what its log should not say; a crash with what stands behind it."""
    losses = []
    for name, text in logs.items():
        losses += [f"the log of {name} tells a story's text" for words in TEXTS if words in text]
        if CRASH in text:
            start = text.index(CRASH)
            losses.append(f"{name} crashed: …{text[max(0, start - 300) : start + 2_500]}…")
    return losses
