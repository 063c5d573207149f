"""What a source reads of a real WordPress when something is missing, slow, large or broken."""

import contextlib
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from syndication.model.values import Author
from syndication.sources.reader import SourceError
from syndication.sources.wordpress.reader import Clock, WordPressReader
from tests.support.wordpress import PREFIX, WordPress
from tests.support.wordpress_copy import SECTIONS, Copy, settings
from tests.support.wordpress_desk import PERMALINKS, finish, half_written

FEEDS = [section for section in SECTIONS if section.slug != "all"]
EMBARGO = "2036-03-14 08:00:00"


@pytest.fixture
def alone(site: WordPress) -> Iterator[Copy]:
    """A source without a database: the REST API alone."""
    copy = Copy(site, database="", window=5)
    yield copy
    copy.reader.close()


@contextlib.contextmanager
def reader(site: WordPress, clock: Clock | None = None, **more: object) -> Iterator[WordPressReader]:
    opened = WordPressReader(settings(site, **more), FEEDS, clock)
    yield opened
    opened.close()


def stories(site: WordPress, count: int, more: str = "") -> list[int]:
    """Publishes stories, oldest first."""
    php = f"""$ids = [];
    for ($i = 0; $i < {count}; $i++) $ids[] = story(['post_title' => "Story $i",
        'post_date' => sprintf('2026-03-14 08:%02d:00', $i) {more}]);
    return $ids;"""
    return list(site.do(php))


def titles(copy: Copy) -> set[str]:
    return {article.title for article in copy.articles.values()}


def test_without_database_what_the_public_sees_is_read(site, copy, alone):
    stories(site, 3)
    site.do("picture(story(['post_title' => 'With picture', 'post_excerpt' => 'In short'])); return 1;")
    copy.look()
    alone.look()
    assert alone.held() == copy.held()
    assert len(alone.articles) == 4
    assert alone.look() == []


def test_a_site_without_pretty_permalinks_is_read_too(site, copy, alone):
    site.do(f"{PERMALINKS.format('')} story(); return 1;")
    copy.look()
    alone.look()
    (article,) = alone.articles.values()
    assert "/?p=" in article.url and alone.held() == copy.held()


def test_without_database_acts_on_new_and_old_posts_are_seen(site, alone):
    ids = stories(site, 8)
    alone.look()
    assert titles(alone) == {f"Story {i}" for i in range(3, 8)}, "the window is five posts"
    site.do(f"wp_update_post(['ID' => {ids[6]}, 'post_title' => 'Edited']);"
            f" wp_trash_post({ids[5]}); wp_update_post(['ID' => {ids[4]}, 'post_password' => 'x']);"
            f" wp_set_post_categories({ids[7]}, [category('Sport')]); return 1;")  # fmt: skip
    alone.look()
    assert titles(alone) == {"Story 2", "Story 3", "Edited", "Story 7"}
    assert alone.articles[str(ids[7])].sections == ("sport",)
    site.do(f"wp_trash_post({ids[7]}); return 1;")
    alone.look()
    assert str(ids[7]) not in alone.articles
    site.do(f"wp_delete_post({ids[2]}, true); return 1;")
    alone.look()
    assert str(ids[2]) not in alone.articles, "an old one is missed too"


@pytest.fixture(params=["database", "rest"])
def either(request: pytest.FixtureRequest) -> Copy:
    """A source with a database, and one without."""
    return request.getfixturevalue({"database": "copy", "rest": "alone"}[request.param])


def test_a_post_that_wordpress_still_writes_is_read_once_it_is_finished(site, either):
    stories(site, 2)
    either.look()
    id = half_written(site)
    assert either.look() == [] and len(either.articles) == 2
    guid = finish(site, id)
    (found,) = either.look()
    assert guid and found.article.guid == guid and found.article.sections == ("world",)
    assert either.look() == []


def test_a_post_that_never_gets_a_guid_is_read_after_a_minute(site, either):
    stories(site, 2)
    either.look()
    id = half_written(site)
    either.look()
    either.later(61)
    (found,) = either.look()
    assert found.row.id == id and found.article.guid is None
    stories(site, 1)
    either.look()
    assert id in either.articles, "it is no new post for the next looks"


def test_an_old_post_without_a_guid_stays_whatever_happens(site, either):
    id = half_written(site)
    either.look()
    assert either.articles[id].guid is None
    site.do(f"wp_update_post(['ID' => {id}, 'post_title' => 'Edited']); return 1;")
    stories(site, 1)
    either.look()
    assert titles(either) == {"Edited", "Story 0"}


def test_a_post_that_gets_its_guid_while_the_first_look_reads_has_it(site, copy):
    id = half_written(site)
    with copy.reader.look() as look:
        rows = look.window()
        guid = finish(site, id)
        (found,) = look.read(rows)
    assert found.article.guid == guid


@pytest.mark.parametrize("database", [True, False], ids=["database", "rest"])
def test_a_sweep_passes_every_public_post_once(site, copy, alone, database):
    ids = stories(site, 9)
    site.do(f"wp_trash_post({ids[3]}); wp_update_post(['ID' => {ids[5]}, 'post_password' => 'x']); return 1;")
    swept: list[str] = []
    source = copy.reader if database else alone.reader
    with source.look() as look:
        window = {row.id: row.digest for row in look.window()}
    for _ in range(9):
        with source.look() as look:
            page = look.page(swept[-1] if swept else None, 2)
            assert all(window.get(row.id, row.digest) == row.digest for row in page), "the window has other digests"
            if not page:
                break
            swept += [row.id for row in page]
    assert swept == [str(id) for i, id in enumerate(ids) if i not in (3, 5)]


@pytest.mark.parametrize("status", [200, 503])
def test_a_site_that_is_being_mended_gives_excerpts_until_it_answers(site, copy, status):
    (id,) = stories(site, 1, ", 'post_excerpt' => 'In short'")
    with site.refusing(status):
        found = copy.look()
        assert len(found) == 1 and "without its text" in found[0].warnings[0]
        article = copy.articles[str(id)]
        assert (article.title, article.html, article.summary) == ("Story 0", "", "In short")
        assert article.url.endswith(f"/?p={id}") and "long" not in repr(article)
        assert copy.look() == [], "it is asked again at each look"
    copy.later(60)
    copy.look()
    assert "long" in copy.articles[str(id)].html
    assert copy.articles[str(id)].url.endswith("/2026/03/story-0/")


@pytest.mark.parametrize("status", [200, 401, 503])
def test_without_database_a_site_that_is_being_mended_changes_nothing(site, alone, status):
    stories(site, 2)
    alone.look()
    with site.refusing(status), pytest.raises(SourceError, match="REST API"):
        alone.look()
    assert len(alone.articles) == 2


def test_a_post_that_breaks_wordpress_stops_no_other(site, copy):
    plugin = site.site / "wp-content/mu-plugins/broken.php"
    plugin.write_text("<?php add_shortcode('broken', function () { throw new Error('broken'); });")
    try:
        ids = stories(site, 3)
        broken = site.do("return story(['post_title' => 'Broken', 'post_content' => 'a [broken] b']);")
        found = {one.row.id: one for one in copy.look()}
        assert all(copy.articles[str(id)].html for id in ids)
        assert found[str(broken)].warnings and copy.articles[str(broken)].html == ""
    finally:
        plugin.unlink()


def test_a_post_that_a_cache_answers_as_it_was_is_not_believed(site, copy):
    plugin = site.site / "wp-content/mu-plugins/cache.php"
    (id,) = stories(site, 1)
    site.do(f"wp_update_post(['ID' => {id}, 'post_title' => 'Edited']); return 1;")
    plugin.write_text("<?php add_filter('rest_prepare_post', function ($r) {"
                      " $r->data['modified_gmt'] = '2026-03-14T00:00:00'; $r->data['title']['rendered'] = 'Old';"
                      " return $r; });")  # fmt: skip
    try:
        (found,) = copy.look()
        assert copy.articles[str(id)].title == "Edited" and "older version" in found.warnings[0]
    finally:
        plugin.unlink()


def test_each_section_has_its_own_window(site):
    ids = stories(site, 6)
    site.do(f"wp_set_post_categories({ids[0]}, [category('Rowing', category('Sport'))]); return 1;")
    site.do(f"foreach ([{ids[1]}, {ids[2]}] as $id) wp_set_post_categories($id, [1]); return 1;")
    with reader(site, window=2) as source, source.look() as look:
        found = [row.id for row in look.window()]
    assert found == [str(ids[i]) for i in (5, 4, 3, 0)], "those of World and Sport, and none in no section"


def test_a_section_s_window_is_read_anew_when_a_category_changed(site):
    ids = stories(site, 6, ", 'post_category' => [1]")
    with reader(site, window=2) as source:
        with source.look() as look:
            assert [row.id for row in look.window()] == [str(ids[5]), str(ids[4])]
        site.do(f"wp_set_post_categories({ids[0]}, [category('Sport')]); return 1;")
        with source.look() as look:
            assert str(ids[0]) in [row.id for row in look.window()]


def test_categories_lead_where_the_configuration_says(site):
    php = "return story(['post_category' => [category('Opinion'), category('News'), category('R&D')]]);"
    id = str(site.do(php))
    with reader(site, categories={"opinion": "world", "News": "", "r&amp;d": "sport"}) as source:
        with source.look() as look:
            (found,) = look.read(look.window())
        assert set(found.article.sections) == {"world"} and found.row.id == id
        assert [w for w in found.warnings if "'R&D'" in w]
        with source.look() as look:
            assert next(look.read(look.window())).warnings == (), "an unknown category is reported once"


def test_a_post_in_no_section_goes_where_the_source_says(site):
    site.do("return story(['post_category' => [1]]);")
    with reader(site, section="world") as source, source.look() as look:
        (found,) = look.read(look.window())
    assert found.article.sections == ("world",)


def test_a_scheduled_post_is_in_no_window_and_traced(site, copy):
    (id,) = stories(site, 1, f", 'post_status' => 'future', 'post_date' => '{EMBARGO}'")
    assert copy.look() == [] and copy.reader.trace(f"cms-{id}") == "scheduled"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("return 1;", "public"),
        ("wp_update_post(['ID' => $p, 'post_password' => 'x']);", "protected by a password"),
        ("wp_update_post(['ID' => $p, 'post_status' => 'draft']);", "draft"),
        ("wp_update_post(['ID' => $p, 'post_status' => 'pending']);", "pending review"),
        ("wp_update_post(['ID' => $p, 'post_status' => 'private']);", "private"),
        ("wp_trash_post($p);", "in the trash"),
        ("wp_delete_post($p, true);", None),
    ],
)
def test_trace_says_where_a_post_stands_there(site, copy, act, words):
    id = site.do(f"global $p; $p = story(); {act} return $p;") if act != "return 1;" else site.do("return story();")
    assert copy.reader.trace(f"cms-{id}") == words
    assert copy.reader.trace(f"other-{id}") is None and copy.reader.trace("cms-x") is None


def test_a_clock_ahead_of_ours_puts_nothing_under_embargo(site):
    site.do("return story(['post_date' => current_time('mysql')]);")
    early = datetime.now(UTC) - timedelta(minutes=10)
    with reader(site, Clock(now=lambda: early)) as source, source.look() as look:
        (found,) = look.read(look.window())
    assert found.article.published_at == early and "in the future" in found.warnings[0]


def test_co_authors_are_all_named(site, copy):
    php = """register_taxonomy('author', 'post'); $p = story(); story();
    $guest = wp_insert_post(['post_type' => 'guest-author', 'post_title' => 'Guest & Co', 'post_name' => 'cap-guest',
        'post_status' => 'publish']);
    wp_set_object_terms($p, ['cap-ann', 'cap-guest'], 'author'); return $p;"""
    id = str(site.do(php))
    copy.look()
    assert copy.articles[id].authors == (Author("Ann Reporter", id="ann"), Author("Guest & Co", id="guest"))


def test_check_finds_nothing_to_mend_where_nothing_is_wrong(site, copy):
    stories(site, 1)
    assert copy.reader.check() == []


def test_check_says_what_to_mend(site):
    site.do("story(['post_category' => [category('Opinion')]]); return 1;")
    root = site.database.replace("reader:secret", "root")
    with reader(
        site, database=root, categories={"opinon": "world", "World": "sports"}, url="http://127.0.0.1:9"
    ) as source:
        found = "\n".join(source.check())
    for part in ("may write", "'Opinion'", "'opinon'", "'sports'", "without it articles have no text"):
        assert part in found, found
    with reader(site, prefix="wp_") as source:
        assert "prefix" in "\n".join(source.check())


def test_a_wrong_prefix_is_an_error_and_no_empty_window(site):
    with reader(site, prefix="wp_") as source, pytest.raises(SourceError, match="prefix"), source.look():
        pass


def test_the_network_s_users_are_found_for_a_further_site(site):
    tables = ("posts", "postmeta", "terms", "term_taxonomy", "term_relationships", "options")
    id = str(site.do("return story();"))
    for table in tables:
        site.sql(f"CREATE TABLE {PREFIX}2_{table} AS SELECT * FROM {PREFIX}{table}")
    try:
        site.sql(f"CREATE UNIQUE INDEX `PRIMARY_` ON {PREFIX}2_posts (ID)")
        with reader(site, prefix=f"{PREFIX}2_") as source, source.look() as look:
            assert [row.id for row in look.window()] == [id]
            (found,) = look.read(look.window())
        assert found.article.authors == (Author("Ann Reporter", id="ann"),)
    finally:
        for table in tables:
            site.sql(f"DROP TABLE {PREFIX}2_{table}")


def test_reading_changes_nothing_in_wordpress(site, copy):
    stories(site, 2)
    with pytest.raises(Exception, match=r"\((1142|1792)"), copy.reader._database.snapshot() as snapshot:
        snapshot.value(f"UPDATE {PREFIX}posts SET post_title = 'x'")
    assert copy.look() and titles(copy) == {"Story 0", "Story 1"}


def test_a_password_on_an_old_post_is_found_when_a_post_comes(site):
    ids = stories(site, 4, ", 'post_category' => [1]")
    seconds = 0.0
    with reader(site, Clock(monotonic=lambda: seconds), window=1) as source:
        with source.look() as look:
            assert set(look.public_ids()) == {str(id) for id in ids}
        site.do(f"wp_update_post(['ID' => {ids[0]}, 'post_password' => 'x']); return 1;")
        seconds = 601.0
        with source.look() as look:
            assert set(look.public_ids()) == {str(id) for id in ids[1:]}


def test_two_old_posts_that_swap_their_dates_change_the_fingerprint(site):
    ids = stories(site, 3)
    with reader(site, Clock(monotonic=lambda: 0.0), window=1) as source:
        with source.look() as look:
            before = look.fingerprint()
        dates = "'2026-03-14 08:01:00', '2026-03-14 08:00:00'"
        site.sql(f"UPDATE {PREFIX}posts SET post_date = IF(ID = {ids[0]}, {dates}) WHERE ID IN ({ids[0]}, {ids[1]})")
        with source.look() as look:
            assert look.fingerprint() != before


def test_the_whole_index_is_read_anew_only_after_ten_times_as_long(site):
    """A clock on which everything takes a second: the digest is good for ten, unless the window changes."""
    ids = stories(site, 3, ", 'post_category' => [1]")
    ticks = itertools.count()
    with reader(site, Clock(monotonic=lambda: float(next(ticks))), window=1) as source:

        def fingerprint() -> str | None:
            with source.look() as look:
                return look.fingerprint()

        first = fingerprint()
        site.do(f"wp_delete_post({ids[0]}, true); return 1;")
        seen = [fingerprint() for _ in range(20)]
        assert seen[0] == first and seen[-1] != first
        site.do(f"wp_trash_post({ids[2]}); return 1;")
        assert fingerprint() != seen[-1]
