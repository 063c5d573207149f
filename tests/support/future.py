"""Future releases: their changes to the tables, to test today's program on them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from syndication.store import triggers
from syndication.store.migrations import runner
from syndication.store.triggers.postgresql import FUNCTIONS

TODAY = runner.head()

NEXT = "9001"
"""It only adds, in every way that a migration may: today's program keeps working."""

LATER = "9002"
"""It removes what today's program needs and the next one does not."""

_EXPAND = f'''
import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{TODAY}"
oldest_program = "{TODAY}"

def upgrade():
    op.add_column("article", sa.Column("subtitle", sa.Text(), nullable=True))
    op.add_column("section_state", sa.Column("weight", sa.Integer(), server_default="1", nullable=False))
    op.add_column("audit_log", sa.Column("why", sa.Text(), nullable=True))
    op.create_table("topic", sa.Column("name", sa.Text(), primary_key=True))
    op.create_index("ix_article_url", "article", ["url"])
'''

_CONTRACT = f'''
from alembic import op

revision = "{LATER}"
down_revision = "{NEXT}"
oldest_program = "{NEXT}"

def upgrade():
    op.drop_table("webhook")
'''

_SQLITE_TRIGGER = "CREATE TRIGGER syndication_topic AFTER INSERT ON topic BEGIN SELECT 1; END"


@contextmanager
def program(revision: str, folder: Path) -> Iterator[None]:
    """Makes this process the program of that revision, with its migrations and other triggers."""
    versions = folder / f"versions-{revision}"
    versions.mkdir(exist_ok=True)
    for name, text in ((NEXT, _EXPAND), (LATER, _CONTRACT)):
        if name <= revision:
            (versions / f"v{name}.py").write_text(text)

    def of_sqlite() -> dict[str, str]:
        newer = {name: text.replace("BEGIN", "BEGIN /* newer */") for name, text in sqlite_triggers().items()}
        return newer | {"syndication_topic": _SQLITE_TRIGGER}

    sqlite_triggers = triggers.sqlite_triggers
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "VERSIONS", [*runner.VERSIONS, versions])
        patch.setattr(triggers, "sqlite_triggers", of_sqlite)
        for name, body in FUNCTIONS.items():
            patch.setitem(FUNCTIONS, name, f"{body}-- newer\n")
        yield
