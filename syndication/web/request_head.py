"""Translates a request head from ASGI to WSGI: pure, and strict about header names."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from werkzeug.http import parse_list_header

Scope = Mapping[str, Any]
"""An ASGI request; header names are in lower case."""

TOKEN = re.compile(rb"[a-z0-9!#$%&'*+.^`|~-]+")
"""RFC 9110 section 5.6.2 without the underscore: WSGI maps X_Forwarded_For and X-Forwarded-For to one name, so a client
could forge the latter. No header that we or a proxy read has an underscore."""

SEPARATORS = {b"cookie": "; "}
"""Header lines of one name are joined by commas (RFC 9110 section 5.3), except cookies (RFC 6265 section 5.4)."""


def decode_path(raw: bytes) -> str:
    """Returns the path in WSGI form: percent-decoded bytes, each as one character (PEP 3333)."""
    return (unquote_to_bytes(raw) if b"%" in raw else raw).decode("latin-1")


def read_headers(lines: Iterable[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """Returns the headers by name, without those whose name has an underscore."""
    found: dict[bytes, str] = {}
    for name, value in lines:
        if TOKEN.fullmatch(name):
            text = value.decode("latin-1")
            found[name] = f"{found[name]}{SEPARATORS.get(name, ',')}{text}" if name in found else text
    return found


def believed_address(peer: str, forwarded_for: str | None, trusted_proxies: int) -> str:
    """Returns the client's address: the peer, or the one reported by our outermost proxy (as Werkzeug's ProxyFix)."""
    if not trusted_proxies or not forwarded_for:
        return peer
    values = parse_list_header(forwarded_for)
    return values[-trusted_proxies] if len(values) >= trusted_proxies else peer


def believed_client(environ: Mapping[str, Any], trusted_proxies: int) -> str:
    """Returns the same of a WSGI environ."""
    return believed_address(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR"), trusted_proxies)


def environ_of(scope: Scope, path: str, headers: Mapping[bytes, str], address: str) -> dict[str, str]:
    """Returns the strings of a WSGI environ, without the length of the body."""
    server = scope.get("server") or ("", "0")
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": address,
        "wsgi.url_scheme": scope["scheme"],
    }
    for name, text in headers.items():
        if name == b"content-type":
            environ["CONTENT_TYPE"] = text
        elif name not in (b"content-length", b"transfer-encoding", b"expect", b"connection", b"keep-alive"):
            environ[f"HTTP_{name.decode().replace('-', '_').upper()}"] = text
    return environ


def declared_length(headers: Mapping[bytes, str]) -> int | None:
    """Returns the length of the body: 0 without a body, None if it is chunked. The web server has checked it."""
    if b"transfer-encoding" in headers:
        return None
    length = headers.get(b"content-length", "")
    return int(length) if length.isdigit() else 0
