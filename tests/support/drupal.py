"""The tables of a Drupal 11.3 that a feed needs, with its columns, keys and indexes, and what its desk writes there.

Written down from the tables of a Drupal 11.3 with several languages. Filled here as Drupal fills them, not by Drupal.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pymysql

from tests.support.mariadb import MariaDb

ASCII = "CHARACTER SET ascii COLLATE ascii_general_ci"

FIELD = f"""bundle varchar(128) {ASCII} NOT NULL DEFAULT '', deleted tinyint NOT NULL DEFAULT 0,
    entity_id int unsigned NOT NULL, revision_id int unsigned NOT NULL,
    langcode varchar(32) {ASCII} NOT NULL DEFAULT '', delta int unsigned NOT NULL,
    PRIMARY KEY (entity_id, deleted, delta, langcode), KEY bundle (bundle),
    KEY revision_id (revision_id)"""

TABLES = (
    f"""CREATE TABLE node_field_data (nid int unsigned NOT NULL, vid int unsigned NOT NULL,
    type varchar(32) {ASCII} NOT NULL, langcode varchar(12) {ASCII} NOT NULL, title varchar(255) NOT NULL,
    uid int unsigned NOT NULL, status tinyint NOT NULL, created int NOT NULL, changed int NOT NULL,
    promote tinyint NOT NULL, sticky tinyint NOT NULL, revision_translation_affected tinyint,
    default_langcode tinyint NOT NULL, content_translation_source varchar(12) {ASCII},
    content_translation_outdated tinyint, PRIMARY KEY (nid, langcode), KEY node_field__created (created),
    KEY node_field__changed (changed), KEY node__vid (vid), KEY node__status_type (status, type, nid),
    KEY node__id__default_langcode__langcode (nid, default_langcode, langcode))""",
    f"CREATE TABLE node__body (body_value longtext NOT NULL, body_summary longtext,"
    f" body_format varchar(255) {ASCII}, {FIELD})",
    f"CREATE TABLE node__field_tags (field_tags_target_id int unsigned NOT NULL, {FIELD},"
    " KEY field_tags_target_id (field_tags_target_id))",
    f"""CREATE TABLE taxonomy_term_field_data (tid int unsigned NOT NULL, revision_id int unsigned NOT NULL,
    vid varchar(32) {ASCII} NOT NULL, langcode varchar(12) {ASCII} NOT NULL, name varchar(255) NOT NULL,
    weight int NOT NULL, changed int, default_langcode tinyint NOT NULL, status tinyint NOT NULL,
    PRIMARY KEY (tid, langcode), KEY taxonomy_term__tree (vid, weight, name(191)))""",
    f"""CREATE TABLE path_alias (id int unsigned NOT NULL AUTO_INCREMENT, revision_id int unsigned,
    uuid varchar(128) {ASCII} NOT NULL, langcode varchar(12) {ASCII} NOT NULL, path varchar(255), alias varchar(255),
    status tinyint NOT NULL, PRIMARY KEY (id), UNIQUE KEY path_alias_field__uuid__value (uuid),
    KEY path_alias__path_langcode_id_status (path(191), langcode, id, status))""",
    f"""CREATE TABLE users_field_data (uid int unsigned NOT NULL, langcode varchar(12) {ASCII} NOT NULL,
    name varchar(60) NOT NULL, status tinyint, created int NOT NULL, default_langcode tinyint NOT NULL,
    PRIMARY KEY (uid, langcode))""",
)

NOON = 1_773_489_600
"""2026-03-14 12:00 UTC."""


class Drupal:
    """One site; ``do`` is what Drupal or somebody behind its back writes."""

    def __init__(self, url: str, cursor: "pymysql.cursors.Cursor") -> None:
        self.url = url
        self._cursor = cursor
        for statement in TABLES:
            self.do(statement)
        for language, default in (("en", 1), ("es", 0)):
            self.do("INSERT INTO users_field_data VALUES (1, %s, 'ann', 1, 0, %s)", language, default)
        self.term(1, "ferries", "transbordadores")
        self.term(2, "night")

    def do(self, statement: str, *values: Any) -> None:
        self._cursor.execute(statement, values)

    def term(self, number: int, name: str, spanish: str = "") -> None:
        for language, text in (("en", name), ("es", spanish)):
            if text:
                self.do(
                    "INSERT INTO taxonomy_term_field_data VALUES (%s, %s, 'tags', %s, %s, 0, 0, %s, 1)",
                    number, number, language, text, language == "en",
                )  # fmt: skip

    def node(self, number: int, title: str, *, status: int = 1, language: str = "en", type: str = "article") -> None:
        """Writes a node, or its translation into Spanish, with its body and two tags."""
        default = language == "en"
        self.do(
            "INSERT INTO node_field_data VALUES (%s, %s, %s, %s, %s, 1, %s, %s, %s, 1, 0, 1, %s, 'und', 0)",
            number, number, type, language, title, status, NOON + number, NOON + number, default,
        )  # fmt: skip
        field = (type, 0, number, number, language)
        self.do(
            "INSERT INTO node__body VALUES (%s, '', 'basic_html', %s, %s, %s, %s, %s, 0)", f"<p>{title}</p>", *field
        )
        for delta, term in enumerate((2, 1)):
            self.do("INSERT INTO node__field_tags VALUES (%s, %s, %s, %s, %s, %s, %s)", term, *field, delta)

    def alias(self, number: int, alias: str, language: str = "en", status: int = 1) -> None:
        self.do(
            "INSERT INTO path_alias VALUES (NULL, NULL, UUID(), %s, %s, %s, %s)",
            language, f"/node/{number}", alias, status,
        )  # fmt: skip


@contextmanager
def drupal(server: MariaDb, name: str) -> Iterator[Drupal]:
    with closing(server.connect()) as conn, conn.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        cursor.execute(f"USE {name}")
        cursor.execute("CREATE USER IF NOT EXISTS reader@localhost")
        cursor.execute(f"GRANT SELECT ON {name}.* TO reader@localhost")
        yield Drupal(server.url(name), cursor)
