"""The demonstration newsroom shows everything that a newsroom has."""

import random
import threading

from syndication import demo
from syndication.config.loading import load_settings
from syndication.demo import newsdesk, wire_stories
from syndication.store.articles import articles
from tests.support.desk import Desk, titles
from tests.support.newsroom import NOON

SECTIONS = [slug for slug in load_settings(environ={}).sections if slug != "all"]


def test_it_has_some_forty_stories_in_all_fourteen_sections():
    stories = list(demo.stories(NOON))
    assert 38 <= len(stories) <= 50 and len({story.id for story in stories}) == len(stories)
    assert len(SECTIONS) == 14
    for slug in SECTIONS:
        assert sum(slug in story.sections for story in stories) >= 2, slug
    assert {slug for story in stories for slug in story.sections} == set(SECTIONS)


def test_it_has_a_story_of_every_kind():
    stories = list(demo.stories(NOON))
    text = "".join(story.html for story in stories)
    assert any(len(story.authors) > 1 for story in stories)
    assert any(story.image and story.image.credit and story.image.width for story in stories)
    assert any(e.media_type == "audio/mpeg" and e.duration for s in stories for e in s.enclosures)
    assert any(len(story.enclosures) > 1 for story in stories)
    assert any(len(story.sections) == 3 for story in stories)
    assert any("\u4e00" <= c <= "\u9fff" for c in text) and any("\u0600" <= c <= "\u06ff" for c in text)
    assert any("\u0590" <= c <= "\u05ff" for c in text) and 'dir="rtl"' in text
    assert any(story.correction for story in stories) and any(story.expires_at for story in stories)
    assert any(story.published_at and story.published_at > NOON for story in stories)
    assert {story.status for story in stories} == {"draft", "published", "withdrawn"}


def test_it_is_loaded_into_an_empty_database_alone(database):
    assert demo.load(database) > 0
    assert demo.load(database) == 0


def test_its_embargoed_and_withdrawn_stories_are_in_no_feed(database, clock):
    demo.load(database)
    desk = Desk(database, clock)
    desk.work()
    everything = desk.everything()
    for hidden in ("Census", "another dog", "tide gauge"):
        assert hidden not in everything
    desk.later(minutes=4)
    assert "Census" in desk.body("all")


def test_each_act_of_the_live_newsroom_moves_the_feeds(database, clock):
    desk = Desk(database, clock)
    dice = random.Random(1)
    story = wire_stories.wire_story(clock(), dice)
    newsdesk.publish(database, story)
    desk.work()
    assert story.title in desk.body("all")
    newsdesk.correct(database, story, clock())
    desk.later()
    assert f"{story.title} (corrected)" in desk.body("all")
    held = wire_stories.wire_story(clock() + newsdesk.EMBARGO, dice)
    newsdesk.hold(database, held)
    desk.later()
    assert held.id not in desk.everything()
    desk.later(seconds=30)
    assert held.id in desk.body("all")
    newsdesk.withdraw(database, story)
    desk.later()
    assert f"{story.title} (corrected)" not in desk.everything()
    assert titles(desk.body("all")) == []


def test_it_goes_on_until_it_is_stopped(database, clock, capsys):
    stop = threading.Event()
    thread = threading.Thread(target=newsdesk.keep_publishing, args=(database, stop, 0.01))
    thread.start()
    while capsys.readouterr().out.count("\n") < 1:
        assert thread.is_alive()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    with database.read() as conn:
        assert articles.count_articles(conn) >= 1
