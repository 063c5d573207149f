"""The files of a new newsroom: what is answered is what is read, and each wrong answer says what would be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syndication.config import new_files
from syndication.config.loading import load_settings
from syndication.config.new_files import NewNewsroom, NewSection

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=40)
"""What passes the check of a name, and much that TOML must escape."""


def newsroom(**changes):
    values = {
        "name": "The Daily", "base_url": "https://feeds.daily.test", "website": "https://www.daily.test",
        "authority": "daily.test", "authority_date": "2026-01-01", "language": "zh-Hant", "timezone": "Asia/Taipei",
        "sections": (NewSection("taiwan", "Taiwan"),), "database_url": "sqlite:///var/daily.db",
    }  # fmt: skip
    return NewNewsroom(**{**values, **changes})


def read(folder, newsroom, environ=None):
    path = folder / "syndication.toml"
    path.write_text(new_files.settings_text(newsroom), encoding="utf-8")
    (folder / "sections.toml").write_text(new_files.sections_text(newsroom), encoding="utf-8")
    return load_settings(path, environ or {})


def test_the_files_say_what_was_answered(tmp_path):
    settings = read(tmp_path, newsroom(sections=(NewSection("taiwan", "Taiwan"), NewSection("world", "國際"))))
    site = settings.site
    assert (site.title, site.base_url, site.home_url) == (
        "The Daily", "https://feeds.daily.test", "https://www.daily.test"
    )  # fmt: skip
    assert (site.authority, site.authority_date, site.language) == ("daily.test", "2026-01-01", "zh-Hant")
    assert settings.database_url == "sqlite:///var/daily.db" and str(settings.timezone) == "Asia/Taipei"
    assert {slug: section.title for slug, section in settings.sections.items() if slug != "all"} == {
        "taiwan": "Taiwan", "world": "國際",
    }  # fmt: skip


@pytest.mark.parametrize(("base_url", "proxies"), [("https://feeds.daily.test", 1), ("http://127.0.0.1:8000", 0)])
def test_an_https_address_has_a_web_server_in_front(tmp_path, base_url, proxies):
    assert read(tmp_path, newsroom(base_url=base_url)).editors.trusted_proxies == proxies


def test_a_database_of_the_environment_is_not_written_down(tmp_path):
    url = "postgresql://news:secret@db.test/news"
    settings = read(tmp_path, newsroom(database_url=None), {"SYNDICATION_DATABASE__URL": url})
    assert settings.database_url == url and "secret" not in (tmp_path / "syndication.toml").read_text()


@given(name=TEXTS, title=TEXTS)
def test_any_accepted_name_comes_back_to_the_letter(tmp_path_factory, name, title):
    try:
        name, title = new_files.check_newsroom_name(name), new_files.check_section(f"one={title}").title
    except ValueError:
        return
    settings = read(tmp_path_factory.getbasetemp(), newsroom(name=name, sections=(NewSection("one", title),)))
    assert (settings.site.title, settings.sections["one"].title) == (name, title)


@pytest.mark.parametrize(
    ("check", "answer", "kept"),
    [
        (new_files.check_newsroom_name, "  The Daily ", "The Daily"),
        (new_files.check_base_url, "https://feeds.daily.test/", "https://feeds.daily.test"),
        (new_files.check_base_url, "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        (new_files.check_authority, "Daily.Test", "daily.test"),
        (new_files.check_language, "zh-Hant", "zh-Hant"),
        (new_files.check_timezone, "Asia/Taipei", "Asia/Taipei"),
        (new_files.check_sections, "", ()),
        (
            new_files.check_sections, "Taiwan, Arts & Leisure, Café, world=國際,",
            (NewSection("taiwan", "Taiwan"), NewSection("arts-leisure", "Arts & Leisure"),
             NewSection("cafe", "Café"), NewSection("world", "國際")),
        ),
    ],
)  # fmt: skip
def test_an_answer_is_kept_as_it_is_meant(check, answer, kept):
    assert check(answer) == kept


@pytest.mark.parametrize(
    ("check", "answer", "words"),
    [
        (new_files.check_newsroom_name, " ", "the name is empty"),
        (new_files.check_newsroom_name, "a\nb", "the name has control characters: remove them"),
        (new_files.check_newsroom_name, "x" * 201, "the name has 201 characters: it should have at most 200"),
        (new_files.check_base_url, "feeds.daily.test", "the address of the feeds should start with https:// "),
        (new_files.check_base_url, "https://feeds.daily.example", "feeds.daily.example is for examples"),
        (new_files.check_website, "https://www.example.com", "www.example.com is for examples"),
        (new_files.check_authority, "ledger.example", "the domain 'ledger.example' is for examples"),
        (new_files.check_authority, "localhost", "the domain should have a dot"),
        (new_files.check_authority, "daily test", "the domain should be a domain name"),
        (new_files.check_language, "english please", "the language should be a language tag"),
        (new_files.check_timezone, "Asia/Tapei", "there is no time zone 'Asia/Tapei': did you mean Asia/Taipei?"),
        (new_files.check_timezone, "../etc/passwd", "the time zone should be a time zone from the IANA database"),
        (new_files.check_sections, "國際", "the section '國際' needs an address in the letters a to z"),
        (new_files.check_sections, "All", "the address of a section is reserved"),
        (new_files.check_sections, "A B=C", "the address of a section should be lower-case letters"),
        (new_files.check_sections, "World, world", "the sections 'World' and 'world' would both be at 'world'"),
    ],
)
def test_a_wrong_answer_is_told_what_would_be_right(check, answer, words):
    with pytest.raises(ValueError, match=r".") as refused:
        check(answer)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("website", "domain"),
    [
        ("https://www.daily.test/news", "daily.test"),
        ("https://feeds.daily.test:8443", "daily.test"),
        ("http://127.0.0.1:8000", None),
        ("http://localhost:8000", None),
        ("https://daily.example", None),
    ],
)
def test_only_a_domain_that_a_newsroom_can_own_is_suggested(website, domain):
    assert new_files.suggest_authority(website) == domain
