"""Which feed a topic's address means. Topics are our own feeds, nobody else's. Pure."""

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from ada_url import URL

from syndication.config.asked_sections import asked_addresses
from syndication.config.loading import Settings
from syndication.model.asked_addresses import AskedAddress, is_asked
from syndication.model.feed_addresses import feed_url
from syndication.serve.catalogue import parse

MAX_LENGTH = 2_048
"""The longest address of a topic that is looked at, in characters."""

HTTP_PORTS = {"http:": "80", "https:": "443"}


@dataclass(frozen=True, slots=True)
class Topic:
    """A feed in a format; ``asked``: one that readers ask for, which is a topic only while it exists."""

    section: str
    format: str
    asked: bool = False


def find_topic(address: str, settings: Settings) -> Topic | None:
    """Returns the feed that an address means, or None.

    Besides the feed's own address, that is one which redirects there or has the same document: by http or https, with
    a former slug, in another spelling of a combination, or from the earlier system. Pushes name the feed's own.
    """
    if len(address) > MAX_LENGTH or not address.isprintable():
        return None
    try:
        url, base = URL(address.partition("#")[0]), URL(settings.site.base_url)
    except ValueError:
        return None
    prefix = base.pathname.rstrip("/")
    if not _is_same_site(url, base) or not url.pathname.startswith(f"{prefix}/"):
        return None
    path = unquote_to_bytes(url.pathname.removeprefix(prefix)).decode("latin-1")
    old = settings.old_feeds.find(path, url.search.removeprefix("?"))
    if old is not None:
        return _topic(old.section, old.format, settings)
    named = parse(path)
    return None if named is None else _topic(*named, settings)


def topic_url(topic: Topic, settings: Settings) -> str:
    """Returns the topic's own address, which is the feed's link rel=self."""
    return feed_url(settings.site, topic.section, topic.format)


def _topic(slug: str, format: str, settings: Settings) -> Topic | None:
    slug = settings.redirects.get(slug, slug)
    if slug in settings.sections:
        return Topic(slug, format)
    asked = asked_addresses(settings).resolve(slug) if is_asked(slug) else None
    if isinstance(asked, AskedAddress):
        return Topic(asked.slug, format, asked=True)
    return Topic(asked, format) if asked is not None and asked in settings.sections else None


def _is_same_site(url: URL, base: URL) -> bool:
    """Returns whether two addresses differ at most in http or https, each with its usual port."""
    if url.protocol not in HTTP_PORTS or url.hostname != base.hostname or url.username or url.password:
        return False
    return url.port == base.port
