"""Who may, what was asked for, what was done, and which versions there were."""

import sqlalchemy as sa
from alembic import op

from syndication.store.db.types import BigInt, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", BigInt, autoincrement=True, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_index("ix_audit_target", "audit", ["target", "seq"], unique=False)
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
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_preview_requested_at", "preview", ["requested_at"], unique=False)
    op.create_table(
        "regeneration",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_regeneration_requested_at", "regeneration", ["requested_at"], unique=False)
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
        "webhook",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("received_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_webhook_received_at", "webhook", ["received_at"], unique=False)
    op.create_table(
        "edition",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["section"], ["section_state.section"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("section", "version"),
    )
    op.create_table(
        "edition_change",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["section"], ["section_state.section"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("section", "version", "article_id"),
    )
    op.create_table(
        "regeneration_section",
        sa.Column("regeneration_id", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("mark", BigInt, nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("version", BigInt, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("finished_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["regeneration_id"],
            ["regeneration.id"],
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("regeneration_id", "section"),
    )
    op.create_index("ix_regeneration_section_section", "regeneration_section", ["section", "result"], unique=False)
