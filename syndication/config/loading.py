"""Loads and validates the settings. An invalid one is reported in one sentence, with what would be valid.

The file is the first of: ``--config``, ``$SYNDICATION_CONFIG``, ``config/syndication.toml`` in the working directory,
and the bundled default. ``sections.toml`` is in the same folder. ``SYNDICATION_SITE__BASE_URL`` overrides ``base_url``
in ``[site]``, and ``SYNDICATION_DATABASE__URL_FILE`` names a file that holds the ``url`` of ``[database]``.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote_plus
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from syndication.config.hub_schema import HubSettings
from syndication.config.notification_schema import CHANNEL_KINDS, CHANNELS, NotificationTable
from syndication.config.old_feeds import read_old_feeds
from syndication.config.schema import (
    AllTable,
    CacheTable,
    EditorsSettings,
    LogSettings,
    NinjsSettings,
    OnDemandSettings,
    PurgeSettings,
    Sections,
    SectionTable,
    ServerSettings,
    SyndicationFile,
    WorkerSettings,
)
from syndication.config.selections import find_selection_problems, parse_selection
from syndication.config.source_schema import SourceTable
from syndication.config.source_schemas import SOURCE_KINDS
from syndication.config.sources import SOURCES, check_sections, prepare_sources
from syndication.config.value_types import TomlTable
from syndication.errors import ConfigError
from syndication.model.body_limits import MIB
from syndication.model.feed_selections import FeedSelections, section_slugs
from syndication.model.hub_addresses import hub_url
from syndication.model.old_feeds import NO_OLD_FEEDS, OldFeeds
from syndication.model.values import ALL, CachePolicy, Podcast, Section, Site

PREFIX = "SYNDICATION_"
FILE = "_file"
"""The suffix of a variable that names a file with the value, such as SYNDICATION_DATABASE__URL_FILE."""

NAMED = SOURCES.environment, CHANNELS.environment
"""What the variables of tables with names begin with."""

NAMED_KINDS: Mapping[str | int, Mapping[str, type[TomlTable]]] = {
    "source": SOURCE_KINDS,
    "notification": CHANNEL_KINDS,
}

NOT_SETTINGS = {
    "SYNDICATION_CONFIG",
    "SYNDICATION_PARENT",
    "SYNDICATION_EDITORS_FOLDER",
    "SYNDICATION_EDITORS_LISTENER",
}
"""Variables that the program uses internally."""

# Variables that Kubernetes and Docker links add to every container beside a service whose name is, or begins with,
# "syndication". Their ports are addresses; a bare number is a mistyped SYNDICATION_SERVER__PORT.
_SERVICE = re.compile(r"SYNDICATION_([A-Z0-9_]+_)?SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)")
_SERVICE_PORT = re.compile(r"SYNDICATION_([A-Z0-9_]+?_)??PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?")

T = TypeVar("T", bound=TomlTable)


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective configuration. ``sections`` starts with ``all``; ``redirects`` maps former slugs to new ones.

    ``files`` are the settings of the files alone, if editors' feeds were merged into these (``config/feeds.py``).
    """

    source: Path
    database_url: str
    site: Site
    sections: Mapping[str, Section]
    redirects: Mapping[str, str]
    retired: frozenset[str]
    server: ServerSettings
    worker: WorkerSettings
    editors: EditorsSettings
    ninjs: NinjsSettings
    purge: PurgeSettings
    hub: HubSettings
    logs: LogSettings
    main: SyndicationFile
    sources: tuple[SourceTable, ...] = ()
    old_feeds: OldFeeds = NO_OLD_FEEDS
    files: "Settings | None" = field(default=None, repr=False)
    on_demand: OnDemandSettings = field(default_factory=OnDemandSettings)
    selections: FeedSelections = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "selections", FeedSelections(self.sections, self.site.language))

    @property
    def channels(self) -> tuple[NotificationTable, ...]:
        """The channels of notifications."""
        return tuple(self.main.notification)

    @property
    def timezone(self) -> ZoneInfo:
        """The newsroom's time zone."""
        return ZoneInfo(self.editors.timezone)

    @property
    def known_slugs(self) -> frozenset[str]:
        """The slugs that articles may name: those that feeds select, former ones too, and retired ones."""
        return self.retired | section_slugs(self.sections.values())

    @property
    def filed_slugs(self) -> frozenset[str]:
        """The slugs of sections without a selection of their own, former and retired ones too."""
        plain = (section for section in self.sections.values() if section.selection is None)
        return self.retired.union(*(section.filed_under for section in plain))


def defaults_folder() -> Path:
    """Returns the folder of the bundled configuration; in a checkout, ``config``."""
    packaged = Path(__file__).parents[1] / "defaults"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "config"


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Returns the validated settings; raises ConfigError with one sentence."""
    environ = os.environ if environ is None else environ
    source = _find(path, environ)
    values = _overlay(_read(source), environ)
    prepare_sources(values, environ, source)
    CHANNELS.prepare(values, environ, source)
    main = _check(SyndicationFile, values, source)
    beside = source.with_name("sections.toml")
    tables = _check(Sections, _read(beside), beside)
    _check_slugs(tables, beside)
    _check_ninjs(main.ninjs, tables, source)
    site = _site(main)
    settings = Settings(
        source=source,
        database_url=main.database.url,
        site=site,
        sections={ALL: build_section(ALL, tables.all, main, site, beside)}
        | {table.slug: build_section(table.slug, table, main, site, beside) for table in tables.section},
        redirects={former: table.slug for table in tables.section for former in table.formerly},
        retired=frozenset(table.slug for table in tables.retired),
        server=main.server,
        worker=main.worker,
        editors=main.editors,
        ninjs=main.ninjs,
        purge=main.purge,
        hub=main.hub,
        logs=main.logs,
        main=main,
        sources=tuple(main.source),
        old_feeds=read_old_feeds(tables, site, beside),
        on_demand=main.on_demand,
    )
    _check_selections(settings, beside)
    check_sections(settings.sources, settings.known_slugs, source)
    return settings


def settings_report(settings: Settings) -> list[tuple[str, str]]:
    """Returns every effective setting as key and value, with passwords and purge headers masked."""
    report = []
    for table, values in settings.main.model_dump(exclude={"source", "notification"}).items():
        for key, value in values.items():
            if isinstance(value, dict):
                shown = {name: "***" if table == "purge" else str(inner) for name, inner in value.items()}
                report += [(f"{table}.{key}.{name}", inner) for name, inner in shown.items()]
            else:
                report.append((f"{table}.{key}", _masked(key, str(value))))
    for source in settings.sources:
        own = source.model_dump(exclude={"name"}).items()
        report += [(f"source.{source.name}.{key}", _masked(key, str(value))) for key, value in own]
    for channel in settings.channels:
        shown = channel.model_dump(exclude={"name"}) | ({"url": "***"} if hasattr(channel, "url") else {})
        report += [(f"notification.{channel.name}.{key}", _masked(key, _listed(value))) for key, value in shown.items()]
    return report


def _listed(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _masked(key: str, value: str) -> str:
    if key.endswith(("secret", "password", "token", "api_key")):
        return "***" if value else ""
    return mask(value) if key in ("url", "database") else value


def mask(url: str) -> str:
    """Returns a URL without its secrets. Text that is no valid URL is masked too, rather too much than too little."""
    head, rest = "", url
    if user := _USER.match(url):
        head, rest = f"{user[1]}***@", url[user.end() :]
    elif "@" in url and "://" not in url:
        head, rest = "***@", url.partition("@")[2]
    address, question_mark, query = rest.partition("?")
    if head:
        address = address.rpartition("@")[2]
    return head + address + question_mark + "&".join(_masked_pair(pair) for pair in query.split("&"))


_USER = re.compile(r"([\w+.-]+://[^:/@]*:)[^@]*@")
"""A URL up to its host. The password may contain anything but an @, as SQLAlchemy parses it."""

_SECRET = re.compile(r"pass(?!file)|pwd|secret|token|(?<!ssl)key", re.IGNORECASE)


def _masked_pair(pair: str) -> str:
    name, equals, value = pair.partition("=")
    # The value may itself be a URL.
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
        raise ConfigError(f"cannot read {path} ({error.strerror}): choose a configuration with --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def _overlay(values: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Overrides the file's values with the environment's, each converted to the type of its setting."""
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS or name.startswith(NAMED):
            continue
        if _is_service_variable(name, environ[name]):
            continue
        keys = name.removeprefix(PREFIX).lower().split("__")
        table: Any = values
        for key in keys[:-1]:
            table = table.setdefault(key, {})
            if not isinstance(table, dict):
                raise ConfigError(f"the environment variable {name} is not a setting")
        if len(keys) < 2 or keys[0] not in SyndicationFile.model_fields:
            near = (
                _suggestion(keys[0], SyndicationFile.model_fields)
                if len(keys) > 1
                else _suggestion(name, _variables(), list_all=False)
            )
            raise ConfigError(f"the environment variable {name} is not a setting (SYNDICATION_TABLE__KEY){near}")
        if keys[-1].endswith(FILE):
            keys[-1] = keys[-1].removesuffix(FILE)
            table[keys[-1]] = _typed(keys, _secret(name, environ))
        else:
            table[keys[-1]] = _typed(keys, environ[name])
    return values


def _secret(name: str, environ: Mapping[str, str]) -> str:
    """Returns the content of the file that a variable names, without line ends: a container's or systemd's secret."""
    if (plain := name.removesuffix(FILE.upper())) in environ:
        raise ConfigError(f"the environment has both {plain} and {name}: remove one of them")
    try:
        return Path(environ[name]).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        reason = error.strerror
    except UnicodeDecodeError:
        reason = "not UTF-8"  # Without the exception, which contains the secret.
    raise ConfigError(f"the environment variable {name} should name a file: cannot read {environ[name]} ({reason})")


def _is_service_variable(name: str, value: str) -> bool:
    """Returns whether Kubernetes or Docker set the variable, to announce a service in the network."""
    if "__" in name:
        return False
    if _SERVICE.fullmatch(name):
        return True
    found = _SERVICE_PORT.fullmatch(name)
    return found is not None and (found[2] is not None or "://" in value)


def _variables() -> list[str]:
    """Returns the environment variables of all settings."""
    tables = {name: field.annotation for name, field in SyndicationFile.model_fields.items()} | {
        "cache__news": CacheTable
    }
    return [
        f"{PREFIX}{table}__{key}".upper()
        for table, model in tables.items()
        for key in getattr(model, "model_fields", {})
    ]


def _typed(keys: list[str], text: str) -> str | int | float | bool:
    """Converts text to the setting's type. Text that does not convert stays a string and fails validation by name."""
    known = CacheTable if keys[0] == "cache" else SyndicationFile.model_fields[keys[0]].annotation
    # Keys of purge.headers are names of HTTP headers, not settings.
    found = getattr(known, "model_fields", {}).get(keys[-1]) if keys[1:2] != ["headers"] else None
    if found is not None and found.annotation is bool and text in ("true", "false"):
        return text == "true"
    # An optional number is written as Seconds | None.
    numeric = found is not None and (found.annotation in (int, float) or keys[-1] in ("min_browser", "max_browser"))
    for kind in (int, float) if numeric else ():
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
        key = ".".join(str(part) for part in _named(first["loc"], values))
        if first["type"] == "extra_forbidden":
            near = _suggestion(str(first["loc"][-1]), _keys(model, first["loc"][:-1], values))
            raise ConfigError(f"{path.name}: {key} is not a setting{near}") from error
        if first["type"] == "value_error" and first["loc"][:-1] == ("notification",):
            raise ConfigError(f"{path.name}: {key} {first['msg'].removeprefix('Value error, ')}") from error
        if first["type"] == "missing":
            raise ConfigError(f"{path.name}: {key} is missing, and is required") from error
        rule = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        last = str(first["loc"][-1]) if first["loc"] else ""
        shown = "***" if _masked(last, "x") == "***" else repr(first["input"])
        if key.startswith("purge.headers"):
            shown = "***"
        elif key.startswith(("database", "purge.url")) or last in ("database", "url"):
            hides = key.startswith("notification") or not isinstance(first["input"], str)
            shown = "***" if hides else repr(mask(first["input"]))
        raise ConfigError(f"{path.name}: {key} is {shown}: it {rule}") from error


def _named(loc: tuple[int | str, ...], values: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Returns a location in the file, in which a source or channel has its name instead of its number."""
    if loc and loc[0] in NAMED_KINDS and len(loc) > 1 and isinstance(loc[1], int):
        return (loc[0], values[str(loc[0])][loc[1]]["name"], *loc[2:])
    return loc


def _keys(model: type[TomlTable], loc: tuple[int | str, ...], values: Mapping[str, Any]) -> Iterable[str]:
    """Returns the valid keys at a location in the file."""
    fields: Any = model.model_fields
    if loc and loc[0] in NAMED_KINDS and len(loc) > 1:
        fields, loc = NAMED_KINDS[loc[0]][values[str(loc[0])][loc[1]]["kind"]].model_fields, loc[2:]
    for part in loc:
        if isinstance(part, int) or part not in fields:
            continue
        inner = fields[part].annotation
        inner = next((a for a in getattr(inner, "__args__", ()) if hasattr(a, "model_fields")), inner)
        fields = getattr(inner, "model_fields", {})
    return list(fields)


def _suggestion(name: str, known: Iterable[str], *, list_all: bool = True) -> str:
    known = list(known)
    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f": did you mean {close[0]}?"
    return f": choose one of {', '.join(known)}" if known and list_all else ""


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


def _check_selections(settings: Settings, path: Path) -> None:
    combined = {slug for slug, section in settings.sections.items() if section.selection is not None}
    for slug, section in settings.sections.items():
        if section.selection is not None:
            own, filed = section.filed_under, settings.filed_slugs
            for problem in find_selection_problems(own, section.selection, filed, combined):
                raise ConfigError(f"{path.name}: in {slug}, {problem}")


def _check_ninjs(ninjs: NinjsSettings, tables: Sections, path: Path) -> None:
    """Refuses sections that there are not: stories would be filed where no feed shows them."""
    known = {slug for table in tables.section for slug in (table.slug, *table.formerly)}
    named = [("ninjs.section", ninjs.section)] if ninjs.section else []
    named += [(f"ninjs.sections.{term}", slug) for term, slug in ninjs.sections.items()]
    for key, slug in named:
        if slug not in known:
            near = _suggestion(slug, sorted(known), list_all=False)
            raise ConfigError(f"{path.name}: {key} is {slug!r}: it should be a section of sections.toml{near}")


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
        hubs=_hubs(main),
    )


def _hubs(main: SyndicationFile) -> tuple[str, ...]:
    own = (hub_url(main.site.base_url),) if main.hub.enabled else ()
    return tuple(dict.fromkeys((*own, *main.hub.outside)))


def build_section(slug: str, table: AllTable, main: SyndicationFile, site: Site, path: Path) -> Section:
    """Returns a section with the defaults of [feeds] and [site]; raises ConfigError for one that contradicts itself."""

    def setting(name: str) -> Any:
        own = getattr(table, name)
        return getattr(main.feeds, name) if own is None else own

    entries, max_entries = setting("entries"), setting("max_entries")
    if max_entries < entries:
        raise ConfigError(
            f"{path.name}: max_entries of {slug} is {max_entries}: it should be at least its entries, {entries}"
        )
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
        max_entries=max_entries,
        summary_length=setting("summary_length"),
        cache=_cache_policy(name, main),
        largest_body=setting("largest_body_mb") * MIB,
        media_enclosures=setting("media_enclosures"),
        formerly=tuple(table.formerly) if isinstance(table, SectionTable) else (),
        selection=parse_selection(table.any, table.all, table.none) if isinstance(table, SectionTable) else None,
        feed_title=feed_title(title, main),
        podcast=Podcast(setting("podcast_category"), setting("podcast_explicit"), setting("podcast_image") or None),
    )


def _cache_policy(name: str, main: SyndicationFile) -> CachePolicy:
    policy = CachePolicy(**main.cache[name].model_dump())
    low, high = policy.bounds
    if not low <= policy.browser <= high:
        raise ConfigError(
            f"[cache.{name}]: browser is {policy.browser}: it should be between min_browser, {low},"
            f" and max_browser, {high}"
        )
    return policy


def feed_title(title: str, main: SyndicationFile) -> str:
    """Returns the title that readers see, where "Sport" alone is anybody's; one that names the newsroom stays."""
    site = main.site
    if site.title.casefold() in title.casefold():
        return title
    # One pass, because a title may contain what looks like a placeholder.
    return re.sub(
        r"\{(section|site)\}", lambda found: {"section": title, "site": site.title}[found[1]], site.section_title
    )
