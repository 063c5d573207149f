"""Commands that run the service: serve, web, worker, demonstrate, migrate, config."""

import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from syndication.cli.common import base_url, open_database, settings_of
from syndication.cli.output import line
from syndication.errors import ConfigError, StoreError
from syndication.model.counted import counted
from syndication.process.imports import imports

if TYPE_CHECKING:
    from syndication.config.loading import Settings


@click.command()
@click.option("--host", help="The address to listen on. Defaults to server.host.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on. Defaults to server.port.")
@click.option(
    "--demonstration", is_flag=True, help="Fill an empty database with a demonstration newsroom that keeps publishing."
)
@click.pass_context
def serve(ctx: click.Context, host: str | None, port: int | None, demonstration: bool) -> None:
    """Run a worker and a web process until Ctrl-C or SIGTERM.

    First creates or upgrades the database. Restarts a process that dies.

    With --demonstration, the user `demonstration` can log in to the dashboard with the printed password while the
    command runs.
    """
    with imports():
        from syndication import logs
        from syndication.cli import startup
        from syndication.process.supervisor import Supervisor, refuse_taken_port

    environ = _environ(ctx, host, port)
    settings = settings_of(ctx)
    logs.setup(settings.logs, "serve")
    refuse_taken_port(settings.server.host, settings.server.port)
    _migrate(settings)
    if demonstration:
        _load_demonstration(settings)
    startup.print_addresses(settings)
    startup.print_access(settings, demonstration)
    if not demonstration:
        startup.print_example_values(settings)
    logs.print_message("Press Ctrl-C to stop.")
    children = ["worker", "web", *(["demonstrate"] if demonstration else [])]
    try:
        Supervisor(children, environ, drain_seconds=settings.server.drain_seconds).run()
    finally:
        if demonstration:
            startup.end_demonstration(settings)


@click.command()
@click.option("--host", help="The address to listen on. Defaults to server.host.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on. Defaults to server.port.")
@click.pass_context
def web(ctx: click.Context, host: str | None, port: int | None) -> None:
    """Run a web process. It answers polls from memory and uses the database only to load new versions."""
    with imports():
        from syndication import logs
        from syndication.process.supervisor import refuse_taken_port
        from syndication.server import run_web

    os.environ |= _environ(ctx, host, port)
    settings = settings_of(ctx)
    refuse_taken_port(settings.server.host, settings.server.port)
    logs.setup(settings.logs, "web")
    run_web(settings)


@click.command(hidden=True)
@click.pass_context
def editors(ctx: click.Context) -> None:
    """Serve the API and the dashboard behind a web process, which starts this command itself."""
    import signal
    import socket

    with imports():
        from syndication import logs
        from syndication.app import create_editors
        from syndication.process.parent import exit_with_parent
        from syndication.web.editors_keeper import LISTENER, PING_INHERITED
        from syndication.web.editors_server import EditorsServer
        from syndication.web.heartbeat_link import answer_pings
        from syndication.web.requests import threads_for

    number = os.environ.get(LISTENER, "")
    if not number.isdigit():
        raise ConfigError("the editors process is started by `syndication web`: run that instead")
    exit_with_parent()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # The web process's own, which may reach its whole group.
    answer_pings(socket.socket(fileno=PING_INHERITED))
    settings = settings_of(ctx)
    logs.setup(settings.logs, "web")
    threads = threads_for(settings.editors.at_once, settings.server.workers)
    EditorsServer(create_editors(settings), socket.socket(fileno=int(number)), threads).serve()


@click.command()
@click.option("--check", is_flag=True, help="Only check that the worker on this machine makes progress, for probes.")
@click.pass_context
def worker(ctx: click.Context, check: bool) -> None:
    """Run a worker. It regenerates feeds when articles change or become due.

    Any number of workers can share one PostgreSQL database.
    """
    if check:
        _check_progress(settings_of(ctx).worker.progress_path)
        return

    with imports():
        from syndication import logs
        from syndication.worker.process import run

    settings = settings_of(ctx)
    logs.setup(settings.logs, "worker")
    with open_database(settings):
        pass  # Fails here, in one sentence, if the database is not ready.
    run(settings)


@click.command()
@click.option("--pause", type=click.FloatRange(0.1), default=20.0, show_default=True, help="Seconds between changes.")
@click.pass_context
def demonstrate(ctx: click.Context, pause: float) -> None:
    """Publish, correct and withdraw made-up stories until stopped, to show feeds changing."""
    import signal

    from syndication import logs
    from syndication.demo.newsdesk import keep_publishing
    from syndication.process.parent import exit_with_parent

    settings = settings_of(ctx)
    logs.setup(settings.logs, "demonstrate")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    exit_with_parent()
    with open_database(settings) as database:
        keep_publishing(database, stop, pause)


@click.command()
@click.pass_context
def migrate(ctx: click.Context) -> None:
    """Create the tables and triggers, or upgrade them to this program's revision. Safe to run at any time.

    The output states whether running programs of the old version can continue until you restart them.
    """
    before, now = _migrate(settings_of(ctx))
    for part in _migrated(before, now).split("\n"):
        line(part)


@click.command()
@click.option("--check", is_flag=True, help="Only validate the configuration.")
@click.option(
    "--old-feeds", is_flag=True, help="With --check: also request each old address at home_url, to find redirect loops."
)
@click.pass_context
def config(ctx: click.Context, check: bool, old_feeds: bool) -> None:
    """Show the effective settings, including those from the environment, with secrets masked."""
    from syndication.config.loading import settings_report

    settings = settings_of(ctx)
    if check:
        usual = len(settings.old_feeds.usual())
        and_old = f", {counted(usual, 'old address', 'old addresses')}" if usual else ""
        sources = len(settings.sources)
        and_sources = f", {counted(sources, 'source')}" if sources else ""
        channels = len(settings.channels)
        and_channels = f", {counted(channels, 'channel')} of notifications" if channels else ""
        known = counted(len(settings.sections), "section")
        line(f"{settings.source} is valid: {known}{and_sources}{and_channels}{and_old}.")
        _warn_of_sources(settings)
        _warn_of_feeds(settings)
        if old_feeds:
            _check_old_feeds(settings)
        return
    if old_feeds:
        raise click.UsageError("Use --old-feeds with --check.")
    line(f"# {settings.source}")
    for key, value in settings_report(settings):
        line(f"{key} = {value}")
    line(f"sections = {', '.join(settings.sections)}")
    for old in settings.old_feeds.usual():
        line(f"old address {old.address} = {old.path}{' (301)' if old.redirect else ''}")


def _warn_of_sources(settings: "Settings") -> None:
    """Prints what keeps a source from being read. The settings are valid: the worker's machine may differ."""
    if settings.sources:
        from syndication.sources.unreadable import unreadable

        for words in unreadable(settings.sources):
            line(words, err=True)


def _warn_of_feeds(settings: "Settings") -> None:
    """Prints what is not served of editors' feeds, if the database can be read from this machine."""
    kind, _, file = settings.database_url.partition(":///")
    if kind.startswith("sqlite") and not Path(file.partition("?")[0]).exists():
        return  # Before SQLAlchemy is loaded: a check should be quick.
    from syndication.config.feeds import merge_reporting
    from syndication.store.publishing.feed_definitions import read_definitions

    try:
        with open_database(settings) as database, database.read() as conn:
            found = read_definitions(conn)
    except StoreError:  # The settings are valid: a check may run where no database is.
        return
    for problem in merge_reporting(settings, found).problems:
        line(f"{problem[0].upper()}{problem[1:]}.", err=True)


def _check_old_feeds(settings: "Settings") -> None:
    """Exits with 1 if a reader of an old address does not get its feed."""
    from syndication.cli.takeover import check_old_feeds

    wrong = check_old_feeds(settings)
    if wrong:
        raise click.ClickException(
            f"{wrong} old {'address does' if wrong == 1 else 'addresses do'} not lead to a feed."
        )


def _check_progress(path: str) -> None:
    """Raises ClickException unless the worker has touched this file recently."""
    from syndication.metrics.progress import is_fresh

    if not path:
        raise ConfigError(
            "worker.progress_path is empty: set it to a file that the worker and its probe can both access"
        )
    if not is_fresh(path, time.time()):
        raise click.ClickException(f"The worker makes no progress: {path} was not touched recently.")


def _environ(ctx: click.Context, host: str | None, port: int | None) -> dict[str, str]:
    """Returns the environment for child processes, with the options of this command line."""
    from syndication.config.example_values import LOOPBACK

    if host:
        os.environ["SYNDICATION_SERVER__HOST"] = host
    if port:
        os.environ["SYNDICATION_SERVER__PORT"] = str(port)
    settings = settings_of(ctx)
    if urlsplit(settings.site.base_url).hostname in LOOPBACK and "SYNDICATION_SITE__BASE_URL" not in os.environ:
        # A trial on another port needs addresses that work. A real base_url is never guessed.
        os.environ["SYNDICATION_SITE__BASE_URL"] = base_url(settings)
    if ctx.obj:
        os.environ["SYNDICATION_CONFIG"] = str(ctx.obj.absolute())
    return dict(os.environ)


def _migrate(settings: "Settings") -> tuple[str | None, str]:
    from syndication.store.migrations.runner import migrate as run

    with open_database(settings, check=False) as database:
        return run(database)


def _migrated(before: str | None, now: str) -> str:
    from syndication.store.migrations.runner import compatible_revisions, head

    if now != head():
        return f"The database is at the newer revision {now}, which this program can use. Nothing was changed."
    if before == now:
        return f"The database is already at revision {now}. Its triggers were recreated."
    if before is None:
        return f"Created the database at revision {now}."
    done = f"Upgraded the database from revision {before} to {now}."
    if before in compatible_revisions():
        return f"{done}\nPrograms at revision {before} can keep running."
    return f"{done}\nPrograms at revision {before} cannot use it: restart every worker and web process."


def _load_demonstration(settings: "Settings") -> None:
    from syndication.demo import load
    from syndication.logs import print_message

    if settings.site.authority != "ledger.example":
        raise ConfigError(
            f"--demonstration is only for The Formosa Ledger, not for {settings.site.title}:"
            " its made-up stories must not mix with real ones"
        )
    with open_database(settings) as database:
        loaded = load(database)
    if loaded:
        print_message(f"Loaded the demonstration newsroom: {loaded} articles.")
