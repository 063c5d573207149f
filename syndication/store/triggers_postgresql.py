"""PostgreSQL's triggers and their functions."""

CHILDREN = ("article_author", "article_tag", "article_image", "article_enclosure")

# A withdrawn article stays out, whoever writes it: the row of ``withdrawal`` is the authority.
STAYS_OUT = """
BEGIN
  IF NEW.status <> 'withdrawn' AND EXISTS (SELECT 1 FROM withdrawal WHERE article_id = NEW.id) THEN
    NEW.status := 'withdrawn';
  ELSIF TG_OP = 'UPDATE' AND NEW.status <> 'withdrawn' AND NEW.id <> OLD.id
      AND EXISTS (SELECT 1 FROM withdrawal WHERE article_id = OLD.id) THEN
    NEW.status := 'withdrawn';
  END IF;
  RETURN NEW;
END
"""

ARTICLE = """
BEGIN
  IF TG_OP = 'DELETE' THEN
    INSERT INTO change (article_id, noticed_at) VALUES (OLD.id, clock_timestamp());
    INSERT INTO withdrawal (article_id, reason, at) VALUES (OLD.id, 'deleted', clock_timestamp())
      ON CONFLICT DO NOTHING;
    RETURN NULL;
  END IF;
  INSERT INTO change (article_id, noticed_at) VALUES (NEW.id, clock_timestamp());
  IF TG_OP = 'UPDATE' AND OLD.id <> NEW.id THEN
    INSERT INTO change (article_id, noticed_at) VALUES (OLD.id, clock_timestamp());
    UPDATE withdrawal SET article_id = NEW.id WHERE article_id = OLD.id
      AND NOT EXISTS (SELECT 1 FROM withdrawal WHERE article_id = NEW.id);
  END IF;
  IF NEW.status = 'withdrawn' THEN
    INSERT INTO withdrawal (article_id, reason, at) VALUES (NEW.id, 'withdrawn', clock_timestamp())
      ON CONFLICT DO NOTHING;
  END IF;
  IF TG_OP = 'UPDATE' THEN
    UPDATE article_section SET published_at = NEW.published_at, status = NEW.status
      WHERE article_id = NEW.id
        AND (published_at IS DISTINCT FROM NEW.published_at OR status IS DISTINCT FROM NEW.status);
  END IF;
  RETURN NULL;
END
"""

# FOR SHARE waits for a writer of the article: a link that is inserted at the same time does not keep an old status.
LINK_KEPT = """
BEGIN
  SELECT a.published_at, a.status INTO NEW.published_at, NEW.status
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

ARTICLES_TRUNCATED = """
BEGIN
  INSERT INTO withdrawal (article_id, reason, at) SELECT id, 'deleted', clock_timestamp() FROM article
    ON CONFLICT DO NOTHING;
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

FUNCTIONS = {
    "stays_out": STAYS_OUT,
    "article": ARTICLE,
    "link_kept": LINK_KEPT,
    "child": CHILD,
    "articles_truncated": ARTICLES_TRUNCATED,
    "truncated": TRUNCATED,
    "notify": NOTIFY,
}


def postgresql_triggers(schema: str) -> tuple[list[str], dict[str, str]]:
    """The statements of the functions, and each trigger's statement by its name. ``schema`` is a quoted name."""
    functions = [
        # A writer may have any search_path: the functions find our tables all the same.
        f"CREATE OR REPLACE FUNCTION {schema}.syndication_{name}() RETURNS trigger LANGUAGE plpgsql"
        f" SET search_path = {schema}, pg_temp AS $body${body}$body$"
        for name, body in FUNCTIONS.items()
    ]
    change = "INSERT OR UPDATE OR DELETE"
    triggers = [
        _row("article_stays_out", "BEFORE INSERT OR UPDATE", "article", "stays_out", schema),
        _row("article_changed", f"AFTER {change}", "article", "article", schema),
        _row("article_section_kept", "BEFORE INSERT OR UPDATE", "article_section", "link_kept", schema),
        _statement("article_truncated", "BEFORE TRUNCATE", "article", "articles_truncated", schema),
        _statement("change_notify", "AFTER INSERT", "change", "notify", schema, "'syndication_work'"),
        _statement(
            "document_notify", "AFTER INSERT OR UPDATE", "document", "notify", schema, "'syndication_documents'"
        ),
        # The columns that we keep ourselves are no news: those in the list are the newsroom's.
        _row(
            "article_section_changed",
            "AFTER INSERT OR DELETE OR UPDATE OF article_id, section, position",
            "article_section",
            "child",
            schema,
        ),
        _statement("article_section_truncated", "AFTER TRUNCATE", "article_section", "truncated", schema),
    ]
    for table in CHILDREN:
        triggers.append(_row(f"{table}_changed", f"AFTER {change}", table, "child", schema))
        triggers.append(_statement(f"{table}_truncated", "AFTER TRUNCATE", table, "truncated", schema))
    return functions, dict(triggers)


def _row(name: str, when: str, table: str, function: str, schema: str) -> tuple[str, str]:
    name = f"syndication_{name}"
    return (
        name,
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {schema}.syndication_{function}()",
    )


def _statement(name: str, when: str, table: str, function: str, schema: str, argument: str = "") -> tuple[str, str]:
    name = f"syndication_{name}"
    return (
        name,
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH STATEMENT"
        f" EXECUTE FUNCTION {schema}.syndication_{function}({argument})",
    )
