"""`pip install .` brings everything along: the service runs from an empty folder, without this checkout."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.service import ROOT, running, until


def run(*command: str, **options) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> str:
    """A Python of its own with the built wheel; of this environment it sees the dependencies alone."""
    folder = tmp_path_factory.mktemp("install")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    env = os.environ | {"PIP_CONFIG_FILE": os.devnull}
    build = ("wheel", "-q", "--no-index", "--no-build-isolation", "--no-deps", "-w", str(folder), str(ROOT))
    run(*pip, *build, env=env)
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
    python = str(folder / "venv/bin/python")
    run(*pip, "--python", python, "install", "-q", "--no-index", "--no-deps", str(wheel), env=env)
    packages = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    # A .pth that is named in another folder is not read, and so this checkout is not found by it.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python


def clean() -> dict[str, str]:
    hidden = ("SYNDICATION_", "PYTHON")
    return {key: value for key, value in os.environ.items() if not key.startswith(hidden)}


def test_the_installed_command_works_in_an_empty_folder(python, tmp_path):
    command = str(Path(python).with_name("syndication"))
    said = run(command, "config", "--check", cwd=tmp_path, env=clean())
    assert said.endswith("/syndication/defaults/syndication.toml is valid: 15 sections.\n")
    assert str(Path(python).parents[1]) in said
    assert run(python, "-m", "syndication", "--version", cwd=tmp_path, env=clean()).startswith("syndication, version ")


def test_the_installed_service_migrates_serves_and_has_its_page(python, tmp_path):
    with running(tmp_path, arguments=("--demonstration",), python=python, env={"PYTHONPATH": ""}) as service:
        service.ready()
        assert b"front.css" in service.get("/").body
        assert service.get("/static/front.css").headers["content-type"].startswith("text/css")
        assert "javascript" in service.get("/static/pages.js").headers["content-type"]
        page = service.get("/feeds/world.atom", {"Sec-Fetch-Dest": "document"})
        assert page.status == 200 and b"<svg" in page.body
        until(lambda: b"<entry>" in service.get("/feeds/all.atom").body)
        status = service.run("status")
        assert status.returncode == 0, status.stdout
    assert (tmp_path / "var/syndication.db").exists()


def test_the_wheel_holds_the_program_and_nothing_else(python):
    files = run(python, "-c", "import importlib.metadata as m; print(*m.files('newsroom-syndication'), sep='\\n')")
    names = {path.split("/")[0] for path in files.split("\n") if path and not path.startswith("..")}
    assert {name for name in names if not name.endswith(".dist-info")} == {"syndication"}
    for needed in (
        "store/migrations/env.py",
        *(f"web/templates/{name}.html" for name in ("base", "front", "combine", "feed", "no_feed")),
        *(f"web/static/{name}" for name in ("front.css", "pages.js", "icon.svg")),
        "defaults/sections.toml",
    ):
        assert f"syndication/{needed}" in files
