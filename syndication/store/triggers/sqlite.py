"""SQLite's triggers.

No INSERT OR IGNORE here: inside a trigger, the outer statement's ON CONFLICT overrides it. A shell may have foreign
keys off, so the effects of a cascade are written out.
"""

from sqlalchemy import Integer, Table

from syndication.store.db.types import UtcTime
from syndication.store.tables.articles import ARTICLE_ROWS
from syndication.store.triggers.corrections import sqlite_corrections

NOW = "strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'"

CHILDREN = ("article_author", "article_tag", "article_image", "article_enclosure")


def _noticed(article_id: str, where: str = "1") -> str:
    return f"INSERT INTO change (article_id, noticed_at) SELECT {article_id}, {NOW} WHERE {where};"


def _unfiled(where: str = "1") -> str:
    """Notes which section a link was in until now: nothing else knows it once the link is gone."""
    return (
        f"INSERT INTO change (article_id, noticed_at, former_section) SELECT OLD.article_id, {NOW}, OLD.section"
        f" WHERE {where};"
    )


def _withdrawal(former: str) -> str:
    return (
        f"INSERT INTO withdrawal (article_id, at, former_status)"
        f" SELECT NEW.id, {NOW}, {former} WHERE NEW.status = 'withdrawn'"
        f" AND NOT EXISTS (SELECT 1 FROM withdrawal WHERE article_id = NEW.id);"
    )


# With recursive_triggers, REPLACE records it for the row that it displaces too: harmless, as the article is there.
DELETED = f"""
    DELETE FROM deleted_article WHERE article_id = OLD.id;
    INSERT INTO deleted_article (article_id, at) VALUES (OLD.id, {NOW});
"""

WITHDRAWAL_FOLLOWS = """
    INSERT INTO withdrawal (article_id, at, by, former_status, reason)
      SELECT NEW.id, at, by, former_status, reason FROM withdrawal WHERE article_id = OLD.id AND OLD.id <> NEW.id
      AND NOT EXISTS (SELECT 1 FROM withdrawal WHERE article_id = NEW.id);
"""

# The requested status is recorded, for the day on which the article is restored.
WANTED = """
    UPDATE withdrawal SET former_status = NEW.status WHERE article_id = NEW.id AND NEW.status <> 'withdrawn';
"""

STAYS_OUT = """
    UPDATE article SET status = 'withdrawn' WHERE id = NEW.id AND status <> 'withdrawn'
      AND EXISTS (SELECT 1 FROM withdrawal WHERE article_id = NEW.id);
"""

KEEP_LINKS = """
    UPDATE article_section SET
      published_at = (SELECT published_at FROM article WHERE id = NEW.id),
      status = (SELECT status FROM article WHERE id = NEW.id),
      expires_at = (SELECT expires_at FROM article WHERE id = NEW.id)
    WHERE article_id = NEW.id AND (
      published_at IS NOT (SELECT published_at FROM article WHERE id = NEW.id)
      OR status IS NOT (SELECT status FROM article WHERE id = NEW.id)
      OR expires_at IS NOT (SELECT expires_at FROM article WHERE id = NEW.id));
"""

KEEP_LINK = """
    UPDATE article_section SET
      published_at = (SELECT published_at FROM article WHERE id = NEW.article_id),
      status = coalesce((SELECT status FROM article WHERE id = NEW.article_id), 'draft'),
      expires_at = (SELECT expires_at FROM article WHERE id = NEW.article_id)
    WHERE article_id = NEW.article_id AND section = NEW.section;
"""


def _trigger(name: str, when: str, *body: str) -> tuple[str, str]:
    name = f"syndication_{name}"
    return name, f"CREATE TRIGGER {name} {when} BEGIN\n{chr(10).join(body)}\nEND"


def sqlite_triggers() -> dict[str, str]:
    """Returns each trigger's statement, by its name."""
    return dict(
        [
            *_article(),
            *_corrected(),
            *_links(),
            _shown(),
            *(pair for table in CHILDREN for pair in _child(table)),
            *_readable(),
        ]
    )


def _article() -> list[tuple[str, str]]:
    tables = ("article_section", *CHILDREN)
    follow = [
        f"UPDATE {table} SET article_id = NEW.id WHERE article_id = OLD.id AND OLD.id <> NEW.id;" for table in tables
    ]
    return [
        # REPLACE fires no delete trigger for the row that it displaces: this is the last moment to read its id.
        _trigger(
            "article_displaced",
            "BEFORE INSERT ON article WHEN EXISTS (SELECT 1 FROM article WHERE rowid = NEW.rowid AND id <> NEW.id)",
            f"INSERT INTO change (article_id, noticed_at) SELECT id, {NOW} FROM article WHERE rowid = NEW.rowid;",
        ),
        _trigger(
            "article_inserted",
            "AFTER INSERT ON article",
            _noticed("NEW.id"),
            WANTED,
            STAYS_OUT,
            _withdrawal("NULL"),
            KEEP_LINKS,
        ),
        _trigger(
            "article_updated",
            "AFTER UPDATE ON article",
            _noticed("NEW.id"),
            _noticed("OLD.id", "OLD.id <> NEW.id"),
            *follow,
            WITHDRAWAL_FOLLOWS,
            WANTED,
            STAYS_OUT,
            _withdrawal("nullif(OLD.status, 'withdrawn')"),
            KEEP_LINKS,
        ),
        _trigger(
            "article_deleted",
            "AFTER DELETE ON article",
            _noticed("OLD.id"),
            DELETED,
            *(f"DELETE FROM {table} WHERE article_id = OLD.id;" for table in tables),
        ),
    ]


def _corrected() -> list[tuple[str, str]]:
    events = sqlite_corrections(NOW).items()
    return [_trigger(f"article_corrected_{when.split()[1].lower()}", when, *body) for when, body in events]


def _links() -> list[tuple[str, str]]:
    return [
        _trigger("article_section_inserted", "AFTER INSERT ON article_section", _noticed("NEW.article_id"), KEEP_LINK),
        _trigger(
            "article_section_updated",
            "AFTER UPDATE OF article_id, section, position ON article_section",
            _noticed("NEW.article_id"),
            _unfiled("OLD.article_id <> NEW.article_id OR OLD.section <> NEW.section"),
            KEEP_LINK,
        ),
        _trigger(
            "article_section_kept",
            "AFTER UPDATE OF published_at, status, expires_at ON article_section WHEN EXISTS (SELECT 1 FROM article"
            " WHERE id = NEW.article_id AND (published_at IS NOT NEW.published_at OR status IS NOT NEW.status"
            " OR expires_at IS NOT NEW.expires_at))",
            KEEP_LINK,
        ),
        _trigger("article_section_deleted", "AFTER DELETE ON article_section", _unfiled()),
    ]


def _shown() -> tuple[str, str]:
    """Whichever program publishes an entry, even an older one, its article was shown."""
    return _trigger(
        "entry_shown",
        "AFTER INSERT ON entry",
        "INSERT INTO shown_article (article_id) SELECT NEW.article_id"
        " WHERE NOT EXISTS (SELECT 1 FROM shown_article WHERE article_id = NEW.article_id);",
    )


def _child(table: str) -> list[tuple[str, str]]:
    return [
        _trigger(f"{table}_inserted", f"AFTER INSERT ON {table}", _noticed("NEW.article_id")),
        _trigger(
            f"{table}_updated",
            f"AFTER UPDATE ON {table}",
            _noticed("NEW.article_id"),
            _noticed("OLD.article_id", "OLD.article_id <> NEW.article_id"),
        ),
        _trigger(f"{table}_deleted", f"AFTER DELETE ON {table}", _noticed("OLD.article_id")),
    ]


def _readable() -> list[tuple[str, str]]:
    """Rejects values that no program of ours can read: SQLite itself accepts any value in any column."""
    tables = [row.__table__ for row in ARTICLE_ROWS]
    triggers = []
    for table in tables:
        if not isinstance(table, Table):
            raise TypeError(f"{table} is not a table")
        cases = " ".join(f"WHEN {wrong} THEN RAISE(ABORT, '{words}')" for wrong, words in _refused(table))
        for when in ("INSERT", "UPDATE"):
            name = f"{table.name}_readable_{when.lower()}"
            triggers.append(_trigger(name, f"BEFORE {when} ON {table.name}", f"SELECT CASE {cases} END;"))
    return triggers


def _refused(table: Table) -> list[tuple[str, str]]:
    refused = []
    for column in table.columns:
        value, name = f"NEW.{column.name}", f"{table.name}.{column.name}"
        if isinstance(column.type, UtcTime):
            refused.append((f"{value} < '0001'", f"{name} must be in the years 1 to 9999"))
        if isinstance(column.type, Integer):  # Includes BigInteger.
            refused.append((f"typeof({value}) NOT IN ('integer', 'null')", f"{name} must be a whole number"))
        else:
            refused.append((f"typeof({value}) NOT IN ('text', 'null')", f"{name} must be text, not a BLOB"))
    return refused
