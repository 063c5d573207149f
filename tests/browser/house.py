"""A newsroom for the browser: a running service, its articles, and a user for each set of scopes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from syndication.config.loading import load_settings
from syndication.model.feed_definition import FeedDefinition
from syndication.model.selection import Selection, Term
from syndication.store.access.audit_log import Actor
from syndication.store.access.tokens import SCOPES
from syndication.store.articles import articles
from syndication.store.db.database import Database
from syndication.store.publishing import feed_definitions
from tests.support.foreign_newsroom import ForeignNewsroom
from tests.support.mail_server import MailServer, mail_server
from tests.support.newsroom import article
from tests.support.service import Service, running, until
from tests.support.subscribers import log_attempts, subscribe

SITE = """
[site]
title = "The Daily Example"
authority = "daily.example"
home_url = "https://www.daily.example"
[editors]
timezone = "Asia/Taipei"
failed_attempts = 1000
"""

SOURCE = '''
[[source]]
name = "cms"
kind = "sql"
database = "{database}"
ids = """{ids}"""
articles = """{articles}"""
'''

CHANNEL = """
[[notification]]
name = "desk"
kind = "email"
host = "127.0.0.1"
port = {port}
allow_private = true
security = "none"
sender = "feeds@daily.example"
recipients = ["desk@daily.example"]
quiet = "22:00-07:00"
"""

ODD_TITLE = "<b>Odd</b> {{7*7}} \"><svg onload=alert('section')>"
"""The title of a section, with markup that must stay inert."""

SECTIONS = f"""
[[section]]
slug = "taiwan"
title = "Taiwan"
[[section]]
slug = "world"
title = "World"
entries = 3
hours = 0
[[section]]
slug = "odd"
title = '''{ODD_TITLE}'''
"""

STORIES = 12
"""Stories that the source has, months old."""

PASSWORD = "ferry-{}-lantern-42"
"""The password of each user, with the name in it."""

PEOPLE = {"chief": SCOPES} | {f"no-{lacking}": tuple(s for s in SCOPES if s != lacking) for lacking in SCOPES}
"""A user with all scopes, and one without each scope."""


def stories(now: datetime) -> Iterator[dict[str, Any]]:
    """Yields a few public articles, an embargoed one, a draft, one that expires, one that is left out."""
    for number, title in enumerate(
        ["Night train to Hualien", "First snow on Hehuan — 合歡山初雪 ❄", "Ferry to Matsu", "A bridge is open again"], 1
    ):
        yield {"id": f"public-{number}", "title": title, "published_at": now - timedelta(hours=number)}
    for number in range(5):
        old = now - timedelta(days=2 + number)
        yield {"id": f"world-{number}", "title": f"World story {number}", "sections": ("world",), "published_at": old}
    yield {"id": "embargoed", "title": "Budget of the harbour", "published_at": now + timedelta(hours=5)}
    yield {"id": "draft", "title": "Half a thought", "status": "draft", "published_at": None}
    yield {"id": "expires", "title": "Tickets until tomorrow", "expires_at": now + timedelta(days=1)}
    yield {"id": "wrong", "title": "A story with a wrong address", "url": "http://["}


def subscribers(now: datetime) -> Iterator[dict[str, Any]]:
    """Yields subscriptions by push that no worker sends anything: they have a later version than there is."""
    later = {"version": 1_000_000}
    yield {"host": "reader.example:443"} | later
    failed = {"failed_at": now + timedelta(minutes=1), "error": "timed out", "attempts": 2, "lag_ms": None}
    yield {"host": "aggregator.example:8443", "format": "json"} | failed | later
    yield {"host": "archive.example:443", "section": "world", "paused_at": now, "secret": None} | later


class House:
    """A running service, its database, and the system that its source reads."""

    def __init__(self, service: Service, database: Database, cms: ForeignNewsroom, mail: MailServer) -> None:
        self.service = service
        self.database = database
        self.cms = cms
        self.mail = mail
        self.base = f"http://127.0.0.1:{service.port}"
        self.cookies: dict[str, Any] = {}
        self._passwords: dict[str, str] = {}

    def put(self, id: str, **changes: Any) -> str:
        """Writes one article, by default published an hour ago; returns its ID."""
        now = datetime.now(UTC)
        values = {"published_at": now - timedelta(hours=1)} | changes
        values = {"updated_at": values["published_at"]} | values
        for _ in articles.put_articles(self.database, [article(id, **values)]):
            pass
        return id

    def create_feed(self, feed: FeedDefinition) -> None:
        """Creates a feed of editors, and retires it if it is to be."""
        by, settings = Actor("desk", "192.0.2.7"), load_settings(self.service.folder / "config/syndication.toml", {})
        with self.database.write() as conn:
            feed_definitions.create(self.database, conn, settings, feed, by)
            if feed.retired:
                feed_definitions.retire(self.database, conn, feed.slug, by)

    def feed(self, slug: str = "taiwan", format: str = "json") -> str:
        """Returns the feed as readers receive it."""
        return self.service.get(f"/feeds/{slug}.{format}").body.decode()

    def until_in_feed(self, title: str, slug: str = "taiwan") -> None:
        """Waits until the feed contains the title."""
        until(lambda: title in self.feed(slug))

    def until_gone(self, title: str, slug: str = "taiwan") -> None:
        """Waits until the feed no longer contains the title."""
        until(lambda: title not in self.feed(slug))

    def password_of(self, person: str) -> str:
        """Returns the password of one of ``PEOPLE``, who is created on first use."""
        if person not in self._passwords:
            self._passwords[person] = self.create_user(person, PEOPLE[person])
        return self._passwords[person]

    def create_user(self, name: str, scopes: tuple[str, ...] = SCOPES) -> str:
        """Creates a user on the command line; returns the password."""
        password = PASSWORD.format(name)
        flags = [word for scope in scopes for word in ("--scope", scope)]
        done = self.service.run("user", "create", name, *flags, "--password-stdin", input=password)
        assert done.returncode == 0, done.stderr
        return password

    def run_sql(self, statement: str, **values: Any) -> None:
        """Runs a statement as another program would."""
        with self.database.write() as conn:
            conn.execute(text(statement), values)


def write_configuration(folder: Path, cms: ForeignNewsroom | None = None, mail: MailServer | None = None) -> Path:
    """Writes the configuration, with the CMS as a source and a channel if there are any; returns its path."""
    site = SITE if mail is None else SITE + CHANNEL.format(port=mail.port)
    if cms is not None:
        table = cms.table()
        site += SOURCE.format(database=table.database, ids=table.ids, articles=table.articles)
    config = folder / "config"
    config.mkdir()
    (config / "syndication.toml").write_text(site, encoding="utf-8")
    (config / "sections.toml").write_text(SECTIONS, encoding="utf-8")
    return config / "syndication.toml"


def _environment(folder: Path, cms: ForeignNewsroom, mail: MailServer) -> dict[str, str]:
    return {"SYNDICATION_CONFIG": str(write_configuration(folder, cms, mail))}


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Starts a newsroom with articles in its feeds. Users are created on first use."""
    cms = ForeignNewsroom(f"sqlite:///{folder}/cms.db")
    for number in range(1, STORIES + 1):
        cms.publish(number, headline=f"Berth {number} reopens")
    with mail_server() as mail, running(folder, env=_environment(folder, cms, mail)) as service:
        service.ready(60)  # Browsers start at the same time.
        database = Database(f"sqlite:///{folder}/var/syndication.db")
        house = House(service, database, cms, mail)
        now = datetime.now(UTC)
        for story in stories(now):
            house.put(**story)
        house.create_feed(FeedDefinition("ferries", "Ferries", selection=Selection(any=(Term("tag", "ferries"),))))
        house.create_feed(FeedDefinition("ended", "Last year's election", retired=True))
        house.until_in_feed("A bridge is open again")
        subscribe(database, *subscribers(now))
        log_attempts(database, {}, {"outcome": "failed", "status": 500, "error": "answered 500", "lag_ms": None})
        try:
            yield house
        finally:
            database.close()
