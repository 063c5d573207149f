"""The programs that run what stands in ``deploy/``, and how a test says that it needs one."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.service import ROOT

DEPLOY = ROOT / "deploy"

PACKAGES = {
    "nginx": "nginx-light",
    "varnishd": "varnish",
    "hitch": "hitch",
    "haproxy": "haproxy",
    "promtool": "prometheus",
    "systemd-analyze": "systemd",
    "strace": "strace",
    "openssl": "openssl",
    "curl": "curl",
    "sqlite3": "sqlite3",
}
"""The Debian package in which a program comes."""

PATHS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
"""Where servers are, too."""


def program(name: str) -> str:
    """The path of a program; its name if it is not installed, which a test that needs it has told before."""
    return shutil.which(name, path=PATHS) or name


def needs(*names: str) -> pytest.MarkDecorator:
    """Skips a test where one of these programs is missing, and says what brings it."""
    missing = [name for name in names if shutil.which(name, path=PATHS) is None]
    reason = f"not installed: apt-get install {' '.join(PACKAGES[name] for name in missing)}"
    return pytest.mark.skipif(bool(missing), reason=reason)


def run(*command: str | Path, **options: object) -> "subprocess.CompletedProcess[str]":
    """What a program says; the test looks at its return code."""
    words = [program(str(command[0])), *map(str, command[1:])]
    more = {"capture_output": True, "text": True, "check": False, "timeout": 280} | options
    return subprocess.run(words, **more)  # type: ignore[call-overload]


def substituted(text: str, *pairs: tuple[str, str]) -> str:
    """A file of ``deploy/`` for this machine; each text that is replaced must stand in it."""
    for old, new in pairs:
        assert old in text, f"{old!r} is not in the file any more"
        text = text.replace(old, new)
    return text
