"""What a worker counts, told on a port of its own if one is set: it has no other way to be asked."""

from collections.abc import Callable

from prometheus_client import Counter, Gauge, Histogram, start_http_server

from syndication.logs import get_logger

log = get_logger(__name__)

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REGENERATIONS = Counter("syndication_regenerations", "Regenerations of sections", ["result"])
REGENERATION_SECONDS = Histogram(
    "syndication_regeneration_seconds", "How long the regeneration of one section took", buckets=SECONDS
)
JOBS = Counter("syndication_jobs", "Runs of the timetable's jobs", ["job", "outcome"])
PURGES = Counter("syndication_purges", "Attempts to tell a cache in front that a section changed", ["outcome"])
RENDERER_DEATHS = Counter("syndication_renderer_deaths", "Deaths of the process that renders entries", ["cause"])
FRAGMENTS = Gauge("syndication_fragment_bytes", "Memory that rendered entries take")


def record_regeneration(result: str, seconds: float) -> None:
    """Count one regeneration of a section."""
    REGENERATIONS.labels(result).inc()
    REGENERATION_SECONDS.observe(seconds)


def record_renderer_death(cause: str) -> None:
    """Count one death of the process that renders entries: time, memory, silence or signal."""
    RENDERER_DEATHS.labels(cause).inc()


def serve(host: str, port: int, fragments: Callable[[], int]) -> None:
    """Answer Prometheus on this port; 0: on none. Another worker's port is left to it, and this one goes on without."""
    if not port:
        return
    FRAGMENTS.set_function(fragments)
    try:
        start_http_server(port, host)
    except OSError as error:
        log.warning("metrics_not_listening", host=host, port=port, error=error.strerror or str(error))
    else:
        log.info("metrics_listening", host=host, port=port)
