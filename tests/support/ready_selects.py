"""The ready SELECTs of docs/sources-sql.md, as they are written there."""

import re
import tomllib
from pathlib import Path
from typing import Any

from syndication.config.source_schemas.sql import SqlSource

DOCS = Path(__file__).parents[2] / "docs" / "sources-sql.md"


def _part(system: str) -> str:
    _, found = DOCS.read_text().split(f"\n## Ready: {system}", 1)
    return found.split("\n## ", 1)[0]


def ready(system: str, database: str, **more: Any) -> SqlSource:
    """Returns the source with the two SELECTs that the docs have for a system."""
    block = re.search(r"```toml\n(.*?)```", _part(system), re.DOTALL)
    assert block is not None
    return SqlSource(name="cms", kind="sql", database=database, **tomllib.loads(block[1]) | more)


def html_of_blocks() -> str:
    """Returns the column that the docs have for a body of Wagtail's blocks."""
    return _sql("Wagtail")


def id_of_translations() -> str:
    """Returns the ID that the docs have for stories of Strapi in several languages."""
    return _sql("Strapi")


def _sql(system: str) -> str:
    block = re.search(r"```sql\n(.*?)```", _part(system), re.DOTALL)
    assert block is not None
    return block[1].strip()
