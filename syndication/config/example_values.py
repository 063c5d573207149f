"""Finds settings that still have the values of the examples: their IDs and addresses belong to nobody. Pure."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from syndication.config.loading import Settings
from syndication.config.schema import SiteTable

EXAMPLE_HOST = re.compile(r"(.*\.)?(example|example\.(com|net|org))", re.IGNORECASE)
"""Domains that belong to nobody (RFC 2606 sections 2 and 3)."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")

EXAMPLE_TITLES = ("The Formosa Ledger", SiteTable.model_fields["title"].default)


def is_example_host(host: str) -> bool:
    """Returns whether a host, or the domain of an email address, is one of those for examples."""
    return EXAMPLE_HOST.fullmatch(host.rpartition("@")[2].rstrip(".")) is not None


def find_example_values(settings: Settings) -> Iterator[str]:
    """Yields a sentence, without its full stop, for each setting that no newsroom can publish with."""
    site = settings.main.site
    if site.title in EXAMPLE_TITLES:
        yield f"site.title is {site.title!r}, the name of an example"
    if is_example_host(site.authority):
        yield f"site.authority is {site.authority!r}, which belongs to nobody; it is in every ID and must never change"
    for name, address in (("base_url", site.base_url), ("home_url", site.home_url)):
        host = urlsplit(address).hostname or ""
        if is_example_host(host):
            yield f"site.{name} is {address!r}, the address of an example"
        elif name == "base_url" and host in LOOPBACK:
            yield f"site.base_url is {address!r}, which only this machine can reach"
