"""Commands about sources, the other systems that are read: source list, look, check, pause, resume, accept."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from syndication.cli.common import current_user, open_database, settings_of
from syndication.cli.output import json_document, line
from syndication.errors import SyndicationError
from syndication.model.counted import counted

if TYPE_CHECKING:
    from syndication.config.loading import Settings
    from syndication.config.source_schema import SourceTable
    from syndication.model.values import Article
    from syndication.store import Connection
    from syndication.store.access.audit_log import Actor

NO_WORKER = 3
PROBLEMS = ("failing", "held", "late")


@click.group()
def source() -> None:
    """Show, check and control sources: other systems whose articles are taken over.

    Sources are configured as [[source]] in syndication.toml, and read by the workers.
    """


@source.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the sources, with their last look and what could not be stored. The exit code is 1 if there is a problem."""
    from syndication.diagnostics.source_words import STATUS_LABELS, source_advice, source_facts, source_words
    from syndication.diagnostics.words import utc, write
    from syndication.store.sources import source_rows, source_states

    settings = settings_of(ctx)
    names = [table.name for table in settings.sources]
    with open_database(settings) as database, database.read() as conn:
        now = database.now(conn)
        states = source_states.list_states(conn, names)
        refused = {name: source_rows.list_refused(conn, name) for name in names}
    found = source_facts({table.name: table.every for table in settings.sources}, states, now)
    if as_json:
        json_document([
            asdict(one.state) | {"status": one.status, "refusals": refused[one.name]}
            for one in found if one.state is not None
        ])  # fmt: skip
    elif not names:
        line("No source is configured. Add a [[source]] to syndication.toml.")
    width = max((len(name) for name in names), default=0)
    for one in () if as_json else found:
        advice = f" {source_advice(one)}" if source_advice(one) else ""
        line(f"{one.name:<{width}}  {STATUS_LABELS[one.status]}: {write(source_words(one), utc)}{advice}")
        for id, reason in refused[one.name].items():
            line(f"{'':<{width}}  refused: {id}: {reason}")
    sys.exit(any(one.status in PROBLEMS for one in found))


@source.command()
@click.argument("name")
@click.pass_context
def look(ctx: click.Context, name: str) -> None:
    """Ask the workers to look at a source now, also if it failed and waits for its next attempt."""
    from syndication.store.sources import source_states

    with _changing(ctx, name) as (conn, now):
        source_states.request_look(conn, name, current_user(), now)
    _tell_if_no_worker(ctx)
    line(f"Requested a look at {name}.")


@source.command()
@click.argument("name")
@click.pass_context
def pause(ctx: click.Context, name: str) -> None:
    """Stop reading a source. Its articles stay in their feeds as they are."""
    from syndication.store.sources import source_states

    done = _change(ctx, name, source_states.pause)
    line(f"{name} is paused." if done else f"{name} was paused already.")


@source.command()
@click.argument("name")
@click.pass_context
def resume(ctx: click.Context, name: str) -> None:
    """Read a paused source again. What changed there meanwhile is taken over at once."""
    from syndication.store.sources import source_states

    done = _change(ctx, name, source_states.resume)
    line(f"{name} is read again." if done else f"{name} was not paused.")


@source.command()
@click.argument("name")
@click.pass_context
def accept(ctx: click.Context, name: str) -> None:
    """Believe a held source, and let it take over articles of other writers.

    A source is held when more than a fifth of its newest stories vanish at once, as with a wrong table or half a
    restore: nothing changes then. After this command, what vanished there leaves the feeds. A story whose ID another
    writer uses is refused until this command gives the ID to the source; IDs of other sources stay theirs.
    """
    from syndication.store.sources import source_states

    others = [table.name for table in settings_of(ctx).sources if table.name != name]
    if not _change(ctx, name, partial(source_states.accept, others=others)):
        line(f"{name} is not held, and none of its stories is refused because another writer has its ID.")
        return
    _tell_if_no_worker(ctx)
    line(f"{name} is accepted: its next look is believed.")


@source.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the articles as JSON.")
@click.pass_context
def check(ctx: click.Context, name: str, as_json: bool) -> None:
    """Read a source without storing anything: show its newest stories as the articles they would become.

    First comes what should be mended: missing rights, statements that read a whole table, stories that cannot be
    stored. The exit code is 1 if there is anything.
    """
    from syndication.sources.dry_run import dry_run
    from syndication.sources.kinds import open_reader

    settings = settings_of(ctx)
    table = _configured(settings, name)
    found = dry_run(table, partial(open_reader, table, settings))
    problems = [*found.problems]
    problems += [f"{story.id} cannot be stored: {story.refused}" for story in found.stories if story.article is None]
    problems += [f"{story.id}: {words}" for story in found.stories for words in story.warnings]
    for words in problems:
        line(words, err=True)
    articles = [story.article for story in found.stories if story.article is not None]
    if as_json:
        from syndication.model.article_json import dump_article

        json_document([dump_article(article) for article in articles])
    else:
        for article in articles:
            _show(article)
        line(f"{len(found.stories)} of the newest stories read, nothing stored.")
        if articles and table.label != "feed" and not any(article.sections for article in articles):
            line("None of them is in a section: only the feed of all stories has them. Set section to change that.")
    sys.exit(bool(problems))


def _show(article: "Article") -> None:
    from syndication.diagnostics.words import utc

    line(f"{article.id}  {article.title}")
    published = utc(article.published_at) if article.published_at else "no date"
    parts = [
        ("url", article.url),
        ("published", published if article.status == "published" else f"{published}, {article.status}"),
        ("sections", ", ".join(article.sections) or "none"),
        ("authors", ", ".join(author.name for author in article.authors)),
        ("tags", ", ".join(article.tags)),
        ("image", article.image.url if article.image else ""),
        ("body", counted(len(article.html), "character") if article.html else "none"),
    ]
    for name, value in parts:
        if value:
            line(f"    {name:<10}{value}")


def _change(ctx: click.Context, name: str, act: "Callable[[Connection, str, Actor, datetime], bool]") -> bool:
    with _changing(ctx, name) as (conn, now):
        return act(conn, name, current_user(), now)


@contextmanager
def _changing(ctx: click.Context, name: str) -> "Iterator[tuple[Connection, datetime]]":
    """Opens a transaction that changes the state of a configured source, and wakes the workers."""
    from syndication.store.db.database import SOURCES
    from syndication.store.sources import source_states

    settings = settings_of(ctx)
    table = _configured(settings, name)
    with open_database(settings) as database, database.write() as conn:
        source_states.register(conn, name, table.label)
        yield conn, database.now(conn)
        database.notify(conn, SOURCES)


def _configured(settings: "Settings", name: str) -> "SourceTable":
    from syndication.config.named_tables import suggestion

    names = {table.name: table for table in settings.sources}
    if name not in names:
        near = suggestion(name, names) or ": add a [[source]] to syndication.toml"
        raise SyndicationError(f"there is no source {name!r}{near}")
    return names[name]


def _tell_if_no_worker(ctx: click.Context) -> None:
    from syndication.store.processes import workers

    with open_database(settings_of(ctx)) as database, database.read() as conn:
        alive = workers.list_alive(conn, database.now(conn))
    if not alive:
        line("Requested, but no worker is running. Start one with `syndication worker`.", err=True)
        sys.exit(NO_WORKER)
