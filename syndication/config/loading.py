"""The settings, from files and environment, checked at the start: a wrong one is one sentence that says what is right.

Looked for: ``--config``, ``$SYNDICATION_CONFIG``, ``config/syndication.toml`` here, and the one that the package
brings along. ``sections.toml`` stands beside it. ``SYNDICATION_SITE__BASE_URL`` overrides ``base_url`` in ``[site]``,
and ``SYNDICATION_DATABASE__URL_FILE`` names a file that holds the ``url`` of ``[database]``.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote_plus

from pydantic import ValidationError

from syndication.config.schema import (
    AllTable,
    CacheTable,
    EditorsSettings,
    LogSettings,
    PurgeSettings,
    Sections,
    SectionTable,
    ServerSettings,
    SyndicationFile,
    TomlTable,
    WorkerSettings,
)
from syndication.errors import ConfigError
from syndication.model.values import ALL, CachePolicy, Section, Site

PREFIX = "SYNDICATION_"
FILE = "_file"
"""The end of a variable that names a file with the value, as SYNDICATION_DATABASE__URL_FILE does."""

NOT_SETTINGS = {
    "SYNDICATION_CONFIG",
    "SYNDICATION_PARENT",
    "SYNDICATION_EDITORS_FOLDER",
    "SYNDICATION_EDITORS_LISTENER",
}
"""Variables of the program itself."""

# What Kubernetes and Docker links put into every container beside a service of this name: of its own, or of one
# whose name begins with it. A port of theirs is an address; a bare number is a person's SYNDICATION_SERVER__PORT.
_SERVICE = re.compile(r"SYNDICATION_([A-Z0-9_]+_)?SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)")
_SERVICE_PORT = re.compile(r"SYNDICATION_([A-Z0-9_]+?_)??PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?")

T = TypeVar("T", bound=TomlTable)


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective configuration. ``sections`` holds ``all`` first; ``redirects`` are former slugs."""

    source: Path
    database_url: str
    site: Site
    sections: Mapping[str, Section]
    redirects: Mapping[str, str]
    retired: frozenset[str]
    server: ServerSettings
    worker: WorkerSettings
    editors: EditorsSettings
    purge: PurgeSettings
    logs: LogSettings
    main: SyndicationFile


def defaults_folder() -> Path:
    """The configuration that the package brings along: in a checkout the folder ``config``."""
    packaged = Path(__file__).parents[1] / "defaults"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "config"


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check everything; raises ConfigError with one sentence."""
    environ = os.environ if environ is None else environ
    source = _find(path, environ)
    main = _check(SyndicationFile, _overlay(_read(source), environ), source)
    beside = source.with_name("sections.toml")
    tables = _check(Sections, _read(beside), beside)
    _check_slugs(tables, beside)
    site = _site(main)
    return Settings(
        source=source,
        database_url=main.database.url,
        site=site,
        sections={ALL: _section(ALL, tables.all, main, site, beside)}
        | {table.slug: _section(table.slug, table, main, site, beside) for table in tables.section},
        redirects={former: table.slug for table in tables.section for former in table.formerly},
        retired=frozenset(table.slug for table in tables.retired),
        server=main.server,
        worker=main.worker,
        editors=main.editors,
        purge=main.purge,
        logs=main.logs,
        main=main,
    )


def settings_report(settings: Settings) -> list[tuple[str, str]]:
    """Every effective setting as key and value, passwords and what caches are sent in headers masked."""
    report = []
    for table, values in settings.main.model_dump().items():
        for key, value in values.items():
            if isinstance(value, dict):
                shown = {name: "***" if table == "purge" else str(inner) for name, inner in value.items()}
                report += [(f"{table}.{key}.{name}", inner) for name, inner in shown.items()]
            else:
                report.append((f"{table}.{key}", _masked(key, str(value))))
    return report


def _masked(key: str, value: str) -> str:
    if key.endswith("secret"):
        return "***" if value else ""
    return mask(value) if key == "url" else value


def mask(url: str) -> str:
    """An address without its secrets, also one that is none: rather too much is left out than too little."""
    head, rest = "", url
    if user := _USER.match(url):
        head, rest = f"{user[1]}***@", url[user.end() :]
    elif "@" in url and "://" not in url:
        head, rest = "***@", url.partition("@")[2]
    address, mark, query = rest.partition("?")
    if head:
        address = address.rpartition("@")[2]
    return head + address + mark + "&".join(_masked_pair(pair) for pair in query.split("&"))


_USER = re.compile(r"([\w+.-]+://[^:/@]*:)[^@]*@")
"""An address up to its host. The password may hold anything but an @, as SQLAlchemy reads it."""

_SECRET = re.compile(r"pass(?!file)|pwd|secret|token", re.IGNORECASE)


def _masked_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    # What follows "=" may be a whole address of its own.
    secret = _SECRET.search(unquote_plus(name)) or "@" in unquote_plus(value)
    return f"{name}=***" if equals and value and secret else pair


def _find(path: Path | None, environ: Mapping[str, str]) -> Path:
    named = path or (Path(environ["SYNDICATION_CONFIG"]) if environ.get("SYNDICATION_CONFIG") else None)
    if named is not None:
        return named.absolute()
    here = Path("config/syndication.toml")
    return here.absolute() if here.is_file() else defaults_folder() / "syndication.toml"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}): name a configuration with --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error


def _overlay(values: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Put the environment's values over the file's; a text becomes what the setting's type needs."""
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS or _of_a_service(name, environ[name]):
            continue
        keys = name.removeprefix(PREFIX).lower().split("__")
        table: Any = values
        for key in keys[:-1]:
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                raise ConfigError(f"the environment variable {name} names no setting")
        if len(keys) < 2 or keys[0] not in SyndicationFile.model_fields:
            near = (
                _suggestion(keys[0], SyndicationFile.model_fields)
                if len(keys) > 1
                else _suggestion(name, _variables(), all_of_them=False)
            )
            raise ConfigError(f"the environment variable {name} names no setting: write SYNDICATION_TABLE__KEY{near}")
        if keys[-1].endswith(FILE):
            keys[-1] = keys[-1].removesuffix(FILE)
            table[keys[-1]] = _typed(keys, _secret(name, environ))
        else:
            table[keys[-1]] = _typed(keys, environ[name])
    return values


def _secret(name: str, environ: Mapping[str, str]) -> str:
    """What the file that a variable names holds, without the end of its line: secrets of containers and systemd."""
    if (plain := name.removesuffix(FILE.upper())) in environ:
        raise ConfigError(f"the environment has both {plain} and {name}: leave one of them out")
    try:
        return Path(environ[name]).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        reason = error.strerror
    except UnicodeDecodeError:
        reason = "it is not UTF-8"  # Without the exception, which holds what it read.
    raise ConfigError(f"the environment variable {name} should name a file: {environ[name]} cannot be read ({reason})")


def _of_a_service(name: str, value: str) -> bool:
    """Whether the variable tells of a service in the network, and was put there by whoever runs the container."""
    if "__" in name:
        return False
    if _SERVICE.fullmatch(name):
        return True
    found = _SERVICE_PORT.fullmatch(name)
    return found is not None and (found[2] is not None or "://" in value)


def _variables() -> list[str]:
    """The variables of all settings."""
    tables = {name: field.annotation for name, field in SyndicationFile.model_fields.items()} | {
        "cache__news": CacheTable
    }
    return [
        f"{PREFIX}{table}__{key}".upper()
        for table, model in tables.items()
        for key in getattr(model, "model_fields", {})
    ]


def _typed(keys: list[str], text: str) -> str | int | float | bool:
    """A number or a switch for a setting that is one; what is none stays a text, and is refused with its name."""
    known = CacheTable if keys[0] == "cache" else SyndicationFile.model_fields[keys[0]].annotation
    # In purge.headers names are not ours.
    field = getattr(known, "model_fields", {}).get(keys[-1]) if keys[1:2] != ["headers"] else None
    if field is not None and field.annotation is bool and text in ("true", "false"):
        return text == "true"
    for kind in (int, float) if field is not None and field.annotation in (int, float) else ():
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _check(model: type[T], values: dict[str, Any], path: Path) -> T:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            near = _suggestion(str(first["loc"][-1]), _keys(model, first["loc"][:-1]))
            raise ConfigError(f"{path.name}: {key} is not a setting{near}") from error
        if first["type"] == "missing":
            raise ConfigError(f"{path.name}: {key} is missing: every such table needs it") from error
        right = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        shown = "***" if key.endswith("secret") else repr(first["input"])
        if key.startswith("purge.headers"):
            shown = "***"
        elif key.startswith(("database", "purge.url")):
            shown = repr(mask(first["input"])) if isinstance(first["input"], str) else "***"
        raise ConfigError(f"{path.name}: {key} is {shown}: it {right}") from error


def _keys(model: type[TomlTable], loc: tuple[int | str, ...]) -> Iterable[str]:
    """The names that could stand at a place of the file."""
    fields: Any = model.model_fields
    for part in loc:
        if isinstance(part, int) or part not in fields:
            continue
        inner = fields[part].annotation
        inner = next((a for a in getattr(inner, "__args__", ()) if hasattr(a, "model_fields")), inner)
        fields = getattr(inner, "model_fields", {})
    return list(fields)


def _suggestion(name: str, known: Iterable[str], *, all_of_them: bool = True) -> str:
    known = list(known)
    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f": did you mean {close[0]}?"
    return f": there are {', '.join(known)}" if known and all_of_them else ""


def _check_slugs(tables: Sections, path: Path) -> None:
    seen: dict[str, str] = {}
    named = [(t.slug, f"section {t.slug}") for t in tables.section]
    named += [(former, f"formerly of section {t.slug}") for t in tables.section for former in t.formerly]
    named += [(t.slug, f"retired {t.slug}") for t in tables.retired]
    for slug, where in named:
        if slug in seen:
            raise ConfigError(
                f"{path.name}: the slug {slug!r} is used twice ({seen[slug]}, {where}): rename one of them"
            )
        seen[slug] = where


def _site(main: SyndicationFile) -> Site:
    site = main.site
    return Site(
        title=site.title,
        base_url=site.base_url,
        home_url=site.home_url or site.base_url,
        authority=site.authority,
        authority_date=site.authority_date,
        description=site.description,
        language=site.language,
        rights=site.rights or None,
        logo=site.logo or None,
        icon=site.icon or None,
        email=site.email or None,
    )


def _section(slug: str, table: AllTable, main: SyndicationFile, site: Site, path: Path) -> Section:
    def setting(name: str) -> Any:
        own = getattr(table, name)
        return getattr(main.feeds, name) if own is None else own

    entries, most = setting("entries"), setting("max_entries")
    if most < entries:
        raise ConfigError(f"{path.name}: max_entries of {slug} is {most}: it should be at least its entries, {entries}")
    name = setting("cache")
    if name not in main.cache:
        raise ConfigError(
            f"{path.name}: cache of {slug} is {name!r}: it should be one of {', '.join(sorted(main.cache))},"
            " or a new table [cache.NAME] in syndication.toml"
        )
    title = table.title or f"{site.title}: all stories"
    return Section(
        slug=slug,
        title=title,
        description=table.description or site.description or title,
        language=table.language or site.language,
        content=setting("content"),
        entries=entries,
        hours=setting("hours"),
        max_entries=most,
        summary_length=setting("summary_length"),
        cache=CachePolicy(**main.cache[name].model_dump()),
        formerly=tuple(table.formerly) if isinstance(table, SectionTable) else (),
    )
