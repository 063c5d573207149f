"""The commands about feeds of editors: what they store, print and record, and how they refuse."""

import getpass
import json

import pytest
from click.testing import CliRunner

from syndication.cli import main
from syndication.model.selection import Selection, Term
from syndication.store.access.audit_log import list_entries
from syndication.store.db.database import Database
from syndication.store.publishing import feed_definitions
from tests.support.desk import Desk
from tests.support.newsroom import at


@pytest.fixture
def run(database_url, tmp_path):
    (tmp_path / "syndication.toml").write_text(f'[database]\nurl = "{database_url}"\n')
    sections = ("taiwan", "china", "sports")
    tables = [f'[[section]]\nslug = "{slug}"\ntitle = "{slug.title()}"\n' for slug in sections]
    (tmp_path / "sections.toml").write_text("".join(tables))

    def run(*arguments, code=0):
        done = CliRunner().invoke(main, ["--config", str(tmp_path / "syndication.toml"), "feeds", *arguments])
        assert done.exit_code == code, done.output
        return done

    return run


@pytest.fixture
def store(database_url):
    database = Database(database_url)
    yield database
    database.close()


def stored(store, slug):
    with store.read() as conn:
        return feed_definitions.find(conn, slug)


TRIPS = (
    "create",
    "trips",
    "--title",
    "Trips",
    "--any",
    "taiwan",
    "--any",
    "tag:Hiking",
    "--none",
    "author:Lin Mei-hua",
)


def test_a_feed_is_created_changed_renamed_retired_and_reinstated(run, store):
    done = run(*TRIPS, "--entries", "20", "--hours", "0", "--unlisted")
    assert "trips is created" in done.output and "No worker is running" in done.output
    found = stored(store, "trips").definition
    any = (Term("section", "taiwan"), Term("tag", "hiking"))
    assert found.selection == Selection(any=any, none=(Term("author", "lin mei-hua"),))
    assert (found.title, found.entries, found.hours, found.listed) == ("Trips", 20, 0, False)

    run("change", "trips", "--title", "Outings", "--all", "language:en", "--default", "entries", "--listed")
    changed = stored(store, "trips").definition
    assert (changed.title, changed.entries, changed.hours, changed.listed) == ("Outings", None, 0, True)
    assert changed.selection == Selection(any=any, all=(Term("language", "en"),), none=found.selection.none)
    assert "is unchanged" in run("change", "trips", "--title", "Outings").output
    run("change", "trips", "--default", "none")
    assert stored(store, "trips").definition.selection.none == ()

    assert "redirects to /feeds/outings" in run("rename", "trips", "outings").output
    assert stored(store, "outings").definition.formerly == ("trips",)
    run("retire", "outings")
    assert stored(store, "outings").retired_at is not None and "retired" in run("list", "--search", "OUTINGS").output
    run("reinstate", "outings")
    assert stored(store, "outings").retired_at is None
    with store.read() as conn:
        acts = [(entry.act, entry.actor) for entry in list_entries(conn, 20)]
    assert acts == [
        (f"feed-{act}", getpass.getuser()) for act in ("reinstate", "retire", "rename", "change", "change", "create")
    ]


def test_feeds_are_listed_and_shown(run):
    run(*TRIPS)
    lines = run("list").output.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["all", "configuration"], ["china", "configuration"], ["sports", "configuration"],
        ["taiwan", "configuration"], ["trips", "editors"],
    ]  # fmt: skip
    assert [one["slug"] for one in json.loads(run("list", "--json", "--search", "trip").output)] == ["trips"]
    assert "No feeds found." in run("list", "--search", "nothing").output
    shown = run("show", "trips").output
    assert "section:taiwan, tag:hiking" in shown and "author:lin mei-hua" in shown and getpass.getuser() in shown
    values = json.loads(run("show", "trips", "--json").output)
    assert values["definition"]["none"] == [{"kind": "author", "name": "lin mei-hua"}] and values["number"] == 1


def test_a_section_of_its_own(run, store):
    run("create", "election", "--title", "Election", "--any", "election")
    assert stored(store, "election").definition.selection is None


def test_a_preview_shows_entries_and_stores_nothing(run, store, clock):
    desk = Desk(store, clock)
    for number, slug in enumerate(["taiwan", "china", "sports", "taiwan"]):
        desk.put(f"a{number}", title=f"Story {number}", published_at=at(hours=-number), sections=(slug,))
    desk.put("ahead", title="HUSHED", status="draft", sections=("taiwan",))
    desk.work()
    shown = run("preview", "formosa", "--any", "taiwan").output
    assert shown.startswith("2 entries. Nothing is stored.") and "Story 3" in shown and "HUSHED" not in shown
    assert stored(store, "formosa") is None
    run("create", "formosa", "--title", "Formosa", "--any", "taiwan")
    found = json.loads(run("preview", "formosa", "--any", "sports", "--title", "Sports", "--json").output)
    assert [one["article_id"] for one in found["first"]] == ["a2"] and "new title, Sports" in " ".join(found["notices"])
    assert stored(store, "formosa").number == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("create", "Trips", "--title", "x"), 1, "'Trips' must be lower-case letters"),
        (("create", "taiwan", "--title", "x"), 1, "the slug 'taiwan' is used by the section 'taiwan'"),
        (("create", "trips", "--title", " "), 1, "title"),
        (
            ("create", "trips", "--title", "x", "--any", "nowhere"),
            1,
            "names the section 'nowhere', which does not exist",
        ),
        (("create", "trips", "--title", "x", "--any", "topic:x"), 2, "should be SECTION, tag:NAME"),
        (("create", "trips", "--title", "x", "--entries", "0"), 1, "entries must be"),
        (("create", "trips"), 2, "Missing option '--title'"),
        (("change", "trips", "--title", "x"), 1, "there is no feed of editors with the slug 'trips'"),
        (("change", "taiwan", "--title", "x"), 1, "set by the configuration: change it in sections.toml"),
        (("retire", "taiwan"), 1, "set by the configuration"),
        (("rename", "taiwan", "formosa"), 1, "set by the configuration"),
        (("preview", "taiwan"), 1, "set by the configuration"),
    ],
)
def test_what_is_wrong_is_refused_with_a_sentence(run, store, arguments, code, words):
    assert words in run(*arguments, code=code).output
    with store.read() as conn:
        assert feed_definitions.count(conn) == 0
