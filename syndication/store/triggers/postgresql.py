"""PostgreSQL's triggers and their functions."""

from dataclasses import dataclass

from syndication.store.triggers.corrections import POSTGRESQL, POSTGRESQL_EVENTS

CHILDREN = ("article_author", "article_tag", "article_image", "article_enclosure")

# A withdrawn article stays out, whichever program writes it: the row of ``withdrawal`` is authoritative. The requested
# status is recorded, for the day on which it is restored.
STAYS_OUT = """
BEGIN
  IF NEW.status <> 'withdrawn' AND EXISTS (SELECT 1 FROM withdrawal WHERE article_id IN (NEW.id, OLD.id)) THEN
    UPDATE withdrawal SET former_status = NEW.status WHERE article_id IN (NEW.id, OLD.id);
    NEW.status := 'withdrawn';
  END IF;
  RETURN NEW;
END
"""

# Only after the row is written is it certain that no other transaction is withdrawing and deleting it: an INSERT waits
# for that one in its unique check. A repeatable read does not see the other's writes, but cannot write the same key
# either, and fails with an error that allows a retry. In a replica session, which enforces no foreign keys, a link may
# come before its article.
ARTICLE = """
DECLARE
  former text;
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO change (article_id, noticed_at) VALUES (OLD.id, clock_timestamp());
    INSERT INTO deleted_article (article_id, at) VALUES (OLD.id, clock_timestamp())
      ON CONFLICT (article_id) DO UPDATE SET at = excluded.at;
    RETURN NULL;
  END IF;
  INSERT INTO change (article_id, noticed_at) VALUES (NEW.id, clock_timestamp());
  IF TG_OP = 'UPDATE' THEN
    former := nullif(OLD.status, 'withdrawn');
    IF OLD.id <> NEW.id THEN
      INSERT INTO change (article_id, noticed_at) VALUES (OLD.id, clock_timestamp());
      INSERT INTO withdrawal (article_id, at, by, former_status, reason)
        SELECT NEW.id, at, by, former_status, reason FROM withdrawal WHERE article_id = OLD.id
        ON CONFLICT DO NOTHING;
    END IF;
  ELSIF current_setting('transaction_isolation') <> 'read committed' THEN
    INSERT INTO withdrawal (article_id, at) VALUES (NEW.id, clock_timestamp()) ON CONFLICT DO NOTHING;
    IF FOUND THEN
      DELETE FROM withdrawal WHERE article_id = NEW.id;
    END IF;
  END IF;
  IF NEW.status = 'withdrawn' THEN
    INSERT INTO withdrawal (article_id, at, former_status) VALUES (NEW.id, clock_timestamp(), former)
      ON CONFLICT DO NOTHING;
  ELSIF EXISTS (SELECT 1 FROM withdrawal WHERE article_id = NEW.id) THEN
    UPDATE article SET status = NEW.status WHERE id = NEW.id;
  END IF;
  IF TG_OP = 'UPDATE' OR current_setting('session_replication_role') = 'replica' THEN
    UPDATE article_section SET published_at = NEW.published_at, status = NEW.status, expires_at = NEW.expires_at
      WHERE article_id = NEW.id
        AND (published_at IS DISTINCT FROM NEW.published_at OR status IS DISTINCT FROM NEW.status
          OR expires_at IS DISTINCT FROM NEW.expires_at);
  END IF;
  RETURN NULL;
END
"""

# FOR SHARE waits for a writer of the article: a link inserted at the same time does not keep an old status.
LINK_KEPT = """
BEGIN
  SELECT a.published_at, a.status, a.expires_at INTO NEW.published_at, NEW.status, NEW.expires_at
    FROM article a WHERE a.id = NEW.article_id FOR SHARE;
  NEW.status := coalesce(NEW.status, 'draft');
  RETURN NEW;
END
"""

CHILD = """
BEGIN
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO change (article_id, noticed_at) VALUES (NEW.article_id, clock_timestamp());
  END IF;
  IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND OLD.article_id <> NEW.article_id) THEN
    INSERT INTO change (article_id, noticed_at) VALUES (OLD.article_id, clock_timestamp());
  END IF;
  RETURN NULL;
END
"""

# Which section a link was in: nothing else knows it once the link is gone.
LINK = """
BEGIN
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO change (article_id, noticed_at) VALUES (NEW.article_id, clock_timestamp());
  END IF;
  IF TG_OP = 'DELETE'
    OR (TG_OP = 'UPDATE' AND (OLD.article_id <> NEW.article_id OR OLD.section <> NEW.section)) THEN
    INSERT INTO change (article_id, noticed_at, former_section)
      VALUES (OLD.article_id, clock_timestamp(), OLD.section);
  END IF;
  RETURN NULL;
END
"""

ARTICLES_TRUNCATED = """
BEGIN
  INSERT INTO deleted_article (article_id, at) SELECT id, clock_timestamp() FROM article
    ON CONFLICT (article_id) DO UPDATE SET at = excluded.at;
  INSERT INTO change (article_id, noticed_at) VALUES (NULL, clock_timestamp());
  RETURN NULL;
END
"""

TRUNCATED = """
BEGIN
  INSERT INTO change (article_id, noticed_at) VALUES (NULL, clock_timestamp());
  RETURN NULL;
END
"""

NOTIFY = """
BEGIN
  PERFORM pg_notify(TG_ARGV[0], '');
  RETURN NULL;
END
"""

# Whichever program publishes an entry, even an older one, its article was shown. Always in the same order, so that
# two workers never deadlock.
SHOWN = """
BEGIN
  INSERT INTO shown_article (article_id) SELECT DISTINCT article_id FROM added ORDER BY article_id
    ON CONFLICT DO NOTHING;
  RETURN NULL;
END
"""

FUNCTIONS = {
    "stays_out": STAYS_OUT,
    "article": ARTICLE,
    "article_corrected": POSTGRESQL,
    "link_kept": LINK_KEPT,
    "child": CHILD,
    "link": LINK,
    "articles_truncated": ARTICLES_TRUNCATED,
    "truncated": TRUNCATED,
    "notify": NOTIFY,
    "shown": SHOWN,
}


def postgresql_triggers(schema: str) -> tuple[list[str], dict[str, "Trigger"]]:
    """Returns the statements of the functions, and each trigger by its name. ``schema`` is a quoted name."""
    functions = [
        # A writer may have any search_path: the functions still find our tables.
        f"CREATE OR REPLACE FUNCTION {schema}.syndication_{name}() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path = {schema}, pg_temp AS $body${body}$body$"
        for name, body in FUNCTIONS.items()
    ]
    change = "INSERT OR UPDATE OR DELETE"
    triggers = [
        _row("article_stays_out", "BEFORE UPDATE", "article", "stays_out", schema),
        _row("article_changed", f"AFTER {change}", "article", "article", schema),
        _row("article_section_kept", "BEFORE INSERT OR UPDATE", "article_section", "link_kept", schema),
        _statement("article_truncated", "BEFORE TRUNCATE", "article", "articles_truncated", schema),
        _statement("change_notify", "AFTER INSERT", "change", "notify", schema, "'syndication_work'"),
        _statement(
            "document_notify", "AFTER INSERT OR UPDATE", "document", "notify", schema, "'syndication_documents'"
        ),
        _statement("entry_shown", "AFTER INSERT", "entry", "shown", schema, referencing="NEW TABLE AS added"),
        # Changes of columns that we maintain are not captured: the columns in the list are the newsroom's.
        _row(
            "article_section_changed",
            "AFTER INSERT OR DELETE OR UPDATE OF article_id, section, position",
            "article_section",
            "link",
            schema,
        ),
        _statement("article_section_truncated", "AFTER TRUNCATE", "article_section", "truncated", schema),
    ]
    for name, (event, condition) in POSTGRESQL_EVENTS.items():
        when = f"{event} ON article FOR EACH ROW WHEN ({condition})"
        triggers.append(_trigger(f"article_corrected_{name}", when, "article", "article_corrected", schema))
    for table in CHILDREN:
        triggers.append(_row(f"{table}_changed", f"AFTER {change}", table, "child", schema))
        triggers.append(_statement(f"{table}_truncated", "AFTER TRUNCATE", table, "truncated", schema))
    return functions, dict(triggers)


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger on ``table`` that calls ``function``, one of FUNCTIONS, and the statement that creates it."""

    table: str
    function: str
    statement: str


def _row(name: str, when: str, table: str, function: str, schema: str) -> tuple[str, Trigger]:
    return _trigger(name, f"{when} ON {table} FOR EACH ROW", table, function, schema)


def _statement(
    name: str, when: str, table: str, function: str, schema: str, argument: str = "", referencing: str = ""
) -> tuple[str, Trigger]:
    rows = f" REFERENCING {referencing}" if referencing else ""
    return _trigger(name, f"{when} ON {table}{rows} FOR EACH STATEMENT", table, function, schema, argument)


def _trigger(name: str, when: str, table: str, function: str, schema: str, argument: str = "") -> tuple[str, Trigger]:
    name = f"syndication_{name}"
    statement = f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {schema}.syndication_{function}({argument})"
    return name, Trigger(table, function, statement)
