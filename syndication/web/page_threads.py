"""The front's few pages that Flask makes: in a thread, because a template is no work for the event loop."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Page = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""

THREADS = 4


def pool() -> ThreadPoolExecutor:
    """Threads for pages; those who come while all are busy wait, and are no more than there are connections."""
    return ThreadPoolExecutor(THREADS, "pages")


def page_of(app: "WSGIApplication", texts: dict[str, str]) -> Page:
    """The whole answer of a WSGI app to a request without a body."""
    environ: dict[str, Any] = {
        **texts,
        "wsgi.version": (1, 0),
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    found: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:  # noqa: ARG001
        found.append((status, headers))

    parts = app(environ, start)
    body = b"".join(parts)
    if hasattr(parts, "close"):
        parts.close()
    status, headers = found[-1]
    return int(status[:3]), headers, body
