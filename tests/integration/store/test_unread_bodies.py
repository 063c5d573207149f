"""Bodies are read only where they are shown, and a stored row over a limit is shown as far as allowed."""

from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from sqlalchemy import event, text

from syndication.model.field_limits import MAX_FEED_HTML, MAX_TAGS, MAX_TITLE
from syndication.pipeline.preview import PreviewQuery
from syndication.store.articles.withdrawals import get_withdrawal
from tests.support.api import story

MIB = 2**20


@contextmanager
def statements(database):
    """Records the statements sent to the database within the block."""
    asked = []

    def note(_conn, _cursor, statement, *_):
        asked.append(" ".join(statement.split()))

    event.listen(database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(database.engine, "before_cursor_execute", note)


def bodies(asked):
    """Returns the statements that read bodies, and not only their length."""
    return [one for one in asked if "article.html" in one.replace("(article.html", "")]


def write_sql(api, statement, rows=None, **values):
    """Writes as another program of the newsroom does."""
    with api.database.write() as conn:
        conn.execute(text(statement), rows or values)


@pytest.fixture
def newsroom(api):
    api.put("a1", html="<p>One.</p>")
    api.put("a2", html="<p>Two.</p>", url="/2", tags=["rail", "night"])
    api.desk.restart()
    api.desk.work()
    return api


@pytest.mark.parametrize("scopes", [("read",), ("read", "preview")])
@pytest.mark.parametrize(
    "path",
    ["/sections/taiwan/entries", "/articles/a1/trace", "/articles/a1/history", "/articles", "/sections",
     "/sections/taiwan/left-out", "/sections/taiwan/versions", "/status"],
)  # fmt: skip
def test_a_page_without_bodies_reads_none(newsroom, path, scopes):
    newsroom.get("/status", scopes)
    with statements(newsroom.database) as asked:
        assert newsroom.get(path, scopes).status == 200
    assert asked and not bodies(asked)


def test_a_page_with_a_body_reads_it(newsroom):
    with statements(newsroom.database) as asked:
        assert newsroom.get("/articles/a1").json["html"] == "<p>One.</p>"
    assert bodies(asked)


def test_the_dashboards_pages_read_no_body(dashboard):
    dashboard.desk.put("a1", title="First")
    dashboard.publish()
    browser = dashboard.person("read", "preview", "write")
    with statements(dashboard.database) as asked:
        for path in ("/article?id=a1", "/article/withdraw?id=a1", "/articles", "/sections/taiwan", "/", "/upcoming"):
            assert browser.get(path).status == 200, path
    assert asked and not bodies(asked)


def test_a_story_that_is_hidden_from_the_caller_is_compared_with_what_was_shown(newsroom):
    """The one case in which a list reads a body: an article that was shown and is no longer public."""
    for id in ("a1", "a2"):
        assert newsroom.ask("POST", f"/articles/{id}/withdraw").status == 200
    write_sql(newsroom, "UPDATE article SET html = 'other' WHERE id = 'a2'")
    with statements(newsroom.database) as asked:
        entries = newsroom.get("/sections/taiwan/entries", ("read",)).json["entries"]
    assert {entry["article_id"]: entry["title"] for entry in entries} == {"a1": "Story", "a2": None}
    assert len(bodies(asked)) == 1


def over_a_limit(api):
    """Rows that no request could write, and the incomplete field of each."""
    for id in ("title", "tags", "html", "name", "id", "empty"):
        assert api.put(id, url=f"/{id}", authors=["Lin"], html="<p>Body.</p>").status == 201
    write_sql(api, "UPDATE article SET title = :long WHERE id = 'title'", long="é" * 100_000)
    write_sql(api, "UPDATE article SET html = :long WHERE id = 'html'", long="x" * 40 * MIB)
    write_sql(api, "UPDATE article_author SET name = :long WHERE article_id = 'name'", long="n" * 5_000)
    write_sql(api, "UPDATE article_author SET id = :long WHERE article_id = 'id'", long="n" * 5_000)
    write_sql(api, "UPDATE article SET title = '' WHERE id = 'empty'")
    tags = [{"n": number} for number in range(MAX_TAGS + 5)]
    write_sql(api, "INSERT INTO article_tag (article_id, position, tag) VALUES ('tags', :n, 't')", tags)
    return {
        "title": "title",
        "tags": "tags",
        "html": "html",
        "name": "authors.0.name",
        "id": "authors.0.id",
        "empty": "title",
    }


def test_a_row_over_a_limit_is_shown_with_its_problems_and_can_be_withdrawn(api):
    for id, field in over_a_limit(api).items():
        with statements(api.database) as asked:
            said = api.get(f"/articles/{id}")
        assert said.status == 200 and "ETag" not in said.headers, said.json
        assert [error["field"] for error in said.json["errors"]] == [field], said.json["errors"]
        assert said.json["url"] == f"/{id}" and len(said.body) < 30_000
        assert id != "html" or (said.json["html"] == "" and not bodies(asked))
        # An incomplete article cannot be put back by mistake.
        assert api.ask("PUT", f"/articles/{id}", said.json).status == 422
        for address in (f"/articles/{id}/trace", f"/articles/{id}/history"):
            assert api.get(address).status == 200
        assert api.ask("POST", f"/articles/{id}/withdraw").json["outcome"] == "withdrawn"
        assert api.ask("POST", f"/articles/{id}/restore").json["outcome"] == "restored"
    assert len(api.get("/articles/title").json["title"]) == MAX_TITLE
    assert len(api.get("/articles/tags").json["tags"]) == MAX_TAGS
    write_sql(api, "DELETE FROM article WHERE id = 'tags'")
    assert api.get("/articles/tags").status == 404


def test_an_article_within_its_limits_is_given_as_before(api):
    said = api.put("a1")
    assert "errors" not in said.json["article"]
    got = api.get("/articles/a1")
    assert got.json == said.json["article"] and got.headers["ETag"] == said.headers["ETag"]


def test_the_dashboard_shows_an_article_over_a_limit_and_withdraws_it(dashboard):
    over_a_limit(dashboard.api)
    browser = dashboard.person()
    for id in ("title", "tags", "html", "name"):
        page = browser.get(f"/article?{urlencode({'id': id})}")
        assert page.status == 200 and "exceeds a limit" in page.note and "withdraw" in page.note
        assert browser.post(f"/article/withdraw?id={id}").status == 303
        with dashboard.database.read() as conn:
            assert get_withdrawal(conn, id) is not None


def preview(api, *changes, section="taiwan"):
    """Returns the finished preview, and the statements of the worker that answered it."""
    asked = api.ask("POST", "/previews", {"section": section, "changes": list(changes)})
    assert asked.status == 202, asked.json
    with statements(api.database) as done:
        api.previewer.answer_all()
    return api.get(f"/previews/{asked.json['id']}").json, done


def large_articles(api, number, size):
    for n in range(number):
        api.put(f"large{n}", url=f"/large{n}")
    write_sql(api, "UPDATE article SET html = :long WHERE id LIKE 'large%'", long="x" * size)


def test_a_preview_of_many_large_articles_is_refused_before_their_bodies_are_read(api):
    large_articles(api, 20, 2 * MIB)
    found, asked = preview(api, *({"id": f"large{n}"} for n in range(20)))
    assert found["state"] == "failed" and not bodies(asked)
    most = MAX_FEED_HTML // MIB
    words = (
        f"The bodies of these articles have 40 MiB, and the limit for a preview is {most} MiB. Preview fewer at once."
    )
    assert found["message"] == words


def test_a_preview_of_one_article_over_the_limit_says_so_and_one_that_replaces_its_body_is_shown(api):
    large_articles(api, 1, 40 * MIB)
    found, asked = preview(api, {"id": "large0"}, section=None)
    assert found["state"] == "failed" and found["message"].startswith("This article's body has 40 MiB")
    assert not bodies(asked)
    found, asked = preview(api, {"id": "large0", "html": "<p>Shorter.</p>"}, section=None)
    assert found["state"] == "done" and "Shorter" in found["entry"]["atom"] and not bodies(asked)


def test_a_previews_feed_counts_the_bodies_of_its_changes(sqlite_api):
    """14 MiB in the change and 20 MiB stored beside it exceed the limit together: the stored one is left out."""
    large_articles(sqlite_api, 1, 20 * MIB)
    question = PreviewQuery("taiwan", [story(id="new", url="/new", html="<p>" + "y " * 7 * MIB)])
    gathered = sqlite_api.previewer.preview(question)
    assert "large0" in {item["article_id"]: item["reason"] for item in gathered["left_out"]}


def test_a_batch_asks_once_for_the_visibility_of_its_articles(api):
    for n in range(3):
        api.put(f"a{n}")
    write_sql(api, "DELETE FROM article WHERE id = 'a2'")
    articles = [story(id=f"a{n}", url=f"/{n}") for n in range(40)]
    with statements(api.database) as asked:
        said = api.ask("POST", "/articles:batch", {"articles": articles}, scopes=("write",))
    looks = [one for one in asked if "shown_article" in one and "withdrawal" in one]
    assert said.status == 200 and len(looks) == 1
    outcomes = [one["outcome"] for one in said.json["outcomes"]]
    assert outcomes == ["updated", "updated"] + ["created"] * 38
