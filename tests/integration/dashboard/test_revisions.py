"""Revisions in the dashboard: listed, compared side by side, restored as a small fix or a correction, deleted."""

from html import escape
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import text

from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles, field_locks
from tests.integration.dashboard.test_hostile_text import Structure
from tests.support.dashboard import Dashboard
from tests.support.newsroom import article, at

CMS, MEI = Actor("token cms", "192.0.2.8"), Actor("user mei", "192.0.2.7")


def stored(dashboard):
    with dashboard.database.read() as conn:
        return articles.get_article(conn, "a1")


def write(dashboard, by=CMS, **changes):
    made = article("a1", **{"published_at": at(hours=-1), "updated_at": None, "html": "<p>It runs.</p>"} | changes)
    articles.change_article(dashboard.database, "a1", lambda _stored: made, by)
    dashboard.publish(seconds=1)


@pytest.fixture
def newsroom(dashboard):
    dashboard.api.worker_seen()
    write(dashboard, title="Nigth train")
    write(dashboard, title="Night train")
    write(dashboard, title="Night train", html="<p>It stops.</p>", by=MEI)
    return dashboard


def links(page, words):
    return [a.get("href") for a in page.tree.iter("a") if " ".join(a.text_content().split()) == words]


def press(browser, page, act, **fields):
    (form,) = [form for form in page.forms() if "/article/revert" in (form.get("action") or "")]
    sent = [*((name, v) for name, v in form.form_values() if name not in fields), *fields.items(), ("act", act)]
    return browser.ask(
        "POST", form.get("action"), data=urlencode(sent), content_type="application/x-www-form-urlencoded"
    )


def test_the_story_leads_to_its_revisions_with_their_writers(newsroom):
    browser = newsroom.person("read", "preview", "write")
    (address,) = links(browser.get("/article?id=a1"), "Revisions")
    page = browser.get(address)
    rows = [" ".join(row.text_content().split()) for row in page.tree.xpath("//tbody/tr")]
    assert ["user mei" in rows[0], "token cms" in rows[1], "token cms" in rows[2]] == [True] * 3
    assert "Now" in rows[0] and rows[2].startswith("Nigth train")
    assert (len(links(page, "Changes")), len(links(page, "Compare with now")), len(links(page, "Restore"))) == (2, 2, 2)
    assert newsroom.person("read", "preview", name="eye").get(address).tree.xpath("//form[@method='post']")[1:] == []


def test_two_states_stand_side_by_side_with_the_changed_words_marked(newsroom):
    browser = newsroom.person("read", "preview")
    page = browser.get(links(browser.get("/article/revisions?id=a1"), "Compare with now")[-1])
    cells = page.tree.xpath("//table[contains(@class, 'sides')]//td")
    assert [[(e.tag, e.text) for e in cell.iter("del", "ins")] for cell in cells] == [
        [("del", "Nigth")], [("ins", "Night")], [("del", "runs")], [("ins", "stops")],
    ]  # fmt: skip
    assert [cell.text_content().strip() for cell in cells[:2]] == ["Nigth train", "Night train"]
    assert links(page, "Restore the older one …") == []


def test_times_differ_as_a_whole_and_in_the_zone_of_the_newsroom(sqlite_database, clock):
    newsroom = Dashboard(sqlite_database, clock, timezone="Asia/Taipei")
    newsroom.api.worker_seen()
    write(newsroom)
    write(newsroom, published_at=at(hours=-2, minutes=-30))
    browser = newsroom.person("read", "preview")
    page = browser.get(links(browser.get("/article/revisions?id=a1"), "Changes")[0])
    cells = page.tree.xpath("//table[contains(@class, 'sides')]//td")
    assert [cell.text_content().strip() for cell in cells] == ["14 Mar 2026, 19:00", "14 Mar 2026, 17:30"]


def test_a_state_is_restored_as_a_small_fix(newsroom):
    browser = newsroom.person()
    review = browser.get(links(browser.get("/article/revisions?id=a1"), "Restore")[-1])
    assert "Taiwan: the entry changes, at position 1" in review.words
    done = browser.follow(press(browser, review, "fix"))
    assert "Restored." in done.words and done.title == "Nigth train"
    assert (stored(newsroom).html, stored(newsroom).corrected_at) == ("<p>It runs.</p>", None)


def test_a_correction_needs_a_note_and_moves_the_date(newsroom):
    browser = newsroom.person()
    review = browser.get(links(browser.get("/article/revisions?id=a1"), "Restore")[-1])
    refused = press(browser, review, "correction")
    assert refused.status == 422 and "Say what was corrected" in refused.words and stored(newsroom).title[:5] == "Night"
    browser.follow(press(browser, refused, "correction", correction="It runs."))
    assert stored(newsroom).correction == "It runs." and stored(newsroom).corrected_at is not None


def test_nothing_is_restored_over_what_somebody_else_saved(newsroom):
    browser = newsroom.person()
    review = browser.get(links(browser.get("/article/revisions?id=a1"), "Restore")[-1])
    write(newsroom, title="Of the desk", by=MEI)
    page = press(browser, review, "fix")
    assert page.status == 412 and "somebody saved this story" in page.note and stored(newsroom).title == "Of the desk"
    assert browser.follow(press(browser, page, "fix")).title == "Nigth train"


def test_locked_fields_stay_and_the_page_says_so(newsroom):
    with newsroom.database.write() as conn:
        field_locks.set_locks(conn, "a1", ["title"], MEI, newsroom.now)
    browser = newsroom.person()
    review = browser.get(links(browser.get("/article/revisions?id=a1"), "Restore")[-1])
    assert "Locked, so it stays as it is: Title." in review.words
    assert browser.follow(press(browser, review, "fix")).title == "Night train"
    assert stored(newsroom).html == "<p>It runs.</p>"


def test_what_is_restored_can_be_locked_against_the_cms(newsroom):
    write(newsroom, title="Of the CMS")
    browser = newsroom.person()
    review = browser.get(links(browser.get("/article/revisions?id=a1"), "Restore")[-1])
    assert "token cms owns this story" in review.words
    browser.follow(press(browser, review, "fix", lock="1"))
    assert stored(newsroom).title == "Nigth train"
    write(newsroom, title="Again of the CMS")
    assert stored(newsroom).title == "Nigth train"


def test_an_admin_deletes_revisions_for_good_after_one_question(newsroom):
    admin, editor = newsroom.person(name="boss"), newsroom.person("read", "preview", "write", name="ed")
    newsroom.person(name="x").post("/article/withdraw?id=a1")
    page = admin.get("/article/revisions?id=a1")
    assert "This story is withdrawn." in page.words and "Delete all for good" in page.words
    assert "Delete all for good" not in editor.get("/article/revisions?id=a1").words
    assert editor.post("/article/revisions/forget?id=a1").status == 403
    asked = admin.post("/article/revisions/forget?id=a1", confirmed="")
    assert "Nothing brings them back." in asked.words
    done = admin.follow(admin.post("/article/revisions/forget?id=a1"))
    assert "Deleted 3 revisions." in done.words
    assert "No revisions are kept" in admin.get("/article/revisions?id=a1").words


def test_who_may_not_see_drafts_sees_no_revision(newsroom):
    browser = newsroom.person("read", "write", "admin")
    assert links(browser.get("/article?id=a1"), "Revisions") == []
    revision = newsroom.api.get("/articles/a1/revisions").json["revisions"][-1]["revision"]
    for path in (f"/article/revert?id=a1&revision={revision}", "/article/revisions?id=a1"):
        page = browser.get(path)
        assert page.status == 403 and "Nigth" not in page.text


@pytest.mark.parametrize(
    "hostile", ["<script>x</script>", "\"'><img src=x onerror=x>", "</del></td></table><plaintext>"]
)
def test_hostile_texts_change_no_structure_of_a_comparison(dashboard, hostile):
    def pages(words):
        plain = {"title": f"Before {len(words)}", "html": "Plain", "tags": ()}  # A state that was not recorded before.
        write(dashboard, **plain)
        write(dashboard, title=words, html=f"<p>{escape(words)}</p>", tags=(words,), by=Actor(words, words))
        with dashboard.database.write() as conn:
            conn.execute(text("UPDATE audit_log SET actor = :name WHERE act = 'put'"), {"name": words})
        write(dashboard, **plain)
        browser = dashboard.person(name="mei")
        revision = dashboard.api.get("/articles/a1/revisions").json["revisions"][1]["revision"]
        paths = ("/article/revisions?id=a1", f"/article/revision?id=a1&old={revision}",
                 f"/article/revert?id=a1&revision={quote(revision)}")  # fmt: skip
        found = [browser.get(path) for path in paths]
        assert [page.status for page in found] == [200] * 3
        with dashboard.database.write() as conn:
            conn.execute(text("DELETE FROM article_revision"))
        return [[tag for tag in Structure(page.text).found if tag[0] not in ("del", "ins")] for page in found]

    harmless = pages("harmless words of a story")
    # The number of marks depends on the words; nothing else does.
    known = {"end of del", "end of ins"}
    assert [[t for t in page if t not in known] for page in pages(hostile)] == [
        [t for t in page if t not in known] for page in harmless
    ]
