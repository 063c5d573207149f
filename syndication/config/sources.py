"""Prepares the tables [[source]] for validation, and checks the sections that they lead to."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from syndication.config.named_tables import NamedTables, suggestion
from syndication.config.source_schemas import SOURCE_KINDS
from syndication.errors import ConfigError

SOURCES = NamedTables("source", "cms", SOURCE_KINDS)

ENVIRONMENT = SOURCES.environment
"""SYNDICATION_SOURCE__CMS__DATABASE sets ``database`` of the source named cms; a hyphen is written as an underscore."""


def prepare_sources(values: dict[str, Any], environ: Mapping[str, str], path: Path) -> None:
    """Replaces what is set by the environment and read from files, in place; raises ConfigError in one sentence."""
    SOURCES.prepare(values, environ, path)


def check_sections(sources: Collection[Any], known: Collection[str], path: Path) -> None:
    """Raises ConfigError for a source whose articles would go to a section that there is not."""
    for source in sources:
        if source.section and source.section not in known:
            near = suggestion(source.section, known)
            raise ConfigError(
                f"{path.name}: source.{source.name}.section is {source.section!r}, which no section has{near}"
            )
        for category, section in getattr(source, "categories", {}).items():
            if section and section not in known:
                raise ConfigError(
                    f"{path.name}: source.{source.name}.categories leads {category!r} to {section!r}, which no section"
                    f" has{suggestion(section, known)}"
                )
