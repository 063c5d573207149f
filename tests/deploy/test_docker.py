"""The image: linted, and each of its commands run outside of a container, in folders of a test."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy import dockerfile
from tests.deploy.dockerfile import Instruction, instructions, of
from tests.support.service import ROOT, free_port, until

FOLDERS = ("/build", "/wheels", "/src", "/opt/syndication", "/var/lib/syndication")
"""Where the image has things, and a test has them below its own folder."""


def test_hadolint_has_nothing_to_say():
    linter = Path(sys.executable).with_name("hadolint")
    said = subprocess.run([linter, dockerfile.DOCKERFILE], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "")


def test_no_shell_is_used_and_nobody_is_root():
    for name in ("RUN", "CMD", "ENTRYPOINT"):
        assert all(i.is_list for i in of(name)), name
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", of("USER", 1)[-1].text)
    assert [i.text for i in of("STOPSIGNAL")] == ["SIGTERM"]


def test_the_image_is_of_the_pythons_that_the_project_is_made_for():
    assert {i.words[0] for i in of("FROM")} == {"${PYTHON}"}
    (base,) = of("ARG", -1)
    assert re.fullmatch(r"PYTHON=python:3\.11-slim@sha256:[0-9a-f]{64}", base.text)
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()


def test_nothing_is_installed_but_what_is_pinned_with_its_hash():
    fetching = [i.words for i in of("RUN") if "pip" in i.text and "--no-index" not in i.words and "venv" not in i.words]
    assert fetching and all("--require-hashes" in words for words in fetching)
    installed = [i.words for i in of("RUN") if {"install", "--no-index"} <= set(i.words)]
    assert len(installed) == 1


def test_the_build_is_sent_what_it_copies_and_nothing_else():
    sources = [Path(word) for i in of("COPY", 0) for word in i.words[:-1]]
    for source in sources:
        inner = source / "any.py" if (ROOT / source).is_dir() else source
        assert (ROOT / source).exists() and dockerfile.is_sent(inner), source
    kept = [".git/config", "var/syndication.db", "tests/conftest.py", "deploy/docker/secrets/database_url", ".venv/x",
            "syndication/__pycache__/app.pyc", "syndication/store/__pycache__/x.pyc", ".env"]  # fmt: skip
    assert [path for path in kept if dockerfile.is_sent(Path(path))] == []
    sent = {path.name for path in ROOT.iterdir() if dockerfile.is_sent(Path(path.name))}
    assert sent == {source.parts[0] for source in sources}


class Image:
    """The image as folders; its commands are run with their paths put below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def here(self, text: str) -> str:
        """A path or a command of the image on this machine."""
        return re.sub(rf"(?<![\w/])({'|'.join(FOLDERS)})(?=[/:]|$)", rf"{self.root}\1", text)

    def build(self) -> None:
        """Do what the Dockerfile says, in its order."""
        folder = self.root
        folder.mkdir()
        for instruction in instructions():
            if instruction.name == "WORKDIR":
                folder = Path(self.here(instruction.text))
                folder.mkdir(parents=True, exist_ok=True)
            elif instruction.name == "COPY" and instruction.stage == 0:
                self._copy(*instruction.words)
            elif instruction.name == "RUN":
                self._run(instruction, folder)

    def _copy(self, *words: str) -> None:
        *sources, target = words
        for source in sources:
            to = Path(self.here(target)) / ("" if target.endswith(source) else source)
            to.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, to, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, to)

    def _run(self, instruction: Instruction, folder: Path) -> None:
        words = [self.here(word) for word in instruction.words if word != "--no-cache-dir"]
        if words[0] == "python":
            words[0] = sys.executable
        if words[0] == "useradd":
            words[1:1] = ["--prefix", str(self.root)]
            (self.root / "etc").mkdir()
            for name in ("passwd", "group", "shadow", "gshadow", "login.defs"):
                (self.root / "etc" / name).touch()
        env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "SYNDICATION"))}
        done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=110)
        assert done.returncode == 0, f"{instruction.text}\n{done.stdout}{done.stderr}"


@pytest.mark.thorough
@pytest.mark.timeout(300)
def test_every_command_of_the_image_works(tmp_path):
    """It serves as its CMD says and is healthy as its HEALTHCHECK says, and writes nothing among its own files."""
    image = Image(tmp_path / "image")
    image.build()
    (user,) = [text for text in (image.root / "etc/passwd").read_text().splitlines() if text.startswith("syndication:")]
    assert user.split(":")[2] == of("USER", 1)[0].text.partition(":")[0] and user.endswith(":/usr/sbin/nologin")
    assert not list((image.root / "opt/syndication/bin").glob("pip*"))
    port = str(free_port())
    env = {
        name: image.here(value).replace("$PATH", os.environ["PATH"]) for name, value in dockerfile.environment().items()
    }
    # A container's addresses are all its own; this machine's are not.
    assert env["SYNDICATION_SERVER__HOST"] == "0.0.0.0"
    env["SYNDICATION_SERVER__HOST"] = "127.0.0.1"
    env |= {"SYNDICATION_SERVER__PORT": port, "TMPDIR": str(tmp_path), "HOME": "/nonexistent"}
    (entrypoint,), (command,) = of("ENTRYPOINT"), of("CMD")
    program = shutil.which(entrypoint.words[0], path=env["PATH"])
    assert program is not None and program.startswith(str(image.root))
    check = [sys.executable, *(word.replace(":8000/", f":{port}/") for word in dockerfile.healthcheck()[1:])]
    assert f":{port}/" in check[-1]
    assert subprocess.run(check, env=env, capture_output=True, check=False).returncode == 1
    before = _files(image)
    with (tmp_path / "log").open("wb") as log:
        service = subprocess.Popen([program, *command.words], cwd=tmp_path, env=env, stdout=log, stderr=log)
    try:
        until(lambda: subprocess.run(check, env=env, capture_output=True, check=False).returncode == 0, 60)
    finally:
        service.terminate()
        assert service.wait(15) == 0
    assert _files(image) == before
    assert f"Listening at: http://127.0.0.1:{port}" in (tmp_path / "log").read_text()


def _files(image: Image) -> set[str]:
    return {str(path) for path in (image.root / "opt").rglob("*")}
