"""``systemctl`` for a machine without systemd: runs the units of ``deploy/systemd`` as they say, with files for state.

It is called by the runbook's commands as a program; ROOT is the folder that stands for the machine's root.
"""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(os.environ["MACHINE"])
STATE = ROOT / "run"


def unit(name: str) -> str:
    """The text of the installed unit that stands for a service, and what it has in common with others."""
    folder = ROOT / "etc/systemd/system"
    file = re.sub(r"@\w+$", "@", name) + ".service"
    text = (folder / file).read_text() + (folder / "syndication-.service.d/common.conf").read_text()
    return text.replace("\\\n", " ")  # A line that goes on in the next one.


def value(text: str, key: str) -> str:
    """The last value of a key, empty if it has none."""
    found = re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)
    return str(found[-1]) if found else ""


def here(text: str) -> str:
    """A command with the paths of this machine."""
    port = os.environ["SYNDICATION_SERVER__PORT"]
    return text.replace("/opt/syndication/", f"{ROOT}/opt/syndication/").replace(":8000/", f":{port}/")


def environment(text: str) -> dict[str, str]:
    """What a unit sets; a credential is the file that LoadCredential names."""
    credentials = dict(re.findall(r"^LoadCredential=(\w+):(\S+)$", text, re.MULTILINE))
    found = dict(os.environ)
    for name, setting in re.findall(r"^Environment=(\w+)=(\S+)$", text, re.MULTILINE):
        path = re.sub(r"^%d/(\w+)$", lambda match: credentials[match[1]], setting)
        found[name] = f"{ROOT}{path}"
    return found


def alive(name: str) -> int:
    """The process of a service, 0 if there is none."""
    with contextlib.suppress(OSError, ValueError):
        pid = int((STATE / f"{name}.pid").read_text())
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return pid if state != "Z" else 0
    return 0


def start(name: str) -> None:
    """Start a service, and wait for what its unit waits for."""
    text = unit(name)
    if alive(name):
        return
    work = ROOT / "var/lib/syndication"
    work.mkdir(parents=True, exist_ok=True)
    command = shlex.split(here(value(text, "ExecStart")))
    with (STATE / f"{name}.log").open("ab") as log:
        options = {"cwd": work, "env": environment(text), "stdout": log, "stderr": log, "stdin": subprocess.DEVNULL}
        if value(text, "Type") == "oneshot":
            subprocess.run(command, check=True, **options)  # type: ignore[call-overload]
            return
        process = subprocess.Popen(command, start_new_session=True, **options)  # type: ignore[call-overload]
    (STATE / f"{name}.pid").write_text(str(process.pid))
    if after := value(text, "ExecStartPost"):
        done = subprocess.run(shlex.split(here(after.removeprefix("-"))), check=False)
        assert done.returncode == 0 or after.startswith("-")


def stop(name: str) -> None:
    """End a service, by force if it takes longer than its unit allows."""
    pid, allowed = alive(name), float(value(unit(name), "TimeoutStopSec") or 90)
    if pid:
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + allowed
        while alive(name):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                sys.exit(f"{name} did not stop within {allowed:g} s")
            time.sleep(0.02)
    (STATE / f"{name}.pid").unlink(missing_ok=True)


def main(verb: str, *words: str) -> None:
    """Do what the command line says."""
    STATE.mkdir(exist_ok=True)
    names = [word for word in words if not word.startswith("-")]
    if verb == "daemon-reload":
        return
    for name in names:
        if verb in ("restart", "stop"):
            stop(name)
        if verb in ("restart", "start") or (verb == "enable" and "--now" in words):
            start(name)
    if verb == "status" and not all(map(alive, names)):
        sys.exit(3)
    if verb not in ("restart", "stop", "start", "enable", "status"):
        sys.exit(f"the runbook's test knows no systemctl {verb}")


if __name__ == "__main__":
    main(*sys.argv[1:])
