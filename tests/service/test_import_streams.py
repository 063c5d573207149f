"""Import for real: a long stream in bounded memory, a report for every bad line, and our own feeds back again."""

import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace

import feedparser
import pytest

from syndication.model.values import Author, Enclosure, Image
from syndication.store.db.database import Database
from tests.conftest import FakeClock
from tests.support.desk import Desk
from tests.support.newsroom import at
from tests.support.service import ROOT, command, environ

LINE = {"title": "T", "url": "/a", "sections": ["taiwan"], "published_at": "2026-03-14T08:00:00+08:00"}

MEASURED = """
import resource, sys
from syndication.cli import main
try:
    main(["import", "-"])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""

BODY_BYTES = 20_000


@pytest.fixture
def newsroom():
    """Opens the newsroom of a database; all are closed at the end."""
    opened = []

    def open(url, **site):
        opened.append(Database(url))
        return Desk(opened[-1], FakeClock(), **site)

    yield open
    for database in opened:
        database.close()


def run(url, *arguments, folder=ROOT, input=None):
    return command("import", *arguments, folder=folder, env=environ(SYNDICATION_DATABASE__URL=url), input=input)


def peak_megabytes(url: str, count: int) -> float:
    """Import ``count`` articles of 20 kB through a pipe that is written as it is read; gives the peak of memory."""
    env = environ(SYNDICATION_DATABASE__URL=url)
    with subprocess.Popen(
        [sys.executable, "-c", MEASURED], env=env,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        for number in range(count):
            words = f"word{number} " * (BODY_BYTES // len(f"word{number} "))
            process.stdin.write(json.dumps(LINE | {"id": f"a{number}", "html": f"<p>{words}</p>"}) + "\n")
        process.stdin.close()
        assert process.stdout.read().startswith(f"{count:,} created")
        kilobytes = int(process.stderr.read().split()[-1])
    assert process.returncode == 0
    return kilobytes / 1024


@pytest.mark.thorough
def test_stream_of_any_length_is_imported_in_constant_memory(sqlite_url, new_url):
    """Sixty megabytes take no more than ten do, but for what an allocator keeps."""
    short, long = peak_megabytes(sqlite_url, 500), peak_megabytes(new_url("sqlite"), 3000)
    assert long - short < 2500 * BODY_BYTES / 2**20 / 3, f"{short:.0f} MB, then {long:.0f} MB"


@pytest.mark.thorough("sqlite")
def test_bad_lines_are_reported_and_good_ones_imported(database_url):
    bad = {
        2: ('{"id": "x"', "not valid JSON"),
        4: ("[]", "each line must be a JSON object, not a list"),
        5: (json.dumps(LINE | {"id": ""}), "id must not be empty"),
        7: (
            json.dumps(LINE | {"id": "b", "status": "secret"}),
            "status must be 'draft', 'published' or 'withdrawn', not 'secret'",
        ),
        8: (json.dumps(LINE | {"id": "b", "published_at": "yesterday"}), "published_at must be a time like"),
        9: (json.dumps(LINE | {"id": "b", "title": "\ud800"}), "title must not contain half a surrogate pair"),
        11: (json.dumps(LINE | {"id": "b", "enclosures": [{"url": "/x"}]}), "enclosures.0.media_type is required"),
    }
    bad[1200] = ("words", "not valid JSON")  # The numbers stay right in another batch.
    lines = [bad[n][0] if n in bad else json.dumps(LINE | {"id": f"a{n}"}) for n in range(1, 1501)]
    done = run(database_url, "-", input="\n\n".join(lines))
    assert done.returncode == 1
    assert done.stdout == "1,492 created, 0 updated, 0 unchanged, 0 kept out, 8 not imported.\n"
    told = dict(re.findall(r"^- line (\d+): (.*)$", done.stderr, re.MULTILINE))
    assert told.keys() == {str(2 * n - 1) for n in bad}
    for number, (_, reason) in bad.items():
        assert reason in told[str(2 * number - 1)]
    assert "Traceback" not in done.stderr


@pytest.mark.thorough("postgresql")
def test_unknown_section_is_reported_once_with_its_count(database_url, newsroom):
    lines = [json.dumps(LINE | {"id": f"a{n}", "sections": ["Chess & Go", "taiwan"]}) for n in range(1200)]
    done = run(database_url, "-", input="\n".join([*lines, json.dumps(LINE | {"id": "b", "sections": ["bridge"]})]))
    assert done.returncode == 0
    assert done.stderr.count("'chess-go'") == 1 and "Its articles (1200) are stored and appear in `all`" in done.stderr
    assert '[[section]]\nslug = "chess-go"\ntitle = "Chess Go"' in done.stderr
    assert "Its articles (1) are stored" in done.stderr
    desk = newsroom(database_url)
    desk.sections["all"] = replace(desk.sections["all"], entries=20)
    desk.restart()
    desk.work()
    assert "article/b<" in desk.body("all") and "article/b<" not in desk.body("taiwan")


@pytest.mark.parametrize("format", ["atom", "rss", "json"])
def test_served_feed_is_imported_with_its_ids_and_fields(sqlite_database, clock, new_url, newsroom, tmp_path, format):
    desk = Desk(sqlite_database, clock)
    desk.put(
        "full",
        title="Ein „Titel“ & <mehr> 台灣",
        html='<p>Body &amp; <a href="/x">link</a></p>',
        authors=(Author("Lin Mei-hua"), Author("Ana", uri="https://ana.example/")),
        tags=("rail", "台鐵"),
        enclosures=(Enclosure("https://cdn.example/a.mp3", "audio/mpeg", 1234),),
        image=Image("https://cdn.example/a.jpg", "Caption", "Credit", "Alt", 800, 600),
        published_at=at(hours=-1),
        updated_at=at(minutes=-5),
    )
    desk.put("plain", published_at=at(hours=-2))
    desk.put("of-old", guid="https://old.example/?p=12", published_at=at(hours=-3))
    desk.work()
    (tmp_path / "served").write_text(desk.body("taiwan", format))

    url = new_url("sqlite")
    done = run(url, "--section", "taiwan", "served", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "3 created, 0 updated, 0 unchanged, 0 kept out, 0 not imported.\n")
    again = run(url, "--section", "taiwan", "served", folder=tmp_path)
    assert again.stdout.startswith("0 created, 0 updated, 3 unchanged")
    second = newsroom(url, authority="another.example", authority_date="2020-01-01")
    second.work()

    for other in ("atom", "rss"):
        before, after = (feedparser.parse(d.body("taiwan", other)) for d in (desk, second))
        assert [e.id for e in after.entries] == [e.id for e in before.entries]
        assert [e.link for e in after.entries] == [e.link for e in before.entries]
        assert [e.title for e in after.entries] == [e.title for e in before.entries]
        assert [e.published_parsed for e in after.entries] == [e.published_parsed for e in before.entries]
        assert [e.content[0].value for e in after.entries] == [e.content[0].value for e in before.entries]
        assert [[a.name for a in e.authors] for e in after.entries] == [
            [a.name for a in e.authors] for e in before.entries
        ]
        assert [[x.href for x in e.enclosures] for e in after.entries] == [
            [x.href for x in e.enclosures] for e in before.entries
        ]
    items = [json.loads(d.body("taiwan", "json"))["items"] for d in (desk, second)]
    assert [item["id"] for item in items[1]] == [item["id"] for item in items[0]]
    assert [item.get("tags") for item in items[1]] == [item.get("tags") for item in items[0]]
    assert [item.get("image") for item in items[1]] == [item.get("image") for item in items[0]]
    assert [item["summary"] for item in items[1]] == [item["summary"] for item in items[0]]


def test_progress_is_shown_only_on_a_terminal(sqlite_url, tmp_path):
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(LINE | {"id": f"a{n}"}) + "\n" for n in range(600)))
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "syndication", "import", "a.jsonl"]
    env = environ(SYNDICATION_DATABASE__URL=sqlite_url)
    done = subprocess.run(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=slave, check=True, text=True)
    os.close(slave)
    shown = b""
    try:
        while part := os.read(master, 65536):
            shown += part
    except OSError:  # The other end is closed, as Linux says it.
        pass
    os.close(master)
    assert "a.jsonl" in shown.decode() and "100%" in shown.decode()
    assert done.stdout == "600 created, 0 updated, 0 unchanged, 0 kept out, 0 not imported.\n"
    quiet = run(sqlite_url, "a.jsonl", folder=tmp_path)
    assert (quiet.stderr, quiet.stdout[:24]) == ("", "0 created, 0 updated, 60")
