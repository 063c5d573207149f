"""The ready SELECTs of the docs: what a real Wagtail, Django and Strapi showed after each act is what a look finds."""

from contextlib import closing
from datetime import datetime

import pytest

from syndication.render.summary import plain
from syndication.sources.sql.reader import SqlReader
from tests.support.ready_selects import html_of_blocks, id_of_translations, ready
from tests.support.recorded_rows import recording, replay

SECTIONS = {"world": "world", "sport": "sport", "sports": "sports", "abroad": "abroad"}


def seen(source):
    """The digests and the articles by id, of one look."""
    with source.look() as look:
        rows = list(look.window())
        found = {one.row.id: one.article for one in look.read(rows)}
        assert sorted(look.public_ids()) == sorted(row.id for row in rows) == sorted(found)
        assert None not in found.values()
        return {row.id: row.digest for row in rows}, look.fingerprint(), found


def follow(system, table, url, kinds=None):
    """Replays all acts; yields for each what was shown and the articles that a look found."""
    before, shown_before = {}, {}
    with closing(SqlReader(table, SECTIONS)) as source:
        for step in replay(system, url):
            digests, fingerprint, found = seen(source)
            shown = {str(one["id"]): one for one in step["shown"] if kinds is None or one["kind"] in kinds}
            assert found.keys() == shown.keys(), step["act"]
            changed = {id for id in digests if digests[id] != before.get(id)}
            there = {id for id in shown if shown[id] != shown_before.get(id)}
            assert there <= changed, step["act"]
            assert seen(source)[:2] == (digests, fingerprint), step["act"]
            before, shown_before = digests, shown
            yield step["act"], shown, found


@pytest.fixture
def postgresql(new_url):
    return new_url("postgresql")


def test_acts_in_a_real_wagtail_are_what_looks_find(postgresql):
    acts = 0
    for act, shown, found in follow("wagtail", ready("Wagtail", postgresql), postgresql, {"ArticlePage"}):
        acts += 1
        for id, page in shown.items():
            article = found[id]
            assert (article.title, article.url, article.language) == (page["title"], page["url"], page["language"]), act
            assert plain(article.html) == plain(page["html"]), act
            assert article.html == page["html"] or "linktype" in article.html, act
            assert article.sections == ((page["section"],) if page["section"] else ()), act
            assert sorted(article.tags) == page["tags"], act
            assert article.published_at == datetime.fromisoformat(page["published_at"]), act
    assert acts == len(recording()["wagtail"]["steps"]) > 30


def test_blocks_of_a_real_wagtail_become_their_text(postgresql):
    table = ready("Wagtail", postgresql)
    articles = table.articles.replace("a.body AS html", html_of_blocks()).replace(
        "news_articlepage a", "news_storypage a"
    )
    ids = table.ids.replace("news_articlepage a", "news_storypage a")
    table = table.model_copy(update={"ids": ids, "articles": articles})
    bodies = []
    for act, shown, found in follow("wagtail", table, postgresql, {"StoryPage"}):
        for id, page in shown.items():
            assert plain(found[id].html).split() == plain(page["html"]).split(), act
            bodies.append(found[id].html)
    assert '<p>Tea &amp; &lt;cake></p><p>First</p><p>So "it" is</p>' in bodies and "<p>Only this</p>" in bodies


def test_acts_in_a_real_django_app_are_what_looks_find(postgresql):
    acts = 0
    for act, shown, found in follow("django", ready("plain Django", postgresql), postgresql):
        acts += 1
        for id, story in shown.items():
            article = found[id]
            assert (article.title, article.url, article.html) == (story["title"], story["url"], story["html"]), act
            assert article.sections == (story["section"],) and sorted(article.tags) == story["tags"], act
            assert [author.name for author in article.authors] == ([story["author"]] if story["author"] else []), act
            assert article.published_at == datetime.fromisoformat(story["published_at"]), act
    assert acts == len(recording()["django"]["steps"]) > 10


def translated(table):
    """The source with all languages, as the docs say."""
    one = " AND COALESCE(a.locale, 'en') = 'en'"
    ids, articles = (
        text.replace(one, "").replace("a.document_id", id_of_translations()) for text in (table.ids, table.articles)
    )
    return table.model_copy(update={"ids": ids, "articles": articles})


@pytest.mark.parametrize("languages", [{"en"}, {"en", "fr"}])
def test_acts_in_a_real_strapi_are_what_looks_find(postgresql, languages):
    table = ready("Strapi", postgresql)
    acts = 0
    for act, shown, found in follow(
        "strapi", table if len(languages) == 1 else translated(table), postgresql, languages
    ):
        acts += 1
        for id, story in shown.items():
            article = found[id]
            assert (article.title, article.url, article.html) == (story["title"], story["url"], story["html"]), act
            assert (article.summary or None, article.language) == (story["summary"], story["kind"]), act
            assert article.sections == ((story["section"],) if story["section"] else ()), act
            assert sorted(article.tags) == story["tags"], act
            assert [author.name for author in article.authors] == ([story["author"]] if story["author"] else []), act
            assert article.published_at == datetime.fromisoformat(story["created_at"]), act
    assert acts == len(recording()["strapi"]["steps"]) > 30
