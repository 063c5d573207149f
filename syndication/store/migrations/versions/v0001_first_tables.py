"""The newsroom's tables and the service's own."""

import sqlalchemy as sa
from alembic import op

from syndication.store.db.types import BigInt, UtcTime, slug_check, utc_check

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
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
        utc_check("expires_at"),
        sa.CheckConstraint("id <> ''", name="id_is_not_empty"),
        utc_check("published_at"),
        sa.CheckConstraint("status <> 'published' OR published_at IS NOT NULL", name="published_has_published_at"),
        sa.CheckConstraint("status IN ('draft', 'published', 'withdrawn')", name="status_is_known"),
        utc_check("updated_at"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_article_newest",
        "article",
        [sa.literal_column("published_at DESC"), sa.literal_column("id DESC")],
        unique=False,
        sqlite_where=sa.text("status = 'published'"),
        postgresql_where=sa.text("status = 'published'"),
    )
    op.create_table(
        "change",
        sa.Column("seq", BigInt, autoincrement=True, nullable=False),
        sa.Column("article_id", sa.Text(), nullable=True),
        sa.Column("noticed_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "section_state",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("mark", BigInt, server_default="1", nullable=False),
        sa.Column("done", BigInt, server_default="0", nullable=False),
        sa.Column("tried", BigInt, server_default="0", nullable=False),
        sa.Column("marked_at", UtcTime(), nullable=True),
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
        sa.PrimaryKeyConstraint("section"),
    )
    op.create_index("ix_section_state_next_due", "section_state", ["next_due"], unique=False)
    op.create_table(
        "withdrawal",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        utc_check("at"),
        sa.CheckConstraint("reason IN ('withdrawn', 'deleted')", name="reason_is_known"),
        sa.PrimaryKeyConstraint("article_id"),
    )
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
        "article_author",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("uri", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], onupdate="CASCADE", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id", "position"),
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
        sa.Column("duration", sa.Integer(), nullable=True),
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
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], onupdate="CASCADE", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "article_section",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("published_at", UtcTime(), nullable=True),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        slug_check("section"),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], onupdate="CASCADE", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("article_id", "section"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_article_section_newest",
        "article_section",
        ["section", sa.literal_column("published_at DESC"), sa.literal_column("article_id DESC")],
        unique=False,
        sqlite_where=sa.text("status = 'published'"),
        postgresql_where=sa.text("status = 'published'"),
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
        "document",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("last_modified", UtcTime(), nullable=True),
        sa.Column("identity", sa.LargeBinary(), nullable=False),
        sa.Column("gzip", sa.LargeBinary(), nullable=False),
        sa.Column("br", sa.LargeBinary(), nullable=False),
        sa.Column("zstd", sa.LargeBinary(), nullable=False),
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
        sa.ForeignKeyConstraint(["section"], ["section_state.section"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("section", "article_id"),
    )
    op.create_index("ix_entry_article_id", "entry", ["article_id"], unique=False)
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
