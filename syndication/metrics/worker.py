"""The metrics of a worker, exported on its own port if one is set."""

from collections.abc import Callable

from prometheus_client import Counter, Gauge, Histogram, start_http_server

from syndication.logs import get_logger

log = get_logger(__name__)

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REGENERATIONS = Counter("syndication_regenerations", "Regenerations of sections", ["result"])
REGENERATION_SECONDS = Histogram(
    "syndication_regeneration_seconds", "Duration of the regeneration of one section", buckets=SECONDS
)
JOBS = Counter("syndication_jobs", "Runs of scheduled jobs", ["job", "outcome"])
PURGES = Counter("syndication_purges", "Attempts to purge a section from a cache", ["outcome"])
RENDERER_DEATHS = Counter("syndication_renderer_deaths", "Deaths of the rendering process", ["cause"])
HOLDS = Counter("syndication_holds", "Holds of vanished entries that began or ended", ["event"])
MISSED = Counter("syndication_missed_changes", "Entries whose change no trigger noticed, found by a sweep")
SWEEP_STEP_SECONDS = Histogram(
    "syndication_sweep_step_seconds",
    "Duration of one step of a sweep, after which changes are published",
    buckets=SECONDS,
)
FRAGMENTS = Gauge("syndication_fragment_bytes", "Memory used by the cache of rendered entries")


def record_regeneration(result: str, seconds: float) -> None:
    """Counts one regeneration of a section."""
    REGENERATIONS.labels(result).inc()
    REGENERATION_SECONDS.observe(seconds)


def record_hold(event: str | None) -> None:
    """Counts the begin of a hold, or its end: returned, released or over. None: neither."""
    if event is not None:
        HOLDS.labels(event).inc()


def record_missed(entries: int) -> None:
    """Counts entries whose change had been missed."""
    MISSED.inc(entries)


def record_sweep_step(seconds: float) -> None:
    """Records one step of a sweep."""
    SWEEP_STEP_SECONDS.observe(seconds)


def record_renderer_death(cause: str) -> None:
    """Counts one death of the rendering process; its cause is time, memory, silence or signal."""
    RENDERER_DEATHS.labels(cause).inc()


def serve(host: str, port: int, fragments: Callable[[], int]) -> None:
    """Serves the metrics on ``port``, or not at all if it is 0. If the port is taken, the worker runs without."""
    if not port:
        return
    FRAGMENTS.set_function(fragments)
    try:
        start_http_server(port, host)
    except OSError as error:
        log.warning("metrics_not_listening", host=host, port=port, error=error.strerror or str(error))
    else:
        log.info("metrics_listening", host=host, port=port)
