"""Feeds in the API: editors create, change, rename and retire them, and see first what would be in them."""

import pytest

from syndication.config.feeds import merge
from syndication.model.values import Author
from syndication.store.publishing import feed_definitions
from tests.integration.dashboard.test_secrecy import SECRETS
from tests.support.newsroom import at

TERMS = {"any": [{"kind": "section", "name": "taiwan"}, {"kind": "section", "name": "china"}]}
NIGHT = {"slug": "night", "definition": {"title": "Tonight", **TERMS}}


@pytest.fixture
def made(sqlite_api):
    assert sqlite_api.ask("POST", "/feeds", NIGHT).status == 201
    return sqlite_api


def change(api, title, **headers):
    return api.ask("PUT", "/feeds/night", {"title": title, **TERMS}, headers=headers)


def test_a_feed_is_created_read_and_listed(api):
    said = api.ask("POST", "/feeds", NIGHT, scopes=("feeds",))
    assert said.status == 201 and said.headers["ETag"] == f'"{said.json["number"]}"'
    found = api.get("/feeds/night", ("read",)).json
    assert (found["title"], found["owner"], found["state"]) == ("Tonight", "editors", "unpublished")
    assert found["definition"]["any"] == TERMS["any"] and found["changed_by"] == "token feeds"
    assert found["path"] == "/feeds/night" and found["feeds"][0].endswith("/feeds/night.atom")
    listed = {one["slug"]: one["owner"] for one in api.get("/feeds").json["feeds"]}
    assert listed == {
        "all": "configuration", "china": "configuration", "night": "editors", "sports": "configuration",
        "taiwan": "configuration",
    }  # fmt: skip
    assert [one["slug"] for page in api.pages("/feeds?limit=2") for one in page.json["feeds"]] == sorted(listed)
    assert [one["slug"] for one in api.get("/feeds?q=TONIGHT").json["feeds"]] == ["night"]
    assert api.get("/feeds?after=x").kind == "invalid"
    assert [(act.act, act.target, act.actor) for act in api.audit(target="night")] == [
        ("feed-create", "night", "token feeds")
    ]


def test_the_second_of_two_editors_overwrites_nothing_unseen(made):
    tag = made.get("/feeds/night").headers["ETag"]
    first = change(made, "First", **{"If-Match": tag})
    assert first.status == 200 and first.headers["ETag"] != tag
    second = change(made, "Second", **{"If-Match": tag})
    assert (second.status, second.kind) == (412, "stale") and "read it again" in second.json["detail"]
    assert made.get("/feeds/night").json["title"] == "First"
    assert made.ask("POST", "/feeds/night/retire", {}, headers={"If-Match": tag}).kind == "stale"
    assert change(made, "Third").json["title"] == "Third"


def test_a_feed_of_the_configuration_cannot_be_changed(made):
    for method, path, body in (
        ("PUT", "/feeds/taiwan", {"title": "Mine"}),
        ("POST", "/feeds/taiwan/rename", {"slug": "formosa"}),
        ("POST", "/feeds/taiwan/retire", {}),
        ("POST", "/feeds/taiwan/reinstate", {}),
        ("POST", "/feeds/preview", {"slug": "taiwan", "definition": {"title": "Mine"}}),
    ):
        said = made.ask(method, path, body)
        assert (said.status, said.kind) == (409, "configured") and "set by the configuration" in said.json["detail"]
    found = made.get("/feeds/taiwan").json
    assert found["owner"] == "configuration" and found["definition"]["any"] == [{"kind": "section", "name": "taiwan"}]


def test_a_renamed_feed_keeps_its_old_address_and_a_retired_one_too(made):
    said = made.ask("POST", "/feeds/night/rename", {"slug": "election"})
    assert said.status == 200 and said.json["formerly"] == ["night"]
    assert made.get("/feeds/night").status == 404
    for slug in ("night", "election", "taiwan"):
        taken = made.ask("POST", "/feeds", {"slug": slug, "definition": {"title": "Other"}})
        assert (taken.status, taken.kind) == (409, "address-taken") and taken.json["errors"][0]["field"] == "slug"
    ended = made.ask("POST", "/feeds/election/retire", {}).json
    assert ended["retired_at"] is not None and made.get("/feeds?q=tonight").json["feeds"][0]["retired_at"]
    assert made.ask("POST", "/feeds/election/reinstate", {}).json["retired_at"] is None
    assert made.ask("POST", "/feeds/nothing/retire", {}).status == 404
    assert [act.act for act in made.audit() if act.act.startswith("feed-")] == [
        "feed-reinstate", "feed-retire", "feed-rename", "feed-create",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"slug": "Night"}, "slug", "lower-case letters"),
        ({"slug": "all"}, "slug", "another meaning"),
        ({"definition": {"title": ""}}, "definition.title", "must not be empty"),
        ({"definition": {"title": "x", "language": "english please"}}, "definition.language", "language tag"),
        ({"definition": {"title": "x", "cache": "nothing"}}, "cache", "should be one of"),
        ({"definition": {"title": "x", "max_entries": 3, "entries": 5}}, "max_entries", "at least"),
        ({"definition": {"title": "x", "sort": "old"}}, "definition.sort", "not a known field"),
    ],
)
def test_a_wrong_definition_is_refused_with_its_field(sqlite_api, wrong, field, words):
    for path in ("/feeds", "/feeds/preview"):
        said = sqlite_api.ask("POST", path, {"slug": "fine", "definition": {"title": "Fine"}} | wrong)
        assert (said.status, said.kind) == (422, "invalid")
        (error,) = said.json["errors"]
        assert error["field"] == field and words in error["detail"]
    assert sqlite_api.get("/feeds?q=fine").json["feeds"] == []


def test_an_unknown_section_is_refused(sqlite_api):
    body = {"slug": "fine", "definition": {"title": "Fine", "none": [{"kind": "section", "name": "sport"}]}}
    said = sqlite_api.ask("POST", "/feeds", body)
    assert said.status == 422 and "'sport', which does not exist" in said.json["detail"]


@pytest.fixture
def stories(api):
    for number, slug in enumerate(["taiwan", "china", "sports", "taiwan"]):
        api.desk.put(f"a{number}", published_at=at(hours=-number), sections=(slug,))
    api.desk.put("draft", status="draft", title="HUSHED", sections=("taiwan",))
    api.desk.put("ahead", published_at=at(hours=2), title="HUSHED", sections=("taiwan",))
    api.desk.work()
    return api


def test_a_preview_stores_nothing_and_shows_only_public_stories_whoever_asks(stories):
    body = {"slug": "formosa", "definition": {"title": "Formosa", "any": [{"kind": "section", "name": "taiwan"}]}}
    stories.token("feeds", name="warm")
    stories.ask("POST", "/feeds/preview", body, scopes=("feeds",))
    stories.ask("POST", "/feeds/preview", body)
    before = stories.everything_stored("token")
    said = stories.ask("POST", "/feeds/preview", body, scopes=("feeds",))
    assert said.status == 200 and stories.ask("POST", "/feeds/preview", body).json == said.json
    assert b"HUSHED" not in said.body and said.json["version"] == 0 and said.json["total"] == 2
    assert [(one["article_id"], one["comes"]) for one in said.json["first"]] == [("a0", True), ("a3", True)]
    assert (said.json["come"], said.json["stay"], said.json["gone"]) == (2, 0, 0)
    assert stories.everything_stored("token") == before


@pytest.mark.parametrize("kind", ["tag", "author"])
def test_previews_count_no_secret_by_its_tags_and_authors(api, kind):
    texts = {"title": "HUSHED", "tags": ("Hush", "Shared"), "authors": (Author("Hush"), Author("Shared"))}
    api.desk.put("open", tags=("Shared",), authors=(Author("Shared"),))
    for id, values in SECRETS.items():
        api.desk.put(id, **texts | values)
    api.desk.later()

    def preview(**terms: str):
        chosen = {field: [{"kind": kind, "name": name}] for field, name in terms.items()}
        return api.ask("POST", "/feeds/preview", {"slug": "quiet", "definition": {"title": "Quiet", **chosen}})

    unknown = preview(any="Nothing")
    assert preview(any="Hush").body == unknown.body.replace(b"Nothing", b"Hush")
    assert unknown.json["total"] == 0
    for terms in ({"any": "Shared"}, {"all": "Shared"}, {"any": "Shared", "none": "Hush"}):
        said = preview(**terms)
        assert said.json["total"] == 1 and b"HUSHED" not in said.body and b"hush-" not in said.body, terms


def test_a_feed_that_names_itself_is_a_section_and_stays_one(api):
    own = {"title": "Election", "any": [{"kind": "section", "name": "election"}]}
    assert api.ask("POST", "/feeds", {"slug": "election", "definition": own}).status == 201
    other = {"title": "Politics", "any": [{"kind": "section", "name": "election"}, {"kind": "tag", "name": "Senate"}]}
    assert api.ask("POST", "/feeds", {"slug": "politics", "definition": other}).status == 201
    assert api.ask("POST", "/feeds/election/rename", {"slug": "vote"}).status == 200
    found = api.get("/feeds/vote").json["definition"]
    assert found["any"] == [{"kind": "section", "name": "vote"}]
    assert api.ask("PUT", "/feeds/vote", found | {"title": "The vote"}).status == 200
    with api.database.read() as conn:
        (stored,) = [one for one in feed_definitions.read_definitions(conn) if one.slug == "vote"]
    assert stored.selection is None and stored.formerly == ("election",)


def test_a_preview_counts_what_a_change_would_bring_and_take(stories):
    slugs = {"any": [{"kind": "section", "name": slug} for slug in ("taiwan", "china")]}
    stories.ask("POST", "/feeds", {"slug": "formosa", "definition": {"title": "Formosa", **slugs}})
    with stories.database.read() as conn:
        merged = merge(stories.settings, feed_definitions.read_definitions(conn))
    stories.desk.sections = {**stories.desk.sections, "formosa": merged.sections["formosa"]}
    stories.desk.restart()
    stories.desk.later()
    stories.worker_seen()
    assert stories.get("/feeds/formosa").json["state"] == "current"
    others = {"any": [{"kind": "section", "name": slug} for slug in ("taiwan", "sports")]}
    body = {"slug": "formosa", "definition": {"title": "Island", **others}}
    said = stories.ask("POST", "/feeds/preview", body).json
    assert (said["total"], said["come"], said["stay"], said["gone"]) == (3, 1, 2, 1) and said["version"] == 1
    assert {one["article_id"]: one["comes"] for one in said["first"]} == {"a0": False, "a2": True, "a3": False}
    assert [one["article_id"] for one in said["leaving"]] == ["a1"]
    assert said["notices"][0] == "1 entry comes, 1 goes." and any("Island" in words for words in said["notices"])


def test_what_is_sent_again_after_a_lost_answer_changes_nothing(made):
    again = made.ask("POST", "/feeds", NIGHT)
    assert again.status == 200 and again.json["number"] == made.get("/feeds/night").json["number"]
    first = made.ask("POST", "/feeds/night/rename", {"slug": "late"})
    assert made.ask("POST", "/feeds/night/rename", {"slug": "late"}).json == first.json
    ended = made.ask("POST", "/feeds/late/retire", {}).json
    assert made.ask("POST", "/feeds/late/retire", {}).json == ended
    assert [act.act for act in made.audit() if act.act.startswith("feed-")] == [
        "feed-retire", "feed-rename", "feed-create",
    ]  # fmt: skip
    other = NIGHT | {"definition": {"title": "Other"}}
    assert made.ask("POST", "/feeds", other).kind == "address-taken"


def test_an_image_must_be_an_address(made):
    for image, status in (("https://www.daily.example/i.png", 200), ("i.png", 422)):
        said = made.ask("PUT", "/feeds/night", {"title": "Tonight", "image": image})
        assert said.status == status
    assert said.json["errors"][0]["field"] == "image"
    assert made.get("/feeds/night").json["definition"]["image"] == "https://www.daily.example/i.png"
    made.ask("PUT", "/feeds/night", {"title": "Tonight"})
    assert made.get("/feeds/night").json["definition"]["image"] is None
