"""The settings of each kind of source.

A new kind adds its class to ``SOURCE_KINDS``, and its reader to ``sources/kinds.py``.
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, SerializeAsAny

from syndication.config.source_schema import SourceTable
from syndication.config.source_schemas.sql import SqlSource
from syndication.config.source_schemas.wordpress import WordPressSource

SOURCE_KINDS: dict[str, type[SourceTable]] = {
    "sql": SqlSource,
    "wordpress": WordPressSource,
}
"""The settings of each kind."""


def _of_its_kind(value: Any) -> Any:
    """Validates a table by the class of its kind; ``config/sources.py`` has refused an unknown one."""
    kind = SOURCE_KINDS.get(value.get("kind", "")) if isinstance(value, dict) else None
    return value if kind is None else kind.model_validate(value)


AnySource = Annotated[SerializeAsAny[SourceTable], BeforeValidator(_of_its_kind)]
