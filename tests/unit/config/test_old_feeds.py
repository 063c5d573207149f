"""The tables of old addresses: each system's ready set, and what is refused with a sentence."""

import pytest

from syndication.config.loading import load_settings
from syndication.config.old_feed_schema import RESERVED_PATHS
from syndication.errors import ConfigError
from syndication.serve.poll_counter import PollCounter
from syndication.web.credentials import is_for_editors
from syndication.web.public_pages import flask_app

SECTIONS = """
[[section]]
slug = "world"
title = "World"
formerly = ["abroad"]
[[section]]
slug = "taiwan"
title = "Taiwan"
[[retired]]
slug = "horoscope"
"""


def loaded(folder, text, main=""):
    (folder / "syndication.toml").write_text(main)
    (folder / "sections.toml").write_text(SECTIONS + text)
    return load_settings(folder / "syndication.toml", {}).old_feeds


def found(feeds, address):
    path, _, query = address.partition("?")
    old = feeds.find(path.encode().decode("latin-1"), query)
    return old and f"{old.section}.{old.format}"


WORDPRESS = """
[[old_site]]
system = "wordpress"
categories = { 7 = "world", "世界" = "world" }
tags = { ferries = "taiwan" }
authors = { "lin-mei-hua" = "taiwan", 3 = "taiwan" }
"""


@pytest.mark.parametrize(
    ("address", "feed"),
    [
        ("/feed/", "all.rss"),
        ("/feed/rss/", "all.rss"),
        ("/feed/rss2", "all.rss"),
        ("/feed/rdf/", "all.rss"),
        ("/feed/atom/", "all.atom"),
        ("/feed/json/", "all.json"),
        ("/rss/", "all.rss"),
        ("/atom/", "all.atom"),
        ("/wp-rss2.php", "all.rss"),
        ("/wp-atom.php", "all.atom"),
        ("/?feed=rss2", "all.rss"),
        ("/?feed=feed", "all.rss"),
        ("/index.php?feed=atom", "all.atom"),
        ("/category/world/feed/", "world.rss"),
        ("/category/abroad/feed/", "world.rss"),
        ("/category/news/world/feed/atom/", "world.atom"),
        ("/category/world/atom/", "world.atom"),
        ("/category/world/?feed=rss2", "world.rss"),
        ("/category/horoscope/feed/", "horoscope.rss"),
        ("/category/世界/feed/", "world.rss"),
        ("/?feed=rss2&category_name=%e4%b8%96%e7%95%8c", "world.rss"),
        ("/?cat=7&feed=atom&utm_source=x", "world.atom"),
        ("/tag/ferries/feed/", "taiwan.rss"),
        ("/?feed=rss2&tag=ferries", "taiwan.rss"),
        ("/author/lin-mei-hua/feed/", "taiwan.rss"),
        ("/?feed=rss2&author=3", "taiwan.rss"),
        ("/comments/feed/", None),
        ("/?feed=comments-rss2", None),
        ("/?feed=rss2&p=12", None),
        ("/?feed=rss2&cat=8", None),
        ("/?s=ferry&feed=rss2", None),
        ("/feed/?paged=2", None),
        ("/tag/world/feed/", None),
        ("/author/nobody/feed/", None),
        ("/2026/03/14/world/feed/", None),
        ("/category/unknown/feed/", None),
    ],
)
def test_wordpress_addresses_lead_to_their_feeds(tmp_path, address, feed):
    assert found(loaded(tmp_path, WORDPRESS), address) == feed


@pytest.mark.parametrize(
    ("site", "address", "feed"),
    [
        ("ghost", "/rss/", "all.rss"),
        ("ghost", "/rss", "all.rss"),
        ("ghost", "/feed/", "all.rss"),
        ("ghost", "/tag/world/rss/", "world.rss"),
        ("ghost", "/author/world/rss/", None),
        ("hugo", "/index.xml", "all.rss"),
        ("hugo", "/world/index.xml", "world.rss"),
        ("hugo", "/categories/world/index.xml", "world.rss"),
        ("hugo", "/tags/world/index.xml", None),
        ("hugo", "/news/world/index.xml", None),
        ("drupal", "/rss.xml", "all.rss"),
        ("drupal", "/?q=rss.xml", "all.rss"),
        ("drupal", "/taxonomy/term/7/feed", None),
    ],
)
def test_other_systems_addresses_lead_to_their_feeds(tmp_path, site, address, feed):
    assert found(loaded(tmp_path, f'[[old_site]]\nsystem = "{site}"\n'), address) == feed


@pytest.mark.parametrize(
    ("table", "address", "feed"),
    [
        ('system = "drupal"\nterms = { 7 = "world" }', "/taxonomy/term/7/feed", "world.rss"),
        ('system = "drupal"\nterms = { 7 = "world" }', "/?page=&q=taxonomy/term/7/feed", "world.rss"),
        ('system = "ghost"\npath = "/blog"', "/blog/tag/world/rss/", "world.rss"),
        ('system = "ghost"\npath = "/blog"', "/tag/world/rss/", None),
        ('system = "ghost"\nauthors = { mei = "world" }', "/author/mei/rss/", "world.rss"),
        ('system = "hugo"\nsections = { "news/abroad" = "world" }', "/news/abroad/index.xml", "world.rss"),
        ('system = "wordpress"\nbases = { categories = "topics" }', "/topics/x/world/feed/", "world.rss"),
        ('system = "wordpress"\nbases = { categories = "" }', "/world/feed/", "world.rss"),
        ('system = "wordpress"\nbases = { categories = "" }', "/tag/world/feed/", None),
        ('system = "ghost"\npath = "/blog"', "/blog/rss/", "all.rss"),
        ('system = "ghost"\npath = "/日報"', "/日報/rss/", "all.rss"),
        ('system = "ghost"\npath = "/日報"', "/日報/tag/world/rss/", "world.rss"),
        ('system = "wordpress"\npath = "/%e6%97%a5"', "/日/feed/", "all.rss"),
        ('system = "wordpress"\npath = "/日報"', "/日報/category/x/world/feed/", "world.rss"),
        ('system = "wordpress"\npath = "/index.php"', "/index.php/category/world/feed/", "world.rss"),
        ('system = "wordpress"\ncategories = { world = "taiwan" }', "/category/world/feed/", "taiwan.rss"),
    ],
)
def test_names_paths_and_bases_are_those_of_the_table(tmp_path, table, address, feed):
    assert found(loaded(tmp_path, f"[[old_site]]\n{table}\n"), address) == feed


def test_an_address_of_its_own_goes_before_a_ready_set(tmp_path):
    own = '[[old_feed]]\naddress = "/feed/"\nsection = "taiwan"\nformat = "atom"\nredirect = true\n'
    feeds = loaded(tmp_path, own + WORDPRESS)
    assert (found(feeds, "/feed/"), found(feeds, "/feed/atom/")) == ("taiwan.atom", "all.atom")
    assert [feeds.find(path, "").redirect for path in ("/feed/", "/feed/atom/")] == [True, False]


def test_the_usual_addresses_are_those_that_the_system_writes(tmp_path):
    feeds = loaded(tmp_path, '[[old_site]]\nsystem = "wordpress"\ncategories = { 7 = "taiwan" }\n')
    usual = [old.address for old in feeds.of_section("taiwan") if old.usual]
    assert usual == ["/category/taiwan/feed/", "/category/taiwan/feed/atom/", "/?feed=rss2&cat=7"]


def test_addresses_below_a_path_are_ascii_as_clients_send_them(tmp_path):
    feeds = loaded(tmp_path, '[[old_site]]\nsystem = "wordpress"\npath = "/日報"\n')
    assert feeds.usual() and all(old.address.startswith("/%E6%97%A5%E5%A0%B1/") for old in feeds.feeds.values())


FREE = '[[old_feed]]\naddress = "{}"\nsection = "world"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (FREE.format("feed"), "should be a path on the old site"),
        (FREE.format("https://daily.example/feed/"), "should be a path on the old site"),
        (FREE.format("/feed/#x"), "should be a path on the old site"),
        (FREE.format("/"), "is the home page"),
        (FREE.format("/feeds/old.xml"), "begins with /feeds, which the service itself answers"),
        (FREE.format("//%61pi/x"), "begins with /api, which the service itself answers"),
        (FREE.format("/healthz?feed=rss2"), "begins with /healthz, which the service itself answers"),
        (
            FREE.format("/feed/").replace("world", "wrold"),
            "names the section 'wrold', which does not exist: did you mean",
        ),
        (FREE.format("/feed/") + "format = 'rdf'", "format is 'rdf': it should be 'atom', 'rss' or 'json'"),
        (
            FREE.format("/feed/") + FREE.format("/feed").replace("world", "taiwan"),
            "leads to /feeds/taiwan.rss and /feeds/world.rss",
        ),
        (
            '[[old_site]]\nsystem = "joomla"',
            "system is 'joomla': it should be 'wordpress', 'ghost', 'hugo' or 'drupal'",
        ),
        (
            '[[old_site]]\nsystem = "ghost"\ncategories = {a = "world"}',
            "ghost has no categories: choose from tags, authors",
        ),
        ('[[old_site]]\nsystem = "ghost"\nbases = {terms = "x"}', "ghost has no terms: choose from tags, authors"),
        ('[[old_site]]\nsystem = "ghost"\ntags = {a = "wrold"}', "tags.a names the section 'wrold'"),
        (
            '[[old_site]]\nsystem = "ghost"\npath = "blog/"',
            "should be the path under which the old site was, like /blog",
        ),
        (
            '[[old_site]]\nsystem = "ghost"\npath = "/blog?x"',
            "should be the path under which the old site was, like /blog, or empty",
        ),
        *(
            (
                f'[[old_site]]\nsystem = "{system}"\npath = "{path}"',
                f"path is '{path}': it begins with /{first}, which the service itself answers: it should be the path"
                " under which the old site was, like /blog, or empty",
            )
            for system, path, first in [
                ("ghost", "/feeds", "feeds"),
                ("wordpress", "/api/old", "api"),
                ("drupal", "/%66eeds", "feeds"),
                ("hugo", "/.well-known", ".well-known"),
            ]
        ),
        (
            '[[old_site]]\nsystem = "hugo"\nsections = {api = "world"}',
            "begins with /api, which the service itself answers",
        ),
        (
            '[[old_site]]\nsystem = "ghost"\n[[old_site]]\nsystem = "wordpress"\ntags = {x = "world"}\n'
            '[[old_site]]\nsystem = "wordpress"\ntags = {x = "taiwan"}',
            "leads to /feeds/taiwan.rss and /feeds/world.rss",
        ),
    ],
)
def test_an_address_that_cannot_work_is_refused(tmp_path, text, words):
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, text)
    assert words in raised.value.message and raised.value.message.startswith("sections.toml: ")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/news/feeds/world.rss", "redirects to https://daily.example/news/feeds/world.rss, which is itself"),
        ("/rss.xml", "which is the old address /news/feeds/world.rss"),
    ],
)
def test_a_redirect_to_an_old_address_is_refused(tmp_path, address, words):
    free = FREE.format(address) + "redirect = true\n"
    if address == "/rss.xml":
        free += FREE.format("/news/feeds/world.rss")
    with pytest.raises(ConfigError, match=words):
        loaded(tmp_path, free, "[site]\nbase_url = 'https://daily.example/news'\n")


def test_every_path_of_our_own_is_reserved():
    class Loader:
        counter = PollCounter()

    rules = {rule.rule.strip("/").partition("/")[0] for rule in flask_app(Loader()).url_map.iter_rules()}
    assert rules - {""} <= set(RESERVED_PATHS)
    assert all(is_for_editors(f"/{path}/x") == (path in ("api", "editors", "hub")) for path in RESERVED_PATHS)
