"""What addresses have in common for all that connect to them."""

import base64
from urllib.parse import unquote

from ada_url import URL

PORTS = {"http:": 80, "https:": 443}


def port_of(at: URL) -> int:
    """Returns the port of an address, which need not name it."""
    return int(at.port) if at.port else PORTS[at.protocol]


def credentials(at: URL) -> dict[str, str]:
    """Returns the header with the name and password of an address, if it has any, and takes them out of it."""
    if not at.username and not at.password:
        return {}
    pair = f"{unquote(at.username)}:{unquote(at.password)}".encode()
    at.username = at.password = ""
    return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}


def refusal(host: str, *, allow_private: bool) -> str:
    """Returns why a host is not connected to that has no address that may be."""
    kind = "is reserved" if allow_private else "is private or reserved; allow_private allows private ones"
    return f"{host} is not connected to: its address {kind}"
