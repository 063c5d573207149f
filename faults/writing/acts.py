"""The newsroom's next act, chosen at random from those that are possible."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from faults.stage.newsroom import SECTIONS
from faults.writing.journal import Story

SOON = (1.5, 4.0)
"""Seconds until an embargo ends or a story expires."""

OLD = (60, 7_200)
"""Seconds since the publication of late stories: some are older than a feed's window."""

WEIGHTS: Mapping[str, int] = {
    "publish": 30,
    "publish late": 8,
    "schedule": 8,
    "correct": 18,
    "move": 8,
    "let expire": 5,
    "hold back": 3,
    "make a draft": 3,
    "publish the draft": 4,
    "withdraw": 8,
    "replace": 5,
    "delete": 4,
    "push again": 5,
    "push what was deleted": 3,
    "restore": 7,
}


def choose(rng: Random, stories: Mapping[str, Story], new_id: str, now: datetime) -> tuple[str, Story]:
    """Returns the name of an act, and the story after it."""
    while True:
        (name,) = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))
        if name in ("publish", "publish late", "schedule"):
            return name, _new(rng, name, new_id, now)
        fitting = [story for story in stories.values() if _fits(name, story)]
        if fitting:
            # Editors work on recent news: most acts concern stories that are in a feed.
            lately = sorted(fitting, key=lambda story: story.published_at)[-12:]
            return name, _after(rng, name, rng.choice(lately), now)


def _new(rng: Random, name: str, id: str, now: datetime) -> Story:
    if name == "publish":
        moment = now - timedelta(seconds=rng.uniform(0, 0.5))
    elif name == "schedule":
        moment = now + timedelta(seconds=rng.uniform(*SOON))
    else:
        moment = now - timedelta(seconds=rng.uniform(*OLD))
    return Story(id, moment, _sections(rng))


def _fits(name: str, story: Story) -> bool:
    if name == "publish the draft":
        return story.there and story.draft and not story.out
    if name == "push again":
        return story.out and story.there
    if name == "restore":
        return story.out
    if name == "push what was deleted":
        return not story.there
    if name == "delete":
        return story.there
    return story.shown and (name != "let expire" or story.expires_at is None)


def _after(rng: Random, name: str, story: Story, now: datetime) -> Story:
    changed = replace(story, revision=story.revision + 1, updated_at=now)
    match name:
        case "move":
            others = [slugs for slugs in (_sections(rng) for _ in range(20)) if slugs != story.sections]
            return replace(changed, sections=others[0])
        case "let expire":
            return replace(changed, expires_at=now + timedelta(seconds=rng.uniform(*SOON)))
        case "hold back":
            return replace(changed, published_at=now + timedelta(seconds=rng.uniform(*SOON)))
        case "make a draft":
            return replace(changed, draft=True)
        case "publish the draft":
            return replace(changed, draft=False)
        case "withdraw":
            return replace(story, out=True)
        case "delete":
            return replace(story, there=False)
        case "push again" | "push what was deleted":
            # As a CMS that does not know of a withdrawal: a withdrawn story stays out, a deleted one returns.
            return replace(changed, there=True, draft=False)
        case "restore":
            return replace(story, out=False)
    return changed


def _sections(rng: Random) -> tuple[str, ...]:
    return tuple(sorted(rng.sample(SECTIONS, rng.choice((1, 1, 1, 2)))))
