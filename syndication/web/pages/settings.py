"""What the pages are told of the configuration."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from syndication.config.loading import Settings
from syndication.model.sitemaps import ANNOUNCED


@dataclass(frozen=True, slots=True)
class PageSettings:
    """The newsroom's time zone (IANA name) and colour (``#rrggbb``; "": ours), and what the service has besides feeds.

    ``combine``: feeds of several sections can be asked for by address. ``searches_terms``: those of tags or authors.
    ``sitemaps`` are paths, for robots.txt. ``hub``: programs can subscribe to pushes.
    """

    timezone: str = "UTC"
    color: str = ""
    combine: bool = False
    searches_terms: bool = False
    sitemaps: tuple[str, ...] = ()
    hub: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)


def page_settings(settings: Settings) -> PageSettings:
    """Returns the part of the settings that the pages need."""
    return PageSettings(
        timezone=settings.editors.timezone,
        color=settings.main.site.color,
        combine="combinations" in settings.on_demand.allowed,
        searches_terms=bool({"tags", "authors"} & set(settings.on_demand.allowed)),
        hub=settings.hub.enabled,
        sitemaps=ANNOUNCED if settings.main.sitemaps.enabled else (),
    )
