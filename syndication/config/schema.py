"""The schema of the configuration files: every key with its type and default."""

from typing import Annotated, Literal

from pydantic import Field

from syndication.config.hub_schema import HubSettings
from syndication.config.notification_schema import AnyChannel
from syndication.config.old_feed_schema import OldFeedTable, OldSiteTable
from syndication.config.source_schemas import AnySource
from syndication.config.value_types import (
    Address,
    AddressTemplates,
    ArticleMegabytes,
    AskedKinds,
    Authority,
    ClockTime,
    Content,
    Count,
    Day,
    HttpHeaders,
    HttpMethod,
    Language,
    OptionalAddress,
    OptionalColor,
    OptionalEmail,
    OptionalLanguage,
    OptionalSlug,
    Seconds,
    Secret,
    SectionTitle,
    Slug,
    StoryAddress,
    Switch,
    TermText,
    Text,
    TimeZone,
    TomlTable,
)
from syndication.model.body_limits import MIB, BodyLimits
from syndication.model.field_limits import MAX_FEED_HTML


class SiteTable(TomlTable):
    """[site]: settings shared by all feeds."""

    title: Text = "The Daily Example"
    description: str = ""
    base_url: Address = "http://127.0.0.1:8000"
    home_url: OptionalAddress = ""
    authority: Authority = "daily.example"
    authority_date: Day = "2026-01-01"
    language: Language = "en"
    rights: str = ""
    logo: OptionalAddress = ""
    icon: OptionalAddress = ""
    color: OptionalColor = ""
    email: OptionalEmail = ""
    section_title: SectionTitle = "{section} – {site}"


class DatabaseTable(TomlTable):
    """[database]."""

    url: Text = "sqlite:///var/syndication.db"


class ServerSettings(TomlTable):
    """[server]: the web process's address, number of processes, surrogate keys, browser pages, draining."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    surrogate_keys: Switch = True
    browser_pages: Switch = True
    drain_seconds: Annotated[float, Field(ge=0, le=300)] = 0.0
    document_memory: Annotated[int, Field(ge=1, le=1_048_576)] = 1024


class WorkerSettings(TomlTable):
    """[worker]; times are in seconds unless the name has another unit."""

    safety_net: Annotated[float, Field(gt=0)] = 30.0
    wake_interval: Annotated[float, Field(gt=0, le=1)] = 0.005
    lease: Annotated[float, Field(ge=1)] = 30.0
    retry_first: Annotated[float, Field(gt=0)] = 2.0
    retry_max: Annotated[float, Field(gt=0)] = 300.0
    hold_seconds: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    sweep_seconds: Annotated[float, Field(ge=1)] = 300.0
    reconcile_at: ClockTime = "19:30"
    tombstone_days: Annotated[int, Field(ge=1)] = 30
    keep_versions: Annotated[int, Field(ge=1, le=10_000)] = 100
    delivery_days: Annotated[int, Field(ge=1, le=90)] = 7
    keep_revisions: Annotated[int, Field(ge=1, le=10_000)] = 50
    revision_days: Annotated[int, Field(ge=1)] = 365
    fragment_memory: Annotated[int, Field(ge=1, le=65_536)] = 256
    render_seconds: Annotated[int, Field(ge=1, le=3600)] = 20
    render_memory: Annotated[int, Field(ge=512, le=65_536)] = 1536
    metrics_host: Text = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    progress_path: str = ""


class EditorsSettings(TomlTable):
    """[editors]: the API and the dashboard."""

    webhook_secret: Secret = ""
    audit_days: Annotated[int, Field(ge=1)] = 365
    failed_attempts: Annotated[int, Field(ge=1)] = 10
    user_failed_attempts: Annotated[int, Field(ge=1, le=20)] = 10
    require_second_factor: bool = False
    timezone: TimeZone = "UTC"
    session_hours: Annotated[int, Field(ge=1, le=720)] = 12
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    at_once: Annotated[int, Field(ge=1, le=64)] = 8
    largest_article_mb: ArticleMegabytes = 16
    largest_batch_mb: Annotated[int, Field(ge=1, le=256)] = 32

    @property
    def body_limits(self) -> BodyLimits:
        """Returns both sizes in bytes, for ``largest_body``."""
        return BodyLimits(self.largest_article_mb * MIB, self.largest_batch_mb * MIB)


class PurgeSettings(TomlTable):
    """[purge]: the requests that purge a changed feed from caches."""

    url: AddressTemplates = ""
    method: HttpMethod = "POST"
    headers: HttpHeaders = Field(default_factory=dict)
    body: str = ""
    timeout: Annotated[float, Field(gt=0, le=60)] = 5.0
    retry_seconds: Annotated[float, Field(gt=0)] = 3600.0


class SitemapSettings(TomlTable):
    """[sitemaps]: ``news_name`` is the publication's name in the news sitemap; empty: site.title."""

    enabled: Switch = True
    news_name: str = ""


class NinjsSettings(TomlTable):
    """[ninjs]: the webhook that receives stories as ninjs. ``sections`` maps subjects and categories to slugs."""

    secret: Secret = ""
    url: StoryAddress = ""
    section: OptionalSlug = ""
    sections: dict[str, Slug] = Field(default_factory=dict)
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


class OnDemandSettings(TomlTable):
    """[on_demand]: the feeds that readers may ask for by address, and what a stranger may make of it."""

    allowed: AskedKinds = ("combinations", "tags", "authors")
    max_feeds: Annotated[int, Field(ge=0, le=100_000)] = 1000
    max_parts: Annotated[int, Field(ge=2, le=50)] = 6
    new_per_minute: Annotated[int, Field(ge=1, le=10_000)] = 60
    new_per_client: Annotated[int, Field(ge=1, le=10_000)] = 10
    max_waiting: Annotated[int, Field(ge=1, le=1000)] = 32
    wait_seconds: Annotated[float, Field(ge=0, le=30)] = 2.0
    sleep_hours: Annotated[int, Field(ge=1, le=87_600)] = 72
    forget_days: Annotated[int, Field(ge=1, le=3650)] = 30


class CacheTable(TomlTable):
    """[cache.NAME]: how long a cached copy may be used, in seconds; the bounds are None where the time is fixed."""

    browser: Seconds = 300
    cdn: Seconds = 60
    stale_while_revalidate: Seconds = 60
    stale_if_error: Seconds = 86400
    min_browser: Seconds | None = None
    max_browser: Seconds | None = None


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
    formerly: list[Slug] = Field(default_factory=list)
    any: list[TermText] = Field(default_factory=list)
    all: list[TermText] = Field(default_factory=list)
    none: list[TermText] = Field(default_factory=list)


class RetiredTable(TomlTable):
    """[[retired]]: a feed that has ended."""

    slug: Slug


class SyndicationFile(TomlTable):
    """syndication.toml."""

    site: SiteTable = SiteTable()
    database: DatabaseTable = DatabaseTable()
    server: ServerSettings = ServerSettings()
    feeds: FeedsTable = FeedsTable()
    cache: dict[str, CacheTable] = Field(default_factory=lambda: {"news": CacheTable(min_browser=60, max_browser=3600)})
    worker: WorkerSettings = WorkerSettings()
    editors: EditorsSettings = EditorsSettings()
    ninjs: NinjsSettings = NinjsSettings()
    purge: PurgeSettings = PurgeSettings()
    hub: HubSettings = HubSettings()
    sitemaps: SitemapSettings = SitemapSettings()
    on_demand: OnDemandSettings = OnDemandSettings()
    logs: LogSettings = LogSettings()
    source: list[AnySource] = Field(default_factory=list)
    notification: list[AnyChannel] = Field(default_factory=list)


class Sections(TomlTable):
    """sections.toml."""

    all: AllTable = AllTable()
    section: list[SectionTable] = Field(default_factory=list)
    retired: list[RetiredTable] = Field(default_factory=list)
    old_feed: list[OldFeedTable] = Field(default_factory=list)
    old_site: list[OldSiteTable] = Field(default_factory=list)
