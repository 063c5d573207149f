"""Reads the runbook: its headings, and the commands below each."""

import re
from dataclasses import dataclass

from tests.deploy.programs import DEPLOY

TEXT = (DEPLOY / "RUNBOOK.md").read_text()

_FENCE = re.compile(r"^```(\w+)(?: (\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """Commands to copy. ``kind`` is sh for those that a test runs, and ``of`` says where, if not everywhere."""

    heading: str
    kind: str
    of: str
    commands: str


def _chapters() -> list[tuple[str, str]]:
    parts = re.split(r"^## (.*)\n", TEXT, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


CHAPTERS = dict(_chapters())

BLOCKS = [
    Block(heading, kind, of, commands)
    for heading, chapter in CHAPTERS.items()
    for kind, of, commands in _FENCE.findall(chapter)
]


def blocks(heading: str, of: str = "") -> list[Block]:
    """The blocks below a heading that a test runs: on every machine (""), with PostgreSQL, or for a move to it."""
    return [block for block in BLOCKS if (block.heading, block.kind, block.of) == (heading, "sh", of)]


def anchors() -> dict[str, str]:
    """The chapters by where a link to their heading leads, as GitHub makes it."""
    return {re.sub(r"[^\w -]", "", name.lower()).replace(" ", "-"): text for name, text in CHAPTERS.items()}
