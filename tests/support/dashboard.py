"""The dashboard on a real database, used like in a browser: with cookies, links and forms."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import urlencode

import lxml.html
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache

from syndication.dashboard.app import dashboard_app
from syndication.store.access import sessions, users
from syndication.store.access.tokens import SCOPES
from syndication.store.db.database import Database
from tests.support.api import Api
from tests.support.people import PASSWORD, person

PREFIX = "/editors"

HERE = "192.0.2.7"

COOKIE = "syndication_editors"

FORM = "application/x-www-form-urlencoded"

LINKS = {"a": "href", "iframe": "src", "img": "src", "source": "srcset"}
"""The attributes of a page that contain URLs it links to or loads."""


class Page:
    """A page as a browser received it."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.cookies: list[str] = response.headers.getlist("Set-Cookie")
        self.body: bytes = response.data
        self.kind: str = response.mimetype
        response.close()

    @property
    def text(self) -> str:
        return self.body.decode()

    @cached_property
    def tree(self) -> Any:
        return lxml.html.document_fromstring(self.text)

    @property
    def words(self) -> str:
        """The visible text."""
        return " ".join(self.tree.xpath("string(//main)").split())

    @property
    def note(self) -> str:
        """The error message of the page."""
        found = self.tree.xpath("//*[contains(@class, 'note') and contains(@class, 'wrong') and not(@hidden)]")
        return " ".join(" ".join(note.text_content().split()) for note in found)

    @property
    def title(self) -> str:
        return self.tree.findtext(".//h1")

    @property
    def token(self) -> str:
        """The CSRF token of its forms."""
        return self.tree.xpath("string(//input[@name='csrf_token']/@value)")

    @property
    def location(self) -> str | None:
        return self.headers.get("Location")

    def addresses(self) -> Iterator[str]:
        """The URLs reachable by GET: links, pictures, frames and searches."""
        for element in self.tree.iter(*LINKS):
            yield element.get(LINKS[element.tag], "")
        yield from self.tree.xpath("//@hx-get")
        for form in self.forms("get"):
            yield f"{form.get('action') or ''}?{urlencode(form.form_values())}"

    def forms(self, method: str = "post") -> list[Any]:
        """The forms with this method."""
        return [form for form in self.tree.forms if form.method.lower() == method]


class Browser:
    """One browser with its cookies, at an IP address."""

    def __init__(self, app: Flask, address: str = HERE) -> None:
        self.client = app.test_client()
        self.address = address
        self._token = ""

    def ask(self, method: str, path: str, **more: Any) -> Page:
        path = path if path.startswith(PREFIX) else PREFIX + path
        page = Page(self.client.open(path, method=method, environ_base={"REMOTE_ADDR": self.address}, **more))
        if page.cookies:
            self._token = ""
        return page

    def get(self, path: str, **headers: str) -> Page:
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def part(self, path: str, on: str = "/") -> Page:
        """Requests a part of a page, as the script of the page ``on`` does."""
        return self.get(path, HX_Request="true", HX_Current_URL=f"https://feeds.daily.example{PREFIX}{on}")

    def post(self, path: str, token: str | None = None, **fields: Any) -> Page:
        """Sends a form's fields, with this browser's CSRF token unless another is given; confirmed if it would ask."""
        given = {"csrf_token": self.token() if token is None else token, "confirmed": "1"}
        return self.ask("POST", path, data=urlencode(given | fields, doseq=True), content_type=FORM)

    def submit(self, page: Page, action: str, **fields: str) -> Page:
        """Fills in and sends a page's form as browsers do, with CRLF line endings (HTML 4.10.22.4)."""
        (form,) = [form for form in page.forms() if form.get("action", "").startswith(PREFIX + action)]
        values = {**dict(form.form_values()), **fields}
        sent = {name: re.sub(r"\r\n|\r|\n", "\r\n", value) for name, value in values.items()}
        answer = self.ask("POST", form.get("action"), data=urlencode(sent), content_type=FORM)
        return self._confirm(answer, form.get("action")) if answer.status == 200 else answer

    def _confirm(self, page: Page, path: str) -> Page:
        """Answers the question of a form that asks once; other pages stay."""
        for form in page.forms():
            if "confirmed" in form.fields:
                return self.ask("POST", path, data=urlencode(form.form_values()), content_type=FORM)
        return page

    def follow(self, page: Page) -> Page:
        """Returns the page to which a form redirected."""
        assert page.status == 303, page.text
        return self.get(page.location)

    def token(self) -> str:
        """The CSRF token of this browser, requested once for the same cookie."""
        self._token = self._token or self.get("/login").token
        return self._token

    def log_in(self, name: str, password: str = PASSWORD, **fields: str) -> Page:
        """Fills in and sends the log-in form."""
        return self.post("/login", name=name, password=password, **fields)

    @property
    def cookie(self) -> str | None:
        """Returns the value of the browser's cookie."""
        kept = self.client.get_cookie(COOKIE, "localhost", PREFIX)
        return kept.value if kept else None

    @cookie.setter
    def cookie(self, value: str) -> None:
        self._token = ""
        self.client.set_cookie(COOKIE, value, path=PREFIX)


class Compiled(BytecodeCache):
    """Templates, compiled once for all apps of a test run."""

    kept: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


class Dashboard:
    """The dashboard with a newsroom; ``editors`` are its settings."""

    def __init__(self, database: Database, clock: Any, **editors: Any) -> None:
        self.database = database
        self.clock = clock
        self.api = Api(database, clock, **editors)
        self.desk = self.api.desk
        self.restart()

    def restart(self, **settings: Any) -> None:
        """Returns another web process, with other settings."""
        self.api.settings = replace(self.api.settings, **settings)
        self.app = dashboard_app(self.api.settings, self.database, self.api.loader)
        self.app.jinja_env.bytecode_cache = Compiled()

    def publish(self, **later: float) -> None:
        """Lets the worker finish its work after some time, and the web process load the result."""
        self.desk.later(**later) if later else self.desk.work()
        self.api.loader.load()
        self.api.loader.read_state()

    def stranger(self, address: str = HERE) -> Browser:
        """Returns a browser without a session."""
        return Browser(self.app, address)

    def person(self, *scopes: str, name: str | None = None) -> Browser:
        """Returns a browser logged in with these scopes (default: all), without the cost of a password hash."""
        scopes, browser = scopes or SCOPES, self.stranger()
        name = name or ".".join(scopes)
        with self.database.read() as conn:
            user = users.find_by_name(conn, name)
        user = user or person(self.database, name, *scopes)
        with self.database.write() as conn:
            secret = sessions.create_session(conn, user, HERE, self.api.settings.editors.session_hours, self.now)
        with browser.client.session_transaction(f"{PREFIX}/") as session:
            session["login"] = secret
        return browser

    @property
    def now(self) -> datetime:
        return self.clock()
