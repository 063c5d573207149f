"""The settings of a feed that is read."""

import pytest

from syndication.config.loading import load_settings, settings_report
from syndication.errors import ConfigError

START = """
[site]
title = "The Daily"
base_url = "https://feeds.daily.example"
home_url = "https://daily.example"
authority = "daily.example"
authority_date = "2026-01-01"

[[source]]
name = "cms"
kind = "feed"
"""


@pytest.fixture
def load(tmp_path):
    def loaded(lines):
        (tmp_path / "sections.toml").write_text('[[section]]\nslug = "world"\ntitle = "World"\n')
        path = tmp_path / "syndication.toml"
        path.write_text(START + lines)
        return load_settings(path, {})

    return loaded


def test_a_feed_needs_only_its_address(load):
    (table,) = load('url = "https://daily.example/feed/?lang=en"').sources
    assert (table.every, table.section, table.polite, table.withdraw_missing) == (900.0, "", True, False)
    assert table.url == "https://daily.example/feed/?lang=en" and table.categories == {} and not table.allow_private


def test_every_setting_of_a_feed_is_read(load):
    lines = 'url = "http://cms/feed"\nevery = "1 min"\nsection = "world"\nallow_private = true\npolite = false\n'
    (table,) = load(lines + 'withdraw_missing = true\ncategories = { "News" = "world", "Rail" = "" }').sources
    assert (table.every, table.section, table.polite, table.withdraw_missing) == (60.0, "world", False, True)
    assert table.allow_private and table.categories == {"News": "world", "Rail": ""}


def test_a_password_in_the_address_is_not_shown(load):
    report = dict(settings_report(load('url = "https://me:hidden@daily.example/feed?key=hidden"')))
    assert "hidden" not in report["source.cms.url"]


def test_an_address_with_a_password_may_come_from_a_file(load, tmp_path):
    (tmp_path / "secret").write_text("https://me:hidden@daily.example/feed\n")
    (table,) = load(f'url_FILE = "{tmp_path}/secret"').sources
    assert table.url == "https://me:hidden@daily.example/feed"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "url"),
        ('url = ""', "should be the address of a feed"),
        ('url = "ftp://me:hidden@daily.example/feed"', "should be the address of a feed"),
        ('url = "daily.example/feed"', "should be the address of a feed"),
        ('url = "https://x.example"\ndatabase = "mysql://a/b"', "should be left out"),
        ('url = "https://x.example"\ncategories = { "News" = "No Slug" }', "'News' to the slug of a section"),
        ('url = "https://x.example"\ncategories = { "News" = "wordl" }', "did you mean world?"),
        ('url = "https://x.example"\npolite = "yes"', "true or false"),
        ('url = "https://x.example"\nttl = 5', "ttl"),
    ],
)
def test_a_wrong_setting_of_a_feed_is_told_without_secrets(load, lines, words):
    with pytest.raises(ConfigError) as error:
        load(lines)
    assert words in str(error.value) and "hidden" not in str(error.value)
