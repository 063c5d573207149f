"""Commands about articles: import, withdraw, restore."""

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syndication.cli.common import current_user, merged_settings, open_database, settings_of
from syndication.cli.output import line

if TYPE_CHECKING:
    from syndication.config.loading import Settings
    from syndication.importing.report import Report
    from syndication.store.db.database import Database


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option(
    "--section",
    "sections",
    multiple=True,
    metavar="SLUG",
    help="The section for articles that name none, such as those in feed files. Repeat for more.",
)
@click.pass_context
def import_(ctx: click.Context, files: tuple[str, ...], sections: tuple[str, ...]) -> None:
    """Import articles from JSON Lines, RSS, Atom or JSON Feed files; "-" reads standard input.

    \b
    JSON Lines have one object per line, with at least:
      {"id": "2026-0142", "title": "Night train to Hualien", "url": "/news/2026-0142",
       "html": "<p>…</p>", "sections": ["taiwan"], "published_at": "2026-03-14T08:00:00+08:00"}

    Also: slug, summary, authors, tags, language, image, enclosures, updated_at, expires_at, status, correction,
    guid, access ("members": feeds have the text before <!--members-only-->). A line that cannot be stored is reported
    with its number; the others are imported. So is an article that is stored and will not appear as asked, with the
    reason. Importing a file twice changes nothing. Withdrawn articles stay out; deleted ones are published again.

    \b
    Import an old feed and keep the IDs that feed readers know:
      syndication import --section taiwan old-feed.xml
    """
    from syndication.cli.following import runs_a_worker
    from syndication.importing.feed_reader import FeedFileReader
    from syndication.importing.import_file import import_file
    from syndication.importing.report import Report
    from syndication.store.access.audit_log import Act, record
    from syndication.store.articles.articles import MANY, analyze

    settings = settings_of(ctx)
    report = Report()
    reader = FeedFileReader()
    with open_database(settings) as database, _report_when_stopped(report), closing(reader):
        settings = merged_settings(settings, database)
        for name in files:
            import_file(database, settings, name, sections, report, reader=reader, progress=sys.stderr.isatty())
        with database.write() as conn:
            done = Act("import", ", ".join(Path(name).name for name in files), report.summary())
            record(conn, current_user(), [done], database.now(conn))
        changed = report.outcomes["created"] + report.outcomes["updated"]
        if changed >= MANY:
            analyze(database)
        alive = runs_a_worker(database)
    if changed and not alive:
        line(NO_WORKER_RUNS, err=True)
    _show(report)
    if report.bad:
        sys.exit(1)


@contextmanager
def _report_when_stopped(report: "Report") -> Iterator[None]:
    """Prints the partial result if the database fails or the command is interrupted."""
    try:
        yield
    except BaseException:
        _show(report)
        line("The import stopped early. Import the same files again; stored articles do not change.", err=True)
        raise


def _show(report: "Report") -> None:
    for words in (*report.problems, *report.notes):
        line(words, err=True)
    for hint in report.unknown_sections():
        for part in hint.split("\n"):  # A table to paste into sections.toml has several lines.
            line(part, err=True)
    line(report.summary())


NO_WORKER_RUNS = "No worker is running: feeds stay as they are. Start one with `syndication worker`."

wait_option = click.option("--no-wait", is_flag=True, help="Return once it is stored, for scripts.")


@click.command()
@click.argument("ids", nargs=-1, metavar="ID…")
@click.option("--reason", metavar="TEXT", help="Why, for the newsroom: no feed shows it.")
@click.option("--undo", metavar="WITHDRAWAL", help="Restore what an earlier command withdrew, within an hour.")
@wait_option
@click.pass_context
def withdraw(ctx: click.Context, ids: tuple[str, ...], reason: str | None, undo: str | None, no_wait: bool) -> None:
    """Remove articles from every feed until they are restored.

    Waits until every web process serves the feeds without them. The exit code is 3 if no worker or no web process is
    running, and 1 if a feed is failing or it takes more than a minute: the withdrawal is stored all the same.

    Nothing that the CMS does brings them back: not an import, and not deleting and writing them again. A cache may show
    its copy for as long as the section's cache times allow.

    The articles of one command are one withdrawal: its last line has the command that undoes it. That restores exactly
    what was withdrawn, and names what was restored, withdrawn again or changed since.
    """
    from syndication.model.reasons import plain_reason
    from syndication.store.articles.withdrawal_batches import withdraw_together

    if undo is not None:
        if ids or reason is not None:
            raise click.UsageError("--undo takes no ID and no --reason.")
        sys.exit(_undo(ctx, undo, no_wait=no_wait))
    if not ids:
        raise click.UsageError("Name at least one ID.")
    try:
        why = plain_reason(reason or "")
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--reason") from error
    settings = settings_of(ctx)
    with open_database(settings) as database:
        batch = withdraw_together(database, ids, current_user(), why)
        rejected = [one.id for one in batch.articles if one.outcome == "failed"]
        bad = [one.id for one in batch.articles if one.outcome == "unknown"] + rejected
        for one in batch.articles:
            if one.outcome == "failed":
                line(f"{one.id}: not withdrawn: the database rejected it ({one.detail})", err=True)
        code = _report(settings, database, ids, bad, "withdrawn", no_wait=no_wait, rejected=rejected)
    if batch.made_out:
        line(f"To undo this within an hour: syndication withdraw --undo {batch.id}", err=True)
    sys.exit(code)


def _undo(ctx: click.Context, id: str, *, no_wait: bool) -> int:
    """Undoes a withdrawal, and prints what became of each article; returns the exit code."""
    from syndication.diagnostics.withdrawal_words import undone_words
    from syndication.store.articles import withdrawal_batches

    settings = settings_of(ctx)
    with open_database(settings) as database:
        batch = withdrawal_batches.undo(database, id, current_user())
        if batch is None:
            line(f"There is no withdrawal {id!r}.", err=True)
            return 1
        restored = [one.id for one in batch.made_out if one.undone in ("restored", "restored-changed")]
        for one in batch.made_out:
            if one.undone != "restored":
                words = undone_words(one) or ""
                line(f"{one.id}: {words[:1].lower()}{words[1:]}", err=one.undone == "failed")
        failed = [one.id for one in batch.made_out if one.undone == "failed"]
        return _report(settings, database, tuple(restored), [], "restored", no_wait=no_wait) or (1 if failed else 0)


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@wait_option
@click.pass_context
def restore(ctx: click.Context, ids: tuple[str, ...], no_wait: bool) -> None:
    """Return withdrawn articles to their feeds, in their old positions.

    Waits, and exits, as `withdraw` does. One that was deleted as well is published when it is written again.
    """
    from syndication.store.articles.withdrawals import restore as run

    settings = settings_of(ctx)
    with open_database(settings) as database:
        unknown = run(database, ids, by=current_user())
        code = _report(settings, database, ids, unknown, "restored", no_wait=no_wait)
    sys.exit(code)


@click.command()
@click.argument("id", metavar="ID")
@click.argument("time", metavar="TIME", required=False)
@click.option("--now", "at_once", is_flag=True, help="Publish it now.")
@click.pass_context
def schedule(ctx: click.Context, id: str, time: str | None, at_once: bool) -> None:
    """Set, move or lift the embargo of an article.

    For drafts and articles under embargo. TIME is like 2026-03-14T08:00; without a time zone, it is in that of the
    newsroom (editors.timezone). The exit code is 3 if no worker is running to do it.
    """
    from zoneinfo import ZoneInfo

    from syndication.cli.following import NO_WORKER, runs_a_worker
    from syndication.errors import ArticleError
    from syndication.model.values import Article
    from syndication.store.articles import articles, scheduling

    if (time is None) != at_once:
        raise click.UsageError("Give a TIME, or --now.")
    settings = settings_of(ctx)
    zone = ZoneInfo(settings.editors.timezone)
    try:
        at = datetime.fromisoformat(time) if time is not None else None
    except ValueError:
        raise click.UsageError(f"{time!r} is not a time like 2026-03-14T08:00") from None
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=zone)

    with open_database(settings) as database:
        with database.read() as conn:
            now = database.now(conn)

        def decide(stored: Article | None) -> Article:
            if stored is None:
                raise ArticleError(f"There is no article {id!r}")
            return scheduling.schedule(stored, at.astimezone(UTC) if at is not None else None, now)

        _, article = articles.change_article(database, id, decide, by=current_user(), act="schedule")
        alive = runs_a_worker(database)
    moment = article.published_at
    if moment is not None:
        when = f"{moment.astimezone(zone):%d %b %Y, %H:%M} ({zone})"
        line(f"{id} is published on {when}." if moment > now else f"{id} is published.")
    if not alive:
        line(NO_WORKER_RUNS, err=True)
        sys.exit(NO_WORKER)


@click.command("lock")
@click.argument("id", metavar="ID")
@click.option("--field", "fields", multiple=True, required=True, metavar="FIELD", help="A field. Repeat for more.")
@click.pass_context
def lock_fields(ctx: click.Context, id: str, fields: tuple[str, ...]) -> None:
    """Keep fields of an article as they are, whatever the CMS sends.

    Writes by tokens, webhooks, sources and imports keep the stored values of these fields until they are released.
    Editors in the dashboard can change them. Programs that write to the database themselves are not stopped.

    \b
    Fields: title, summary, html, authors, sections, tags, image, correction, published_at, expires_at
    """
    from syndication.store.articles.field_locks import LOCKABLE

    if unknown := [field for field in fields if field not in LOCKABLE]:
        raise click.UsageError(f"{unknown[0]!r} cannot be locked. Fields: {', '.join(LOCKABLE)}")
    _change_locks(ctx, id, lambda locked: locked | set(fields))


@click.command("unlock")
@click.argument("id", metavar="ID")
@click.option("--field", "fields", multiple=True, metavar="FIELD", help="Only this field. Repeat for more.")
@click.pass_context
def unlock_fields(ctx: click.Context, id: str, fields: tuple[str, ...]) -> None:
    """Release locked fields of an article: all, or those named."""
    _change_locks(ctx, id, lambda locked: locked - set(fields) if fields else set())


def _change_locks(ctx: click.Context, id: str, change: Callable[[set[str]], set[str]]) -> None:
    from syndication.store.articles import articles, field_locks

    with open_database(settings_of(ctx)) as database, database.write() as conn:
        articles.lock(conn, [id])
        known = articles.get_article(conn, id) is not None
        if known:
            before = {one.field for one in field_locks.list_locks(conn, [id]).get(id, ())}
            field_locks.set_locks(conn, id, change(before), current_user(), database.now(conn))
            locked = [one.field for one in field_locks.list_locks(conn, [id]).get(id, ())]
    if not known:
        line(f"There is no article {id!r}.", err=True)
        sys.exit(1)
    line(f"{id}: locked are {', '.join(locked)}." if locked else f"{id}: no field is locked.")


def _report(
    settings: "Settings",
    database: "Database",
    ids: tuple[str, ...],
    unknown: list[str],
    done: str,
    *,
    no_wait: bool,
    rejected: Collection[str] = (),
) -> int:
    """Prints the result for each article, and returns the exit code."""
    from syndication.cli.following import NO_WORKER, follow, runs_a_worker

    for id in unknown:
        if id not in rejected:
            line(f"There is no article {id!r}.", err=True)
    known = [id for id in dict.fromkeys(ids) if id not in unknown]
    if no_wait:
        for id in known:
            line(f"{id} is {done}.")
        if known and not runs_a_worker(database):
            line(NO_WORKER_RUNS, err=True)
            return NO_WORKER
        return 1 if unknown else 0
    return follow(settings, database, known) or (1 if unknown else 0)
