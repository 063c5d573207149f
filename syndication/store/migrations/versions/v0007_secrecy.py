"""Which articles readers were shown: what is known of it from entries, tombstones and the versions that are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
oldest_program = "0005"


def upgrade() -> None:
    op.create_table(
        "shown_article",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("article_id"),
    )
    # Without digests: an article may have been changed since it was published. The next regeneration of each section
    # that has such an entry adds them.
    op.execute(
        "INSERT INTO shown_article (article_id)"
        " SELECT article_id FROM entry UNION SELECT article_id FROM tombstone"
        " UNION SELECT article_id FROM edition_change"
    )
