"""A worker's death is the section's failure, and the article that it was at is known the next time."""

import sqlalchemy as sa
from alembic import op

from syndication.store.db.types import UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
oldest_program = "0005"


def upgrade() -> None:
    op.add_column("section_state", sa.Column("deaths", sa.Integer(), nullable=True))
    op.add_column("section_state", sa.Column("under_way", sa.Text(), nullable=True))
    op.add_column("preview", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "fatal_article",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("article_id"),
    )
