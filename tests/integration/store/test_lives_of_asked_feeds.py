"""The life of a feed that readers asked for, in a worker and in two web processes, on both databases."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import delete, update

from syndication.model.values import Author
from syndication.store.articles import articles
from syndication.store.articles.term_registry import find_public_term
from syndication.store.publishing import asked_feeds, section_state
from syndication.store.tables.asked_feeds import AskedFeedRow, AskedNumberRow
from tests.support.asked import AskedWeb, AskedWorker, ask, settings_with
from tests.support.newsroom import article

SLUG = "taiwan+sports"
DAY = timedelta(days=1)


def put(database, id, *sections, **changes):
    list(articles.put_articles(database, [article(id, sections=sections, **changes)]))


def poll(database, slug):
    with database.write() as conn:
        asked_feeds.record_polls(conn, {slug: database.now(conn)})


def find(database, clock, slug):
    """Returns the term of an author as the register has it."""
    with database.read() as conn:
        return find_public_term(conn, "author", slug, clock.now)


def versions(database):
    with database.read() as conn:
        return {state.section: state.version for state in section_state.list_states(conn)}


def test_the_feed_of_an_author_with_an_id_follows_the_name(database, clock):
    settings = settings_with()
    worker, web = AskedWorker(settings, database, clock), AskedWeb(settings, database)
    put(database, "a1", "taiwan", authors=(Author("Mei Wang", id="mei"),))
    put(database, "a2", "taiwan", authors=(Author("Mei Wang", id="another-mei"),))
    put(database, "a3", "taiwan", authors=(Author("Mei Wang"),))
    worker.work()
    term = find(database, clock, "mei")
    assert ask(database, "author/mei", "author", term.term.key, term.name) == "asked"
    worker.work()
    body = web.body("author/mei")
    assert "<title>Mei Wang – The Formosa Ledger</title>" in body
    assert [f"Story {id}</title>" in body for id in ("a1", "a2", "a3")] == [True, False, False]

    clock.advance(60)
    put(database, "a4", "taiwan", authors=(Author("Mei Chen", id="mei"),), published_at=clock.now)
    worker.work()
    worker.asked.housekeep()
    worker.work()
    body = web.body("author/mei")
    assert "<title>Mei Chen – The Formosa Ledger</title>" in body
    assert [f"Story {id}</title>" in body for id in ("a1", "a2", "a3", "a4")] == [True, False, False, True]
    # One address in any spelling; of the names, only that of the story without an id has one.
    addresses = web.loader.catalogue.asked
    assert addresses.resolve("author/MEI").slug == "author/mei" and addresses.resolve("author/#mei") is None
    assert find(database, clock, "mei-wang").term.key == "mei wang" and find(database, clock, "mei-chen") is None


def test_a_feed_is_asked_for_kept_current_put_to_sleep_woken_forgotten_and_asked_for_again(database, clock):
    settings = settings_with()
    worker, web, other = (
        AskedWorker(settings, database, clock),
        AskedWeb(settings, database),
        AskedWeb(settings, database),
    )
    put(database, "a1", "taiwan")
    put(database, "b1", "sports")
    put(database, "c1", "taiwan", "sports")
    put(database, "d1", "china")
    worker.work()
    assert (web.status("taiwan"), web.status(SLUG)) == ("200", "404")

    assert ask(database, SLUG) == "asked"
    assert web.status(SLUG) == "503"
    assert list(worker.work()) == [SLUG]
    for one in (web, other):
        body = one.body(SLUG)
        assert [body.count(f"Story {id}</title>") for id in ("a1", "b1", "c1", "d1")] == [1, 1, 1, 0]
        assert "<title>Taiwan + Sports – The Formosa Ledger</title>" in body
    etag = dict(web.get(SLUG)[1])["ETag"]

    clock.advance(60)
    put(database, "a2", "taiwan")
    assert list(worker.work())[-1] == SLUG  # The newsroom's own sections first.
    assert "Story a2" in web.body(SLUG) and dict(web.get(SLUG)[1])["ETag"] != etag

    clock.advance((4 * DAY).total_seconds())
    worker.asked.housekeep()
    put(database, "a3", "taiwan")
    assert SLUG not in worker.work()
    assert web.status(SLUG) == "200" and "Story a3" not in web.body(SLUG)
    assert set(web.loader.asleep.values()) == {SLUG}
    swept = worker.sweeper.newsroom.sections.keys() - worker.sweeper.asleep
    assert SLUG not in swept and "taiwan" in swept

    web.asker.wake("/feeds/taiwan+sports.atom")
    web.asker._threads.shutdown()  # Until it has told the database.
    assert list(worker.work()) == [SLUG]
    assert "Story a3" in other.body(SLUG) and not other.loader.asleep

    clock.advance((31 * DAY).total_seconds())
    worker.asked.housekeep()
    assert SLUG not in versions(database) and "taiwan" in versions(database)
    assert (web.status(SLUG), other.status(SLUG)) == ("404", "404")
    assert not web.loader.catalogue.is_published("/feeds/taiwan+sports.atom")
    assert ask(database, SLUG) == "asked"
    assert list(worker.work()) == [SLUG]
    assert (web.status(SLUG), other.status(SLUG)) == ("200", "200") and "Story a3" in web.body(SLUG)


def test_a_sleeping_feed_is_regenerated_once_a_day_if_something_changed(database, clock):
    settings = settings_with(sleep_hours=1)
    worker, web = AskedWorker(settings, database, clock), AskedWeb(settings, database)
    ask(database, SLUG)
    worker.work()
    for hours in range(3, 31, 3):
        clock.advance(3 * 3600)
        put(database, f"a{hours}", "taiwan")
        worker.asked.housekeep()
        worker.work()
    assert "Story a24<" in web.body(SLUG) and "Story a30<" not in web.body(SLUG)
    assert versions(database)[SLUG] <= 3


def test_a_renamed_section_moves_the_combinations_with_it_and_a_retired_one_ends_them(database, clock):
    settings = settings_with()
    worker, web = AskedWorker(settings, database, clock), AskedWeb(settings, database)
    put(database, "a1", "taiwan")
    ask(database, SLUG)
    worker.work()
    assert web.status(SLUG) == "200"

    island = replace(settings.sections["taiwan"], slug="island", formerly=("taiwan",))
    sections = {("island" if s == "taiwan" else s): (island if s == "taiwan" else one)
                for s, one in settings.sections.items()}  # fmt: skip
    renamed = replace(settings, sections=sections, redirects={"taiwan": "island"})
    worker.asked.adopt(renamed, 0)
    web.adopt(renamed)
    moved = web.get(SLUG)
    assert moved[0].startswith("301") and dict(moved[1])["Location"].endswith("/feeds/island+sports.atom")
    ask(database, "island+sports")
    assert {"island", "island+sports"} <= worker.work().keys()
    assert "Story a1" in web.body("island+sports")

    left = {slug: one for slug, one in sections.items() if slug != "island"}
    ended = replace(settings, sections=left, retired=frozenset({"island"}))
    worker.asked.adopt(ended, 0)
    web.adopt(ended)
    worker.work()
    assert (web.status("island+sports"), web.status("nothing+sports")) == ("410", "404")
    worker.asked.housekeep()
    assert SLUG in versions(database)  # Another configuration may still answer it.
    clock.advance(2 * DAY.total_seconds())
    worker.asked.housekeep()
    assert versions(database).keys().isdisjoint({SLUG, "island+sports"})


def test_a_kind_that_is_turned_off_ends_its_feeds_and_no_others(database, clock):
    settings = settings_with()
    worker, web = AskedWorker(settings, database, clock), AskedWeb(settings, database)
    put(database, "a1", "taiwan")
    ask(database, SLUG)
    ask(database, "tag/rail", "tag", "rail", "Rail")
    worker.work()
    assert (web.status(SLUG), web.status("tag/rail")) == ("200", "200")
    fewer = replace(settings, on_demand=settings.on_demand.model_copy(update={"allowed": ("tags",)}))
    worker.asked.adopt(fewer, 0)
    web.adopt(fewer)
    put(database, "a2", "taiwan")
    assert {"tag/rail", "taiwan"} <= worker.work().keys() and SLUG not in worker.work()
    assert (web.status(SLUG), web.status("tag/rail"), web.status("taiwan")) == ("404", "200", "200")
    worker.asked.adopt(settings, 0)
    web.adopt(settings)
    worker.work()
    assert "Story a2" in web.body(SLUG)


def test_the_newsrooms_own_sections_go_before_all_feeds_of_readers(database, clock):
    worker = AskedWorker(settings_with(), database, clock)
    worker.work()
    combinations = [f"{a}+{b}" for a, b in (("taiwan", "china"), ("taiwan", "sports"), ("world", "sports"))]
    for slug in combinations:
        ask(database, slug)
    worker.asked.follow()
    clock.advance(30)  # Longer than any request waits for a section.
    put(database, "a1", "taiwan", "sports")
    order = list(worker.work())
    own = [slug for slug in order if slug not in combinations]
    assert {"taiwan", "sports", "all"} <= set(own) and order == [*own, *order[len(own) :]]


def test_a_feed_that_is_forgotten_while_a_worker_holds_it_fails_nothing(database, clock):
    worker = AskedWorker(settings_with(), database, clock)
    ask(database, SLUG)
    worker.asked.follow()
    assert SLUG in worker.regenerator.newsroom.sections
    with database.write() as conn:
        now = database.now(conn)
        assert asked_feeds.forget(conn, now + DAY, now) == [SLUG]
    assert worker.regenerator.regenerate(SLUG).result == "overtaken"
    worker.work()
    assert SLUG not in worker.regenerator.newsroom.sections and SLUG not in versions(database)


def test_two_workers_and_a_restart_agree(database, clock):
    settings = settings_with()
    one, two = AskedWorker(settings, database, clock, "one"), AskedWorker(settings, database, clock, "two")
    one.work()
    ask(database, SLUG)
    assert SLUG in one.work() and SLUG not in two.work()
    put(database, "a1", "sports")
    assert SLUG in two.work()
    assert AskedWorker(settings, database, clock, "three").work() == {}


def test_a_database_that_goes_back_in_time_is_read_again(database, clock):
    settings = settings_with()
    worker, web = AskedWorker(settings, database, clock), AskedWeb(settings, database)
    ask(database, SLUG)
    ask(database, "china+sports")
    worker.work()
    assert (web.status(SLUG), web.status("china+sports")) == ("200", "200")
    with database.write() as conn:
        conn.execute(delete(AskedFeedRow).where(AskedFeedRow.slug == SLUG))
        conn.execute(update(AskedNumberRow).values(number=1))
    worker.work()
    assert (web.status(SLUG), web.status("china+sports")) == ("404", "200")
    assert SLUG not in worker.regenerator.newsroom.sections
    assert "china+sports" in worker.regenerator.newsroom.sections
