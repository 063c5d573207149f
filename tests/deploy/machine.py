"""A machine on which the runbook's commands are typed: a folder that stands for its root."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.deploy import runbook
from tests.deploy.webs import Front
from tests.support.service import ROOT, Answer, environ, free_port, until

SYSTEMCTL = Path(__file__).with_name("systemctl.py")

PATHS = ("/opt/syndication", "/etc/syndication", "/etc/systemd", "/usr/local/bin", "/var/lib/syndication",
         "/var/backups/syndication", "/var/cache/syndication")  # fmt: skip

VERSIONS = ("1.0.0", "1.1.0")
"""The versions that are installed; each is this checkout."""


ANSWERS = (
    '--name "The Daily Example" --base-url http://127.0.0.1:8000 --website https://www.daily.test'
    " --authority daily.test --section Taiwan --section World"
)
"""What a newsroom answers to ``init``."""


class Machine(Front):
    """Commands run in a checkout, with the paths that they name below ``root``."""

    def __init__(self, root: Path, settings: Mapping[str, str] | None = None, path: str = "") -> None:
        super().__init__(free_port())
        self.root = root
        for folder in ("bin", "usr/local/bin", "var/lib/syndication", "etc/systemd/system"):
            (root / folder).mkdir(parents=True)
        self._program("bin/systemctl", f'exec {sys.executable} {SYSTEMCTL} "$@"')
        # There are no other users here: a command that is typed for one is run as whoever runs the tests.
        self._program("bin/runuser", 'shift 3\nexec "$@"')
        for version in VERSIONS:
            (root / f"opt/syndication-{version}/bin").mkdir(parents=True)
            self._program(f"opt/syndication-{version}/bin/syndication", f'exec {sys.executable} -m syndication "$@"')
        (root / "opt/syndication").symlink_to(root / f"opt/syndication-{VERSIONS[0]}")
        self.env = environ(
            MACHINE=str(root),
            PATH=os.pathsep.join(filter(None, [f"{root}/bin", f"{root}/usr/local/bin", path, os.environ["PATH"]])),
            SYNDICATION_SERVER__PORT=str(self.port),
            **(settings or {}),
        )

    def _program(self, name: str, text: str) -> None:
        (self.root / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.root / name).chmod(0o755)

    def here(self, commands: str) -> str:
        """Commands with the paths of this machine."""
        commands = commands.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        commands = commands.replace("syndication:syndication", f"{os.getuid()}:{os.getgid()}")
        return re.sub(rf"({'|'.join(PATHS)})\b", rf"{self.root}\1", commands)

    def type(self, commands: str) -> str:
        """Type commands; gives what they said, and fails where one of them does."""
        # Whoever types it looks again until all is well: a section may be at work for a moment.
        until_well = "until syndication status; do sleep 0.2; done"
        text = re.sub(r"^syndication status$", until_well, commands, flags=re.MULTILINE)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.here(text)],
            cwd=ROOT, env=self.env, capture_output=True, text=True, check=False, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}\n{self.logs()}"
        # The wrapper names the paths of a real machine.
        wrapper = self.root / "usr/local/bin/syndication"
        if wrapper.exists() and str(self.root) not in wrapper.read_text():
            wrapper.write_text(self.here(wrapper.read_text()))
        return done.stdout

    def follow(self, heading: str, of: str = "") -> str:
        """Type what stands below a heading of the runbook."""
        found = runbook.blocks(heading, of)
        assert found, heading
        return "".join(self.type(block.commands) for block in found)

    def write_settings(self) -> None:
        """Type the command of the runbook that asks for a newsroom, with the answers."""
        (block,) = [
            block
            for block in runbook.BLOCKS
            if "init --files-only" in block.commands and "docker" not in block.commands
        ]
        self.type(f"{block.commands.rstrip()} --yes {ANSWERS}")

    def feed(self, slug: str = "taiwan", **headers: str) -> Answer:
        """A feed as this machine serves it."""
        return self.get(f"/feeds/{slug}.atom", **headers)

    def until_feed(self, text: str, *, stands: bool = True, slug: str = "taiwan") -> Answer:
        """Wait until a text stands in a feed, or does not any more."""
        return until(lambda: (a := self.feed(slug)).status == 200 and (text in a.body.decode()) is stands and a)

    def publish(self, id: str, title: str, slug: str = "taiwan") -> None:
        """Publish a story."""
        story = f'{{"id": "{id}", "title": "{title}", "url": "/{id}", "sections": ["{slug}"],'
        story += ' "published_at": "2026-03-14T08:00:00Z"}'
        self.type(f"echo '{story}' | syndication import -")

    def logs(self) -> str:
        """What the services had to say last."""
        files = sorted((self.root / "run").glob("*.log")) if (self.root / "run").exists() else []
        return "\n".join(f"{path.name}: {path.read_text()[-1500:]}" for path in files)

    def off(self) -> None:
        """End every service."""
        for path in (self.root / "run").glob("*.pid"):
            subprocess.run([self.root / "bin/systemctl", "stop", path.stem], env=self.env, check=False, timeout=100)
