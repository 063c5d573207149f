"""The demonstration newsroom of ``syndication serve --demonstration``: made-up stories dated around the present."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from syndication.config.loading import defaults_folder
from syndication.model.article_json import parse_article
from syndication.model.values import Article
from syndication.store.articles import articles
from syndication.store.db.database import Database


def stories(now: datetime) -> Iterator[Article]:
    """Yields the stories of ``demonstration.jsonl``, with times relative to ``now``."""
    with (defaults_folder() / "demonstration.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield parse_article(_with_times(json.loads(line), now), {})


def load(database: Database) -> int:
    """Fills an empty database and returns the number of articles; 0 if it had articles already."""
    with database.read() as conn:
        now = database.now(conn)
        if articles.count_articles(conn):
            return 0
    return sum(1 for _ in articles.put_articles(database, stories(now)))


def _with_times(value: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    fields = dict(value)
    for key, field, sign in (
        ("published_minutes_ago", "published_at", -1),
        ("published_in_minutes", "published_at", 1),
        ("updated_minutes_ago", "updated_at", -1),
        ("expires_in_minutes", "expires_at", 1),
    ):
        if key in fields:
            moment = now + sign * timedelta(minutes=fields.pop(key))
            fields[field] = moment.replace(microsecond=0).isoformat()
    fields.setdefault("updated_at", fields.get("published_at"))
    return fields
