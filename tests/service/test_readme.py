"""Runs every command that the README and docs/ show, against a service that the README's first command starts."""

import contextlib
import http.client
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from syndication.cli import main
from tests.support.service import ROOT, Answer, environ, free_port, until

DOCUMENTS = ("README.md", "docs/editors.md", "docs/developers.md", "docs/operators.md", "docs/benchmarks.md")
TEXT = "\n".join((ROOT / name).read_text() for name in DOCUMENTS)
"""The documents that show commands, in the order in which a reader meets them."""

MADE_BY_MAKE = ("Makefile", "pyproject.toml", "requirements.txt", "requirements-build.txt", "requirements-dev.txt")

OLD_FEED = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Old</title><link>https://old.example/</link><description>Old</description>
<item><title>From the old feed</title><link>https://old.example/1</link><guid isPermaLink="false">old-1</guid>
<pubDate>Sat, 14 Mar 2026 08:00:00 GMT</pubDate><description>It was so.</description></item>
</channel></rss>
"""


def blocks(language: str) -> list[str]:
    """Returns the fenced blocks in one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def lines(block: str) -> list[str]:
    """Returns the commands of a block, without comments."""
    bare = [re.sub(r"\s+#.*", "", line).strip() for line in block.splitlines()]
    return [line for line in bare if line]


def inline() -> list[str]:
    """Returns the commands within sentences and tables, each once. One with ID, FILE or [SITE] is only a pattern."""
    return [c for c in dict.fromkeys(re.findall(r"`(syndication [^`]+)`", TEXT)) if not re.search(r" \[?[A-Z]{2}", c)]


class Shell:
    """A shell in the folder where the README's service runs, with its command on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.env = environ(PATH=path, PORT=str(self.port), SYNDICATION_SERVER__PORT=str(self.port))
        self.env.pop("MAKEFLAGS", None)
        self.env.pop("MAKELEVEL", None)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        command = command.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder, env=self.env, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def type(self, command: str) -> tuple[int, str]:
        """Runs a command and returns its exit code and output; in this process if it needs no shell, to save time."""
        program, *arguments = shlex.split(command)
        if program != "syndication" or re.search(r"[|$<>;&]", command):
            done = self.run(command)
            return done.returncode, done.stdout + done.stderr
        with contextlib.chdir(self.folder):
            result = CliRunner(env=self.env).invoke(main, arguments)
        return result.exit_code, result.output

    def start(self, command: str) -> subprocess.Popen[bytes]:
        """Starts a command that runs until it is stopped; its output goes to a file with its name."""
        with (self.folder / f"{command.replace(' ', '-')}.log").open("wb") as log:
            # exec: the signal that stops it is for the command, not for the shell.
            return subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self.folder, env=self.env, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def get(self, path: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return Answer(connection.getresponse())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A checkout that shares only the virtual environment, and the service that `make run` starts in it."""
    folder = tmp_path_factory.mktemp("readme")
    for name in MADE_BY_MAKE:
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv").symlink_to(sys.prefix)
    shell = Shell(folder)
    (run,) = [line for block in blocks("sh") for line in lines(block) if line.startswith("make run")]
    process = shell.start(run)
    until(lambda: process.poll() is None and shell.get("/readyz").status == 200, 60)
    until(lambda: shell.get("/feeds/all.atom").status == 200, 60)  # It is published last.
    yield shell
    started = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # As a terminal does for Ctrl-C.
    process.wait(15)
    assert time.monotonic() - started < 6


def test_every_block_is_of_a_kind_that_is_run():
    # The html is what pages contain, the xml what feeds do; test_logical_replication.py types the sql.
    kinds = {"sh", "bash", "console", "json", "python", "html", "sql", "xml"}
    assert set(re.findall(r"^```(\w+)$", TEXT, re.MULTILINE)) == kinds


def test_make_run_prints_the_addresses_and_they_answer(shell):
    text = (shell.folder / "make-run.log").read_text()
    (shown,) = re.findall(r"^```\n(Loaded the demonstration newsroom.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    for line in shown.replace("127.0.0.1:8000", f"127.0.0.1:{shell.port}").splitlines():
        assert re.search(re.sub(r"\\? \d+\\? ", r" \\d+ ", re.escape(line)), text), line
    addresses = re.findall(r"http://127\.0\.0\.1:\d+(\S+)", text.partition("Ctrl-C")[0])
    assert addresses[:4] == ["/", "/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json"]
    assert "/editors/" in addresses and "log in as demonstration, password " in text
    # The dashboard redirects to its log-in page.
    assert {shell.get(path).status for path in addresses if path != "/editors/"} == {200}
    assert (shell.folder / "var/syndication.db").exists()


def test_the_shown_polls_answer_as_shown(shell):
    for block in blocks("console"):
        exchanges = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", block, re.MULTILINE)
        assert exchanges
        for _ in range(3):  # A story may be published between a poll and the next.
            if all(answers_as_shown(shell, exchanges)):
                break
        else:
            pytest.fail(f"not as shown: {block}")


def answers_as_shown(shell: Shell, exchanges: list[tuple[str, str]]):
    """Run commands in order, with the entity tag of this run in the place of the shown one."""
    tags: dict[str, str] = {}
    for command, shown in exchanges:
        if command.startswith("make "):
            yield shell.run(f"make -n {command.removeprefix('make ')}").returncode == 0
            continue
        for old, new in tags.items():
            command = command.replace(old, new)
        done = shell.run(command)
        tags |= dict(zip(re.findall(r'"\d+-\w+-\w+"', shown), re.findall(r'"\d+-\w+-\w+"', done.stdout), strict=False))
        yield (done.returncode, shape(done.stdout)) == (0, shape(shown))


def shape(output: str) -> str:
    """An answer without what differs from one run to the next: versions, digests, dates, and what follows the news."""
    output = re.sub(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", "DATE", output)
    output = re.sub(r"public, max-age=\d+,", "public, max-age=SECONDS,", output)
    return re.sub(r'"\d+-[0-9a-f]+-', '"TAG-', output).replace("\r", "").strip()


@pytest.fixture(scope="module")
def article(shell):
    """The article in the documentation, imported as the documentation shows it."""
    (article,) = [block for block in blocks("json") if '"html"' in block]
    (shell.folder / "articles.jsonl").write_text(article)
    (shell.folder / "old-feed.xml").write_text(OLD_FEED)
    values = json.loads(article)
    (command,) = [
        line for block in blocks("sh") for line in lines(block) if line == "syndication import articles.jsonl"
    ]
    code, output = shell.type(command)
    assert (code, output.startswith("1 created")) == (0, True), output
    for slug in values["sections"]:
        until(lambda slug=slug: f"article/{values['id']}<" in shell.get(f"/feeds/{slug}.atom").body.decode())
    code, output = shell.type(command)
    assert output.startswith("0 created, 0 updated, 1 unchanged")
    return values


def test_every_other_command_that_is_shown_works(shell, article):
    """In the documents' order, so that the article that is withdrawn is restored."""
    id, slug = article["id"].encode(), article["sections"][0]
    commands = [line for block in blocks("sh") for line in lines(block) if "syndication" in line] + inline()
    assert len(commands) >= 10
    for command in dict.fromkeys(commands):
        if re.search(r"syndication (serve|worker|web|demonstrate|init)", command):
            continue
        code, output = shell.type(command)
        assert code == 0, f"{command}: {output}"
        if "withdraw" in command:
            until(lambda: b"article/" + id + b"</id>" not in shell.get(f"/feeds/{slug}.atom").body)
        if "restore" in command:
            until(lambda: b"article/" + id + b"</id>" in shell.get(f"/feeds/{slug}.atom").body)
    until(lambda: b"From the old feed" in shell.get("/feeds/taiwan.rss").body)


def test_worker_web_and_serve_run_alone_as_shown(tmp_path_factory):
    """All at once: serve in an empty folder, worker and web on one database."""
    shown = [c for c in inline() if re.fullmatch(r"syndication (serve|worker|web)", c)]
    assert {c.split()[1] for c in shown} == {"serve", "worker", "web"}
    served, apart = Shell(tmp_path_factory.mktemp("served")), Shell(tmp_path_factory.mktemp("apart"))
    assert apart.type("syndication migrate")[0] == 0
    processes = {c: (served if c.endswith("serve") else apart).start(c) for c in shown}
    for shell in (served, apart):
        until(lambda shell=shell: json.loads(shell.get("/readyz").body).get("workers") == 1, 60)
    for process in processes.values():
        process.terminate()
    for command, process in processes.items():
        assert process.wait(15) == 0, command


def test_the_shown_program_publishes(shell):
    for program in blocks("python"):
        done = subprocess.run([sys.executable, "-c", program], cwd=shell.folder, env=shell.env, check=False)
        assert done.returncode == 0
        # Another one only checks a signature: tests of notifications run it.
        for title in re.findall(r'title="([^"]+)"', program):
            until(lambda title=title: title.encode() in shell.get("/feeds/taiwan.json").body, 3)


def test_the_shown_use_of_the_api_works(shell):
    for script in blocks("bash"):
        # Repeated until the story is in the feed, which takes a second at most.
        steps = [
            f"until {step}; do sleep 0.1; done" if "| grep" in step else step
            for step in re.sub(r"^#.*\n", "", script, flags=re.MULTILINE).strip().split("\n\n")
        ]
        done = shell.run("set -e\n" + "\n".join(steps))
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_address_that_is_shown_answers(shell):
    table = TEXT[TEXT.index("| address |") : TEXT.index("Feeds answer `GET`")]
    paths = [path for path in re.findall(r"`(/[^`]*)`", table) if "POST" not in path]
    assert {"/feeds/SECTION.atom", "/", "/healthz", "/readyz", "/metrics"} <= set(paths)
    for path in paths:
        # The dashboard redirects to its log-in page.
        wanted = (303, "/editors/login") if path == "/editors/" else (200, None)
        answer = shell.get(path.replace("SECTION", "taiwan"))
        assert (answer.status, answer.headers.get("location")) == wanted, path


def test_make_alone_lists_every_target(shell):
    text = shell.run("make").stdout
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"run", "test", "lint", "bench"} <= set(targets)
    assert [line.split()[0] for line in text.splitlines()] == targets
    assert all(len(line.split()) > 3 for line in text.splitlines())


def test_every_make_command_that_is_shown_is_a_target(shell):
    text = "\n".join(path.read_text() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
    shown = sorted(set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)))
    assert {"run", "test", "lint", "bench"} <= set(shown)
    done = shell.run(f"make -n {' '.join(shown)}")
    assert done.returncode == 0, done.stderr
