"""The units are right, confine what they run, and what they run works within that."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from syndication.config.loading import load_settings
from syndication.web.requests import threads_for
from tests.deploy import sandbox
from tests.deploy.programs import DEPLOY, needs, run
from tests.support.forbid_skips import NOT_ALLOWED
from tests.support.service import ROOT, Service, environ, running, until

pytestmark = needs("systemd-analyze")

UNITS = DEPLOY / "systemd"
COMMON = UNITS / "syndication-.service.d/common.conf"
SERVICES = ("syndication-web.service", "syndication-worker@1.service", "syndication-migrate.service")

LINE = {"id": "a1", "title": "Confined", "url": "/a1", "sections": ["world"], "published_at": "2026-03-14T08:00:00Z"}

EXPOSURE = 15
"""Tenths: systemd-analyze calls up to 20 "OK", and most services of a distribution are over 90."""


def unit(service: str) -> str:
    """The text of the file that stands for a service."""
    return (UNITS / service.replace("@1", "@")).read_text()


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A machine on which the units are installed as they say."""
    root = tmp_path_factory.mktemp("root")
    units = root / "etc/systemd/system"
    shutil.copytree(UNITS, units)
    (units / "syndication-worker@1.service").write_text(unit("syndication-worker@1.service"))
    for name in ("sysinit", "basic", "network-online", "multi-user", "shutdown"):
        (units / f"{name}.target").write_text(f"[Unit]\nDescription={name}\n")
    for program in ("opt/syndication/bin/syndication", "usr/bin/curl"):
        (root / program).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("/bin/true", root / program)
    return root


@pytest.mark.parametrize("service", SERVICES)
def test_systemd_takes_a_unit_without_a_word(root, service):
    said = run("systemd-analyze", "verify", "--man=no", f"--root={root}", root / "etc/systemd/system" / service)
    assert (said.returncode, said.stderr) == (0, "")


def test_a_word_that_systemd_does_not_know_is_told(root):
    """What the test before relies on."""
    wrong = root / "etc/systemd/system/wrong.service"
    wrong.write_text(unit(SERVICES[0]).replace("Restart=", "Restrat="))
    said = run("systemd-analyze", "verify", "--man=no", f"--root={root}", wrong)
    wrong.unlink()
    assert "'Restrat'" in said.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_little_exposed(root, service):
    judged = run("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", f"--root={root}", service)
    assert judged.returncode == 0, judged.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_a_unit_names_commands_that_there_are(service):
    (command,) = re.findall(r"^ExecStart=/opt/syndication/bin/(syndication \S+)$", unit(service), re.MULTILINE)
    assert run(sys.executable, "-m", *command.split(), "--help", env=environ()).returncode == 0


@pytest.mark.parametrize("service", [name for name in SERVICES if "migrate" not in name])
def test_the_migration_comes_first_and_no_number_of_failures_is_the_last(service):
    assert re.search(r"^After=.*\bsyndication-migrate\.service\b", unit(service), re.MULTILINE)
    assert "\nRestart=always\n" in unit(service) and "\nStartLimitIntervalSec=0\n" in unit(service)


@pytest.fixture(scope="module")
def confined(tmp_path_factory) -> str:
    """A Python that is confined as our services are."""
    path = tmp_path_factory.mktemp("confined") / "python"
    path.write_text(f'#!/bin/sh\nexec {sys.executable} {sandbox.__file__} {COMMON} {sys.executable} "$@"\n')
    path.chmod(0o755)
    if subprocess.run([path, "-c", ""], capture_output=True, check=False, timeout=60).returncode:
        pytest.skip(f"{NOT_ALLOWED} what systemd does: its kernel, or whatever it runs in, takes no such filter")
    return str(path)


@pytest.mark.parametrize(
    "program",
    [
        "import mmap; mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)",
        "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
        "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "import os; os.chroot('/')",
        "import os; os.setuid(0)",
        "import os; os.nice(-1)",
        "import os; os.sched_setaffinity(0, {0})",
    ],
)
def test_what_is_forbidden_is_refused(confined, program):
    """What the next test relies on."""
    done = subprocess.run([confined, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1 and "PermissionError" in done.stderr


@pytest.mark.parametrize(
    "program",
    [
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))",
        "import multiprocessing as m; p = m.get_context('spawn').Process(target=print); p.start(); p.join()",
        "import socket; socket.socketpair(); socket.socket(socket.AF_UNIX).bind('here.sock')",
    ],
    ids=["limit itself", "start a process", "listen on a private socket"],
)
def test_what_our_processes_need_is_allowed(confined, program, tmp_path):
    done = subprocess.run(
        [confined, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_each_has_an_end_of_memory_and_of_processes(service):
    text = unit(service) + COMMON.read_text()
    assert re.search(r"^MemoryMax=\d+[MG]$", text, re.MULTILINE) and re.search(r"^TasksMax=\d+$", text, re.MULTILINE)
    # One process that is over it must not take those down with it that serve readers.
    assert "\nOOMPolicy=continue\n" in text and "\nUMask=0077\n" in text


def test_a_web_process_has_fewer_threads_and_processes_than_it_may():
    (allowed,) = re.findall(r"^TasksMax=(\d+)$", COMMON.read_text(), re.MULTILINE)
    settings = load_settings(ROOT / "config/syndication.toml", {})
    fronts = settings.server.workers
    editors = threads_for(settings.editors.at_once, fronts)
    assert editors + 32 * (fronts + 1) < int(allowed)


@pytest.mark.thorough
def test_worker_and_web_work_as_confined_as_that_and_end_in_time(confined, tmp_path, database_url):
    for name in ("worker", "web"):
        (tmp_path / name).mkdir()
    with (
        running(tmp_path / "worker", "worker", url=database_url, python=confined) as worker,
        running(tmp_path / "web", "web", url=database_url, python=confined) as web,
    ):
        web.ready()
        assert worker.run("import", "-", input=json.dumps(LINE)).returncode == 0
        until(lambda: b"Confined" in web.get("/feeds/world.atom", {"Accept-Encoding": "identity"}).body)
        assert web.get("/editors/login").status == 200
        generated = worker.run("user", "create", "lin", "--scope", "read", "--generate")
        assert generated.returncode == 0, generated.stderr
        for service, name in ((web, "syndication-web.service"), (worker, "syndication-worker@1.service")):
            assert service.stop() < _seconds(name), name
            assert service.process.returncode == 0, (service.folder / f"{service.folder.name}.log").read_text()


def test_the_migration_works_as_confined_as_that(confined, tmp_path):
    migrated = Service(tmp_path, "migrate", url=f"sqlite:///{tmp_path}/new.db", python=confined)
    assert migrated.process.wait(60) == 0, migrated.log.read_text()


def _seconds(service: str) -> int:
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit(service), re.MULTILINE)
    return int(seconds)


def test_the_address_of_the_database_comes_as_a_file(tmp_path):
    text = COMMON.read_text()
    (variable,) = re.findall(r"^Environment=(SYNDICATION_DATABASE__URL_FILE)=%d/database_url$", text, re.MULTILINE)
    assert "\nLoadCredential=database_url:/etc/syndication/database_url\n" in text
    (tmp_path / "database_url").write_text("postgresql://syndication:pass@db.daily.example/news\n")
    env = environ(**{variable: str(tmp_path / "database_url")})
    shown = run(sys.executable, "-m", "syndication", "config", env=env, cwd=tmp_path).stdout
    assert "database.url = postgresql://syndication:***@db.daily.example/news\n" in shown


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="not installed: apt-get install systemd")
def test_the_user_is_made_as_written(tmp_path):
    (tmp_path / "etc").mkdir()
    shutil.copy(UNITS / "syndication.sysusers", tmp_path / "syndication.conf")
    made = run("systemd-sysusers", f"--root={tmp_path}", tmp_path / "syndication.conf")
    assert made.returncode == 0, made.stderr
    assert re.search(r"^syndication:x:\d+:\d+:Syndication:/var/lib/syndication:", (tmp_path / "etc/passwd").read_text())
