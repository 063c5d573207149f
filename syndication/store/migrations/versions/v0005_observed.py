"""What caches in front are to be told, which web processes are alive, and since when a version was waited for."""

import sqlalchemy as sa
from alembic import op

from syndication.store.db.types import BigInt, UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
oldest_program = "0004"


def upgrade() -> None:
    op.create_table(
        "purge",
        sa.Column("section", sa.Text(), nullable=False),
        sa.Column("version", BigInt, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retry_at", UtcTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("given_up_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("section", "version"),
    )
    op.create_table(
        "web",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("loaded_at", UtcTime(), nullable=True),
        sa.Column("serves", sa.Text(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.add_column("section_state", sa.Column("noticed_at", UtcTime(), nullable=True))
    op.add_column("edition", sa.Column("noticed_at", UtcTime(), nullable=True))
