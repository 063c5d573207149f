"""Articles in the API: create, change, withdraw, search; no lost updates, and no access to hidden articles."""

import base64
import json
import threading
from urllib.parse import quote

import pytest

from tests.support.api import FULL, story, when

WRITER = ("read", "write")
"""A CMS that cannot see the drafts and embargoed articles of others."""


def fields(said):
    return said.json["article"]


def test_an_article_is_created_replaced_and_left_alone(api):
    first = api.put("a1")
    assert (first.status, first.json["outcome"], fields(first)["id"]) == (201, "created", "a1")
    again = api.put("a1")
    assert (again.status, again.json["outcome"], again.headers["ETag"]) == (200, "unchanged", first.headers["ETag"])
    other = api.put("a1", title="New")
    assert (other.status, other.json["outcome"], fields(other)["title"]) == (200, "updated", "New")
    assert other.headers["ETag"] != first.headers["ETag"] == api.put("a1").headers["ETag"]


def test_every_field_comes_back_and_what_is_got_can_be_put_again(api):
    assert api.ask("PUT", "/articles/full", FULL).status == 201
    got = api.get("/articles/full")
    assert got.json == FULL | {"id": "full"}
    assert got.headers["Cache-Control"] == "no-store"
    assert api.ask("PUT", "/articles/full", got.json).json["outcome"] == "unchanged"
    assert api.ask("POST", "/articles:batch", {"articles": [got.json]}).json["outcomes"][0]["outcome"] == "unchanged"
    assert api.ask("PATCH", "/articles/full", {}).json["outcome"] == "unchanged"


def test_an_authors_id_is_the_writers_own_and_may_be_left_out(api):
    authors = [{"name": "Lin Mei-hua", "id": "lin-7"}, {"name": "Wu", "id": ""}, {"name": "Yu", "id": None}, "Noa"]
    assert api.put("a1", authors=authors).status == 201
    found = api.get("/articles/a1").json["authors"]
    assert [(one["name"], one["id"]) for one in found] == [
        ("Lin Mei-hua", "lin-7"), ("Wu", None), ("Yu", None), ("Noa", None)
    ]  # fmt: skip
    assert api.put("a1", authors=authors).json["outcome"] == "unchanged"
    other = [{"name": "Lin Mei-hua", "id": "lin-8"}, *authors[1:]]
    changed = api.ask("PATCH", "/articles/a1", {"authors": other})
    assert changed.json["outcome"] == "updated" and fields(changed)["authors"][0]["id"] == "lin-8"


def test_a_patch_changes_what_it_names_and_null_takes_away(api):
    api.ask("PUT", "/articles/full", FULL)
    patch = {"title": "New", "summary": None, "image": {"alt": "b", "width": None}, "tags": ["x"]}
    said = api.ask("PATCH", "/articles/full", patch, headers={"Content-Type": "application/merge-patch+json"})
    image = FULL["image"] | {"alt": "b", "width": None}
    wanted = FULL | {"id": "full", "title": "New", "summary": None, "image": image, "tags": ["x"]}
    assert fields(said) == wanted and said.json["outcome"] == "updated"
    assert api.get("/articles/full").json == wanted


@pytest.mark.parametrize(
    "patch", [{"title": None}, {"id": "other"}, {"nothing": 1}, {"tags": "x"}, {"published_at": 1}]
)
def test_a_patch_that_makes_no_article_is_refused_and_changes_nothing(sqlite_api, patch):
    before = sqlite_api.put("a1").headers["ETag"]
    assert sqlite_api.ask("PATCH", "/articles/a1", patch).kind == "invalid"
    assert sqlite_api.get("/articles/a1").headers["ETag"] == before
    assert sqlite_api.ask("PATCH", "/articles/nobody", {"title": "T"}).kind == "not-found"


def test_of_a_batch_each_article_has_its_own_outcome(api):
    api.put("there", title="Old")
    api.put("same")
    batch = [
        story(id="new"), story(id="there"), story(id="same"), story(), story(id="bad", title=""),
        story(id="twice", title="First"), story(id="twice", title="Second"), story(id="worse", colour="red"),
        story(id="half \ud800"), story(id="nul", html="\x00"),
        story(id="no-time", status="published", published_at=None),
        story(id="no-slug", sections=["…"]),
    ]  # fmt: skip
    outcomes = api.ask("POST", "/articles:batch", {"articles": batch}).json["outcomes"]
    assert [(one["index"], one["id"], one["outcome"], [e["field"] for e in one["errors"]]) for one in outcomes] == [
        (0, "new", "created", []),
        (1, "there", "updated", []),
        (2, "same", "unchanged", []),
        (3, None, "refused", ["id"]),
        (4, "bad", "refused", ["title"]),
        (5, "twice", "refused", ["id"]),
        (6, "twice", "created", []),
        (7, "worse", "refused", ["colour"]),
        (8, "half \ud800", "refused", ["id"]),
        (9, "nul", "refused", ["html"]),
        (10, "no-time", "refused", ["published_at"]),
        (11, "no-slug", "refused", ["sections"]),
    ]
    assert api.get("/articles/twice").json["title"] == "Second"
    assert api.get("/articles/bad").status == 404


def test_a_thousand_articles_are_a_batch_and_one_more_is_not(api):
    thousand = [story(id=f"n{n}") for n in range(1000)]
    outcomes = api.ask("POST", "/articles:batch", {"articles": thousand}).json["outcomes"]
    assert [one["outcome"] for one in outcomes] == ["created"] * 1000
    assert api.ask("POST", "/articles:batch", {"articles": [*thousand, story(id="more")]}).kind == "invalid"
    assert api.ask("POST", "/articles:batch", {"articles": []}).kind == "invalid"
    assert api.get("/articles/more").status == 404


@pytest.mark.parametrize(
    ("change", "date"),
    [
        ({"title": "New"}, "same-date"),
        ({"correction": "A name was wrong."}, "correction"),
        ({"correction": "A name was wrong.", "updated_at": when(hours=-1)}, "date"),
        ({}, None),
        ({"status": "draft"}, None),
    ],
)
def test_a_write_is_answered_with_its_dates_fate(sqlite_api, change, date):
    sqlite_api.put("a1")
    sqlite_api.put("a2")
    assert sqlite_api.ask("PATCH", "/articles/a1", change).json["date"] == date
    batch = {"articles": [story(id="a2", **change), story(id="new", **change)]}
    outcomes = sqlite_api.ask("POST", "/articles:batch", batch).json["outcomes"]
    assert [one["date"] for one in outcomes] == [date, None]


def test_a_hidden_articles_date_is_not_revealed(sqlite_api):
    sqlite_api.put("embargoed", published_at=when(hours=1))
    change = {"published_at": when(hours=1), "correction": "Hidden."}
    assert sqlite_api.put("embargoed", scopes=WRITER, **change).json["date"] is None


def test_if_match_replaces_only_what_was_read(api):
    old = api.put("a1").headers["ETag"]
    new = api.ask("PUT", "/articles/a1", story(title="New"), headers={"If-Match": old})
    assert new.status == 200
    for method, body in (("PUT", story(title="Late")), ("PATCH", {"title": "Late"})):
        late = api.ask(method, "/articles/a1", body, headers={"If-Match": old})
        assert (late.status, late.kind) == (412, "stale")
        # A weak entity tag never matches here (RFC 9110 section 13.1.1).
        assert api.ask(method, "/articles/a1", body, headers={"If-Match": f"W/{new.headers['ETag']}"}).status == 412
    assert api.get("/articles/a1").json["title"] == "New"
    assert api.ask("PUT", "/articles/none", story(), headers={"If-Match": "*"}).status == 412
    assert api.ask("PUT", "/articles/a1", story(), headers={"If-Match": f'"x", {new.headers["ETag"]}'}).status == 200


def test_if_none_match_creates_and_never_replaces(api):
    assert api.ask("PUT", "/articles/a1", story(), headers={"If-None-Match": "*"}).status == 201
    again = api.ask("PUT", "/articles/a1", story(title="Other"), headers={"If-None-Match": "*"})
    assert (again.status, again.kind) == (412, "exists")
    assert api.get("/articles/a1").json["title"] == "Story"


def at_once(*acts):
    """Returns the results of actions run concurrently, each in its own thread."""
    start, found = threading.Barrier(len(acts)), [None] * len(acts)

    def run(n, act):
        start.wait()
        found[n] = act()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_two_writers_at_once_with_if_match_exactly_one_wins(api):
    tag = api.put("a1").headers["ETag"]
    for turn in range(5):

        def write(name, tag=tag, turn=turn):
            return api.ask("PUT", "/articles/a1", story(title=f"{name} {turn}"), headers={"If-Match": tag})

        said = at_once(lambda: write("one"), lambda: write("other"), lambda: write("third"))
        assert sorted(one.status for one in said) == [200, 412, 412]
        won = next(one for one in said if one.status == 200)
        assert api.get("/articles/a1").json["title"] == fields(won)["title"]
        tag = won.headers["ETag"]


def test_a_storm_of_puts_of_the_same_new_article_creates_it_once(api):
    api.put("warm")  # So that the token is there before the threads are.
    said = at_once(*[lambda n=n: api.put("new", title=f"Story {n}") for n in range(16)])
    assert sorted(one.status for one in said) == [200] * 15 + [201]
    batches = at_once(
        *[lambda: api.ask("POST", "/articles:batch", {"articles": [story(id=i) for i in "abc"]})] * 4,
        *[lambda: api.ask("POST", "/articles:batch", {"articles": [story(id=i) for i in "cba"]})] * 4,
    )
    assert {batch.status for batch in batches} == {200}
    created = [one["id"] for batch in batches for one in batch.json["outcomes"] if one["outcome"] == "created"]
    assert sorted(created) == ["a", "b", "c"]


def test_what_is_withdrawn_stays_out_until_restore_whoever_writes(api):
    api.put("a1")
    assert api.ask("POST", "/articles/a1/withdraw").json["outcome"] == "withdrawn"
    assert api.ask("POST", "/articles/a1/withdraw").json["outcome"] == "unchanged"
    said = api.put("a1", title="Again")
    assert (said.status, said.json["outcome"], fields(said)["status"]) == (200, "kept_out", "withdrawn")
    assert "Restore" in said.json["message"] and fields(said)["title"] == "Again"
    assert api.ask("PATCH", "/articles/a1", {"status": "published"}).json["outcome"] == "kept_out"
    batch = api.ask("POST", "/articles:batch", {"articles": [story(id="a1")]})
    assert batch.json["outcomes"][0]["outcome"] == "kept_out"
    api.desk.work()
    assert "Story" not in api.desk.body("taiwan").partition("<entry>")[2]
    assert api.ask("POST", "/articles/a1/restore").json["outcome"] == "restored"
    assert api.ask("POST", "/articles/a1/restore").json["outcome"] == "unchanged"
    assert api.get("/articles/a1").json["status"] == "published"
    assert api.ask("POST", "/articles/none/withdraw").kind == api.ask("POST", "/articles/none/restore").kind


def delete(api, id):
    from sqlalchemy import text

    with api.database.write() as conn:
        conn.execute(text("DELETE FROM article WHERE id = :id"), {"id": id})


def test_what_was_deleted_is_published_by_whoever_sends_it_again(api):
    api.put("a1")
    delete(api, "a1")
    said = api.put("a1")
    assert (said.status, said.json["outcome"], fields(said)["status"]) == (201, "created", "published")
    assert "was deleted before" in said.json["message"]
    delete(api, "a1")
    (again,) = api.ask("POST", "/articles:batch", {"articles": [story(id="a1")]}).json["outcomes"]
    assert (again["outcome"], again["message"]) == ("created", said.json["message"])
    assert api.put("a1").json["message"] is None
    api.desk.work()
    assert "<entry>" in api.desk.body("taiwan")


NOT_AS_ASKED = {"url": "ftp://x/1", "sections": ["taiwan", "nowhere"], "expires_at": when(hours=-1)}
WARNED = ["url", "expires_at", "sections.1"]


def warned(answer):
    return [warning["field"] for warning in answer["warnings"]]


def test_each_way_to_write_warns_of_an_article_that_will_not_appear_as_asked(sqlite_api):
    assert warned(sqlite_api.put("a1").json) == []
    said = sqlite_api.put("a1", **NOT_AS_ASKED).json
    assert (said["outcome"], warned(said)) == ("updated", WARNED)
    assert said["warnings"][0]["detail"] == "'ftp://x/1' is not an http or https address. No feed shows the article"
    assert warned(sqlite_api.put("a1", **NOT_AS_ASKED).json) == WARNED, "unchanged, and still not shown"
    assert warned(sqlite_api.ask("PATCH", "/articles/a1", {"url": "/news/1"}).json) == WARNED[1:]
    assert warned(sqlite_api.ask("PATCH", "/articles/a1", {"status": "draft"}).json) == []
    batch = {"articles": [story(id="b1"), story(id="b2", **NOT_AS_ASKED)]}
    assert [warned(one) for one in sqlite_api.ask("POST", "/articles:batch", batch).json["outcomes"]] == [[], WARNED]


def test_the_warnings_of_a_batch_are_bounded(sqlite_api):
    many = [story(id=f"a{n}", sections=[f"s{m}" for m in range(20)]) for n in range(30)]
    outcomes = sqlite_api.ask("POST", "/articles:batch", {"articles": many}).json["outcomes"]
    assert [len(one["warnings"]) for one in outcomes] == [20] * 10 + [1] * 20


def test_a_deleted_article_that_was_withdrawn_stays_out_until_it_is_restored(api):
    api.put("a1")
    delete(api, "a1")
    assert api.get("/articles/a1/trace").json["withdrawn"] is False
    assert api.ask("POST", "/articles/a1/withdraw").json["outcome"] == "withdrawn"
    assert api.get("/articles/a1/trace").json["withdrawn"] is True
    assert api.put("a1").json["outcome"] == "kept_out"
    delete(api, "a1")
    words = api.ask("POST", "/articles/a1/restore").json["message"]
    assert words == "The article was deleted: send it again to publish it."
    assert api.put("a1").status == 201


IDS = [
    "2026/03/night-train", "a b", "夜車🚆", "100%", "%2F", "a%2Fb", "trace", "x-trace", "withdraw", "a/withdraw",
    "a/restore", "history", "x-history",
    "..", "../a", ".", "a/./b", "/a", "//a", "a/", "a//b", "a?b#c", "a;b", "a:batch", "a\nb", "a\r\nSet-Cookie: x=y",
    "'", '"',
    "<b>", "{{ 7*7 }}", "-", "a" * 500, "tag:daily.example,2026-01-01:article/1", "https://daily.example/?p=1",
]  # fmt: skip


@pytest.mark.parametrize("id", IDS, ids=[repr(id)[:30] for id in IDS])
def test_any_text_is_an_id_and_its_own_address(sqlite_api, id):
    address = f"/articles/{quote(id, safe='')}"
    put = sqlite_api.put(id)
    assert (put.status, put.json["id"], fields(put)["id"]) == (201, id, id)
    assert sqlite_api.get(address).json["id"] == id
    assert sqlite_api.ask("PATCH", address, {"title": "New"}).json["outcome"] == "updated"
    assert sqlite_api.get(address + "/trace").json["article_id"] == id
    assert sqlite_api.get(address + "/history").json["article_id"] == id
    withdrawn = sqlite_api.ask("POST", address + "/withdraw").json
    assert (withdrawn["id"], withdrawn["outcome"]) == (id, "withdrawn")
    assert withdrawn["message"] == "Withdrawn. It is in no feed: its trace shows why."
    assert sqlite_api.ask("POST", address + "/restore").json["outcome"] == "restored"
    found = [one["id"] for one in sqlite_api.get(f"/articles?q={quote(id[:200], safe='')}").json["articles"]]
    assert found == [id]
    assert {act.target for act in sqlite_api.audit() if act.act in ("put", "patch", "withdraw", "restore")} == {id}


def test_an_id_that_no_address_or_index_can_have_is_refused(api):
    for ending in ("trace", "history"):
        (error,) = api.put(f"a/{ending}").json["errors"]
        assert error["field"] == "id" and f"must not end with /{ending}" in error["detail"]
    assert api.put("é" * 501).kind == "invalid"
    said = api.ask("POST", "/articles:batch", {"articles": [story(id="é" * 501)]})
    assert said.json["outcomes"][0]["errors"] == [
        {"field": "id", "detail": "must have at most 500 characters, not 501"}
    ]
    not_utf8 = {"PATH_INFO": "/api/v1/articles/\xff"}
    assert api.ask("PUT", "/articles/x", story(), environ_overrides=not_utf8).kind == "bad-request"
    assert api.ask("PUT", "/articles/a%00b", story()).kind == "invalid"
    assert api.ask("PUT", "/articles/a1", story(id="a2")).json["errors"][0]["field"] == "id"
    assert api.ask("PUT", "/articles/a1", story(id="a1")).status == 201


def test_an_id_whose_address_asks_for_something_else_is_stored_by_a_batch_and_is_traced(api):
    batch = api.ask("POST", "/articles:batch", {"articles": [story(id="a/history")]})
    assert [one["outcome"] for one in batch.json["outcomes"]] == ["created"]
    assert found(api.get("/articles")) == ["a/history"]
    assert api.get("/articles/a/history/trace").json["article_id"] == "a/history"
    assert api.get("/articles/a/history").kind == "not-found"
    assert api.ask("POST", "/articles/a/history/withdraw").json["outcome"] == "withdrawn"


WRONG = {
    "title": ["", None, 1, [], "a\x00b", "half \ud800"],
    "url": ["", None, 1],
    "html": [1, {}, "\x00"],
    "authors": ["Lin", [1], [{"name": ""}], [{"email": "x"}], [{"name": "x", "more": 1}], [None], [{"name": "\ud800"}],
                [{"name": "x", "id": 1}], [{"name": "x", "id": "x" * 201}]],
    "sections": ["taiwan", [""], [1], ["…"], ["x" * 201]],
    "tags": [[None], "x", {"a": 1}],
    "image": ["x", {}, {"url": "x", "width": -1}, {"url": "x", "width": 2**31}, {"url": "x", "width": "1"}],
    "enclosures": [
        [{"url": "x"}], {}, [{"url": "x", "media_type": "y", "length": 2**53}],
        [{"url": "x", "media_type": "y", "length": 10**400}], [{"url": "x", "media_type": "y", "duration": 1.5}],
        [{"url": "x", "media_type": "y", "duration": True}], [{"url": "x", "media_type": "y", "duration": 2**31}],
    ],
    "published_at": [1, "tomorrow", "2026-03-14", "2026-03-14T08:00:00", "0001-01-01T00:00:00+14:00",
                     "2026-02-30T00:00Z"],
    "expires_at": [{}, "9999-12-31T23:59:59-14:00"],
    "status": ["secret", 1],
    "colour": [None, "red"],
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in WRONG.items() for value in values])
def test_a_wrong_field_is_named_with_what_would_be_right(api, field, value):
    said = api.ask("PUT", "/articles/a1", story(**{field: value}))
    assert said.kind == "invalid" and said.status == 422
    assert [error["field"].partition(".")[0] for error in said.json["errors"]] == [field]
    assert api.get("/articles/a1").status == 404


def test_a_body_that_is_no_json_is_told_where_it_stops_being_it(sqlite_api):
    def put(data, content_type="application/json"):
        return sqlite_api.ask("PUT", "/articles/a1", data=data, content_type=content_type)

    assert "line 1 column 10" in put(b'{"title":').json["detail"] and put(b'{"title":').kind == "not-json"
    deep = b"[" * 200_000
    for data in (b"{'a': 1}", b"\xff\xfe{}", b"{} {}", deep, b'{"title":' + b"1" * 5000 + b"}", b"\x00"):
        assert put(data).kind == "not-json"
    for data in (b"[]", b"null", b'"text"', b"1", b""):
        assert put(data).kind == "invalid"
    assert put(b'{"\\ud800": 1, "title": "T", "url": "/x"}').kind == "invalid"
    assert put(b'{"image": {"url": "x", "width": NaN}, "title": "T", "url": "/x"}').kind == "invalid"
    assert put(b"{}", "text/plain").kind == "media-type"
    assert put(b"a=b", "application/x-www-form-urlencoded").kind == "media-type"
    nested = json.dumps(story()).replace('"Story"', '{"a":' * 900 + "1" + "}" * 900)
    assert put(nested.encode()).kind == "not-json"
    assert sqlite_api.ask("PATCH", "/articles/a1", data=deep, content_type="application/json").kind == "not-json"


def test_a_body_over_32_mb_is_refused(sqlite_api):
    said = sqlite_api.ask("PUT", "/articles/a1", story(html="x" * 33 * 2**20))
    assert (said.status, said.kind) == (413, "too-large")
    assert sqlite_api.put("a1", html="x" * 2**20).status == 201


HARM = [
    "'; DROP TABLE article; --", "<script>alert(1)</script>", "{{ 7*7 }}{% raw %}", "%s%n{0}",
    "a\r\nSet-Cookie: x=y\r\n\r\n",
    "\x1b[31mred", "]]><!--", "&lt;&amp;", "\u202eabc", "../../etc/passwd", "${jndi:ldap://x}",
    "\ufeff\u2028\U0010ffff",
]  # fmt: skip


@pytest.mark.parametrize("text", HARM)
def test_text_that_would_harm_comes_back_as_it_was_and_harms_nothing(api, text):
    wanted = {
        "title": text, "url": text, "slug": text, "html": text, "summary": text, "language": text, "correction": text,
        "guid": text, "tags": [text], "authors": [{"name": text, "email": text, "uri": text, "id": None}],
        "image": {"url": text, "caption": text, "credit": text, "alt": text, "width": None, "height": None},
        "enclosures": [{"url": text, "media_type": text, "length": None, "title": text, "duration": None}],
        "sections": ["taiwan"], "published_at": when(hours=-1), "status": "published",
    }  # fmt: skip
    assert api.ask("PUT", f"/articles/{quote(text, safe='')}", wanted).status == 201
    got = api.get(f"/articles/{quote(text, safe='')}")
    assert {name: got.json[name] for name in wanted} == wanted and got.json["id"] == text
    assert "Set-Cookie" not in got.headers
    assert api.get(f"/articles?q={quote(text)}").json["articles"][0]["title"] == text
    api.put("next")
    api.desk.work()
    assert "Story" in api.desk.body("taiwan")
    api.ask("POST", "/regenerations", {"sections": ["taiwan"], "reason": text})
    token = api.ask("POST", "/tokens", {"name": text, "scopes": ["read"]}).json
    assert token["name"] == text
    refused = api.ask("PUT", "/articles/a1", story(), secret=token["secret"])
    assert refused.kind == "scope" and "Set-Cookie" not in refused.headers


def found(said):
    return [one["id"] for one in said.json["articles"]]


def test_articles_are_found_by_title_body_id_and_address_whatever_the_case(api):
    api.put("a1", title="Night train to Hualien", published_at=when(hours=-3))
    api.put("hualien-2", title="Other", published_at=when(hours=-2))
    api.put("a3", title="Third", url="/news/HUALIEN", published_at=when(hours=-1))
    api.put("a4", title="Fourth", html="<p>hualien</p>", published_at=when(hours=-4))
    for _ in "read", "indexed":
        assert found(api.get("/articles?q=hualien")) == ["a3", "hualien-2", "a1", "a4"]
        assert found(api.get("/articles?q=Hualien+TRAIN")) == ["a1"]
        assert found(api.get("/articles?q=https://daily.example/news/hualien")) == ["a3"]
        assert found(api.get("/articles?q=nothing-here")) == []
        api.desk.work()


def test_signs_of_the_databases_own_questions_mean_nothing(api):
    for id, title in (("a1", "100% sure"), ("a2", "axb"), ("a3", "a_b"), ("%", "Only a sign")):
        api.put(id, title=title, url="x")
    for _ in "read", "indexed":
        for q, ids in (
            ("100%", ["a1"]),
            ("a_b", ["a3"]),
            ("%", ["%"]),
            ("_", []),
            ('"', []),
            ("axb OR sure", []),
            ("axb AND", []),
            ("sure:*", ["a1"]),
            ("^axb", ["a2"]),
            ("axb | sure", []),
            ("!axb", ["a2"]),
            ("words:axb", []),
            ("ax*", []),
            ("sur*", ["a1"]),
        ):
            assert found(api.get(f"/articles?q={quote(q, safe='')}")) == ids, q
        api.desk.work()


def test_hits_are_counted_and_the_filters_go_together(api):
    api.put("a1", title="Ferry one", published_at=when(hours=-3))
    api.put("a2", title="Ferry two", published_at=when(hours=-2), sections=["china"])
    api.put("d1", title="Ferry draft", published_at=None)
    api.put("bad", title="\x01", html="<p>ferry</p>", published_at=when(hours=-1))
    for _ in "read", "indexed":
        for query, ids in (
            ("q=ferry", ["bad", "a2", "a1", "d1"]),
            ("q=ferry&status=draft", ["d1"]),
            ("q=ferry&section=china", ["a2"]),
            ("section=china&status=published", ["a2"]),
            (f"q=ferry&since={quote(when(hours=-2))}&until={quote(when(hours=-1))}", ["a2"]),
            (f"since={quote(when(hours=-2))}&until={quote(when(hours=-1))}", ["a2"]),
        ):
            said = api.get(f"/articles?{query}").json
            assert ([one["id"] for one in said["articles"]], said["count"], said["more"]) == (ids, len(ids), False), (
                query
            )
        api.desk.work()
    assert found(api.get("/articles?feeds=left-out")) == ["bad"] == found(api.get("/articles?feeds=left-out&q=ferry"))
    assert found(api.get("/articles?feeds=none")) == ["bad"] == found(api.get("/articles?feeds=none&q=ferry"))
    assert api.get("/articles?q=ferry").json["complete"] is True


def test_pages_of_hits_visit_everything_once(api):
    batch = [story(id=f"n{n:02}", title="Ferry", published_at=when(hours=-1 - n // 4)) for n in range(30)]
    api.ask(
        "POST", "/articles:batch", {"articles": [*batch, *(story(id=f"d{n}", published_at=None) for n in range(5))]}
    )
    for query in ("q=ferry", "section=taiwan"):
        for _ in "read", "indexed":
            pages = list(api.pages(f"/articles?limit=4&{query}"))
            visited = [id for page in pages for id in found(page)]
            assert len(visited) == len(set(visited)) == pages[0].json["count"], query
            api.desk.work()


def test_articles_are_found_by_status_and_by_section_as_its_feed_has_it(api):
    api.put("a1", sections=["taiwan"])
    api.put("a2", sections=["china", "taiwan"])
    api.put("d1", published_at=None)
    api.put("w1")
    api.ask("POST", "/articles/w1/withdraw")
    assert found(api.get("/articles?status=draft")) == ["d1"]
    assert found(api.get("/articles?status=withdrawn")) == ["w1"]
    assert found(api.get("/articles?status=published")) == ["a2", "a1"]
    assert found(api.get("/articles?section=china")) == ["a2"]
    assert found(api.get("/articles?section=all")) == ["w1", "a2", "a1", "d1"]
    assert found(api.get("/articles?section=nothing")) == []


@pytest.mark.parametrize("status", ["", "&status=published"])
def test_pages_visit_everything_once_even_while_articles_are_added(api, status):
    batch = [story(id=f"n{n:02}", published_at=when(hours=-1 - n // 4)) for n in range(30)]
    drafts = [] if status else [story(id=f"d{n}", published_at=None) for n in range(5)]
    api.ask("POST", "/articles:batch", {"articles": batch + drafts})
    path, visited, turn = f"/articles?limit=4{status}", [], 0
    while path is not None:
        page = api.get(path)
        visited += found(page)
        path = page.next
        api.put(f"late{turn}", published_at=when(minutes=turn))
        turn += 1
    assert len(visited) == len(set(visited))
    assert set(visited) == {one["id"] for one in batch + drafts}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=201", "limit=x", "status=secret", "more=1", "q=%00", "q=" + "x" * 201, "after=x", "after=%FF",
        *(f"after={base64.urlsafe_b64encode(text).decode()}" for text in (
            b"0001-01-01T00:00+14:00 x", b"2026-03-14T08:00:00 x", b"2026-03-14T08:00:00Z a\x00b", b"\xff",
        )),
    ],
)  # fmt: skip
def test_a_search_that_cannot_be_is_refused(api, query):
    assert api.get(f"/articles?{query}").kind == "invalid"


def hide(api):
    """A draft, an embargoed article, and a withdrawn one of each, with texts that appear nowhere else."""
    secret = {"title": "SECRET title", "html": "<p>SECRET body</p>", "summary": "SECRET"}
    api.put("draft", **secret, published_at=None)
    api.put("embargo", **secret, published_at=when(hours=3))
    api.put("draft-out", **secret, published_at=None)
    api.put("embargo-out", **secret, published_at=when(hours=3))
    api.put("draft-gone", **secret, published_at=None)
    for id in ("draft-out", "embargo-out"):
        api.ask("POST", f"/articles/{id}/withdraw")
    delete(api, "draft-gone")
    api.put("public")
    api.desk.work()
    return ("draft", "embargo", "draft-out", "embargo-out", "draft-gone")


def test_without_preview_a_hidden_article_is_as_one_that_there_is_not(api):
    hidden = hide(api)
    operations = [
        ("GET", "", None), ("GET", "/trace", None), ("GET", "/history", None),
        ("PATCH", "", {"title": "T"}), ("PATCH", "", {"nothing": 1}),
        ("POST", "/withdraw", None), ("POST", "/restore", None),
    ]  # fmt: skip
    for method, rest, body in operations:
        unknown = api.ask(method, f"/articles/unknown{rest}", body, scopes=WRITER)
        assert unknown.status == 404
        for id in hidden:
            said = api.ask(method, f"/articles/{id}{rest}", body, scopes=WRITER)
            assert (said.status, said.body) == (404, unknown.body.replace(b"unknown", id.encode()))
            assert set(said.headers.keys()) == set(unknown.headers.keys())
    assert api.get("/articles/draft").status == api.get("/articles/embargo").status == 200


def test_without_preview_hidden_articles_are_in_no_list_count_section_or_difference(api):
    hidden = hide(api)
    texts = [page.body for query in ("", "?q=SECRET", "?status=draft", "?status=withdrawn", "?section=taiwan&limit=1")
             for page in api.pages(f"/articles{query}", WRITER)]  # fmt: skip
    assert found(api.get("/articles", WRITER)) == ["public"]
    paths = ["/sections", "/sections/taiwan", "/status", "/articles/public/trace", "/articles/public/history"]
    paths += [f"/sections/taiwan/{what}" for what in ("entries", "left-out", "versions", "difference?old=0&new=1")]
    texts += [api.get(path, WRITER).body for path in paths]
    for id in ("SECRET", *hidden):
        assert not any(id.encode() in text for text in texts)
    assert api.get("/sections/taiwan", WRITER).json["next_due"] is None
    assert api.get("/sections/taiwan").json["next_due"] == when(hours=3)
    assert api.get("/sections/taiwan", WRITER).json["entries"] == 1
    assert api.get("/articles/public/trace", WRITER).json["sections"][0]["place"] == 1


def test_without_preview_a_put_tells_nothing_of_a_hidden_article(api):
    hide(api)
    for id in ("draft", "embargo", "unknown"):
        said = api.put(id, WRITER)
        assert (said.status, said.json["outcome"]) == (201, "created")
    hide(api)
    batch = api.ask("POST", "/articles:batch", {"articles": [story(id=i) for i in ("draft", "new")]}, scopes=WRITER)
    assert [one["outcome"] for one in batch.json["outcomes"]] == ["created", "created"]
    for header in ({"If-Match": "*"}, {"If-None-Match": "*"}, {"If-Match": '"x"'}, {"If-Match": ""}):
        for id in ("draft", "public", "unknown2"):
            assert api.ask("PUT", f"/articles/{id}", story(), scopes=WRITER, headers=header).kind == "scope"


def test_an_embargo_that_ends_lets_everybody_see(api, clock):
    hide(api)
    clock.advance(3 * 3600)
    assert api.get("/articles/embargo", WRITER).status == 200
    assert set(found(api.get("/articles", WRITER))) == {"public", "embargo"}


def test_no_text_of_an_article_is_in_the_audit_log_or_in_a_log_also_if_it_is_refused(api, capfd):
    hide(api)
    secret = story(id="s", title="SECRET", html="SECRET \x00", colour="SECRET", published_at=when(hours=2))
    api.ask("PUT", "/articles/s", secret)
    api.ask("PATCH", "/articles/draft", {"title": ["SECRET"]})
    api.ask("POST", "/articles:batch", {"articles": [secret, story(id="t", title="SECRET", status="SECRET")]})
    api.ask("PUT", "/articles/s", data=b'{"title": "SECRET', content_type="application/json")
    api.ask("POST", "/previews", {"section": "taiwan", "changes": [{"id": "s", "title": ["SECRET"]}]})
    api.ask("POST", "/previews", {"section": "taiwan", "changes": [{"id": "embargo", "title": "SECRET \ud800"}]})
    api.ask("PUT", "/articles/s", secret, scopes=("read",))
    api.previewer.answer_all()
    assert "SECRET" not in "".join(str(act) for act in api.audit())
    said = capfd.readouterr()
    assert "SECRET" not in said.out + said.err


@pytest.mark.parametrize("batched", [False, True])
def test_a_put_that_withdraws_says_who_it_was(api, batched):
    api.put("a1")
    gone = story(id="a1", status="withdrawn")
    if batched:
        api.ask("POST", "/articles:batch", {"articles": [gone]})
    else:
        api.ask("PUT", "/articles/a1", gone)
    said = {verdict["section"]: verdict for verdict in api.get("/articles/a1/trace").json["sections"]}
    assert said["taiwan"]["rule"] == "withdrawn" and "by token " in said["taiwan"]["words"]
