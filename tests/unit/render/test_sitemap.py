"""Sitemaps as bytes: valid by the rules of sitemaps.org and Google, whatever a title or an address contains."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from syndication.model.sitemaps import own_address
from syndication.render.sitemap import (
    SitemapWriter,
    home_alone,
    news_element,
    news_language,
    sitemap_index,
    url_element,
)
from syndication.render.text import visible_line
from tests.support.newsroom import NOON, site
from tests.support.sitemap_rules import NEWS, SITEMAP, addresses, check_sitemap


def one_file(kind, *elements):
    writer = SitemapWriter(kind)
    for element in elements:
        assert writer.add(element) is None
    return writer.close()[0]


def test_an_article_of_the_archive_has_its_address_and_its_last_change():
    root = check_sitemap(one_file("urlset", url_element("https://www.daily.example/a?b=1&c=2", NOON)))
    assert root.findtext(f"{SITEMAP}url/{SITEMAP}loc") == "https://www.daily.example/a?b=1&c=2"
    assert root.findtext(f"{SITEMAP}url/{SITEMAP}lastmod") == "2026-03-14T12:00:00Z"


def test_an_article_of_the_news_has_publication_date_and_title():
    body = one_file("news", news_element("https://www.daily.example/a", "The <Daily>", "en", NOON, "War & “peace”"))
    news = check_sitemap(body).find(f".//{NEWS}news")
    assert news.findtext(f"{NEWS}publication/{NEWS}name") == "The <Daily>"
    assert news.findtext(f"{NEWS}publication/{NEWS}language") == "en"
    assert news.findtext(f"{NEWS}publication_date") == "2026-03-14T12:00:00Z"
    assert news.findtext(f"{NEWS}title") == "War & “peace”"


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        (("en",), "en"), (("en-GB",), "en"), (("DE_ch",), "de"), (("hak",), "hak"), (("yue-HK",), "yue"),
        (("zh",), "zh-cn"), (("zh-CN",), "zh-cn"), (("zh-TW",), "zh-tw"), (("zh_TW",), "zh-tw"), (("zh-HK",), "zh-tw"),
        (("zh-Hant",), "zh-tw"), (("zh-Hans-HK",), "zh-cn"), (("zh-Hant-CN",), "zh-tw"), (("cmn-Hant",), "zh-tw"),
        ((None, "zh-TW"), "zh-tw"), (("x-klingon", "en"), "en"), (("", "fr"), "fr"), (("i-ami", None), "und"),
        (("fr", "en"), "fr"),
    ],
)  # fmt: skip
def test_the_language_is_one_that_google_reads(tags, said):
    assert news_language(*tags) == said


@given(st.text(), st.text(min_size=1), st.text(max_size=8), st.datetimes(timezones=st.just(UTC)), st.text(max_size=30))
def test_no_text_makes_a_file_invalid(title, name, language, moment, path):
    address = own_address(site(), f"/{path}")
    shown = visible_line(title)
    if address is None or not shown or not visible_line(name):
        return
    body = one_file("news", news_element(address, visible_line(name), news_language(language), moment, shown))
    assert addresses(body) == [address]
    assert etree.fromstring(body).findtext(f".//{NEWS}title") == shown
    assert addresses(one_file("urlset", url_element(address, moment))) == [address]


def test_a_file_ends_at_either_limit():
    writer = SitemapWriter("urlset", max_urls=2)
    element = url_element("https://www.daily.example/a", NOON)
    assert [writer.add(element), writer.add(element)] == [None, None]
    full, count = writer.add(element)
    assert count == len(addresses(full)) == 2 and writer.close()[1] == 1
    size = len(one_file("urlset", element, element))
    writer = SitemapWriter("urlset", max_bytes=size)
    assert [writer.add(element), writer.add(element)] == [None, None]
    full, count = writer.add(element)
    assert count == 2 and len(full) == size


def test_an_index_and_a_newsroom_without_articles_are_valid():
    listed = [("https://feeds.daily.example/sitemap-2026-03.xml", datetime(1, 1, 1, tzinfo=UTC))]
    assert addresses(sitemap_index(listed)) == [listed[0][0]]
    assert addresses(home_alone("https://www.daily.example/")) == ["https://www.daily.example/"]


def test_the_rules_refuse_what_is_wrong():
    element = url_element("https://www.daily.example/a", NOON)
    for wrong in (
        one_file("urlset", element).replace(b"T12:00:00Z", b" 12:00:00"),
        one_file("urlset", element).replace(b"/a<", b"/\xc3\xa4<"),
        one_file("urlset", element).replace(b"loc", b"lok"),
        one_file("news", news_element("https://www.daily.example/a", "Daily", "zh-hant", NOON, "Title")),
        one_file("news", news_element("https://www.daily.example/a", "Daily", "en", NOON, "")),
        one_file("urlset"),
    ):
        with pytest.raises((AssertionError, etree.DocumentInvalid)):
            check_sitemap(wrong)
