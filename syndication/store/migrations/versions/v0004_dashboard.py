"""Who logs in to the dashboard, how often feeds are asked for, and what it looks for: an article's past, expiries.

And whose programs may run on the tables, so that from here on an old one goes on while a newer one's are there.
"""

import sqlalchemy as sa
from alembic import op

from syndication.store.db.types import BigInt, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
oldest_program = "0004"


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("last_login_at", UtcTime(), nullable=True),
        sa.Column("disabled_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "login",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("ix_login_account_id", "login", ["account_id"], unique=False)
    op.create_table(
        "signing_key",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
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
    op.create_index("ix_poll_count_at", "poll_count", ["at"], unique=False)
    op.create_table("compatible", sa.Column("revision", sa.Text(), nullable=False), sa.PrimaryKeyConstraint("revision"))
    op.add_column("audit", sa.Column("times", BigInt, server_default="1", nullable=False))
    op.create_index("ix_audit_actor", "audit", ["actor", "seq"], unique=False)
    op.create_index("ix_tombstone_article_id", "tombstone", ["article_id"], unique=False)
    op.create_index("ix_edition_change_article_id", "edition_change", ["article_id"], unique=False)
    _copy_expires_at()
    expires = sa.text("status = 'published' AND expires_at IS NOT NULL")
    op.create_index(
        "ix_article_expiry",
        "article",
        ["expires_at", "id"],
        unique=False,
        sqlite_where=expires,
        postgresql_where=expires,
    )


NEWEST = {
    "article": ["published_at DESC", "id DESC", "expires_at"],
    "article_section": ["section", "published_at DESC", "article_id DESC", "expires_at", "status"],
}


def _copy_expires_at() -> None:
    """Into the links, and into the indexes that are walked for the newest articles."""
    op.add_column("article_section", sa.Column("expires_at", UtcTime(), nullable=True))
    op.execute(
        "UPDATE article_section SET expires_at = (SELECT expires_at FROM article WHERE id = article_id)"
        " WHERE EXISTS (SELECT 1 FROM article WHERE id = article_id AND expires_at IS NOT NULL)"
    )
    published = sa.text("status = 'published'")
    for table, columns in NEWEST.items():
        op.drop_index(f"ix_{table}_newest", table_name=table)
        op.create_index(
            f"ix_{table}_newest",
            table,
            [sa.literal_column(column) if " " in column else column for column in columns],
            unique=False,
            sqlite_where=published,
            postgresql_where=published,
        )
