"""The schema of the configuration files: every key with its type and default."""

import re
from datetime import date
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from syndication.model.addresses import web_address
from syndication.model.body_limits import MIB, BodyLimits
from syndication.model.field_limits import MAX_FEED_HTML
from syndication.model.formats import email_address, language_tag

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
RESERVED = ("all", "tag", "author")
"""Slugs with another meaning than a configured section."""

SECRET_LENGTH = 24


def _slug(value: str) -> str:
    if value in RESERVED:
        raise ValueError(f"is reserved (with {', '.join(RESERVED)}): choose another slug")
    if not SLUG.fullmatch(value):
        raise ValueError("should be lower-case letters and digits separated by single hyphens, like arts-leisure")
    return value


def _optional_slug(value: str) -> str:
    return _slug(value) if value else ""


def _address(value: str) -> str:
    if not re.fullmatch(r"[!-~]*", value) or re.search(r'[<>"{}|\\^`]', value):
        raise ValueError("should contain only ASCII and no spaces: write %20, and xn-- for a host")
    address = web_address(value)
    if address is None or re.match(r"https?://[^/]*:0(/|$)", address):
        raise ValueError("should start with https:// (or http://) and a host, like https://feeds.daily.example")
    if "?" in address or "#" in address:
        raise ValueError("should not contain ? or #, like https://feeds.daily.example")
    return address.rstrip("/")


def _optional_address(value: str) -> str:
    return _address(value) if value else ""


def _language(value: str) -> str:
    if language_tag(value) != value:
        raise ValueError("should be a language tag like en, zh-Hant or zh-TW (BCP 47)")
    return value


def _optional_language(value: str) -> str:
    return _language(value) if value else ""


def _optional_email(value: str) -> str:
    if value and email_address(value) != value:
        raise ValueError("should be an email address like desk@daily.example, or empty")
    return value


def _authority(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]+(@[A-Za-z0-9.-]+)?", value):
        raise ValueError("should be a domain name that the newsroom owns, like daily.example (RFC 4151)")
    return value.lower()


def _article_size(value: int) -> int:
    if value > MAX_FEED_HTML // MIB:
        raise ValueError(f"should be at most {MAX_FEED_HTML // MIB}: no feed accepts a longer article")
    return value


def _day(value: str) -> str:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        raise ValueError("should be a date like 2026-01-01")
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("should be a valid date, like 2026-01-01") from error
    return value


def _clock_time(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError("should be a time of day in UTC, like 03:30")
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("should be a time zone from the IANA database, like Asia/Taipei or UTC") from error
    return value


def _secret(value: str) -> str:
    if value and len(value) < SECRET_LENGTH:
        # The error never shows the secret.
        raise ValueError(f"should have at least {SECRET_LENGTH} characters: `openssl rand -base64 32` generates one")
    return value


def _switch(value: object) -> object:
    if not isinstance(value, bool):
        raise ValueError("should be true or false")  # noqa: TRY004  # pydantic expects it
    return value


def _section_title(value: str) -> str:
    if "{section}" not in value or re.search(r"[{}]", re.sub(r"\{(section|site)\}", "", value)):
        raise ValueError("should have {section}, may have {site}, and no other braces, like {section} – {site}")
    return value


def _templates(value: str) -> str:
    """Validates URLs separated by spaces, each with optional placeholders."""
    for template in value.split():
        address = re.sub(r"\{(key|section|format)\}", "x", template)
        if re.search(r"[{}]", address):
            raise ValueError("should have no placeholders other than {key}, {section} and {format}")
        if not re.fullmatch(r"[!-~]*", address) or "@" in _address(address.partition("?")[0]):
            raise ValueError("should contain only ASCII and no user name: put credentials in the header Authorization")
    return value


def _story_address(value: str) -> str:
    """Validates the template of a story's address; a relative one belongs to site.home_url."""
    address = re.sub(r"\{(id|slug|section|year|month|day)\}", "x", value)
    if re.search(r"[{}]", address):
        raise ValueError("should have no placeholders other than {id}, {slug}, {section}, {year}, {month} and {day}")
    if value and not ("{id}" in value or "{slug}" in value):
        raise ValueError("should have {slug} or {id}, so that each story has an address of its own")
    if value and not re.fullmatch(r"/[!-~]*", address):
        _address(address.partition("?")[0].partition("#")[0])
    return value


def _method(value: str) -> str:
    if not re.fullmatch(r"[A-Z]+", value):
        raise ValueError("should be an HTTP method in capitals, like POST or PURGE")
    return value


def _headers(value: dict[str, str]) -> dict[str, str]:
    """Validates headers. An underscore means a hyphen, which the name of a variable cannot contain."""
    # Headers from the environment come last, and override the file's whatever their case.
    named = {name.lower().replace("_", "-"): (name.replace("_", "-"), content) for name, content in value.items()}
    for name, (_, content) in named.items():
        if not re.fullmatch(r"[a-z0-9-]+", name) or name in ("content-length", "transfer-encoding"):
            raise ValueError(
                "should be headers by name, like Authorization, but not Content-Length or Transfer-Encoding"
            )
        if not re.fullmatch(r"[ -~]*", content):
            raise ValueError("should have ASCII values, each on one line")
    return dict(named.values())


Slug = Annotated[str, AfterValidator(_slug)]
Address = Annotated[str, AfterValidator(_address)]
OptionalAddress = Annotated[str, AfterValidator(_optional_address)]
Language = Annotated[str, AfterValidator(_language)]
OptionalLanguage = Annotated[str, AfterValidator(_optional_language)]
OptionalEmail = Annotated[str, AfterValidator(_optional_email)]
Seconds = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1, le=1000)]
Content = Literal["full", "summary"]
Switch = Annotated[bool, BeforeValidator(_switch)]
Text = Annotated[str, Field(min_length=1)]


class TomlTable(BaseModel):
    """A table of the file; rejects unknown keys and values of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SiteTable(TomlTable):
    """[site]: settings shared by all feeds."""

    title: Text = "The Daily Example"
    description: str = ""
    base_url: Address = "http://127.0.0.1:8000"
    home_url: OptionalAddress = ""
    authority: Annotated[str, AfterValidator(_authority)] = "daily.example"
    authority_date: Annotated[str, AfterValidator(_day)] = "2026-01-01"
    language: Language = "en"
    rights: str = ""
    logo: OptionalAddress = ""
    icon: OptionalAddress = ""
    email: OptionalEmail = ""
    section_title: Annotated[str, AfterValidator(_section_title)] = "{section} – {site}"


class DatabaseTable(TomlTable):
    """[database]."""

    url: Text = "sqlite:///var/syndication.db"


class ServerSettings(TomlTable):
    """[server]: the web process's address, number of serving processes, surrogate keys and draining."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    surrogate_keys: Switch = True
    drain_seconds: Annotated[float, Field(ge=0, le=300)] = 0.0


class WorkerSettings(TomlTable):
    """[worker]; times are in seconds unless the name has another unit."""

    safety_net: Annotated[float, Field(gt=0)] = 30.0
    wake_interval: Annotated[float, Field(gt=0, le=1)] = 0.005
    lease: Annotated[float, Field(ge=1)] = 30.0
    retry_first: Annotated[float, Field(gt=0)] = 2.0
    retry_max: Annotated[float, Field(gt=0)] = 300.0
    hold_seconds: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    sweep_seconds: Annotated[float, Field(ge=1)] = 300.0
    reconcile_at: Annotated[str, AfterValidator(_clock_time)] = "19:30"
    tombstone_days: Annotated[int, Field(ge=1)] = 30
    keep_versions: Annotated[int, Field(ge=1, le=10_000)] = 100
    fragment_memory: Annotated[int, Field(ge=1, le=65_536)] = 256
    render_seconds: Annotated[int, Field(ge=1, le=3600)] = 20
    render_memory: Annotated[int, Field(ge=512, le=65_536)] = 1536
    metrics_host: Text = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    progress_path: str = ""


class EditorsSettings(TomlTable):
    """[editors]: the API and the dashboard."""

    webhook_secret: Annotated[str, AfterValidator(_secret)] = ""
    audit_days: Annotated[int, Field(ge=1)] = 365
    failed_attempts: Annotated[int, Field(ge=1)] = 10
    user_failed_attempts: Annotated[int, Field(ge=1, le=20)] = 10
    require_second_factor: bool = False
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    session_hours: Annotated[int, Field(ge=1, le=720)] = 12
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    at_once: Annotated[int, Field(ge=1, le=64)] = 8
    largest_article_mb: Annotated[int, Field(ge=1), AfterValidator(_article_size)] = 16
    largest_batch_mb: Annotated[int, Field(ge=1, le=256)] = 32

    @property
    def body_limits(self) -> BodyLimits:
        """Returns both sizes in bytes, for ``largest_body``."""
        return BodyLimits(self.largest_article_mb * MIB, self.largest_batch_mb * MIB)


class PurgeSettings(TomlTable):
    """[purge]: the requests that purge a changed feed from caches."""

    url: Annotated[str, AfterValidator(_templates)] = ""
    method: Annotated[str, AfterValidator(_method)] = "POST"
    headers: Annotated[dict[str, Text], AfterValidator(_headers)] = {}
    body: str = ""
    timeout: Annotated[float, Field(gt=0, le=60)] = 5.0
    retry_seconds: Annotated[float, Field(gt=0)] = 3600.0


class NinjsSettings(TomlTable):
    """[ninjs]: the webhook that receives stories as ninjs. ``sections`` maps subjects and categories to slugs."""

    secret: Annotated[str, AfterValidator(_secret)] = ""
    url: Annotated[str, AfterValidator(_story_address)] = ""
    section: Annotated[str, AfterValidator(_optional_slug)] = ""
    sections: dict[str, Slug] = {}
    publish_ednote: Switch = False


class LogSettings(TomlTable):
    """[logs]."""

    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class FeedsTable(TomlTable):
    """[feeds]: the defaults for all sections."""

    entries: Count = 50
    hours: Annotated[int, Field(ge=0)] = 24
    max_entries: Count = 200
    content: Content = "full"
    summary_length: Annotated[int, Field(ge=20)] = 300
    largest_body_mb: Annotated[int, Field(ge=1, le=MAX_FEED_HTML // MIB)] = MAX_FEED_HTML // MIB
    media_enclosures: Switch = False
    cache: str = "news"
    podcast_category: Text = "News"
    podcast_explicit: Switch = False
    podcast_image: OptionalAddress = ""


class CacheTable(TomlTable):
    """[cache.NAME]: how long a cached copy may be used, in seconds."""

    browser: Seconds = 300
    cdn: Seconds = 60
    stale_while_revalidate: Seconds = 60
    stale_if_error: Seconds = 86400


class AllTable(TomlTable):
    """[all]: the feed of all sections. Empty values default to [feeds] or [site]."""

    title: str = ""
    description: str = ""
    language: OptionalLanguage = ""
    entries: Count | None = None
    hours: Annotated[int, Field(ge=0)] | None = None
    max_entries: Count | None = None
    content: Content | None = None
    summary_length: Annotated[int, Field(ge=20)] | None = None
    largest_body_mb: Annotated[int, Field(ge=1, le=MAX_FEED_HTML // MIB)] | None = None
    media_enclosures: Switch | None = None
    cache: str | None = None
    podcast_category: Text | None = None
    podcast_explicit: Switch | None = None
    podcast_image: OptionalAddress | None = None


class SectionTable(AllTable):
    """[[section]]: one feed."""

    slug: Slug
    title: Text
    formerly: list[Slug] = []


class RetiredTable(TomlTable):
    """[[retired]]: a feed that has ended."""

    slug: Slug


class SyndicationFile(TomlTable):
    """syndication.toml."""

    site: SiteTable = SiteTable()
    database: DatabaseTable = DatabaseTable()
    server: ServerSettings = ServerSettings()
    feeds: FeedsTable = FeedsTable()
    cache: dict[str, CacheTable] = {"news": CacheTable()}
    worker: WorkerSettings = WorkerSettings()
    editors: EditorsSettings = EditorsSettings()
    ninjs: NinjsSettings = NinjsSettings()
    purge: PurgeSettings = PurgeSettings()
    logs: LogSettings = LogSettings()


class Sections(TomlTable):
    """sections.toml."""

    all: AllTable = AllTable()
    section: list[SectionTable] = []
    retired: list[RetiredTable] = []
