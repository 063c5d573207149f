"""Editors' feeds in the store: every write is validated, numbered and recorded, and readers keep what they know."""

from dataclasses import replace

import pytest
from sqlalchemy import select, text, update

from syndication.config.feeds import merge
from syndication.config.loading import load_settings
from syndication.errors import FeedError
from syndication.model.feed_definition import FeedDefinition
from syndication.model.selection import Selection, Term
from syndication.store.access.audit_log import Actor, list_entries
from syndication.store.publishing import feed_definitions, section_state
from syndication.store.publishing.feed_definitions import ChangedMeanwhileError, UnknownFeedError
from syndication.store.tables.feeds import FeedDefinitionRow
from syndication.store.tables.publishing import ChangeRow, DocumentRow, EntryRow
from tests.support.desk import Desk
from tests.support.newsroom import at, section

BY = Actor("mei", "192.0.2.7")
FILES = load_settings(environ={})
ELECTION = FeedDefinition("election", "Election", selection=Selection(any=(Term("section", "taiwan"),)), entries=7)


class Feeds:
    """The functions of the store, each in a transaction of its own."""

    def __init__(self, database):
        self.database = database

    def __call__(self, act, *args, **options):
        with self.database.write() as conn:
            return getattr(feed_definitions, act)(self.database, conn, *args, **options)

    def all(self):
        with self.database.read() as conn:
            return feed_definitions.read_definitions(conn)

    @property
    def revision(self):
        with self.database.read() as conn:
            return feed_definitions.read_revision(conn)


@pytest.fixture
def feeds(database):
    return Feeds(database)


def test_a_feed_is_created_changed_renamed_retired_and_reinstated(feeds, database):
    assert feeds.revision == 0
    created = feeds("create", FILES, ELECTION, BY)
    assert (created.number, created.changed_by, feeds.all()) == (1, "mei", [ELECTION])
    changed = feeds("change", FILES, replace(ELECTION, title="Election night", listed=False), BY, created.number)
    assert (changed.number, changed.definition.title) == (2, "Election night")
    renamed = feeds("rename", FILES, "election", "election-2026", BY)
    assert (renamed.definition.slug, renamed.definition.formerly) == ("election-2026", ("election",))
    assert feeds("retire", "election-2026", BY).retired_at is not None
    assert feeds.all()[0].retired
    back = feeds("reinstate", FILES, "election-2026", BY)
    assert (back.retired_at, back.number, feeds.revision) == (None, 5, 5)
    assert feeds.all() == [
        replace(ELECTION, slug="election-2026", title="Election night", listed=False, formerly=("election",))
    ]
    with database.read() as conn:
        acts = [(entry.act, entry.target, entry.actor) for entry in list_entries(conn, 10)]
    assert acts == [
        (act, slug, "mei")
        for act, slug in (
            ("feed-reinstate", "election-2026"), ("feed-retire", "election-2026"), ("feed-rename", "election"),
            ("feed-change", "election"), ("feed-create", "election"),
        )
    ]  # fmt: skip


def test_a_feed_may_get_its_first_slug_back_and_keeps_its_ids(feeds):
    feeds("create", FILES, ELECTION, BY)
    feeds("rename", FILES, "election", "vote", BY)
    back = feeds("rename", FILES, "vote", "election", BY).definition
    assert (back.slug, back.formerly, back.slugs) == ("election", ("vote",), ("election", "vote"))
    served = merge(FILES, feeds.all())
    assert served.sections["election"].origin == "election" and served.redirects["vote"] == "election"
    again = feeds("rename", FILES, "election", "polls", BY).definition
    assert again.formerly == ("vote", "election") and feeds.all() == [again]
    assert merge(FILES, feeds.all()).sections["polls"].origin == "election"


def test_what_changes_nothing_is_not_written(feeds):
    feeds("create", FILES, ELECTION, BY)
    feeds("change", FILES, ELECTION, BY)
    assert feeds("rename", FILES, "election", "election", BY).number == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"slug": "all"}, "is reserved"),
        ({"slug": "taiwan"}, "is used by the section 'taiwan'"),
        ({"slug": "Election Night"}, "should be lower-case"),
        ({"title": " "}, "the title is empty"),
        ({"title": "x" * 201}, "has 201 characters"),
        ({"title": "a\x00b"}, "control characters"),
        ({"language": "english!"}, "should be a language tag"),
        ({"cache": "fast"}, "cache is 'fast': it should be one of"),
        ({"entries": 90, "max_entries": 80}, "max_entries is 80: it should be at least"),
        ({"entries": 0}, "entries is 0: it should be greater"),
        ({"selection": Selection(any=(Term("section", "nowhere"),))}, "names the section 'nowhere'"),
        ({"selection": Selection(all=(Term("tag", ""),))}, "should have from 1 to"),
    ],
)
def test_a_wrong_feed_is_refused_with_a_sentence(feeds, changes, sentence):
    with pytest.raises(FeedError) as caught:
        feeds("create", FILES, replace(ELECTION, **changes), BY)
    assert any(sentence in problem for problem in caught.value.details), caught.value.details
    assert feeds.all() == []
    assert feeds.revision == 0


def test_every_problem_is_said_at_once(feeds):
    with pytest.raises(FeedError) as caught:
        feeds("create", FILES, replace(ELECTION, slug="tag", title="", cache="x"), BY)
    assert len(caught.value.details) == 3


def test_slugs_of_other_feeds_are_taken_also_former_and_retired_ones(feeds):
    feeds("create", FILES, ELECTION, BY)
    feeds("rename", FILES, "election", "vote", BY)
    feeds("retire", "vote", BY)
    for slug in ("vote", "election"):
        with pytest.raises(FeedError) as caught:
            feeds("create", FILES, replace(ELECTION, slug=slug), BY)
        assert f"the slug '{slug}' is used by the retired feed 'vote'" in str(caught.value)


def test_a_writer_that_read_an_earlier_state_is_refused(feeds):
    number = feeds("create", FILES, ELECTION, BY).number
    feeds("change", FILES, replace(ELECTION, title="New"), BY)
    with pytest.raises(ChangedMeanwhileError):
        feeds("change", FILES, replace(ELECTION, title="Other"), BY, number)
    with pytest.raises(UnknownFeedError):
        feeds("retire", "nothing", BY)


def test_a_row_that_this_program_cannot_read_is_left_out(feeds, database):
    feeds("create", FILES, ELECTION, BY)
    for wrong in ("{", '{"format": 2}', '{"format": 1, "title": 3}', '{"format": 1, "title": "a", "selection": 5}'):
        with database.write() as conn:
            conn.execute(update(FeedDefinitionRow).values(definition=wrong))
        assert feeds.all() == []
        with database.read() as conn:
            assert feed_definitions.list_unreadable(conn) == ["election"]


def test_a_renamed_feed_keeps_its_state_documents_and_entries(feeds, database, clock):
    feeds("create", FILES, replace(ELECTION, selection=None), BY)
    desk = Desk(database, clock)
    desk.sections["election"] = section("election")
    desk.restart()
    desk.put(sections=["election"], published_at=at())
    desk.later()
    before = desk.document("election")
    feeds("rename", FILES, "election", "vote", BY)
    assert desk.document("vote").version == before.version
    with database.read() as conn:
        assert set(conn.scalars(select(EntryRow.section).where(EntryRow.article_id == "a1"))) == {"all", "vote"}
        assert not list(conn.scalars(select(DocumentRow.format).where(DocumentRow.section == "election")))
        assert "election" not in {state.section for state in section_state.list_states(conn)}


def test_what_names_a_section_is_made_again_when_its_title_changes(feeds, database, clock):
    desk = Desk(database, clock)
    desk.put(sections=["election", "taiwan"], published_at=at())
    desk.put("a2", sections=["china"], published_at=at())
    desk.later()
    plain = replace(ELECTION, selection=None)

    def changes():
        with database.write() as conn:
            found = list(conn.scalars(select(ChangeRow.article_id)))
            conn.execute(text("DELETE FROM change"))
            return found

    feeds("create", FILES, plain, BY)
    assert changes() == ["a1"]
    feeds("change", FILES, replace(plain, entries=9), BY)
    assert changes() == []
    feeds("change", FILES, replace(plain, title="Vote"), BY)
    assert changes() == ["a1"]


def test_a_request_to_reload_is_counted_and_changes_no_revision(feeds, database):
    assert feeds("request_reload", BY) == 1
    assert feeds("request_reload", BY) == 2
    with database.read() as conn:
        assert feed_definitions.read_revisions(conn) == (0, 2)
