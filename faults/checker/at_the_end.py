"""The state after everything has settled: the expected feeds, and how the served ones differ."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from faults.checker.rows import Row
from faults.reading.documents import Document
from faults.stage.newsroom import AUTHORITY, ENTRIES, HOURS, MOST
from faults.writing.journal import Journal, Story


def should_hold(articles: Iterable[Row], section: str, moment: datetime) -> list[Row]:
    """Returns the rows expected in a feed: the newest ones, plus everything from the last hours, up to a maximum."""
    public = [
        row
        for row in articles
        if row.status == "published"
        and row.published_at is not None
        and row.published_at <= moment
        and (row.expires_at is None or row.expires_at > moment)
        and (section == "all" or section in row.sections)
    ]
    newest = sorted(public, key=lambda row: (row.published_at, row.id), reverse=True)
    recent = moment - timedelta(hours=HOURS)
    return [
        row
        for place, row in enumerate(newest, 1)
        if place <= ENTRIES or (place <= MOST and row.published_at is not None and row.published_at > recent)
    ]


def differences(document: Document, rows: list[Row], moment: datetime) -> list[str]:
    """Returns how a feed differs from these expected rows."""
    if document.malformed:
        return [f"{document.path} cannot be read: {document.malformed}"]
    served = [entry.id.removeprefix(AUTHORITY) for entry in document.entries]
    wanted = [row.id for row in rows]
    losses = [f"{document.path} lacks {id}" for id in wanted if id not in served]
    losses += [f"{document.path} shows {id} wrongly" for id in served if id not in wanted]
    losses += [f"{document.path} shows {id} twice" for id in sorted(set(served)) if served.count(id) > 1]
    if not losses and served != wanted:
        losses.append(f"{document.path} has the order {', '.join(served)} instead of {', '.join(wanted)}")
    known = {row.id: row for row in rows}
    for entry in document.entries:
        row = known.get(entry.id.removeprefix(AUTHORITY))
        if row is not None:
            losses += [f"{document.path} has {words}" for words in _wrong(entry, row, moment)]
    return losses


def _wrong(entry: object, row: Row, moment: datetime) -> Iterable[str]:
    published = row.published_at
    updated = row.updated_at
    if updated is None or published is None or updated > moment or updated < published:
        updated = published
    for name, stored in (("title", row.title), ("html", row.html), ("published", published), ("updated", updated)):
        served = getattr(entry, name)
        stored = stored.replace(microsecond=0) if isinstance(stored, datetime) else stored
        if served is not None and served != stored:
            yield f"{row.id} with the {name} {served!s}, but {stored!s} is stored"


def kept(journal: Journal, articles: Mapping[str, Row]) -> list[str]:
    """Returns the acknowledged writes that the database does not hold."""
    losses = [
        f'it is unknown whether "{act.name} {act.story.id}" was committed, after {act.attempts} attempts'
        for act in journal.unknown()
    ]
    unsure = {act.story.id for act in journal.unknown()}
    for id, story in journal.now().items():
        if id not in unsure:
            losses += [f"the database {words}" for words in _unlike(story, articles.get(id))]
    losses += [f"the database has {id}, which was never written" for id in articles if id not in journal.acts]
    return losses


def _unlike(story: Story, row: Row | None) -> Iterable[str]:
    if row is None or not story.there:
        if (row is not None) != story.there:
            yield f"has lost {story.id}" if row is None else f"has {story.id}, which was deleted"
        return
    pairs = {
        "status": (story.status, row.status),
        "title": (story.title, row.title),
        "html": (story.html, row.html),
        "published_at": (story.published_at, row.published_at),
        "updated_at": (story.updated_at, row.updated_at),
        "expires_at": (story.expires_at, row.expires_at),
        "sections": (set(story.sections), set(row.sections)),
    }
    for name, (wanted, found) in pairs.items():
        if wanted != found:
            yield f"has {story.id} with the {name} {found!s}, but {wanted!s} was acknowledged"
