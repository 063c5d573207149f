"""Checks the service's logs for crashes and for the text of stories."""

from collections.abc import Mapping

CRASH = "Traceback (most recent call last)"
TEXTS = ("Story w", "The body of w")
"""How the titles and bodies of our stories begin. They may be drafts or embargoed, so logs must not contain them."""


def wrong_in_logs(logs: Mapping[str, str]) -> list[str]:
    """Returns what the log of each program must not contain; a crash with the text around it."""
    losses = []
    for name, text in logs.items():
        losses += [f"the log of {name} contains the text of a story" for words in TEXTS if words in text]
        if CRASH in text:
            start = text.index(CRASH)
            losses.append(f"{name} crashed: …{text[max(0, start - 300) : start + 2_500]}…")
    return losses
