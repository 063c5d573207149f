"""Commands that answer questions: find, trace, audit-log."""

import sys
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from syndication.cli.common import merged_settings, open_database, settings_of
from syndication.cli.output import json_document, line

if TYPE_CHECKING:
    from syndication.config.loading import Settings
    from syndication.store.articles.found_articles import FeedFilter
    from syndication.store.articles.trace_facts import TraceFacts


@click.command()
@click.argument("words", nargs=-1)
@click.option("--status", type=click.Choice(["draft", "published", "withdrawn"]), help="Only articles of this status.")
@click.option("--section", metavar="SLUG", help="Only articles that this section's feed selects.")
@click.option("--feeds", type=click.Choice(["none", "left-out"]), help="Only articles in no feed, or left out of one.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many of the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def find(
    ctx: click.Context,
    words: tuple[str, ...],
    status: str | None,
    section: str | None,
    feeds: "FeedFilter | None",
    limit: int,
    as_json: bool,
) -> None:
    """Find articles by words of their title, body, byline, tags, ID or URL, in any order; newest first.

    A word that ends with * finds those that begin so. The exit code is 1 if nothing is found.
    """
    from syndication.model.selection import Term
    from syndication.model.values import ALL
    from syndication.model.wanted_terms import WantedTerms
    from syndication.store.articles import search
    from syndication.store.articles.found_articles import ArticleFilter

    with open_database(settings_of(ctx)) as database:
        settings = merged_settings(settings_of(ctx), database)
        feed = None
        if section not in (None, ALL):
            known = settings.sections.get(section or "")
            feed = settings.selections.wanted(known) if known else WantedTerms(any=(Term("section", section or ""),))
        wanted = ArticleFilter(" ".join(words), status, feed, feeds=feeds, hidden=True)
        with database.read() as conn:
            now = database.now(conn)
            found, _, hits = search.search_and_count(conn, wanted, now, limit, None)
    if as_json:
        json_document({"articles": [asdict(one) for one in found]} | asdict(hits))
    else:
        for one in found:
            moment = f"{one.published_at:%Y-%m-%d %H:%M}" if one.published_at else "not published   "
            line(f"{moment}  {one.status:<9}  {one.id}  {one.title}")
        line(f"{'More than ' if hits.more else ''}{hits.count:,} found, {len(found):,} shown.", err=True)
        if not hits.complete:
            line("The search index is being built: some articles may be missing.", err=True)
    if not found:
        sys.exit(1)


@click.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def trace(ctx: click.Context, id: str, as_json: bool) -> None:
    """Show which feeds have an article, and why the others do not.

    The exit code is 1 if there is no such article.
    """
    from syndication.diagnostics.trace import trace as run
    from syndication.diagnostics.words import utc, write
    from syndication.store.articles.trace_facts import read_trace_facts

    settings = settings_of(ctx)
    with open_database(settings) as database, database.snapshot() as conn:
        settings = merged_settings(settings, database)
        facts = read_trace_facts(conn, id, settings.selections, database.now(conn))
    if not as_json:
        _show_origin(settings, facts)
    if facts.article is None and facts.withdrawal is None and facts.deleted_at is None:
        line(f"There is no article {id!r}.", err=True)
        sys.exit(1)
    verdicts = [v for v in run(facts, settings.sections, settings.retired) if as_json or v.rule != "not-filed"]
    if as_json:
        json_document([asdict(verdict) | {"words": write(verdict.words, utc)} for verdict in verdicts])
        return
    if facts.withdrawal is not None and facts.withdrawal.reason:
        line(f"Withdrawn because: {facts.withdrawal.reason}")
    width = max(len(verdict.section) for verdict in verdicts)
    for verdict in verdicts:
        mark = "in " if verdict.in_feed else "out"
        then = ""
        if verdict.changes_at is not None and verdict.changes_to is not None and verdict.rule != "embargo":
            then = f" It {verdict.changes_to} at {utc(verdict.changes_at)}."
        line(f"{verdict.section:<{width}}  {mark}  {write(verdict.words, utc)}{then}")


def _show_origin(settings: "Settings", facts: "TraceFacts") -> None:
    """Says which source the article comes from, and where it stands there now: asked of the source itself."""
    from syndication.diagnostics.source_words import origin_words
    from syndication.diagnostics.words import utc, write
    from syndication.sources.kinds import open_reader
    from syndication.sources.reader import SourceError

    if facts.origin is not None:
        line(write(origin_words(facts.origin), utc))
    for table in settings.sources:
        if facts.origin is not None and facts.origin.source != table.name:
            continue
        id = facts.origin.row.article_id if facts.origin is not None else facts.article_id
        with closing(open_reader(table, settings)) as reader:
            try:
                state = reader.trace(id or facts.article_id)
            except SourceError as error:
                line(f"Source {table.name} does not say where it is: {error}.")
                continue
        if state is not None:
            line(f"In source {table.name} now: {state}.")


@click.command()
@click.option("--target", help="Only actions on this target: an article ID or the name of a token, for example.")
@click.option("--actor", help="Only actions by this user or token.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many of the newest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def audit_log(ctx: click.Context, target: str | None, actor: str | None, limit: int, as_json: bool) -> None:
    """Show who did what through the API, the dashboard and the command line, with the result."""
    from syndication.store.access import audit_log as log

    with open_database(settings_of(ctx)) as database, database.read() as conn:
        found = log.list_entries(conn, limit, target=target, actor=actor)
    if as_json:
        json_document([asdict(item) for item in found])
        return
    for item in reversed(found):
        detail = f" ({item.detail})" if item.detail else ""
        detail += f", {item.times:,} times within a minute" if item.times > 1 else ""
        line(
            f"{item.at:%Y-%m-%d %H:%M:%S} UTC  {item.actor}, {item.source}: {item.act} {item.target}:"
            f" {item.outcome}{detail}"
        )
