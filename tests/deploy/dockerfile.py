"""Reads a Dockerfile: its instructions, and what a build of it may copy."""

import fnmatch
import json
import re
from dataclasses import dataclass
from pathlib import Path

from tests.deploy.programs import DEPLOY

DOCKERFILE = DEPLOY / "docker/Dockerfile"
IGNORED = DEPLOY / "docker/Dockerfile.dockerignore"


@dataclass(frozen=True)
class Instruction:
    """One instruction; ``words`` are those of a list, or the text split at spaces."""

    name: str
    text: str
    stage: int

    @property
    def is_list(self) -> bool:
        """Whether it is written as a list, which no shell interprets."""
        return self.text.startswith("[")

    @property
    def words(self) -> list[str]:
        """The words of the command, or of the text."""
        return list(json.loads(self.text)) if self.is_list else self.text.split()


def instructions() -> list[Instruction]:
    """All instructions in order, with the number of the stage in which they stand."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if not line.lstrip().startswith("#")]
    found, stage = [], -1
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, text = line.partition(" ")
            stage += name == "FROM"
            found.append(Instruction(name, " ".join(text.split()), stage))
    return found


def of(name: str, stage: int | None = None) -> list[Instruction]:
    """The instructions of a name."""
    return [i for i in instructions() if i.name == name and stage in (None, i.stage)]


def environment() -> dict[str, str]:
    """What ENV of the last stage sets."""
    return {
        key: value.strip('"') for i in of("ENV", 1) for key, value in re.findall(r'(\w+)=("[^"]*"|\S+)', i.text)
    }  # fmt: skip


def healthcheck() -> list[str]:
    """The command of HEALTHCHECK."""
    (check,) = of("HEALTHCHECK")
    return list(json.loads(check.text.partition("CMD ")[2]))


def is_sent(path: Path) -> bool:
    """Whether a build sees a file of the project: the last line of the ignored ones that fits counts."""
    sent = True
    for line in IGNORED.read_text().splitlines():
        pattern = line.lstrip("!")
        if line and not line.startswith("#"):
            parts = [str(path), *map(str, path.parents)]
            fits = any(fnmatch.fnmatch(part, pattern) or fnmatch.fnmatch(f"/{part}", pattern) for part in parts)
            sent = line.startswith("!") if fits else sent
    return sent
