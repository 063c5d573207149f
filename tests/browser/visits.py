"""Browser sessions that check every page for errors."""

from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tests.browser.house import House

SECONDS = 10
"""The timeout of the browser."""

PHONE, DESK = 390, 1280
"""Widths in pixels."""

EXPECTED = (
    "Failed to load resource",  # an expected error response, or a missing image
    "Blocked script execution in",  # the sandboxed frame
    "Failed to execute 'postMessage' on 'DOMWindow'",  # axe's words to it, which it cannot receive
    "Response Status Error Code 503",  # from htmx while the database is down
    "htmx:",  # while the service does not answer
)
"""Expected console messages."""


class Visits:
    """Opens pages as different users, and records errors on any of them."""

    def __init__(self, browser: Browser, house: House) -> None:
        self.browser = browser
        self.house = house
        self.wrong: list[str] = []
        self._contexts: list[BrowserContext] = []

    def __call__(self, person: str | None, path: str = "/editors/", **options: Any) -> Page:
        """Returns a page at ``path``, logged in as ``person`` (None: not logged in)."""
        page = self.stranger(storage_state=self._cookies(person) if person else None, **options)
        page.goto(path)
        return page

    def stranger(self, width: int = DESK, height: int = 900, scheme: str = "light", **options: Any) -> Page:
        """Returns a blank page of a browser without a session."""
        context = self.browser.new_context(
            base_url=self.house.base, viewport={"width": width, "height": height}, color_scheme=scheme, **options
        )
        self._contexts.append(context)
        context.set_default_timeout(SECONDS * 1000)
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', (event) => console.error("
            "`CSP refused ${event.blockedURI} for ${event.violatedDirective} at ${location.pathname}`))"
        )
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.wrong.append(f"a script failed: {error.error}"))
        context.on("dialog", lambda dialog: (self.wrong.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
        context.on("request", self._asked)
        return context.new_page()

    def close(self) -> None:
        """Closes all browser contexts."""
        for context in self._contexts:
            context.close()

    def _cookies(self, person: str) -> Any:
        """Returns the cookies of a logged-in user, who logs in once."""
        if person not in self.house.cookies:
            page = self.stranger()
            log_in(page, person, self.house.password_of(person))
            page.wait_for_url("**/editors/")
            self.house.cookies[person] = page.context.storage_state()
        return self.house.cookies[person]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            self.wrong.append(f"the console: {message.text}")

    def _asked(self, request: Request) -> None:
        ours = request.url.startswith((f"{self.house.base}/", "data:", "about:"))
        in_frame = request.frame.parent_frame is not None
        picture = in_frame and request.resource_type == "image" and request.url.startswith("https://www.daily.example/")
        if not ours and not picture:
            self.wrong.append(f"a request left the house: {request.url}")


def log_in(page: Page, name: str, password: str) -> None:
    """Fills in and submits the login form."""
    if not page.url.endswith("/login") and "/login?" not in page.url:
        page.goto("/editors/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def fits(page: Page) -> bool:
    """Returns whether the page fits without horizontal scrolling."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
