"""A simulated newsroom: publishes, corrects, embargoes and withdraws stories, to show feeds changing."""

import random
import threading
from dataclasses import replace
from datetime import datetime, timedelta

from syndication.demo.wire_stories import LIVE, wire_story
from syndication.logs import print_message
from syndication.model.values import Article
from syndication.model.wanted_terms import WantedTerms
from syndication.store.access.audit_log import Actor
from syndication.store.articles import articles, feed_query, withdrawals
from syndication.store.db.database import Database, DatabaseDown

EMBARGO = timedelta(seconds=30)
"""Long enough to check that the story is not in the feed, short enough to wait for it."""

RECENT = 20

ACTOR = Actor("the night desk", "demonstration")


def keep_publishing(database: Database, stop: threading.Event, pause: float) -> None:
    """Makes one change every ``pause`` seconds until ``stop`` is set."""
    dice = random.Random()  # noqa: S311  # not used for secrets
    while not stop.wait(pause):
        try:
            print_message(act_once(database, dice))
        except DatabaseDown:
            print_message("Waiting for the database.")


def act_once(database: Database, dice: random.Random) -> str:
    """Makes a random change, most often a publication, and returns a description of it."""
    with database.read() as conn:
        now = database.now(conn)
        recent = feed_query.list_newest(conn, WantedTerms(), now, RECENT)
        found = articles.load_articles(conn, [candidate.article_id for candidate in recent])
    live = [article for article in found.values() if article.id.startswith(LIVE)]
    (act,) = dice.choices(("publish", "correct", "hold", "withdraw"), (6, 2, 1, 1))
    if act == "correct" and live:
        return correct(database, dice.choice(live), now)
    if act == "withdraw" and len(live) > 2:  # Some stories must remain.
        return withdraw(database, dice.choice(live))
    if act == "hold":
        return hold(database, wire_story(now + EMBARGO, dice))
    return publish(database, wire_story(now, dice))


def publish(database: Database, story: Article) -> str:
    """Publishes a story now."""
    _put(database, story)
    return f"Published: {story.title}"


def correct(database: Database, story: Article, now: datetime) -> str:
    """Corrects a published story."""
    note = "An earlier version of this story had the day wrong."
    _put(
        database,
        replace(
            story, title=story.title.removesuffix(" (corrected)") + " (corrected)", correction=note, updated_at=now
        ),
    )
    return f"Corrected: {story.title}"


def hold(database: Database, story: Article) -> str:
    """Stores an embargoed story; the description does not reveal its title."""
    _put(database, story)
    return f"Embargoed: a story until {story.published_at:%H:%M:%S} UTC" if story.published_at else "Stored a draft"


def withdraw(database: Database, story: Article) -> str:
    """Withdraws a story from every feed."""
    withdrawals.withdraw(database, [story.id], by=ACTOR)
    return f"Withdrawn: {story.title}"


def _put(database: Database, story: Article) -> None:
    for _ in articles.put_articles(database, [story]):
        pass
