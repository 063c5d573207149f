"""Only times that can be read, numbers of 64 bits, and what a withdrawn article goes back to.

Bodies of documents are stored as they are: PostgreSQL would spend more time on compressing them, most of them in
vain, than all else takes that a version needs.

What SQLite refuses is in its triggers: a CHECK would need its tables made anew, which with foreign keys on takes
every row that belongs to an article along.
"""

import sqlalchemy as sa
from alembic import op

from syndication.errors import StoreError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIMES = {"article": ("published_at", "updated_at", "expires_at"), "withdrawal": ("at",)}


def upgrade() -> None:
    _refuse_unreadable_times()
    op.add_column("withdrawal", sa.Column("former_status", sa.Text(), nullable=True))
    op.create_table(
        "replacing",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("article_id"),
    )
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, columns in TIMES.items():
        for column in columns:
            op.create_check_constraint(f"{column}_is_in_the_years_1_to_9999", table, _readable(column))
    for table, columns in {"article_image": ("width", "height"), "article_enclosure": ("duration",)}.items():
        for column in columns:
            op.alter_column(table, column, type_=sa.BigInteger(), existing_type=sa.Integer(), existing_nullable=True)

    for column in ("identity", "gzip", "br", "zstd"):
        op.execute(f"ALTER TABLE document ALTER COLUMN {column} SET STORAGE EXTERNAL")


def _readable(column: str) -> str:
    return f"{column} >= '0001-01-01 00:00:00+00' AND {column} < '10000-01-01 00:00:00+00'"


def _refuse_unreadable_times() -> None:
    """A time that stops its feeds already: only the newsroom knows what it should be."""
    conn = op.get_bind()
    for table, columns in TIMES.items():
        key = "id" if table == "article" else "article_id"
        for column in columns:
            wrong = f"{column} < '0001'" if conn.dialect.name == "sqlite" else f"NOT ({_readable(column)})"
            found = conn.execute(sa.text(f"SELECT {key} FROM {table} WHERE {wrong} ORDER BY {key} LIMIT 1")).scalar()
            if found is not None:
                raise StoreError(
                    f"{table}.{column} of {found!r} is a time outside of the years 1 to 9999: correct it, and run"
                    " `syndication migrate` again"
                )
