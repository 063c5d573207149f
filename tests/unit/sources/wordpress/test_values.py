"""Times, sections and answers of WordPress, without a WordPress."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from syndication.config.source_schemas.wordpress import WordPressSource
from syndication.model.values import Author
from syndication.sources.wordpress.plain import opening, plain
from syndication.sources.wordpress.rest_post import RestPost
from syndication.sources.wordpress.sections import SectionMap
from syndication.sources.wordpress.values import Category, moment, site_zone

ZEROS = "0000-00-00 00:00:00"
EIGHT = datetime(2026, 3, 14, 8, tzinfo=UTC)
NAMES = {"world": "world", "sport": "sport", "arts & leisure": "arts", "arts": "arts"}


@pytest.mark.parametrize(
    ("gmt", "local", "zone", "found"),
    [
        ("2026-03-14 08:00:00", "2026-03-14 16:00:00", UTC, EIGHT),
        ("2026-03-14T08:00:00", None, UTC, EIGHT),
        (ZEROS, "2026-03-14 16:00:00", ZoneInfo("Asia/Taipei"), EIGHT),
        (ZEROS, "2026-03-14 04:30:00", timezone(timedelta(hours=-3.5)), EIGHT),
        (ZEROS, ZEROS, UTC, None),
        (None, None, UTC, None),
        ("soon", "", UTC, None),
    ],
)
def test_a_time_of_zeros_comes_from_the_local_one(gmt, local, zone, found):
    assert moment(gmt, local, zone) == found


@pytest.mark.parametrize(
    ("name", "offset", "hours"),
    [("Asia/Taipei", "0", 8), ("", "5.5", 5.5), ("", "-3", -3), ("", "", 0), ("Nowhere/Else", "2", 2), ("", "x", 0)],
)
def test_the_site_s_zone_is_its_name_or_else_its_offset(name, offset, hours):
    assert datetime(2026, 3, 14, tzinfo=site_zone(name, offset)).utcoffset() == timedelta(hours=hours)


def category(id: int, slug: str, parent: int = 0, name: str = "") -> Category:
    return Category(id, parent, slug, name or slug)


CATEGORIES = [
    category(1, "world"), category(2, "asia", 1), category(3, "taiwan", 2),
    category(4, "c-arts", 0, "Arts &amp; Leisure"),
    category(5, "%e4%bd%93%e8%82%b2"), category(6, "loop", 7), category(7, "round", 6), category(8, "sport", 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("ids", "chosen", "found"),
    [
        ([1], {}, ("world",)),
        ([3], {}, ("world",)),
        ([8], {}, ("sport", "world")),
        ([4], {}, ("arts",)),
        ([5], {"体育": "sport"}, ("sport",)),
        ([6], {}, ()),
        ([3], {"Taiwan": "sport", "asia": ""}, ("sport", "world")),
        ([99], {}, ()),
    ],
)
def test_a_category_leads_to_its_section_and_its_parents(ids, chosen, found):
    assert SectionMap(CATEGORIES, NAMES, chosen).sections(ids) == found


def test_a_category_is_unknown_if_nobody_says_where_it_leads():
    sections = SectionMap(CATEGORIES, NAMES, {"%e4%bd%93%e8%82%b2": ""})
    assert [found.id for found in sections.unknown([1, 3, 5, 6])] == [6]


@pytest.mark.parametrize(
    ("html", "text"),
    [("It&#8217;s <em>so</em>", "It’s so"), ("A &lt;b&gt; & B", "A <b> & B"), ("&nbsp;<b></b>", ""), ("x\n y", "x y")],
)
def test_a_title_of_html_becomes_the_text_that_is_seen(html, text):
    assert plain(html) == text


def test_a_post_without_a_title_has_its_first_words():
    assert opening("<p>" + "word " * 40) == " ".join(["word"] * 12) + "…"


def post(**more: object) -> RestPost:
    return RestPost.model_validate(
        {"id": 1, "link": "https://daily.example/1", "content": {"rendered": "<p>All</p>"}} | more
    )


@pytest.mark.parametrize("embedded", [[], {}, {"wp:featuredmedia": [{"code": "rest_forbidden", "message": "No"}]},
                                      {"author": {"code": "x"}, "wp:term": [[{"code": "x"}], None]}])  # fmt: skip
def test_what_wordpress_embeds_as_an_error_is_left_out(embedded):
    page = post(_embedded=embedded).rendered()
    assert page.image is None and page.post.authors == () and page.post.tags == ()


def test_an_author_is_known_by_the_slug_of_the_archive():
    users = [{"name": "Lin Mei-hua", "slug": "lin"}, {"name": "&#26519;", "slug": "%e6%9e%97"}, {"name": "Guest"}]
    found = post(_embedded={"author": users}).rendered().post.authors
    assert found == (Author("Lin Mei-hua", id="lin"), Author("林", id="林"), Author("Guest"))


@pytest.mark.parametrize(
    ("excerpt", "written"),
    [("<p>All</p>\n", ""), ("<p>The first words [&hellip;]</p>\n", ""), ("<p>In short.</p>\n", "<p>In short.</p>")],
)
def test_an_excerpt_that_wordpress_made_is_no_summary(excerpt, written):
    assert post(excerpt={"rendered": excerpt}).rendered().post.excerpt == written


@pytest.mark.parametrize(
    "more", [{"status": "draft"}, {"content": {"protected": True}}, {"excerpt": {"protected": True}}]
)
def test_a_post_with_a_password_or_status_is_not_public(more):
    assert not post(**more).is_public and post().is_public


def table(**more: object) -> WordPressSource:
    return WordPressSource.model_validate({"name": "cms", "kind": "wordpress", "url": "https://daily.example"} | more)


def test_without_a_database_a_look_happens_each_minute():
    assert table().every == 60 and table(every="5 s").every == 5
    assert table(database="mysql://reader@db/daily").every == 1


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ({"database": "postgresql://reader@db/daily"}, "MySQL"),
        ({"prefix": "wp_; DROP"}, "prefix"),
        ({"url": "daily.example"}, "https://"),
        ({"categories": {"Opinion": "My comment"}}, "Opinion"),
        ({"window": 0}, "window"),
    ],
)
def test_a_setting_that_cannot_be_right_is_refused(more, part):
    with pytest.raises(ValidationError, match=part):
        table(**more)
