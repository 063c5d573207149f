"""All tables of the first release; the triggers are created after every migration."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from syndication.store.db.types import BigInt, UtcTime, slug_check, utc_check, years_check

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
oldest_program = "0001"


def upgrade() -> None:
    """Creates the tables."""
    _create_newsroom_tables()
    _create_publishing_tables()
    _create_revision_tables()
    _create_request_tables()
    _create_access_tables()
    _create_process_tables()
    _create_delivery_tables()
    _create_source_tables()
    _create_sitemap_tables()
    _create_feed_tables()
    _create_search_tables()
    _create_notification_tables()
    _create_hub_tables()
    _store_documents_uncompressed()


def _create_newsroom_tables() -> None:
    """Creates the tables that the newsroom writes."""
    op.create_table(
        "article",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("guid", sa.Text(), nullable=True),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("html", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("published_at", UtcTime(), nullable=True),
        sa.Column("updated_at", UtcTime(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("correction", sa.Text(), nullable=True),
        sa.Column("access", sa.Text(), server_default="public", nullable=False),
        sa.CheckConstraint("access IN ('public', 'members')", name="access_is_known"),
        utc_check("expires_at"),
        years_check("expires_at"),
        sa.CheckConstraint("id <> ''", name="id_is_not_empty"),
        utc_check("published_at"),
        years_check("published_at"),
        sa.CheckConstraint("status <> 'published' OR published_at IS NOT NULL", name="published_has_published_at"),
        sa.CheckConstraint("status IN ('draft', 'published', 'withdrawn')", name="status_is_known"),
        utc_check("updated_at"),
        years_check("updated_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "article_section",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("published_at", UtcTime(), nullable=True),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        slug_check("section"),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], onupdate="CASCADE", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id", "section"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "article_author",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("uri", sa.Text(), nullable=True),
        sa.Column("id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], onupdate="CASCADE", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "article_tag",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], onupdate="CASCADE", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "article_image",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("caption", sa.Text(), nullable=True),
        sa.Column("credit", sa.Text(), nullable=True),
        sa.Column("alt", sa.Text(), nullable=True),
        sa.Column("width", BigInt, nullable=True),
        sa.Column("height", BigInt, nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], onupdate="CASCADE", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "article_enclosure",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("length", BigInt, nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("duration", BigInt, nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], onupdate="CASCADE", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "withdrawal",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("former_status", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("batch", sa.Text(), nullable=True),
        utc_check("at"),
        years_check("at"),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_table(
        "withdrawal_batch",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("undone_at", UtcTime(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        utc_check("at"),
        years_check("at"),
        utc_check("undone_at"),
        years_check("undone_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_withdrawal_batch_at", "withdrawal_batch", ["at"])
    op.create_table(
        "withdrawn_article",
        sa.Column("batch", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("former_by", sa.Text(), nullable=True),
        sa.Column("undone", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["batch"], ["withdrawal_batch.id"], onupdate="CASCADE", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("batch", "article_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "field_lock",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        utc_check("at"),
        years_check("at"),
        sa.PrimaryKeyConstraint("article_id", "field"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "article_correction",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("correction", sa.Text(), nullable=False),
        sa.Column("corrected_at", UtcTime(), nullable=True),
        utc_check("corrected_at"),
        years_check("corrected_at"),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_table(
        "deleted_article",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        utc_check("at"),
        years_check("at"),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_table(
        "ninjs_item",
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("made_at", UtcTime(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("replaces", sa.Text(), nullable=True),
        sa.Column("received_at", UtcTime(), nullable=False),
        utc_check("made_at"),
        years_check("made_at"),
        sa.CheckConstraint("status IN ('usable', 'withheld', 'canceled')", name="status_is_known"),
        sa.PrimaryKeyConstraint("uri"),
    )
    op.create_index("ix_ninjs_item_replaces", "ninjs_item", ["replaces"])
    _create_article_indexes()
    _create_term_tables()


def _create_term_tables() -> None:
    """Creates the terms of articles, and their addresses."""
    op.create_table(
        "article_term",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("published_at", UtcTime(), nullable=True),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("registered", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("article_id", "kind", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "term",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key"),
        sa.UniqueConstraint("kind", "slug"),
    )
    bytewise = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "term_word",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("word", bytewise, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", "word"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_term_word_search", "term_word", ["word", "kind", "key"])
    op.create_table(
        "term_fill",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("again", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    published = sa.text("status = 'published'")
    op.create_index(
        "ix_article_term_newest",
        "article_term",
        [
            "kind",
            "key",
            sa.literal_column("published_at DESC"),
            sa.literal_column("article_id DESC"),
            "expires_at",
            "status",
        ],
        sqlite_where=published,
        postgresql_where=published,
    )
    unregistered = sa.text("status = 'published' AND registered = 0")
    op.create_index(
        "ix_article_term_unregistered",
        "article_term",
        ["published_at", "article_id"],
        sqlite_where=unregistered,
        postgresql_where=unregistered,
    )


def _create_publishing_tables() -> None:
    """Creates sections, their published documents and the kept versions."""
    op.create_table(
        "change",
        sa.Column("seq", BigInt, autoincrement=True, nullable=False),
        sa.Column("article_id", sa.Text(), nullable=True),
        sa.Column("noticed_at", UtcTime(), nullable=False),
        sa.Column("former_section", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "section_state",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("requested_generation", BigInt, server_default="1", nullable=False),
        sa.Column("completed_generation", BigInt, server_default="0", nullable=False),
        sa.Column("attempted_generation", BigInt, server_default="0", nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=True),
        sa.Column("noticed_at", UtcTime(), nullable=True),
        sa.Column("version", BigInt, server_default="0", nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=True),
        sa.Column("last_modified", UtcTime(), nullable=True),
        sa.Column("regenerated_at", UtcTime(), nullable=True),
        sa.Column("next_due", UtcTime(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", UtcTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("deaths", sa.Integer(), nullable=True),
        sa.Column("rendering_article_id", sa.Text(), nullable=True),
        sa.Column("suspected_generation", BigInt, nullable=True),
        sa.Column("suspected_entries", sa.Integer(), nullable=True),
        sa.Column("missed_at", UtcTime(), nullable=True),
        sa.Column("missed_entries", sa.Integer(), nullable=True),
        sa.Column("cadence", sa.Text(), nullable=True),
        sa.Column("max_age", BigInt, nullable=True),
        sa.Column("publication", BigInt, server_default="0", nullable=False),
        sa.Column("registration", BigInt, server_default="0", nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("hold_number", BigInt, server_default="0", nullable=False),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("section"),
    )
    op.create_index("ix_section_state_next_due", "section_state", ["next_due"])
    op.create_index("ix_section_state_publication", "section_state", ["publication"])
    op.create_index("ix_section_state_registration", "section_state", ["registration"])
    waits, leased = sa.text("requested_generation > completed_generation"), sa.text("lease_owner IS NOT NULL")
    op.create_index(
        "ix_section_state_pending", "section_state", ["priority", "section"], sqlite_where=waits, postgresql_where=waits
    )
    op.create_index(
        "ix_section_state_lease", "section_state", ["lease_owner"], sqlite_where=leased, postgresql_where=leased
    )
    missed = sa.text("missed_at IS NOT NULL")
    op.create_index(
        "ix_section_state_missed", "section_state", ["missed_at"], sqlite_where=missed, postgresql_where=missed
    )
    op.create_table(
        "publication",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "hold",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("until", UtcTime(), nullable=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("vanished", sa.Integer(), nullable=False),
        sa.Column("released_at", UtcTime(), nullable=True),
        sa.Column("number", BigInt, nullable=True),
        sa.Column("version", BigInt, nullable=True),
        sa.Column("from_version", BigInt, nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["section"], ["section_state.section"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("section", "cause"),
    )
    op.create_table(
        "document",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("last_modified", UtcTime(), nullable=True),
        sa.Column("size", BigInt, nullable=False),
        sa.Column("gzip", sa.LargeBinary(), nullable=False),
        sa.Column("pieces", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["section"], ["section_state.section"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("section", "format"),
    )
    op.create_table(
        "entry",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("since_version", BigInt, nullable=False),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=True),
        sa.Column("article_updated_at", UtcTime(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["section"], ["section_state.section"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("section", "article_id"),
    )
    op.create_index("ix_entry_article_id", "entry", ["article_id"])
    op.create_table(
        "tombstone",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["section"], ["section_state.section"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("section", "article_id"),
    )
    op.create_index("ix_tombstone_article_id", "tombstone", ["article_id"])
    op.create_table(
        "left_out",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["section"], ["section_state.section"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("section", "article_id"),
    )
    op.create_table(
        "shown_article",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_table(
        "article_stamp",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("stamp", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_table(
        "fatal_article",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("article_id"),
    )
    op.create_table(
        "feed_version",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("noticed_at", UtcTime(), nullable=True),
        sa.Column("entry_order", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["section"], ["section_state.section"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("section", "version"),
    )
    op.create_table(
        "entry_state",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("last_version", BigInt, nullable=True),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("published_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=True),
        sa.Column("article_updated_at", UtcTime(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["section"], ["section_state.section"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("section", "article_id", "version"),
    )
    op.create_index("ix_entry_state_last_version", "entry_state", ["section", "last_version"])
    op.create_index("ix_entry_state_article_id", "entry_state", ["article_id"])
    op.create_table(
        "feed_version_change",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["section"], ["section_state.section"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("section", "version", "article_id"),
    )
    op.create_index("ix_feed_version_change_article_id", "feed_version_change", ["article_id"])


def _create_revision_tables() -> None:
    """Creates the states of articles that stood in feeds."""
    op.create_table(
        "article_revision",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("first_shown_at", UtcTime(), nullable=False),
        sa.Column("shown_at", UtcTime(), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=True),
        sa.Column("written_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("article_id", "digest"),
    )
    op.create_index("ix_article_revision_article_id", "article_revision", ["article_id", "shown_at"])
    op.create_index("ix_article_revision_shown_at", "article_revision", ["shown_at"])


def _create_request_tables() -> None:
    """Creates requests to regenerate, previews and webhooks."""
    op.create_table(
        "regeneration",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_regeneration_requested_at", "regeneration", ["requested_at"])
    op.create_table(
        "regeneration_section",
        sa.Column("regeneration_id", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("generation", BigInt, nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("version", BigInt, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["regeneration_id"], ["regeneration.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("regeneration_id", "section"),
    )
    op.create_index("ix_regeneration_section_section", "regeneration_section", ["section", "result"])
    op.create_table(
        "preview",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("claimed_at", UtcTime(), nullable=True),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_preview_requested_at", "preview", ["requested_at"])
    op.create_table(
        "webhook",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhook_received_at", "webhook", ["received_at"])


def _create_access_tables() -> None:
    """Creates tokens, users, sessions, and the audit log."""
    op.create_table(
        "token",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("last_used_at", UtcTime(), nullable=True),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    op.create_table(
        "dashboard_user",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("last_login_at", UtcTime(), nullable=True),
        sa.Column("disabled_at", UtcTime(), nullable=True),
        sa.Column("second_factor_at", UtcTime(), nullable=True),
        sa.Column("totp_secret", sa.Text(), nullable=True),
        sa.Column("totp_step", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["dashboard_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "hash"),
    )
    op.create_table(
        "session",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["dashboard_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("ix_session_user_id", "session", ["user_id"])
    op.create_table(
        "password_link",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["dashboard_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id"),
        sa.UniqueConstraint("hash"),
    )
    op.create_table(
        "pending_login",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["dashboard_user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("ix_pending_login_user_id", "pending_login", ["user_id"])
    op.create_table(
        "login_failure",
        sa.Column("name_hash", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name_hash", "device"),
    )
    op.create_index("ix_login_failure_since", "login_failure", ["since"])
    op.create_table(
        "signing_key",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "audit_log",
        sa.Column("seq", BigInt, autoincrement=True, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("times", BigInt, server_default="1", nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"])
    op.create_index("ix_audit_log_target", "audit_log", ["target", "seq"])
    op.create_index("ix_audit_log_actor", "audit_log", ["actor", "seq"])


def _create_process_tables() -> None:
    """Creates running processes, cache purges, poll counts, and the programs compatible with the tables."""
    op.create_table(
        "worker",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "web_process",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("loaded_at", UtcTime(), nullable=True),
        sa.Column("serves", sa.Text(), server_default="{}", nullable=False),
        sa.Column("publication", BigInt, server_default="0", nullable=False),
        sa.Column("loads", sa.Text(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "purge",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        *_attempt_columns(),
        sa.PrimaryKeyConstraint("section", "version"),
    )
    op.create_table(
        "poll_count",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("full", BigInt, nullable=False),
        sa.Column("not_modified", BigInt, nullable=False),
        sa.Column("bytes", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("section", "at"),
    )
    op.create_index("ix_poll_count_at", "poll_count", ["at"])
    op.create_table(
        "sweep",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "asked_feed",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", UtcTime(), nullable=False),
        sa.Column("polled_at", UtcTime(), nullable=False),
        sa.Column("slept_at", UtcTime(), nullable=True),
        sa.Column("forgotten_at", UtcTime(), nullable=True),
        sa.Column("number", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("slug"),
    )
    op.create_index("ix_asked_feed_number", "asked_feed", ["number"])
    op.create_index("ix_asked_feed_asked_at", "asked_feed", ["asked_at"])
    op.create_index("ix_asked_feed_polled_at", "asked_feed", ["polled_at"])
    op.create_table(
        "asked_number",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "compatible",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("revision"),
    )


def _create_feed_tables() -> None:
    """Creates the feeds that editors define, and the number that tells every process that they changed."""
    op.create_table(
        "feed_definition",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("number", BigInt, nullable=False),
        sa.PrimaryKeyConstraint("slug"),
    )
    op.create_table(
        "feed_revision",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", BigInt, server_default="0", nullable=False),
        sa.Column("reloads", BigInt, server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_delivery_tables() -> None:
    """Creates what became of each change, on its way to the readers."""
    op.create_table(
        "delivery",
        sa.Column("seq", BigInt, autoincrement=True, nullable=False),
        sa.Column("article_id", sa.Text(), nullable=True),
        sa.Column("articles", BigInt, server_default="1", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("written_at", UtcTime(), nullable=False),
        sa.Column("noticed_at", UtcTime(), nullable=False),
        sa.Column("settled_at", UtcTime(), nullable=True),
        sa.Column("served_ms", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_delivery_article_id", "delivery", ["article_id", "seq"])
    op.create_index("ix_delivery_noticed_at", "delivery", ["noticed_at"])
    op.create_index("ix_delivery_served_ms", "delivery", ["served_ms", "seq"])
    waits = sa.text("settled_at IS NULL")
    op.create_index(
        "ix_delivery_waiting", "delivery", ["written_at", "seq"], sqlite_where=waits, postgresql_where=waits
    )
    op.create_table(
        "delivery_feed",
        sa.Column("delivery", BigInt, nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("generation", BigInt, nullable=False),
        sa.Column("change", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("version", BigInt, nullable=True),
        sa.Column("published_at", UtcTime(), nullable=True),
        sa.Column("publication", BigInt, nullable=True),
        sa.Column("served_at", UtcTime(), nullable=True),
        sa.Column("purge", sa.Text(), nullable=True),
        sa.Column("purged_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["delivery"], ["delivery.seq"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["section"], ["section_state.section"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("delivery", "section"),
    )
    op.create_index("ix_delivery_feed_section", "delivery_feed", ["section", "delivery"])
    for name, columns, where in (
        ("unpublished", ["section", "generation"], "published_at IS NULL"),
        ("unserved", ["publication"], "publication IS NOT NULL AND served_at IS NULL"),
        ("unpurged", ["section", "version"], "purge IS NOT NULL AND purged_at IS NULL"),
    ):
        condition = sa.text(where)
        op.create_index(
            f"ix_delivery_feed_{name}", "delivery_feed", columns, sqlite_where=condition, postgresql_where=condition
        )


def _create_source_tables() -> None:
    """Creates what was read of other systems, and how each source is doing."""
    op.create_table(
        "source_row",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("foreign_id", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("vanished_at", UtcTime(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("asked_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("source", "foreign_id"),
    )
    op.create_index("ix_source_row_article_id", "source_row", ["article_id"])
    op.create_index("ix_source_row_asked_id", "source_row", ["asked_id"])
    op.create_table(
        "source_state",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("bookmark", sa.Text(), server_default="", nullable=False),
        sa.Column("looked_at", UtcTime(), nullable=True),
        sa.Column("changed_at", UtcTime(), nullable=True),
        sa.Column("lag_ms", BigInt, nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failing_since", UtcTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("retry_at", UtcTime(), nullable=True),
        sa.Column("requested_at", UtcTime(), nullable=True),
        sa.Column("paused_at", UtcTime(), nullable=True),
        sa.Column("paused_by", sa.Text(), nullable=True),
        sa.Column("held_since", UtcTime(), nullable=True),
        sa.Column("held_vanished", sa.Integer(), nullable=True),
        sa.Column("held_window", sa.Integer(), nullable=True),
        sa.Column("accepted_at", UtcTime(), nullable=True),
        sa.Column("taking_over_at", UtcTime(), nullable=True),
        sa.Column("window", sa.Integer(), server_default="0", nullable=False),
        sa.Column("articles", BigInt, server_default="0", nullable=False),
        sa.Column("refused", BigInt, server_default="0", nullable=False),
        sa.Column("sweep_after", sa.Text(), nullable=True),
        sa.Column("sweep_began_at", UtcTime(), nullable=True),
        sa.Column("swept_at", UtcTime(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("source"),
    )


def _create_sitemap_tables() -> None:
    """Creates the sitemaps: what is waiting, which articles they list, and their files."""
    op.create_table(
        "sitemap_state",
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("revision", BigInt, server_default="0", nullable=False),
        sa.Column("requested_generation", BigInt, server_default="1", nullable=False),
        sa.Column("completed_generation", BigInt, server_default="0", nullable=False),
        sa.Column("rendered_at", UtcTime(), nullable=True),
        sa.Column("next_due", UtcTime(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("part"),
    )
    op.create_table(
        "sitemap_entry",
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("part", "article_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sitemap_entry_article_id", "sitemap_entry", ["article_id"])
    op.create_table(
        "sitemap_file",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.Column("last_modified", UtcTime(), nullable=True),
        sa.Column("gzip", sa.LargeBinary(), nullable=False),
        sa.Column("br", sa.LargeBinary(), nullable=False),
        sa.Column("zstd", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("path"),
    )
    op.create_index("ix_sitemap_file_part", "sitemap_file", ["part", "number"])


def _create_search_tables() -> None:
    """Creates the search index: words of articles, and what waits to be indexed."""
    op.create_table(
        "article_search",
        sa.Column("place", BigInt, autoincrement=False, nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("words", sa.Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("place"),
        sa.UniqueConstraint("article_id"),
    )
    op.create_table(
        "search_change",
        sa.Column("seq", BigInt, nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_search_change_article_id", "search_change", ["article_id"])
    op.create_table(
        "search_fill",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_article_search_words", "article_search", ["words"], postgresql_using="gin")
    else:
        # The words alone, without positions and copies: that is a third of the size.
        op.execute(
            "CREATE VIRTUAL TABLE article_words USING fts5(words, content='article_search', content_rowid='place',"
            " detail=none, columnsize=0, tokenize=\"ascii tokenchars '=~.'\")"
        )


def _create_notification_tables() -> None:
    """Creates what notifications are sent of, and their messages."""
    op.create_table(
        "incident",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("began_at", UtcTime(), nullable=False),
        sa.Column("observed_since", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_incident_open",
        "incident",
        ["cause", "subject"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("ix_incident_ended_at", "incident", ["ended_at"])
    op.create_table(
        "incident_report",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("incident_id", BigInt, autoincrement=False, nullable=False),
        sa.Column("reported_at", UtcTime(), nullable=False),
        sa.Column("over_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("channel", "incident_id"),
    )
    op.create_index("ix_incident_report_incident_id", "incident_report", ["incident_id"])
    op.create_table(
        "notification",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("sent_at", UtcTime(), nullable=True),
        *_attempt_columns(),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notification_channel", "notification", ["channel", "id"])
    unsent = sa.text("sent_at IS NULL AND given_up_at IS NULL")
    op.create_index("ix_notification_unsent", "notification", ["id"], sqlite_where=unsent, postgresql_where=unsent)
    op.create_table(
        "notification_channel",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "notification_watch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("observed_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )


def _create_hub_tables() -> None:
    """Creates subscriptions by push, requests for them, what was pushed, and what other hubs were told."""
    op.create_table(
        "hub_subscription",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("lease_seconds", BigInt, nullable=False),
        sa.Column("subscribed_at", UtcTime(), nullable=False),
        sa.Column("verified_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("version", BigInt, server_default="0", nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("delivered_at", UtcTime(), nullable=True),
        sa.Column("lag_ms", BigInt, nullable=True),
        sa.Column("failing_since", UtcTime(), nullable=True),
        sa.Column("paused_at", UtcTime(), nullable=True),
        sa.Column("asked_at", UtcTime(), nullable=True),
        *_attempt_columns(),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hub_intent",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("lease_seconds", BigInt, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("requester", sa.Text(), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=False),
        *_attempt_columns(),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hub_delivery",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("subscription_id", BigInt, nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("callback", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("attempted_at", UtcTime(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("took_ms", BigInt, nullable=False),
        sa.Column("lag_ms", BigInt, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hub_ping",
        sa.Column("id", BigInt, autoincrement=True, nullable=False),
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("answered_at", UtcTime(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        *_attempt_columns(),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hub_echo",
        sa.Column("hub", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=True),
        sa.Column("verified_at", UtcTime(), nullable=True),
        sa.Column("expires_at", UtcTime(), nullable=True),
        sa.Column("denied", sa.Text(), nullable=True),
        sa.Column("pinged_version", BigInt, nullable=True),
        sa.Column("pinged_at", UtcTime(), nullable=True),
        sa.Column("pinged_updated_at", UtcTime(), nullable=True),
        sa.Column("returned_version", BigInt, nullable=True),
        sa.Column("returned_at", UtcTime(), nullable=True),
        *_attempt_columns(),
        sa.PrimaryKeyConstraint("hub"),
    )
    op.create_index("ix_hub_subscription_callback", "hub_subscription", ["section", "format", "callback"], unique=True)
    parked = sa.text("given_up_at IS NOT NULL")
    op.create_index(
        "ix_hub_subscription_parked",
        "hub_subscription",
        ["given_up_at"],
        sqlite_where=parked,
        postgresql_where=parked,
    )
    active = sa.text("paused_at IS NULL AND given_up_at IS NULL")
    op.create_index(
        "ix_hub_subscription_version",
        "hub_subscription",
        ["section", "version", "id"],
        sqlite_where=active,
        postgresql_where=active,
    )
    op.create_index("ix_hub_subscription_section", "hub_subscription", ["section", "id"])
    op.create_index("ix_hub_subscription_host", "hub_subscription", ["host", "id"])
    op.create_index("ix_hub_subscription_address", "hub_subscription", ["address"])
    op.create_index("ix_hub_subscription_expires_at", "hub_subscription", ["expires_at"])
    op.create_index("ix_hub_intent_callback", "hub_intent", ["section", "format", "callback"], unique=True)
    op.create_index("ix_hub_intent_host", "hub_intent", ["host"])
    op.create_index("ix_hub_delivery_subscription", "hub_delivery", ["subscription_id", "id"])
    op.create_index("ix_hub_delivery_attempted_at", "hub_delivery", ["attempted_at"])
    op.create_index("ix_hub_delivery_section", "hub_delivery", ["section", "id"])
    failed = sa.text("outcome != 'done'")
    for name, columns in (
        ("ix_hub_delivery_outcome", ["outcome", "id"]),
        ("ix_hub_delivery_section_outcome", ["section", "outcome", "id"]),
    ):
        op.create_index(name, "hub_delivery", columns, sqlite_where=failed, postgresql_where=failed)
    waits = sa.text("answered_at IS NULL AND given_up_at IS NULL")
    op.create_index("ix_hub_ping_unanswered", "hub_ping", ["hub", "id"], sqlite_where=waits, postgresql_where=waits)
    lost = sa.text("given_up_at IS NOT NULL")
    op.create_index("ix_hub_ping_given_up", "hub_ping", ["hub", "id"], sqlite_where=lost, postgresql_where=lost)
    op.create_index("ix_hub_ping_section", "hub_ping", ["hub", "section", "version"])
    op.create_index("ix_hub_echo_token", "hub_echo", ["token"], unique=True)


def _attempt_columns() -> list[sa.Column[Any]]:
    """Returns the columns of work that workers attempt until it is done."""
    return [
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lost", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", UtcTime(), nullable=True),
        sa.Column("retry_at", UtcTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("failed_at", UtcTime(), nullable=True),
        sa.Column("given_up_at", UtcTime(), nullable=True),
    ]


def _create_article_indexes() -> None:
    """Creates indexes for a feed's newest articles and for expiries: only of published articles, to keep them small."""
    published = sa.text("status = 'published'")
    op.create_index(
        "ix_article_newest",
        "article",
        [sa.literal_column("published_at DESC"), sa.literal_column("id DESC"), "expires_at"],
        sqlite_where=published,
        postgresql_where=published,
    )
    op.create_index(
        "ix_article_section_newest",
        "article_section",
        [
            "section",
            sa.literal_column("published_at DESC"),
            sa.literal_column("article_id DESC"),
            "expires_at",
            "status",
        ],
        sqlite_where=published,
        postgresql_where=published,
    )
    unpublished = sa.text("status <> 'published'")
    op.create_index(
        "ix_article_unpublished",
        "article",
        [sa.literal_column("published_at DESC"), sa.literal_column("id DESC"), "status"],
        sqlite_where=unpublished,
        postgresql_where=unpublished,
    )
    op.create_index(
        "ix_article_section_unpublished",
        "article_section",
        ["article_id", "section"],
        sqlite_where=unpublished,
        postgresql_where=unpublished,
    )
    expires = sa.text("status = 'published' AND expires_at IS NOT NULL")
    op.create_index(
        "ix_article_expiry", "article", ["expires_at", "id"], sqlite_where=expires, postgresql_where=expires
    )


def _store_documents_uncompressed() -> None:
    """PostgreSQL would spend longer on compressing documents, mostly in vain, than on the rest of a version."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE document ALTER COLUMN gzip SET STORAGE EXTERNAL")
        for column in ("gzip", "br", "zstd"):
            op.execute(f"ALTER TABLE sitemap_file ALTER COLUMN {column} SET STORAGE EXTERNAL")
