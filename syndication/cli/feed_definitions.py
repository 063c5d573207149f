"""Commands about feeds that editors own: feeds list, show, create, change, rename, retire, reinstate, preview."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from syndication.cli.common import current_user, merged_settings, open_database, settings_of
from syndication.cli.feed_options import GROUPS, changed, default_option, described, feed_options, valid_slug
from syndication.cli.output import json_document, line
from syndication.errors import FeedError

if TYPE_CHECKING:
    from syndication.config.loading import Settings
    from syndication.diagnostics.feed_preview import FeedPreview
    from syndication.store import Connection
    from syndication.store.db.database import Database
    from syndication.store.publishing.feed_definitions import StoredFeed

SHOWN = 100
"""Feeds of a list; a search finds the others."""


@click.group()
def feeds() -> None:
    """List, preview, create, change, rename and retire feeds. Editors own them; sections.toml has the others.

    \b
    Several sections in one:  syndication feeds create trips --title Trips --any travel --any tag:Hiking
    A section without one:    syndication feeds create world-news --title World --any world --none sports
    A section of its own:     syndication feeds create election --title Election --any election
    """


@feeds.command("list")
@click.option("--search", default="", help="Only those with this text in their title or address.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every feed.")
@click.pass_context
def list_(ctx: click.Context, search: str, as_json: bool) -> None:
    """List the feeds of editors and of the configuration, by address."""
    from syndication.store.publishing.feed_definitions import list_retired

    with _opened(ctx) as (database, settings), database.read() as conn:
        found: list[dict[str, Any]] = [
            {"slug": one.slug, "title": one.title, "owner": one.owner, "listed": one.listed, "retired_at": None}
            for one in settings.sections.values()
            if one.owner != "readers"
        ]
        found += [
            {
                "slug": one.definition.slug,
                "title": one.definition.title,
                "owner": "editors",
                "listed": one.definition.listed,
                "retired_at": one.retired_at,
            }
            for one in list_retired(conn)
        ]
    words = search.casefold()
    found = [one for one in found if words in one["slug"] or words in one["title"].casefold()]
    found.sort(key=lambda one: one["slug"])
    if as_json:
        return json_document(found)
    width = max((len(one["slug"]) for one in found[:SHOWN]), default=4)
    for one in found[:SHOWN]:
        line(f"{one['slug']:<{width}}  {'retired' if one['retired_at'] else one['owner']:<13}  {one['title']}")
    if not found:
        line("No feeds found.")
    elif len(found) > SHOWN:
        line(f"And {len(found) - SHOWN:,} more: use --search, or --json for all.")
    return None


@feeds.command()
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the definition is the body of the API's PUT.")
@click.pass_context
def show(ctx: click.Context, slug: str, as_json: bool) -> None:
    """Show what goes into a feed of editors, and who changed it last."""
    from syndication.model.feed_json import feed_json

    with _opened(ctx) as (database, settings), database.read() as conn:
        stored = _stored(conn, settings, slug)
    definition = feed_json(stored.definition)
    if as_json:
        values = {
            name: getattr(stored, name) for name in ("number", "created_at", "changed_at", "changed_by", "retired_at")
        }
        formerly = list(stored.definition.formerly)
        return json_document({"slug": slug, "formerly": formerly, "definition": definition.model_dump(), **values})
    line(f"{slug}: {definition.title}")
    line(f"  {'status':<14}  {'retired' if stored.retired_at else 'published'}")
    for group, words in GROUPS.items():
        terms = [f"{term.kind}:{term.name}" for term in getattr(definition, group)]
        if terms:
            line(f"  {words:<14}  {', '.join(terms)}")
    if not (definition.any or definition.all or definition.none):
        line(f"  {'contains':<14}  every story")
    for name in (
        "description",
        "language",
        "content",
        "entries",
        "hours",
        "max_entries",
        "summary_length",
        "cache",
        "image",
    ):
        if (value := getattr(definition, name)) not in (None, ""):
            line(f"  {name.replace('_', ' '):<14}  {value}")
    line(f"  {'listed':<14}  {'yes' if definition.listed else 'no'}")
    if stored.definition.formerly:
        line(f"  {'formerly':<14}  {', '.join(stored.definition.formerly)}")
    line(f"  {'last change':<14}  {stored.changed_at:%Y-%m-%d %H:%M} UTC by {stored.changed_by}")
    return None


@feeds.command()
@click.argument("slug")
@click.option("--title", required=True, help="The title that readers see.")
@feed_options
@click.pass_context
def create(ctx: click.Context, /, slug: str, **given: Any) -> None:
    """Create a feed at the address /feeds/SLUG. Without a choice, it has every story.

    A feed that chooses its own SLUG with --any is a section: it has the stories that your CMS files under it.
    """
    from syndication.store.publishing import feed_definitions

    body = described({}, given)
    with _changing(ctx) as (database, settings, conn):
        feed_definitions.create(database, conn, settings, body.definition(valid_slug(slug)), current_user())
    _tell(ctx, f"{slug} is created: readers find it at /feeds/{slug} within about a second.")


@feeds.command()
@click.argument("slug")
@click.option("--title", help="The title that readers see.")
@feed_options
@default_option
@click.pass_context
def change(ctx: click.Context, /, slug: str, defaults: tuple[str, ...], **given: Any) -> None:
    """Change a feed: what you do not name stays. --any, --all and --none each replace what they had."""
    from syndication.store.publishing import feed_definitions

    with _changing(ctx) as (database, settings, conn):
        stored = _stored(conn, settings, slug)
        definition = changed(stored.definition, given, defaults).definition(slug, stored.definition)
        by = current_user()
        result = feed_definitions.change(database, conn, settings, definition, by, stored.number)
    if result.number == stored.number:
        line(f"{slug} is unchanged.")
    else:
        _tell(ctx, f"{slug} is changed.")


@feeds.command()
@click.argument("slug")
@click.option("--title", help="The title that readers see.")
@feed_options
@default_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def preview(ctx: click.Context, /, slug: str, defaults: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Show what a new feed, or a change of one, would bring: its first entries, and what readers notice.

    Takes the options of create and change, and stores nothing. Only public stories are shown.
    """
    from dataclasses import asdict

    from syndication.diagnostics.feed_preview import preview_definition
    from syndication.store.publishing import feed_definitions

    with _opened(ctx) as (database, settings), database.snapshot() as conn:
        _refuse_configured(settings, slug)
        stored = feed_definitions.find(conn, slug)
        if stored is not None:
            definition = changed(stored.definition, given, defaults).definition(slug, stored.definition)
        else:
            body = described({}, {**given, "title": given["title"] or "Untitled"})
            definition = body.definition(valid_slug(slug))
        found = preview_definition(conn, settings, definition, database.now(conn))
    if as_json:
        json_document(asdict(found))
    else:
        _show_preview(found)


@feeds.command()
@click.argument("slug")
@click.argument("new_slug", metavar="NEW-SLUG")
@click.pass_context
def rename(ctx: click.Context, slug: str, new_slug: str) -> None:
    """Move a feed to another address. The old one redirects (301), and stories keep their IDs."""
    from syndication.store.publishing import feed_definitions

    with _changing(ctx) as (database, settings, conn):
        stored = _stored(conn, settings, slug)
        feed_definitions.rename(database, conn, settings, slug, valid_slug(new_slug), current_user(), stored.number)
    _tell(ctx, f"{slug} is now {new_slug}: /feeds/{slug} redirects to /feeds/{new_slug}.")


@feeds.command()
@click.argument("slug")
@click.pass_context
def retire(ctx: click.Context, slug: str) -> None:
    """End a feed: its addresses answer 410 (gone), and feed readers stop asking. Its stories stay in other feeds."""
    from syndication.store.publishing import feed_definitions

    with _changing(ctx) as (database, settings, conn):
        _stored(conn, settings, slug)
        feed_definitions.retire(database, conn, slug, current_user())
    line(f"{slug} is retired: its address answers 410 (gone) within about a second.")


@feeds.command()
@click.argument("slug")
@click.pass_context
def reinstate(ctx: click.Context, slug: str) -> None:
    """Publish a retired feed again, at the same addresses."""
    from syndication.store.publishing import feed_definitions

    with _changing(ctx) as (database, settings, conn):
        _stored(conn, settings, slug)
        feed_definitions.reinstate(database, conn, settings, slug, current_user())
    _tell(ctx, f"{slug} is published again.")


@contextmanager
def _opened(ctx: click.Context) -> "Iterator[tuple[Database, Settings]]":
    """Opens the database; the settings have the feeds of editors."""
    settings = settings_of(ctx)
    with open_database(settings) as database:
        yield database, merged_settings(settings, database)


@contextmanager
def _changing(ctx: click.Context) -> "Iterator[tuple[Database, Settings, Connection]]":
    """Opens the transaction of a change."""
    settings = settings_of(ctx)
    with open_database(settings) as database, database.write() as conn:
        yield database, settings, conn


def _stored(conn: "Connection", settings: "Settings", slug: str) -> "StoredFeed":
    """Returns a feed of editors; raises FeedError if there is none, or the configuration has it."""
    from syndication.store.publishing import feed_definitions

    _refuse_configured(settings, slug)
    found = feed_definitions.find(conn, slug)
    if found is None:
        raise FeedError(f"there is no feed of editors with the slug {slug!r}: see `syndication feeds list`")
    return found


def _refuse_configured(settings: "Settings", slug: str) -> None:
    files = settings.files or settings
    if slug in files.sections:
        raise FeedError(f"the feed {slug!r} is set by the configuration: change it in sections.toml")


def _show_preview(found: "FeedPreview") -> None:
    line(f"{found.total:,} {'entry' if found.total == 1 else 'entries'}. Nothing is stored.")
    for words in found.notices:
        line(f"- {words}")
    for one in found.first:
        new = "new  " if one.comes and found.version else ""
        line(f"  {one.published_at:%Y-%m-%d %H:%M}  {new}{one.title or one.article_id}")
    if found.total > len(found.first):
        line(f"  and {found.total - len(found.first):,} more")
    for leaving in found.leaving:
        line(f"  leaves: {leaving.title or leaving.article_id}")
    if found.gone > len(found.leaving):
        line(f"  and {found.gone - len(found.leaving):,} more leave")


def _tell(ctx: click.Context, words: str) -> None:
    """Prints what was done, and that it waits if no worker is running."""
    from syndication.store.processes import workers

    line(words)
    with open_database(settings_of(ctx)) as database, database.read() as conn:
        if not workers.list_alive(conn, database.now(conn)):
            line("No worker is running to publish it. Start one with `syndication worker`.", err=True)
