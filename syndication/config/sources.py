"""Prepares the tables [[source]] for validation: kinds, unique names, the environment, and secrets in files."""

import difflib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from syndication.config.source_schemas import SOURCE_KINDS
from syndication.errors import ConfigError

ENVIRONMENT = "SYNDICATION_SOURCE__"
"""SYNDICATION_SOURCE__CMS__DATABASE sets ``database`` of the source named cms; a hyphen is written as an underscore."""

FILE = "_FILE"


def prepare_sources(values: dict[str, Any], environ: Mapping[str, str], path: Path) -> None:
    """Replaces what is set by the environment and read from files, in place; raises ConfigError in one sentence."""
    tables = values.get("source", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{path.name}: source should be written as [[source]], a table for each")
    names = [_name(table, path) for table in tables]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{path.name}: two sources have the name {name!r}: rename one of them")
    for table in tables:
        _check_kind(table, path)
    _override(dict(zip(names, tables, strict=True)), environ)
    for name, table in zip(names, tables, strict=True):
        _read_files(table, f"{path.name}: source {name}")


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


def suggestion(name: str, known: Collection[str]) -> str:
    """Returns what was probably meant, or all that there is, to end a sentence."""
    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f": did you mean {close[0]}?"
    return f": choose one of {', '.join(sorted(known))}" if known else ""


def _name(table: dict[str, Any], path: Path) -> str:
    name = table.get("name")
    if not isinstance(name, str) or not name:
        raise ConfigError(f'{path.name}: a source has no name: add name = "cms" to [[source]]')
    return name


def _check_kind(table: dict[str, Any], path: Path) -> None:
    kind, where = table.get("kind"), f"{path.name}: source.{table['name']}.kind"
    if kind is None:
        raise ConfigError(f"{where} is missing, and is required: choose one of {', '.join(sorted(SOURCE_KINDS))}")
    if kind not in SOURCE_KINDS:
        raise ConfigError(f"{where} is {kind!r}{suggestion(str(kind), SOURCE_KINDS)}")


def _override(tables: Mapping[str, dict[str, Any]], environ: Mapping[str, str]) -> None:
    by_variable = {name.upper().replace("-", "_"): name for name in tables}
    for variable in sorted(name for name in environ if name.startswith(ENVIRONMENT)):
        name, _, key = variable.removeprefix(ENVIRONMENT).partition("__")
        if name not in by_variable or not key:
            raise ConfigError(
                f"the environment variable {variable} is not a setting (SYNDICATION_SOURCE__NAME__KEY)"
                + suggestion(name, by_variable)
            )
        table, is_file = tables[by_variable[name]], key.endswith(FILE)
        key = key.removesuffix(FILE).lower()
        if is_file and variable.removesuffix(FILE) in environ:
            raise ConfigError(
                f"the environment has both {variable.removesuffix(FILE)} and {variable}: remove one of them"
            )
        table.pop(key + FILE, None)
        table[key] = (
            _content(environ[variable], f"the environment variable {variable}")
            if is_file
            else _typed(table, key, environ[variable])
        )


def _typed(table: Mapping[str, Any], key: str, text: str) -> Any:
    field = SOURCE_KINDS[table["kind"]].model_fields.get(key)
    if field is not None and field.annotation is bool and text in ("true", "false"):
        return text == "true"
    if field is not None and field.annotation is int and text.isdigit():
        return int(text)
    return text


def _read_files(table: dict[str, Any], where: str) -> None:
    for key in [key for key in table if key.endswith(FILE)]:
        plain, name = key.removesuffix(FILE), table.pop(key)
        if plain in table:
            raise ConfigError(f"{where} has both {plain} and {key}: remove one of them")
        table[plain] = _content(str(name), f"{where}: {key}")


def _content(name: str, who: str) -> str:
    """Returns the content of a file, without line ends: a container's or systemd's secret."""
    try:
        return Path(name).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        reason = error.strerror
    except UnicodeDecodeError:
        reason = "not UTF-8"  # Without the exception, which contains the secret.
    raise ConfigError(f"{who} should name a file: cannot read {name} ({reason})")
