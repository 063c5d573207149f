"""Which sources cannot be read as they are configured, as far as this machine can tell without asking anybody."""

import ipaddress
from collections.abc import Iterable, Iterator

from ada_url import URL

from syndication.config.source_schema import SourceTable
from syndication.outbound.public_addresses import may_connect
from syndication.sources.foreign_database import sqlite_file

LOCALHOST = "localhost"
"""A name of the loopback addresses, with all names that end in it (RFC 6761, section 6.3)."""


def unreadable(sources: Iterable[SourceTable]) -> Iterator[str]:
    """Yields a sentence for each SQLite file that does not exist, and each address that is not connected to.

    Names of hosts are not resolved: what they lead to may differ from machine to machine.
    """
    for table in sources:
        path = sqlite_file(table.database)
        if path is not None and not path.is_file():
            yield (
                f"The source {table.name} reads a SQLite file that this machine does not have: {path}. Name an existing"
                " file in database, as in sqlite:////srv/cms/news.db."
            )
        host = _host(table.asked_url)
        if host and _is_refused(host, allow_private=table.allow_private):
            yield (
                f"The source {table.name} is asked at {host}, an address that is not public, and is not connected to:"
                + (" write its public address." if table.allow_private else " set allow_private = true to allow that.")
            )


def _host(url: str) -> str:
    try:
        return str(URL(url).hostname).strip("[]") if url else ""
    except ValueError:
        return ""


def _is_refused(host: str, *, allow_private: bool) -> bool:
    if host.rstrip(".") == LOCALHOST or host.rstrip(".").endswith(f".{LOCALHOST}"):
        return not allow_private
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return not may_connect(host, allow_private=allow_private)
