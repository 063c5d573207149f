"""A correction moves an article's date to the time of the write that sets or changes it (RFC 4287 section 4.2.15).

The time is stored beside the article, where no writer sets it and a row that is replaced does not lose it. It is not
recorded for a write that sets another ``updated_at``, for a correction that the article had before, nor for one that
comes with an article which no reader has seen.
"""

_SPACE = "char(9) || char(10) || char(13) || ' '"
_TOLD, _TOLD_BEFORE = f"trim(NEW.correction, {_SPACE})", f"trim(OLD.correction, {_SPACE})"
_IS_NEW = f"{_TOLD} <> '' AND {_TOLD} IS NOT {_TOLD_BEFORE}"

# The writer set a date.
_DATED = "(NEW.updated_at IS NOT NULL AND NEW.updated_at IS NOT OLD.updated_at)"

_UNKNOWN = "NOT EXISTS (SELECT 1 FROM article_correction WHERE article_id = NEW.id)"


def sqlite_corrections(now: str) -> dict[str, tuple[str, ...]]:
    """Returns, by the event of each trigger, its statements; ``now`` is the expression of the current time."""
    return {
        f"AFTER INSERT ON article WHEN {_TOLD} <> ''": (
            f"UPDATE article_correction SET correction = {_TOLD},"
            f" corrected_at = CASE WHEN NEW.updated_at IS NULL THEN {now} ELSE corrected_at END"
            f" WHERE article_id = NEW.id AND correction <> {_TOLD};",
            f"INSERT INTO article_correction (article_id, correction, corrected_at) SELECT NEW.id, {_TOLD},"
            f" CASE WHEN NEW.updated_at IS NULL AND EXISTS"
            f" (SELECT 1 FROM shown_article WHERE article_id = NEW.id) THEN {now} END WHERE {_UNKNOWN};",
        ),
        "AFTER UPDATE ON article WHEN OLD.id <> NEW.id OR OLD.correction IS NOT NEW.correction"
        " OR OLD.updated_at IS NOT NEW.updated_at": (
            "DELETE FROM article_correction WHERE article_id = NEW.id AND OLD.id <> NEW.id;",
            "UPDATE article_correction SET article_id = NEW.id WHERE article_id = OLD.id AND OLD.id <> NEW.id;",
            f"UPDATE article_correction SET corrected_at = NULL WHERE article_id = NEW.id AND {_DATED};",
            f"UPDATE article_correction SET correction = {_TOLD}, corrected_at = CASE WHEN NOT {_DATED} THEN {now} END"
            f" WHERE article_id = NEW.id AND correction <> {_TOLD} AND {_IS_NEW};",
            f"INSERT INTO article_correction (article_id, correction, corrected_at)"
            f" SELECT NEW.id, {_TOLD}, CASE WHEN NOT {_DATED} THEN {now} END WHERE {_IS_NEW} AND {_UNKNOWN};",
        ),
    }


POSTGRESQL_EVENTS = {
    "inserted": ("AFTER INSERT", "NEW.correction IS NOT NULL"),
    "updated": (
        "AFTER UPDATE",
        "OLD.id <> NEW.id OR OLD.correction IS DISTINCT FROM NEW.correction"
        " OR OLD.updated_at IS DISTINCT FROM NEW.updated_at",
    ),
}
"""When PostgreSQL's function runs: the timing, and the condition."""

POSTGRESQL = r"""
DECLARE
  told text := btrim(NEW.correction, E' \t\n\r');
  moves boolean := NEW.updated_at IS NULL;
  seen boolean := true;
BEGIN
  IF TG_OP = 'INSERT' THEN
    seen := EXISTS (SELECT 1 FROM shown_article WHERE article_id = NEW.id);
  ELSE
    IF OLD.id <> NEW.id THEN
      DELETE FROM article_correction WHERE article_id = NEW.id;
      UPDATE article_correction SET article_id = NEW.id WHERE article_id = OLD.id;
    END IF;
    moves := moves OR NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at;
    IF NOT moves THEN
      UPDATE article_correction SET corrected_at = NULL WHERE article_id = NEW.id;
    END IF;
    IF told = btrim(OLD.correction, E' \t\n\r') THEN
      RETURN NULL;
    END IF;
  END IF;
  IF told <> '' THEN
    INSERT INTO article_correction AS known (article_id, correction, corrected_at)
      VALUES (NEW.id, told, CASE WHEN moves AND seen THEN clock_timestamp() END)
      ON CONFLICT (article_id) DO UPDATE SET correction = excluded.correction,
        corrected_at = CASE WHEN moves THEN clock_timestamp() ELSE known.corrected_at END
      WHERE known.correction <> excluded.correction;
  END IF;
  RETURN NULL;
END
"""
