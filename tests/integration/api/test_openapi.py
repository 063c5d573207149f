"""The API reference: complete, correct, and readable without scripts."""

import re
from html.parser import HTMLParser

import pytest

from syndication.api.openapi import PROBLEMS
from syndication.web.problems import TITLES
from tests.integration.api.test_access import SCOPE_OF, declared, endpoint
from tests.support.service import ROOT


def described(api):
    """Returns every operation of the OpenAPI document by its operationId."""
    document = api.get("/openapi.json", ()).json
    return {
        operation["operationId"]: (method.upper(), address, operation)
        for address, item in document["paths"].items()
        for method, operation in item.items()
    }


def test_every_operation_is_described_with_its_scope_and_in_words(sqlite_api):
    found = described(sqlite_api)
    names = {endpoint(sqlite_api, *row).partition(".")[2]: scope for row, scope in SCOPE_OF.items()}
    assert found.keys() == names.keys() == {name.partition(".")[2] for _, name in declared(sqlite_api)}
    for name, (_, address, operation) in found.items():
        security = [] if names[name] == "public" else [{"token": [names[name]]}]
        assert operation.get("security", []) == security and operation["summary"] and operation["tags"]
        assert "<br" not in operation.get("description", "") and address.startswith("/api/v1/")


def test_every_refusal_is_described_as_a_problem(sqlite_api):
    for _, _, operation in described(sqlite_api).values():
        for status, response in operation["responses"].items():
            (content,) = response["content"]
            assert content == ("application/json" if status < "300" else "application/problem+json")
        assert {"400", "401", "403", "404", "413", "415", "422", "429", "503"} <= operation["responses"].keys()


def test_the_headers_that_an_operation_looks_at_are_described(sqlite_api):
    def headers(name):
        parameters = described(sqlite_api)[name][2].get("parameters", [])
        return [one["name"] for one in parameters if one["in"] == "header"]

    assert headers("put_article") == headers("patch_article") == ["If-Match", "If-None-Match"]
    assert headers("receive_ninjs")[0] == "x-superdesk-signature"
    assert headers("receive_article") == ["webhook-id", "webhook-timestamp", "webhook-signature"]
    patch = described(sqlite_api)["patch_article"][2]["requestBody"]["content"]
    assert set(patch) == {"application/json", "application/merge-patch+json"}


ALWAYS_SET = {
    "AuditEntryResponse.at", "CauseResponse.since", "ChangeDeliveryResponse.written_at",
    "EditorHoldResponse.since", "EntryResponse.published_at",
    "FieldLockResponse.at", "HistoryEventResponse.at", "HoldResponse.since", "HoldResponse.until",
    "LeftOutResponse.since", "MessageResponse.created_at", "NewToken.created_at", "NewUser.created_at",
    "PasswordLink.expires_at", "PingResponse.at", "PreviewResponse.requested_at", "PreviewedEntry.published_at",
    "PushResponse.at", "SubscriptionResponse.expires_at", "SubscriptionResponse.subscribed_at",
    "SubscriptionResponse.verified_at",
    "RegenerationResponse.requested_at", "RevisionAnswer.first_shown_at", "RevisionAnswer.shown_at",
    "RevisionResponse.first_shown_at", "RevisionResponse.shown_at", "SessionResponse.created_at",
    "SessionResponse.expires_at", "TokenResponse.created_at", "UpcomingEventResponse.at", "UserResponse.created_at",
    "VersionResponse.at", "WithdrawalBatchResponse.at", "WithdrawalDetails.at",
}  # fmt: skip
"""Times that are never null."""


def test_every_time_is_a_date_time_and_null_only_where_it_can_be(sqlite_api):
    found, never_null = 0, set()
    for name, schema in sqlite_api.get("/openapi.json", ()).json["components"]["schemas"].items():
        for field, of in schema.get("properties", {}).items():
            if field.endswith("_at") or field in ("at", "since", "until", "next_due", "oldest_change"):
                kinds = of.get("anyOf", [of])
                assert {"type": "string", "format": "date-time"}.items() <= kinds[0].items(), f"{name}.{field}"
                assert kinds[1:] in ([], [{"type": "null"}])
                found += 1
                never_null |= {f"{name}.{field}"} if len(kinds) == 1 else set()
    assert never_null == ALWAYS_SET and found > 30


def test_the_description_names_no_reference_that_there_is_not(sqlite_api):
    said = sqlite_api.get("/openapi.json", ())
    assert said.json["openapi"].startswith("3.1.")
    for name in re.findall(r'"#/components/schemas/([^"]+)"', said.body.decode()):
        assert name in said.json["components"]["schemas"]


def test_every_kind_of_problem_is_explained(sqlite_api):
    rooms = [ROOT / "syndication" / room for room in ("api", "auth", "dashboard", "web/wsgi")]
    files = [ROOT / "syndication/web/problems.py", *(path for room in rooms for path in room.rglob("*.py"))]
    code = "".join(path.read_text() for path in files)
    kinds = set(re.findall(r'HTTPStatus\.[A-Z_]+,\s+"([a-z-]+)"', code))
    kinds |= set(re.findall(r'HTTPStatus\.[A-Z_]+: \(\s*"([a-z-]+)"', code))
    kinds |= set(
        re.findall(r'refuse\(arrived, [\w.]+, "([a-z-]+)"', (ROOT / "syndication/web/requests.py").read_text())
    )
    assert len(kinds) > 10 and kinds == PROBLEMS.keys() == TITLES.keys()


class Page(HTMLParser):
    """Parses a page for the tests; opening and closing tags must match."""

    VOID = ("meta", "link", "br", "img")

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.tags, self.attributes = [], [], [], set(), set()
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.add(tag)
        self.attributes |= values.keys()
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values["href"]] if "href" in values else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_shows_every_operation_problem_and_schema_and_needs_no_script(sqlite_api):
    said = sqlite_api.get("/docs", ())
    text = said.body.decode()
    page = Page(text)
    assert said.status == 200 and text.startswith("<!doctype html>") and '<html lang="en">' in text
    assert "script" not in page.tags | page.attributes and "style" not in page.tags | page.attributes
    assert len(page.ids) == len(set(page.ids))
    names = set(described(sqlite_api))
    assert names | set(PROBLEMS) <= set(page.ids)
    for link in page.links:
        assert not link.startswith("#") or link[1:] in page.ids
    for method, _ in SCOPE_OF:
        assert f">{method}</span>" in text
    assert "``" not in text and "https://feeds.daily.example/api/v1/status" in text
    assert "None" not in re.sub(r"If-None-Match|<[^>]+>", "", text)


def test_the_page_is_kept_within_a_strict_policy_and_its_style_is_served(sqlite_api):
    said = sqlite_api.get("/docs", ())
    policy = said.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "script-src" not in policy
    assert said.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in said.headers
    assert sqlite_api.get("/static/docs.css", ()).headers["Content-Type"].startswith("text/css")
    assert sqlite_api.get("/static/../templates/docs.html", ()).status == 404


@pytest.mark.parametrize("path", ["/nothing", "/sections/taiwan/nothing", "/"])
def test_an_address_that_there_is_not_is_a_problem(sqlite_api, path):
    assert sqlite_api.get(path).kind == "not-found"


def test_a_method_that_there_is_not_is_a_problem_that_lists_those_there_are(sqlite_api):
    said = sqlite_api.ask("PUT", "/status")
    assert (said.status, said.kind) == (405, "method-not-allowed") and "GET" in said.headers["Allow"]
