"""The addresses of subscribers: which may be called, and how parameters are added to them. Pure."""

import ipaddress
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from ada_url import URL

from syndication.model.addresses import web_address
from syndication.outbound.public_addresses import may_connect

MAX_LENGTH = 2_048
"""The longest callback, in characters."""

DEFAULT_PORTS = {"http:": 80, "https:": 443}


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback: ``url`` has its path and query as they were sent; ``host`` is the host's name and the port."""

    url: str
    host: str


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """Which callbacks are accepted; no ``ports``: any. ``allow_private``: loopback and private networks too."""

    ports: Collection[int]
    allow_private: bool = False


def read_callback(text: str, rules: CallbackRules) -> Callback | str:
    """Returns the callback, or why it is refused. Names are not resolved here: who connects checks their addresses.

    Hosts are read as browsers read them (WHATWG URL), so that 0x7f.1 and 2130706433 are 127.0.0.1.
    """
    if len(text) > MAX_LENGTH:
        return f"hub.callback is longer than {MAX_LENGTH:,} characters."
    if not text.isascii() or not text.isprintable() or " " in text:
        return "hub.callback has characters that an address cannot have: percent-encode them."
    written = web_address(text)
    if written is None:
        return "hub.callback is not an address that begins with http:// or https://."
    url = URL(written)
    path = re.sub("^[^/?#]*", "", written.removeprefix(f"{url.protocol}//"))
    own = f"{url.protocol}//{url.host}{'' if path.startswith('/') else '/'}{path}"
    callback = Callback(own, f"{url.hostname}:{url.port or DEFAULT_PORTS[url.protocol]}")
    return _problem(url, callback, rules) or callback


def _problem(url: URL, callback: Callback, rules: CallbackRules) -> str | None:
    if url.username or url.password:
        return "hub.callback has a user name or a password: put a secret into its path or query instead."
    if "#" in callback.url:
        return "hub.callback has a fragment (#), which is never sent: remove it."
    if not _is_public(url.hostname, allow_private=rules.allow_private):
        return "hub.callback is an address that the public cannot reach."
    port = int(callback.host.rpartition(":")[2])
    if rules.ports and port not in rules.ports:
        return f"hub.callback has the port {port}: this hub calls only {', '.join(map(str, sorted(rules.ports)))}."
    return None


def with_parameters(url: str, parameters: Mapping[str, str]) -> str:
    """Returns a callback with parameters after those that it has, which stay as they are (WebSub section 5.1.1)."""
    joint = "?" if "?" not in url else "" if url.endswith(("?", "&")) else "&"
    return f"{url}{joint}{urlencode(parameters)}"


def _is_public(hostname: str, *, allow_private: bool) -> bool:
    """Returns whether a host may be public: an address that is, or any name but those of this machine (RFC 6761)."""
    name = hostname.rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return allow_private
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return True
    return may_connect(str(address), allow_private=allow_private)
