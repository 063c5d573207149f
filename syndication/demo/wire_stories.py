"""Made-up stories in the style of a news wire, generated from templates."""

import random
import uuid
from datetime import datetime, timedelta

from syndication.model.values import Article, Author

PLACES = ("Keelung", "Hsinchu", "Miaoli", "Nantou", "Yunlin", "Taitung", "Penghu", "Kinmen")

STORIES = (
    ("{place} harbor opens a new pier to walkers", "The pier is 600m long and lit until midnight.", "taiwan travel"),
    ("{place} school wins robot contest", "The robot sorts waste by sound, its makers said.", "taiwan life"),
    ("Orders rise at {place} toolmakers", "Companies expect the best quarter in three years.", "business"),
    ("{place} clinic extends evening hours", "Doctors will see patients until 10pm.", "health"),
    ("{place} nine wins at the last out", "The winning run came in on a wild pitch.", "sports"),
    ("Orchestra to play by the sea in {place}", "Admission is free, and rain is planned for.", "arts-leisure life"),
    ("Film crew looks for extras in {place}", "No experience is needed, but an umbrella is.", "movies"),
    ("Slow train to {place} gets a dining car", "There will be one dish each day.", "travel taiwan business"),
)

AUTHORS = ("Lin Mei-hua", "Huang Kuo-ting", "Peng Yi-chun", "Tommy Liao", "Fang Li-ya")

LIFETIME = timedelta(days=1)
"""Generated stories expire, so that a demonstration that runs for weeks does not grow."""

LIVE = "live-"
"""The prefix of the IDs of generated stories."""


def wire_story(now: datetime, dice: random.Random) -> Article:
    """Returns a new story, published at ``now``."""
    title, text, sections = dice.choice(STORIES)
    place = dice.choice(PLACES)
    id = f"{LIVE}{uuid.uuid4().hex[:12]}"
    return Article(
        id=id,
        slug=id,
        url=f"/news/{sections.split()[0]}/{id}",
        title=title.format(place=place),
        html=f"<p>{place.upper()} — {text}</p>",
        authors=(Author(dice.choice(AUTHORS)),),
        sections=tuple(sections.split()),
        tags=("wire",),
        published_at=now,
        updated_at=now,
        expires_at=now + LIFETIME,
    )
