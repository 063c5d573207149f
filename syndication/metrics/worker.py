"""The metrics of a worker, exported on its own port if one is set."""

from collections.abc import Callable, Mapping

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
SOURCE_LOOKS = Counter("syndication_source_looks", "Looks at a source", ["source", "outcome"])
SOURCE_LOOK_SECONDS = Histogram(
    "syndication_source_look_seconds", "Duration of one look at a source", ["source"], buckets=SECONDS
)
SOURCE_STORIES = Counter("syndication_source_stories", "Stories of a source that were taken over", ["source", "act"])
SOURCE_LOOKED_AT = Gauge(
    "syndication_source_last_look_timestamp_seconds", "Time of the last look that succeeded", ["source"]
)
SOURCE_LAG = Gauge(
    "syndication_source_lag_seconds", "From publication in the source to its commit here, of the newest", ["source"]
)
SOURCE_ARTICLES = Gauge("syndication_source_articles", "Articles of a source that are public there", ["source"])
SOURCE_REFUSED = Gauge("syndication_source_refused", "Stories of a source that could not be stored", ["source"])
SOURCE_HELD = Gauge("syndication_source_held", "1 while a source is held because too much vanished", ["source"])
PUSHES = Counter("syndication_pushes", "Attempts to push a version to a subscriber", ["outcome"])
PUSHES_WAITING = Gauge("syndication_pushes_waiting", "Subscriptions that lack the newest version of their feed")
PUSH_LAG_SECONDS = Histogram(
    "syndication_push_lag_seconds",
    "From the publication of a version to the subscriber's answer that it has it",
    buckets=(*SECONDS, 60, 300, 3_600),
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


def record_source_look(source: str, outcome: str, seconds: float, acts: Mapping[str, int]) -> None:
    """Counts one look, its outcome (unchanged, changed, held, unfinished or failed), and the stories by act."""
    SOURCE_LOOKS.labels(source, outcome).inc()
    SOURCE_LOOK_SECONDS.labels(source).observe(seconds)
    for act, number in acts.items():
        SOURCE_STORIES.labels(source, act).inc(number)


def set_source(
    source: str, *, looked_at: float | None, lag: float | None, articles: int, refused: int, held: bool
) -> None:
    """Sets the gauges of a source, as the database has them; times in seconds, the first since 1970."""
    SOURCE_LOOKED_AT.labels(source).set(looked_at or 0)
    SOURCE_LAG.labels(source).set(lag or 0)
    SOURCE_ARTICLES.labels(source).set(articles)
    SOURCE_REFUSED.labels(source).set(refused)
    SOURCE_HELD.labels(source).set(held)


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
