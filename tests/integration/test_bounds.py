"""Every body, list and text has a limit; larger ones are refused by field name before they take memory."""

import json
import resource

import pytest
from sqlalchemy import text

from syndication.model.body_limits import KIB, MIB, SMALL_BYTES, BodyLimits, largest_body
from syndication.model.field_limits import MAX_BATCH_VALUES, MAX_ERRORS_LISTED, MAX_FEED_HTML, MAX_HTML, MAX_TAGS
from syndication.model.json_structure import MAX_VALUES, NotAList, StructureLimitExceeded, check_structure, split_list
from syndication.render.body_limits import exceeds_limits
from syndication.store.articles.article_sizes import over_limit
from tests.support.api import Api, story


@pytest.mark.parametrize(
    ("method", "path", "size"),
    [
        ("PUT", "/api/v1/articles/a/b", 16 * MIB),
        ("PATCH", "/api/v1/articles/a", 16 * MIB),
        ("POST", "/api/v1/previews", 16 * MIB),
        ("POST", "/api/v1/articles:batch", 32 * MIB),
        ("POST", "/api/v1/webhooks/articles", MIB),
        ("POST", "/api/v1/webhooks/ninjs", MIB),
        ("POST", "/api/v1/tokens", SMALL_BYTES),
        ("POST", "/api/v1/articles/a/withdraw", SMALL_BYTES),
        ("POST", "/api/v1/withdrawals", MIB),
        ("POST", "/editors/withdrawals", MIB),
        ("POST", "/api/v1/articles/a/b/compare", 16 * MIB),
        ("POST", "/editors/article/edit", 16 * MIB),
        ("POST", "/editors/article/edit/preview", 16 * MIB),
        ("POST", "/editors/article/new", 16 * MIB),
        ("POST", "/editors/article/schedule", SMALL_BYTES),
        ("POST", "/editors/login", SMALL_BYTES),
        ("POST", "/hub", 16 * KIB),
        ("GET", "/feeds/all.atom", SMALL_BYTES),
    ],
)
def test_every_address_has_a_limit(method, path, size):
    assert largest_body(method, path) == size


def test_a_newsroom_sets_the_limits_of_an_article_and_of_a_batch():
    limits = BodyLimits(article=1000, batch=2000)
    assert largest_body("PUT", "/api/v1/articles/a", limits) == 1000
    assert largest_body("POST", "/api/v1/articles:batch", limits) == 2000


def operations(api):
    document = api.get("/openapi.json", ()).json
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation, document


def test_the_description_states_the_limit_of_every_body_and_one_byte_more_is_refused(sqlite_api):
    for method, path, operation, _ in operations(sqlite_api):
        largest = operation["x-largest-body"]
        assert largest == largest_body(method, path) and "over" in operation["responses"]["413"]["description"]
        if "requestBody" not in operation or operation["operationId"].startswith("receive_"):
            continue
        assert operation["requestBody"]["description"].startswith("At most ")
        address = path.replace("{id}", "a1").replace("{name}", "n")
        body = b"{" + b" " * largest
        said = sqlite_api.ask(method, address, data=body, content_type="application/json")
        assert (said.status, said.kind) == (413, "too-large") and "The body is over the limit of" in said.json["detail"]


def lists_and_texts(schema, document):
    """Yields each limited field of an article, with a value just over the limit."""
    for name, field in schema["properties"].items():
        for one in field.get("anyOf", [field]):
            if one.get("type") == "array":
                yield name, ["x"] * (one.get("maxItems") or field["maxItems"])
            elif one.get("type") == "string" and "maxLength" in one and name != "html":
                yield name, "x" * one["maxLength"]


def test_each_list_and_text_of_an_article_is_taken_at_its_limit_and_refused_one_over_it(sqlite_api):
    document = sqlite_api.get("/openapi.json", ()).json
    schema = document["components"]["schemas"]["ArticleBody"]
    tried = []
    for name, full in lists_and_texts(schema, document):
        if name in ("id", "language"):
            continue
        if name == "enclosures":
            full = [{"url": "/a.mp3", "media_type": "audio/mpeg"}] * len(full)
        if name == "sections":
            full = [f"s{n}" for n in range(len(full))]
        said = sqlite_api.put(f"full-{name}", **{name: full})
        assert said.status == 201, (name, said.json)
        said = sqlite_api.put(f"over-{name}", **{name: full + full[:1]})
        assert (said.status, said.json["errors"][0]["field"]) == (422, name), said.json
        tried.append(name)
    assert {"title", "url", "summary", "tags", "authors", "sections", "enclosures", "correction", "guid"} <= set(tried)


def test_every_list_and_text_that_is_sent_has_a_limit(sqlite_api):
    document = sqlite_api.get("/openapi.json", ()).json
    bodies = (
        "ArticleBody",
        "RegenerationRequest",
        "PreviewRequest",
        "TokenRequest",
        "UserRequest",
        "UserChange",
        "WithdrawRequest",
        "WithdrawalRequest",
    )
    for schema in bodies:
        for name, field in document["components"]["schemas"][schema]["properties"].items():
            for one in field.get("anyOf", [field]):
                if one.get("type") == "array":
                    assert "maxItems" in (field | one), (schema, name)
                elif one.get("type") == "string" and "enum" not in one and one.get("format") != "date-time":
                    assert "maxLength" in (field | one), (schema, name)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/articles/a1", b'{"title":"t","url":"u","tags":[' + b"1," * 500_000 + b"1]}"),
        ("PUT", "/articles/a1", b'{"title":"t","url":"u","tags":[' + b"1," * 5_000_000 + b"1]}"),
        ("POST", "/previews", b'{"changes":[' + b"[]," * 3_000_000 + b"[]]}"),
        ("POST", "/articles:batch", b'{"articles":[' + b"[]," * 9_000_000 + b"[]]}"),
        ("PATCH", "/articles/a1", b'{"' + b"x" * 9_000_000 + b'":[' + b"1," * 100_000 + b"1]}"),
    ],
    ids=["1 MB of tags", "10 MB of tags", "changes", "batch", "a name of 9 MB"],
)
def test_small_values_by_the_million_cost_no_memory_and_get_a_short_answer(sqlite_api, method, path, body):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    said = sqlite_api.ask(method, path, data=body, content_type="application/json")
    assert said.status == 422 and len(said.body) < 4000 and said.json["errors"]
    # The body is in memory a few times, but there is no object for each of its values.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 * 1024


def test_at_most_twenty_errors_are_listed_and_the_rest_is_counted(sqlite_api):
    said = sqlite_api.put(**{f"unknown{n}": 1 for n in range(1000)})
    assert len(said.json["errors"]) == MAX_ERRORS_LISTED + 1
    assert said.json["errors"][-1]["detail"] == "and 980 more" and len(said.body) < 10_000


def test_values_in_errors_are_shortened(sqlite_api):
    for changes in ({"published_at": "9" * 900_000}, {"status": "x" * 900_000}, {"x" * 900_000: 1}):
        assert len(sqlite_api.put(**changes).body) < 4000


def test_a_long_read_of_eight_megabytes_is_stored_and_given_back(sqlite_api):
    html = "<p>Night train — 夜車 🚆</p>" * 250_000
    assert len(html.encode()) > 8_000_000
    said = sqlite_api.put(html=html)
    assert said.status == 201 and sqlite_api.get("/articles/a1").json["html"] == html


def test_whatever_the_setting_no_article_is_taken_that_is_longer_than_a_feed_takes(sqlite_database, clock):
    api = Api(sqlite_database, clock, largest_article_mb=32)
    said = api.put(html="x" * (MAX_HTML + 1))
    assert (said.status, said.json["errors"][0]["field"]) == (422, "html"), said.json
    assert exceeds_limits("x" * MAX_HTML) is None and "characters" in exceeds_limits("x" * (MAX_HTML + 1))
    # In other scripts it can have twice as many bytes.
    html = ("<p>" + "夜車" * 100 + "</p>") * 34_000
    assert 16 * MIB < len(html.encode()) < MAX_FEED_HTML
    body = json.dumps(story(html=html), ensure_ascii=False).encode()
    assert api.ask("PUT", "/articles/a1", data=body, content_type="application/json").status == 201
    with sqlite_database.snapshot() as conn:
        assert over_limit(conn, ["a1"]) == {} and exceeds_limits(html) is None


def test_one_bad_article_of_a_batch_refuses_only_itself_however_it_is_broken(sqlite_api):
    good = json.dumps(story(id="good"))
    tags = '{"id":"many","title":"t","url":"u","tags":[' + "1," * 50_000 + "1]}"
    body = f'{{"articles":[{good}, {{"id":"broken",}}, 7, {tags}, {json.dumps(story(id="also"))}]}}'
    said = sqlite_api.ask("POST", "/articles:batch", data=body.encode(), content_type="application/json")
    assert [one["outcome"] for one in said.json["outcomes"]] == ["created", "refused", "refused", "refused", "created"]
    assert len(said.body) < 4000


def test_the_lists_of_a_batch_have_a_largest_number_together(sqlite_api, sqlite_database):
    tags = [f"tag {number}" for number in range(MAX_TAGS - 1)]
    full = MAX_BATCH_VALUES // (len(tags) + 1)  # The section is one more.
    several = [story(id=f"a{number}", tags=tags, sections=["taiwan"]) for number in range(full + 1)]
    refused = sqlite_api.ask("POST", "/articles:batch", json={"articles": several})
    assert refused.status == 422 and f"at most {MAX_BATCH_VALUES:,} tags" in refused.json["detail"]
    with sqlite_database.read() as conn:
        assert not conn.execute(text("SELECT count(*) FROM article")).scalar_one()
    taken = sqlite_api.ask("POST", "/articles:batch", json={"articles": several[:full]})
    assert [one["outcome"] for one in taken.json["outcomes"]] == ["created"] * full


@pytest.mark.parametrize("body", [b"[]", b'{"articles":', b'{"articles":[1', b'{"articles":[],"x":1}', b'{"x":[]}'])
def test_what_is_no_batch_is_refused(body):
    with pytest.raises(NotAList):
        split_list(body, "articles", 1000)


def test_the_structure_is_counted_outside_of_texts():
    check_structure(b'{"html":"' + b"[1,]{" * 100_000 + b'\\""}')
    check_structure(b"[" + b"1," * (MAX_VALUES - 2) + b"1]")
    for over in (b"[" + b"1," * MAX_VALUES + b"1]", b"[" * 17 + b"]" * 17, b'{"a":' * 20):
        with pytest.raises(StructureLimitExceeded):
            check_structure(over)


def rows_over_a_limit(conn, dialect):
    series = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100000) "
    into = "INSERT INTO article_tag (article_id, position, tag) "
    conn.execute(text(f"{into}{series}SELECT 'tags', x, 't' FROM n" if dialect == "sqlite" else
                      f"{series}{into}SELECT 'tags', x, 't' FROM n"))  # fmt: skip
    conn.execute(text("UPDATE article SET title = :long WHERE id = 'title'"), {"long": "x" * 10_000_000})
    conn.execute(text("UPDATE article SET html = :long WHERE id = 'html'"), {"long": "x" * 70_000_000})


def test_a_row_over_a_limit_is_left_out_with_its_reason_and_its_feed_goes_on(api):
    for id in ("tags", "title", "html", "good"):
        assert api.put(id, url=f"/{id}").status == 201
    with api.database.write() as conn:
        rows_over_a_limit(conn, api.database.dialect)
    api.desk.restart()
    api.desk.work()
    assert "/good" in api.desk.body()
    reasons = api.desk.left_out()
    assert "100,000 tags" in reasons["tags"] and "title" in reasons["title"] and "70,000,000 bytes" in reasons["html"]


def test_every_answer_of_the_api_forbids_guessing_its_type(sqlite_api):
    for said in (
        sqlite_api.get("/status"), sqlite_api.get("/nothing"), sqlite_api.ask("PUT", "/status"),
        sqlite_api.get("/docs"),
        sqlite_api.get("/status", ()), sqlite_api.get("/openapi.json", ()), sqlite_api.get("/static/docs.css", ()),
        sqlite_api.ask("PUT", "/articles/a", data=b"{", content_type="application/json"),
    ):  # fmt: skip
        assert said.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in said.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_the_description_is_the_same_bytes_and_not_sent_again_to_those_who_have_it(sqlite_api, path):
    said = sqlite_api.get(path, ())
    again = sqlite_api.get(path, (), headers={"If-None-Match": said.headers["ETag"]})
    assert again.status == 304 and not again.body and "max-age" in again.headers["Cache-Control"]
