"""The statements around those of the operator, for MySQL, PostgreSQL and SQLite. Pure.

Digests are made by the database, so that a look at 500 stories brings 500 digests over the network and no body.
"""

import re
from collections.abc import Sequence

_IDS = re.compile(r"(?<![:\w]):ids\b")


def whole(articles: str) -> str:
    """Returns the operator's SELECT of whole stories; every colon but that of ``:ids`` stands for itself."""
    parts = [part.replace(":", r"\:") for part in _IDS.split(articles)]
    return ":ids".join(parts)


def no_rows(select: str) -> str:
    """Returns a statement with the columns of a SELECT and no row."""
    return f"SELECT * FROM ({_without_ids(select)}) AS story LIMIT 0"


def fingerprint(ids: str, dialect: str) -> str:
    """Returns a statement whose one row changes when a story appears, vanishes or gets another date."""
    if dialect == "postgresql":
        text = "story.id::text || ' ' || coalesce(story.published_at::text, '')"
        return f"SELECT count(*) AS stories, sum(hashtext({text})::bigint) AS digest FROM ({ids}) AS story"
    if dialect == "mysql":
        # MD5 would take eight times as long; a single change has one chance in four thousand million to be missed.
        text = "CRC32(CONCAT_WS(' ', story.id, story.published_at))"
        return f"SELECT COUNT(*) AS stories, SUM({text}) AS digest FROM ({ids}) AS story"
    # SQLite has no digest of its own, and calling one for each row takes seconds: the text of all is made in one piece.
    text = "story.id || ' ' || coalesce(story.published_at, '')"
    return f"SELECT count(*) AS stories, group_concat({text}) AS digest FROM ({ids}) AS story"


def newest(ids: str, count: int) -> str:
    """Returns a statement of the ids of the newest stories."""
    return f"SELECT story.id AS id FROM ({ids}) AS story ORDER BY story.published_at DESC, story.id DESC LIMIT {count}"


def listed(ids: str) -> str:
    """Returns a statement of the ids of everything that is public."""
    return f"SELECT story.id AS id FROM ({ids}) AS story"


def page(ids: str, count: int, *, first: bool) -> str:
    """Returns a statement of the ids after ``:after``, in their order."""
    ids = ids.replace(":", r"\:")
    condition = "" if first else "WHERE story.id > :after "
    return f"SELECT story.id AS id FROM ({ids}) AS story {condition}ORDER BY story.id LIMIT {count}"


def one(ids: str) -> str:
    """Returns a statement with a row if the story ``:id`` is public."""
    return f"SELECT story.id AS id FROM ({ids.replace(':', chr(92) + ':')}) AS story WHERE story.id = :id"


def digests(articles: str, columns: Sequence[str], dialect: str) -> str:
    """Returns a statement of the id and a digest of each story in ``:ids``."""
    quote = "`" if dialect == "mysql" else '"'
    names = [f"story.{quote}{name}{quote}" for name in columns]
    if dialect == "postgresql":
        digest = "md5(story::text)"
    elif dialect == "mysql":
        # A column that is NULL differs from an empty one, and what a column ends with from what the next begins with.
        digest = f"MD5(CONCAT_WS(CHAR(31), {', '.join(f'COALESCE({name}, CHAR(30))' for name in names)}))"
    else:
        digest = f"syndication_md5({', '.join(names)})"
    return f"SELECT story.id AS id, {digest} AS digest FROM ({whole(articles)}) AS story"


def _without_ids(select: str) -> str:
    return _IDS.sub("(NULL)", select)
