"""The front's Flask pages, run in threads, because rendering a template would block the event loop."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Page = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers and body."""

THREADS = 4


def pool() -> ThreadPoolExecutor:
    """Returns the thread pool for pages; its queue is bounded by the number of connections."""
    return ThreadPoolExecutor(THREADS, "pages")


def page_of(app: "WSGIApplication", texts: dict[str, str]) -> Page:
    """Returns the whole response of a WSGI app to a request without a body."""
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
