"""Counts in sentences."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """Returns "1 story" or "2,000 stories"; ``plural`` is for nouns that do not just add an s."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
