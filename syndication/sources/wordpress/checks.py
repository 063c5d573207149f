"""What an operator should mend before a WordPress is read, in sentences."""

import re
from collections.abc import Iterator

from syndication.sources.foreign_database import Snapshot
from syndication.sources.wordpress.article import told
from syndication.sources.wordpress.rest import Rest, RestError
from syndication.sources.wordpress.sections import SectionMap
from syndication.sources.wordpress.statements import Statements

_WRITES = re.compile(
    r"^GRANT .*\b(ALL PRIVILEGES|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|SUPER|FILE)\b.* ON ", re.IGNORECASE
)

INDEX = "type_status_date"
"""WordPress' own index of its posts, without which each look would read the whole table."""


def check_database(snapshot: Snapshot, statements: Statements) -> Iterator[str]:
    """Yields what is wrong with the rights, the tables and the plan."""
    grants = [str(next(iter(row.values()))) for row in snapshot.all("SHOW GRANTS FOR CURRENT_USER")]
    if any(_WRITES.search(grant) for grant in grants):
        yield "the user of the database may write: a user that may only SELECT is enough, and safer"
    plan = snapshot.all(f"EXPLAIN {statements.fingerprint}")
    if not any(row.get("key") == INDEX for row in plan):
        yield f"{statements.prefix}posts is read whole at each look: WordPress' own index {INDEX} is missing"
    if next(snapshot.rows(f"{statements.published_ids} LIMIT 1"), None) is None:
        yield f"no post is public in {statements.prefix}posts: is the prefix right?"


def check_rest(rest: Rest, newest: int | None) -> Iterator[str]:
    """Yields what is wrong with the REST API; ``newest`` is a post that is public in the database."""
    try:
        shown, _ = rest.newest(1)
    except RestError as error:
        yield f"{error.message}: without it articles have no text"
        return
    if newest is not None and not shown:
        yield "WordPress' REST API shows no post: is url the home page of this site?"
    elif newest is not None and next(rest.posts([newest]))[1] is None:
        yield f"WordPress' REST API does not show post {newest}, which is public: is url the home page of this site?"


def check_categories(sections: SectionMap, chosen: dict[str, str], known: frozenset[str]) -> Iterator[str]:
    """Yields categories with posts that lead nowhere, and what the map of the configuration says in vain."""
    with_posts = [category.id for category in sections.categories.values() if category.posts]
    yield from told(sections.unknown(with_posts))
    for name in sections.strange(chosen):
        yield f"categories names {name!r}, which is no category of this site"
    for section in sorted({section for section in chosen.values() if section and section not in known}):
        yield f"categories leads to {section!r}, which no section has"
