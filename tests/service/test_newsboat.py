"""newsboat, a feed reader, subscribes, polls again and shows each story once."""

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
from urllib.parse import quote

import pytest

from syndication.model.values import Author
from syndication.store.access.audit_log import SERVICE
from syndication.store.articles import articles
from syndication.store.articles.withdrawals import withdraw
from syndication.store.db.database import Database
from tests.support.newsroom import article, at
from tests.support.service import until

pytestmark = pytest.mark.skipif(
    shutil.which("newsboat") is None, reason="newsboat is not installed: apt-get install newsboat"
)

FORMATS = ("atom", "rss")
"""newsboat 2.21 reads no JSON Feed."""


class Newsboat:
    """A reader with one subscription and a cache of its own (which keeps an id once for all feeds)."""

    def __init__(self, folder, address):
        folder.mkdir(exist_ok=True)
        self.folder, self.address = folder, address
        (folder / "urls").write_text(f"{address}\n")
        # The server is this machine's: no reader waits for it longer.
        (folder / "config").write_text("download-timeout 10\ndownload-retries 1\n")

    def reload(self):
        done = subprocess.run(
            ["newsboat", "-u", "urls", "-c", "cache.db", "-C", "config", "-x", "reload"],
            cwd=self.folder, env=os.environ | {"HOME": str(self.folder), "LC_ALL": "C.UTF-8"},
            capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def items(self):
        """What it keeps, by id."""
        with contextlib.closing(sqlite3.connect(self.folder / "cache.db")) as conn:
            conn.row_factory = sqlite3.Row
            return {row["guid"]: dict(row) for row in conn.execute("SELECT * FROM rss_item")}


@pytest.fixture(scope="module")
def service(bundled_service):
    return bundled_service


@pytest.fixture
def database(service):
    database = Database(f"sqlite:///{service.folder}/var/syndication.db")
    yield database
    database.close()


def put(database, *wanted):
    return [outcome.outcome for outcome in articles.put_articles(database, wanted)]


def tag(id):
    return f"tag:ledger.example,2026-01-01:article/{id}"


def written(items, format):
    """Returns the ids among these that the test of a format has written."""
    return {id for id in items if id.startswith(tag(f"{format}-"))}


@pytest.mark.parametrize("format", FORMATS)
def test_newsboat_shows_each_story_once_through_corrections(service, database, tmp_path, format):
    slug = {"atom": "taiwan", "rss": "china"}[format]
    kept, corrected, withdrawn, fresh = (f"{format}-{name}" for name in ("kept", "corrected", "withdrawn", "fresh"))
    put(database, *(article(id, title=f"Titel „{id}“ & co.", sections=(slug,)) for id in (kept, corrected, withdrawn)))
    path = f"/feeds/{slug}.{format}"
    until(lambda: tag(withdrawn).encode() in service.get(path).body)
    boat = Newsboat(tmp_path / "reader", f"http://127.0.0.1:{service.port}{path}")
    boat.reload()
    items = boat.items()
    # Other tests may have written into this section.
    assert written(items, format) == {tag(kept), tag(corrected), tag(withdrawn)}
    assert items[tag(kept)]["title"] == f"Titel „{kept}“ & co."
    assert items[tag(kept)]["url"] == f"https://www.ledger.example/news/{kept}"
    assert items[tag(kept)]["author"] == "Lin Mei-hua"
    assert items[tag(kept)]["pubDate"] == at(hours=-1).timestamp()
    assert f"The body of {kept}" in items[tag(kept)]["content"]

    moved = {"title": "Corrected", "slug": "another", "url": "/news/another", "correction": "We were wrong."}
    put(database, article(corrected, sections=(slug,), **moved), article(fresh, sections=(slug,)))
    withdraw(database, [withdrawn], SERVICE)
    until(lambda: tag(fresh).encode() in service.get(path).body)
    until(lambda: f">{tag(withdrawn)}<".encode() not in service.get(path).body)
    boat.reload()
    items = boat.items()
    # A reader keeps what it has; what matters is that nothing comes to it a second time under another id.
    assert written(items, format) == {tag(kept), tag(corrected), tag(withdrawn), tag(fresh)}
    assert items[tag(corrected)]["title"] == "Corrected"
    assert items[tag(corrected)]["url"] == "https://www.ledger.example/news/another"
    newcomer = Newsboat(tmp_path / "newcomer", boat.address)
    newcomer.reload()
    assert written(newcomer.items(), format) == {tag(kept), tag(corrected), tag(fresh)}


@pytest.mark.parametrize("format", FORMATS)
def test_newsboat_gets_304_for_an_unchanged_feed(service, database, tmp_path, format):
    def answered_304() -> int:
        lines = re.findall(
            rf'^syndication_polls_total{{.*format="{format}",status="304"}} (\S+)$',
            service.get("/metrics").body.decode(), re.MULTILINE,
        )  # fmt: skip
        return sum(int(float(count)) for count in lines)

    put(database, article("still", sections=("world",)))
    until(lambda: b"article/still" in service.get(f"/feeds/world.{format}").body)
    before = answered_304()
    boat = Newsboat(tmp_path, f"http://127.0.0.1:{service.port}/feeds/world.{format}")
    for _ in range(3):  # newsboat 2.21 keeps no entity tag of the first answer.
        boat.reload()
    until(lambda: answered_304() == before + 1)
    assert len(boat.items()) == 1


@pytest.mark.parametrize(
    ("asked", "slugs"),
    [
        ("life+taiwan", ("taiwan", "life")),
        (f"tag/{quote('渡輪 碼頭')}", ("world",)),
        ("author/Zo%C3%AB-N", ("travel",)),
    ],
)
def test_newsboat_subscribes_to_feeds_on_demand(service, database, tmp_path, asked, slugs):
    id = f"asked-{slugs[0]}"
    put(database, article(id, sections=slugs, tags=("渡輪 碼頭",), authors=(Author("Zoë N"),)))
    until(lambda: tag(id).encode() in service.get(f"/feeds/{slugs[-1]}.atom").body)
    boat = Newsboat(tmp_path, f"http://127.0.0.1:{service.port}/feeds/{asked}.atom")

    def subscribed() -> dict[str, object] | None:
        boat.reload()  # The first time it may get 503, as any reader.
        return boat.items().get(tag(id))

    found = until(subscribed)
    assert found["title"] == f"Story {id}" and f"The body of {id}" in found["content"]
