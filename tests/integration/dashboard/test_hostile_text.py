"""User input is always shown as text: no title, ID, name or reason becomes markup."""

from contextlib import closing
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from syndication.dashboard import overview
from syndication.model.values import Author
from syndication.store.access import audit_log
from syndication.store.access.audit_log import Act, Actor
from syndication.store.db.database import Database
from syndication.store.processes import workers
from tests.support.dashboard import Dashboard
from tests.support.newsroom import at

HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'><svg/onload=alert(1)>", "</title></head><body>",
    "<!-- ", "]]>", "&lt;b&gt;&quot;&#39;", "{{ 7 * 7 }}{% raw %}", "javascript:alert(1)", '" autofocus onfocus="x',
    "<iframe srcdoc='x'></iframe>", "</code></pre></table></form><form action=//evil>", "<plaintext>", "<\u0130mg>",
    "`${alert(1)}`", "\u2028<b>\u2029", "--><style>*{}</style>", "?seen=<b>", "a\nb\tc<",
    "%22%3E%3Cscript%3E", "\\<\\\"",
]  # fmt: skip

PIECES = st.one_of(
    st.sampled_from(
        ["<b>", "</b>", "<br>", "</p>", "<!--", "-->", "{{", "}}", "{%", "&lt;", "\n", "\t", *"<>&\"'/=;-![]%\\`? "]
    ),
    st.characters(exclude_categories=("Cs", "Cc", "Cn")),
)


@pytest.fixture(autouse=True)
def always_looked_up(monkeypatch):
    """Disables the cache of the overview."""
    monkeypatch.setattr(overview, "CACHE_SECONDS", 0.0)


class Structure(HTMLParser):
    """The elements and attribute names of a page in order, which no text may change.

    The title of a chart is drawn in as many lines as it needs: they count as one.
    """

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.in_title = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        again, self.in_title = self.in_title, tag == "text" and ("class", "title") in attrs
        if not (again and self.in_title):
            self.found.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag):
        if not (tag == "text" and self.found[-1] == "end of text"):
            self.found.append(f"end of {tag}")

    def handle_comment(self, data):
        self.found.append("comment")

    def handle_decl(self, decl):
        self.found.append("declaration")

    unknown_decl = handle_pi = handle_decl


def newsroom(database, clock, texts):
    """A newsroom whose user-supplied texts are all from ``texts``."""
    dashboard = Dashboard(database, clock)
    for slug, section in dashboard.desk.sections.items():
        dashboard.desk.sections[slug] = replace(section, title=f"{slug} {texts[0]}", entries=50)
    dashboard.desk.restart()
    for number, text in enumerate(texts):
        moment = at(hours=number + 1) if number % 3 == 1 else at(hours=-number)
        dashboard.desk.put(
            f"{number} {text}", title=text, authors=(Author(text),), tags=(text,), correction=text, guid=f"g{number}",
            url=f"/{number}/{quote(text)}", published_at=moment, expires_at=at(days=2, hours=number), html="<p>x</p>",
            summary="x",
        )  # fmt: skip
    dashboard.desk.put("bad", url=f"ftp://{texts[0]}")
    with database.write() as conn:
        workers.record_heartbeat(conn, workers.WorkerProcess("w1", texts[0], 1, clock(), clock()))
        audit_log.record(conn, Actor(texts[0], texts[0]), [Act(text, text, text, text) for text in texts], clock())
    dashboard.publish()
    dashboard.restart(site=replace(dashboard.desk.site, title=texts[0]))
    return dashboard


def shown(dashboard, texts, visits):
    """Returns the structure of every page that shows texts, by name."""
    browser, text = dashboard.person(name="mei"), texts[0]
    pages = {path: browser.get(path) for path in (
        "/", "/sections/taiwan", "/sections/taiwan/reader", "/sections/taiwan/reader/view", "/sections/taiwan/versions",
        "/sections/taiwan/documents/atom", "/sections/taiwan/documents/rss", "/sections/taiwan/documents/json",
        "/articles", "/upcoming", "/deliveries", "/charts?section=taiwan", "/audit-log", "/account", "/users",
        "/users/mei",
    )}  # fmt: skip
    for number, one in enumerate(texts[:visits]):
        for path in ("/article", "/article/withdraw", "/article/restore", "/article/revisions"):
            pages[f"{path} {number}"] = browser.get(f"{path}?{urlencode({'id': f'{number} {one}'})}")
    preview = browser.follow(browser.post(f"/article/preview?{urlencode({'id': f'0 {text}'})}"))
    dashboard.api.previewer.answer_all()
    part = browser.part(preview.tree.xpath("string(//*[@id='preview']/@hx-get)"))
    pages |= {"a preview": part, "its frame": browser.get(part.tree.xpath("string(//iframe/@src)"))}
    pages["a reason"] = browser.follow(browser.post("/regenerations", what="all", reason=text))
    pages["a token"] = browser.post("/tokens", name=text[:80], scope="read")
    (id,) = pages["a token"].tree.xpath("//input[@name='id']/@value")
    pages["a revoked token"] = browser.follow(browser.post("/tokens/revoke", id=id))
    pages["a search"] = browser.get(f"/articles?{urlencode({'q': f'none {text}'[:200]})}")
    pages["a filter"] = browser.get(f"/audit-log?{urlencode({'actor': f'none {text}', 'act': text, 'target': text})}")
    pages["an unknown person"] = browser.get(f"/users/{quote(text, safe='')}")
    pages["an unknown section"] = browser.post("/regenerations", section=text)
    pages["a wrong name"] = browser.post("/users", name=f"wrong {text}", scope="read")
    pages["a wrong scope"] = browser.post("/users", name="new", scope=text)
    pages["days"] = browser.post("/tokens", name="x", scope="read", days=text)
    pages["the form to log in"] = browser.get(f"/login?{urlencode({'next': f'/editors/{text}'})}")
    pages["a refused log-in"] = dashboard.stranger().post("/login", "x", name=text)
    pages["a hold"] = browser.follow(browser.post("/sections/taiwan/hold", reason=f"because {text}"[:500]))
    pages |= {f"a held feed, {path}": browser.get(path) for path in ("/", "/sections/taiwan/hold", "/article?id=none")}
    browser.post("/sections/taiwan/hold/release")
    return {name: (page.status, Structure(page.text).found) for name, page in pages.items()}


def check_inert(new_url, dialect, clock, texts, visits):
    harmless = [f"harmless {number}" for number in range(len(texts))]
    found = []
    for words in (texts, harmless):
        with closing(Database(new_url(dialect), clock=clock)) as database:
            found.append(shown(newsroom(database, clock, words), words, visits))
    for name, page in found[0].items():
        assert page == found[1][name], name


@pytest.mark.thorough("postgresql")
def test_hostile_texts_never_change_the_structure_of_a_page(database, new_url, clock):
    check_inert(new_url, database.dialect, clock, HOSTILE, len(HOSTILE))


def test_random_texts_never_change_the_structure_of_a_page(new_url, clock):
    @settings(max_examples=4, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.lists(PIECES, min_size=1, max_size=9).map("".join).map("x{}".format), min_size=12, max_size=12))
    def check(texts):
        check_inert(new_url, "sqlite", clock, texts, 1)

    check()


def test_the_body_of_an_article_is_inert_in_the_reader_preview(sqlite_dashboard):
    body = (
        "<p onclick='x()'>Kept</p><script>alert(1)</script><style>*{}</style><form action='//evil'><input></form><base>"
    )
    sqlite_dashboard.desk.put("a1", html=body, summary=body)
    sqlite_dashboard.publish()
    page = sqlite_dashboard.person().get("/sections/taiwan/reader/view")
    assert "Kept" in page.text and "alert(1)" not in page.text and "onclick" not in page.text
    assert {"script", "form", "input"}.isdisjoint(element.tag for element in page.tree.iter("*"))
    assert len(page.tree.xpath("//style")) == len(page.tree.xpath("//base")) == 1
