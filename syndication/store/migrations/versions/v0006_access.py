"""A second factor of users, and how often a wrong password or code was given for a name."""

import sqlalchemy as sa
from alembic import op

from syndication.store.db.types import BigInt, UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
oldest_program = "0005"


def upgrade() -> None:
    op.add_column("account", sa.Column("second_factor_at", UtcTime(), nullable=True))
    op.add_column("account", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("totp_step", BigInt, nullable=True))
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "hash"),
    )
    op.create_table(
        "pending_login",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("hash"),
    )
    op.create_index("ix_pending_login_account_id", "pending_login", ["account_id"], unique=False)
    op.create_table(
        "login_failure",
        sa.Column("name_hash", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name_hash", "device"),
    )
    op.create_index("ix_login_failure_since", "login_failure", ["since"], unique=False)
