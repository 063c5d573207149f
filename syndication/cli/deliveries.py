"""Commands about deliveries: which changes reached the readers when, what waits, and purging again."""

import sys
from typing import TYPE_CHECKING

import click

from syndication.cli.common import current_user, merged_settings, open_database, settings_of
from syndication.cli.following import NO_WORKER, runs_a_worker
from syndication.cli.output import json_document, line
from syndication.errors import ConfigError

if TYPE_CHECKING:
    from syndication.config.loading import Settings
    from syndication.diagnostics.read_deliveries import Deliveries
    from syndication.store.articles.delivery_list import ChangeDelivery, DeliveryFilter, FeedDelivery, Order
    from syndication.store.db.database import Database
    from syndication.store.publishing.deliveries import ChangeKind

KIND_CHOICES = (
    "published", "edited", "scheduled", "appeared", "expired", "withdrawn", "restored", "deleted", "draft", "many",
)  # fmt: skip


@click.command()
@click.option("--section", metavar="SLUG", help="Only changes that this section's feed shows or waits for.")
@click.option("--kind", type=click.Choice(KIND_CHOICES), help="Only changes of this kind.")
@click.option("--article", metavar="ID", help="Only changes of this article.")
@click.option("--waiting", is_flag=True, help="Only what has not arrived everywhere, or is under embargo.")
@click.option(
    "--order", type=click.Choice(["slowest", "newest"]), default="slowest", show_default=True, help="What comes first."
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def deliveries(
    ctx: click.Context,
    section: str | None,
    kind: "ChangeKind | None",
    article: str | None,
    waiting: bool,
    order: "Order",
    limit: int,
    as_json: bool,
) -> None:
    """Show when the changes of the last days were written, published and served, and what waits and why.

    The exit code is 1 if a change waits for somebody to do something, and 3 if it waits for a worker.
    """
    from syndication.store.articles.delivery_list import DeliveryFilter

    settings = settings_of(ctx)
    with open_database(settings) as database:
        settings = merged_settings(settings, database)
        found = _read(settings, database, DeliveryFilter(section, kind, article, waiting), order, limit)
    if as_json:
        _print_json(found)
    else:
        _print(found)
    stages = {cause.wait.stage for cause in found.causes if cause.wait.is_blocked}
    sys.exit(NO_WORKER if stages == {"no-worker"} else 1 if stages else 0)


@click.command()
@click.argument("sections", nargs=-1, required=True, metavar="SECTION…")
@click.pass_context
def purge(ctx: click.Context, sections: tuple[str, ...]) -> None:
    """Purge the caches of sections again, for example after the retries have stopped."""
    from syndication.store.processes import purge_requests

    settings = settings_of(ctx)
    if not settings.purge.url:
        raise ConfigError("no cache is configured: purge.url is empty")
    with open_database(settings) as database:
        settings = merged_settings(settings, database)
        unknown = [slug for slug in sections if slug not in settings.sections]
        if unknown:
            raise ConfigError(f"there is no section {unknown[0]!r}: {', '.join(settings.sections)}")
        with database.write() as conn:
            now = database.now(conn)
            outcomes = {slug: purge_requests.request_purge(conn, slug, current_user(), now) for slug in sections}
        for slug, outcome in outcomes.items():
            line(f"{slug}: {'purge requested' if outcome == 'requested' else 'not published yet'}.")
        if not runs_a_worker(database):
            line("No worker is running to send it. Start one with `syndication worker`.", err=True)
            sys.exit(NO_WORKER)


def _read(
    settings: "Settings", database: "Database", wanted: "DeliveryFilter", order: "Order", limit: int
) -> "Deliveries":
    from syndication.diagnostics.read_deliveries import may_be_locked, read_deliveries, with_lock
    from syndication.store.db.locks import is_locked

    with database.snapshot() as conn:
        found = read_deliveries(conn, settings, wanted, order, database.now(conn), limit)
    if found.waiting and may_be_locked(found.facts):
        found = with_lock(found, is_locked(database))
    return found


def _print(found: "Deliveries") -> None:
    from syndication.diagnostics.words import utc, write

    for cause in found.causes:
        number = f"{cause.changes:,} {'change' if cause.changes == 1 else 'changes'}"
        line(f"{number}, since {utc(cause.since)}: {write(cause.wait.words, utc)}", err=cause.wait.is_blocked)
    if found.causes:
        line(err=found.causes[0].wait.is_blocked)
    for item in found.items:
        name = f"{item.article_id}  {item.name}" if item.article_id is not None else item.name
        line(f"{item.written_at:%Y-%m-%d %H:%M:%S}  {item.kind:<9}  {name}  {_way(item, found)}")
    if not found.items:
        line("No changes found.")


def _way(item: "ChangeDelivery", found: "Deliveries") -> str:
    """Returns where the change is, in a few words."""
    from syndication.diagnostics.waiting_changes import find_wait

    wait = find_wait(item, found.facts)
    feeds = "; ".join(_of_feed(feed, item) for feed in item.feeds)
    if wait is not None:
        return f"waiting ({wait.stage}){f': {feeds}' if feeds else ''}"
    return feeds or ("changed no feed" if item.settled_at else "being recorded")


def _of_feed(feed: "FeedDelivery", item: "ChangeDelivery") -> str:
    from syndication.store.articles.delivery_list import milliseconds

    if feed.published_at is None:
        return f"{feed.section} not published"
    seconds = milliseconds(item.written_at, feed.published_at) / 1000
    published = f"{feed.section} {seconds:.1f} s to version {feed.version}"
    if feed.served_at is None:
        return published
    return f"{published}, {milliseconds(item.written_at, feed.served_at) / 1000:.1f} s to readers"


def _print_json(found: "Deliveries") -> None:
    from dataclasses import asdict

    from syndication.diagnostics.waiting_changes import find_wait
    from syndication.diagnostics.words import utc, write

    changes = []
    for item in found.items:
        wait = find_wait(item, found.facts)
        message = None if wait is None else {"stage": wait.stage, "message": write(wait.words, utc)}
        changes.append(asdict(item) | {"published_ms": item.published_ms, "waiting": message})
    causes = [
        {
            "stage": cause.wait.stage,
            "blocked": cause.wait.is_blocked,
            "message": write(cause.wait.words, utc),
            "changes": cause.changes,
            "since": cause.since,
            "sections": cause.sections,
        }
        for cause in found.causes
    ]
    json_document({"items": changes, "causes": causes})
