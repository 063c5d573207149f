"""Prepares tables with names, [[source]] and [[notification]], for validation: kinds, environment, secrets in files."""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syndication.config.value_types import TomlTable
from syndication.errors import ConfigError

FILE = "_FILE"


@dataclass(frozen=True, slots=True)
class NamedTables:
    """``key`` is the key in the file, ``example`` the name in a hint; each kind has its settings.

    SYNDICATION_SOURCE__CMS__DATABASE sets ``database`` of the source named cms; a hyphen is written as an underscore.
    """

    key: str
    example: str
    kinds: Mapping[str, type[TomlTable]]

    @property
    def environment(self) -> str:
        """What the names of these variables begin with."""
        return f"SYNDICATION_{self.key.upper()}__"

    def prepare(self, values: dict[str, Any], environ: Mapping[str, str], path: Path) -> None:
        """Replaces what is set by the environment and read from files, in place; raises ConfigError in one sentence."""
        tables = values.get(self.key, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise ConfigError(f"{path.name}: {self.key} should be written as [[{self.key}]], a table for each")
        names = [self._name(table, path) for table in tables]
        for name in names:
            if names.count(name) > 1:
                raise ConfigError(f"{path.name}: two {self.key}s have the name {name!r}: rename one of them")
        for table in tables:
            self._check_kind(table, path)
        self._override(dict(zip(names, tables, strict=True)), environ)
        for name, table in zip(names, tables, strict=True):
            _read_files(table, f"{path.name}: {self.key} {name}")

    def _name(self, table: dict[str, Any], path: Path) -> str:
        name = table.get("name")
        if not isinstance(name, str) or not name:
            raise ConfigError(f'{path.name}: a {self.key} has no name: add name = "{self.example}" to [[{self.key}]]')
        return name

    def _check_kind(self, table: dict[str, Any], path: Path) -> None:
        kind, where = table.get("kind"), f"{path.name}: {self.key}.{table['name']}.kind"
        if kind is None:
            raise ConfigError(f"{where} is missing, and is required: choose one of {', '.join(sorted(self.kinds))}")
        if kind not in self.kinds:
            raise ConfigError(f"{where} is {kind!r}{suggestion(str(kind), self.kinds)}")

    def _override(self, tables: Mapping[str, dict[str, Any]], environ: Mapping[str, str]) -> None:
        by_variable = {name.upper().replace("-", "_"): name for name in tables}
        for variable in sorted(name for name in environ if name.startswith(self.environment)):
            name, _, key = variable.removeprefix(self.environment).partition("__")
            if name not in by_variable or not key:
                raise ConfigError(
                    f"the environment variable {variable} is not a setting ({self.environment}NAME__KEY)"
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
                else self._typed(table, key, environ[variable])
            )

    def _typed(self, table: Mapping[str, Any], key: str, text: str) -> Any:
        field = self.kinds[table["kind"]].model_fields.get(key)
        if field is not None and field.annotation is bool and text in ("true", "false"):
            return text == "true"
        if field is not None and field.annotation is int and text.isdigit():
            return int(text)
        return text


def suggestion(name: str, known: Collection[str]) -> str:
    """Returns what was probably meant, or all that there is, to end a sentence."""
    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f": did you mean {close[0]}?"
    return f": choose one of {', '.join(sorted(known))}" if known else ""


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
