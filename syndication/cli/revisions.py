"""The command about revisions: list, show, compare, restore, and delete them for good."""

import sys
from typing import TYPE_CHECKING, Any

import click

from syndication.cli.common import current_user, merged_settings, open_database, settings_of
from syndication.cli.output import json_document, line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syndication.model.values import Article
    from syndication.store import Connection
    from syndication.store.articles.revisions import Revision
    from syndication.store.publishing.version_entries import VersionEntry

SHORT = 8
"""Characters of a revision's ID that are shown; any beginning that only one revision has names it."""


@click.command()
@click.argument("id", metavar="ID")
@click.option("--show", metavar="REVISION", help="Print the article as it was, as JSON.")
@click.option("--compare", metavar="REVISION", help="Print what has changed since, word by word.")
@click.option("--with", "other", metavar="REVISION", help="With --compare: compare with this one, not with now.")
@click.option("--restore", metavar="REVISION", help="Return the article to this revision.")
@click.option("--fix", is_flag=True, help="With --restore: a small fix, which keeps the story's date.")
@click.option("--correction", metavar="NOTE", help="With --restore: a correction. Readers see the note.")
@click.option("--forget", is_flag=True, help="Delete all kept revisions of the article for good.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_context
def revisions(
    ctx: click.Context,
    id: str,
    show: str | None,
    compare: str | None,
    other: str | None,
    restore: str | None,
    fix: bool,
    correction: str | None,
    forget: bool,
    as_json: bool,
) -> None:
    """List the revisions of an article: its states that stood in feeds, newest first.

    A REVISION is named by the beginning of its ID. --restore changes the article like any other edit, and needs --fix
    or --correction. Locked fields keep their present value; status, access, ID and guid stay too.

    --forget deletes them for good, for example because a court said so. What feeds show now stays: withdraw the article
    first. The exit code is 1 if there is no such article or revision.
    """
    if sum([show is not None, compare is not None, restore is not None, forget]) > 1:
        raise click.UsageError("Use one of --show, --compare, --restore and --forget.")
    if other is not None and compare is None:
        raise click.UsageError("--with needs --compare.")
    if restore is not None and fix == (correction is not None):
        raise click.UsageError("--restore needs --fix or --correction NOTE.")
    if restore is None and (fix or correction is not None):
        raise click.UsageError("--fix and --correction need --restore.")
    if correction is not None and not correction.strip():
        raise click.UsageError("The correction's note is empty: readers see it.")
    if forget:
        _forget(ctx, id)
    elif restore is not None:
        _restore(ctx, id, restore, (correction or "").strip() or None)
    elif compare is not None:
        _compare(ctx, id, compare, other)
    elif show is not None:
        _show(ctx, id, show)
    else:
        _list(ctx, id, as_json=as_json)


def _list(ctx: click.Context, id: str, *, as_json: bool) -> None:
    from dataclasses import asdict

    from syndication.store.articles.revisions import list_revisions

    settings = settings_of(ctx)
    with open_database(settings) as database, database.snapshot() as conn:
        found = list_revisions(conn, id, merged_settings(settings, database).sections)
        _require(conn, id, found)
    if as_json:
        json_document([asdict(one) for one in found])
        return
    for one in found:
        by = one.written_by or "written directly in the database, or imported"
        line(f"{one.digest[:SHORT]}  {one.shown_at:%Y-%m-%d %H:%M:%S} UTC  {one.title}")
        stood = ", ".join(_stretch(version) for version in one.versions) or "versions not kept"
        line(f"{'':<{SHORT}}  {by}; {stood}")
    if not found:
        line("No revisions are kept: no feed has shown this article, or they were deleted.", err=True)


def _stretch(found: "VersionEntry") -> str:
    """Returns the section and the versions of its feed."""
    last = "–now" if found.until is None else f"–{found.until}" if found.until != found.since else ""
    return f"{found.section} {found.since}{last}"


def _show(ctx: click.Context, id: str, revision: str) -> None:
    with open_database(settings_of(ctx)) as database, database.snapshot() as conn:
        json_document(_state(conn, id, revision))


def _compare(ctx: click.Context, id: str, revision: str, other: str | None) -> None:
    from syndication.diagnostics.field_differences import state_differences
    from syndication.model.article_json import dump_article
    from syndication.store.articles.articles import get_article

    signs = {"gone": ("[-", "-]"), "new": ("{+", "+}"), "same": ("", ""), "skipped": (" … ", "")}
    with open_database(settings_of(ctx)) as database, database.snapshot() as conn:
        old = _state(conn, id, revision)
        stored = get_article(conn, id) if other is None else None
        if other is None and stored is None:
            _refuse(f"There is no article {id!r} now: name a revision with --with.")
        new = dump_article(stored) if stored is not None else _state(conn, id, other or "")
    for found in state_differences(old, new):
        marked = "".join(f"{signs[piece.kind][0]}{piece.text}{signs[piece.kind][1]}" for piece in found.pieces)
        line(f"{found.field}{' (HTML)' if found.markup else ''}:")
        for part in marked.split("\n"):
            line(f"  {part}")


def _restore(ctx: click.Context, id: str, revision: str, note: str | None) -> None:
    from syndication.errors import ArticleError
    from syndication.model.article_json import parse_article, slugs_by_title
    from syndication.store.articles import articles, field_locks
    from syndication.store.articles.revisions import revert

    settings = settings_of(ctx)
    kept: list[str] = []
    with open_database(settings) as database:
        slugs = slugs_by_title(merged_settings(settings, database).sections)
        found: list[Article] = []
        locked: set[str] = set()

        def look(conn: "Connection") -> None:
            found[:] = [parse_article(_state(conn, id, revision), slugs)]
            locked.update(one.field for one in field_locks.list_locks(conn, [id]).get(id, ()))

        def decide(stored: "Article | None") -> "Article":
            if stored is None:
                raise ArticleError(f"There is no article {id!r} now: its CMS, or an import, has to write it again")
            article, kept[:] = revert(stored, found[0], note, locked)
            return article

        outcome, _ = articles.change_article(database, id, decide, by=current_user(), act="revert", first=look)
    line(f"{id} is restored." if outcome.outcome != "unchanged" else f"{id} already says this.")
    if kept:
        line(f"Locked, and not restored: {', '.join(kept)}.")


def _forget(ctx: click.Context, id: str) -> None:
    from syndication.store.articles.revisions import forget_revisions, list_revisions

    with open_database(settings_of(ctx)) as database, database.write() as conn:
        _require(conn, id, list_revisions(conn, id, ()))
        number = forget_revisions(conn, id, current_user(), database.now(conn))
    line(f"Deleted {number:,} {'revision' if number == 1 else 'revisions'} of {id}.")


def _require(conn: "Connection", id: str, found: "Sequence[Revision]") -> None:
    from syndication.store.articles.articles import get_article

    if not found and get_article(conn, id) is None:
        _refuse(f"There is no article {id!r}.")


def _state(conn: "Connection", id: str, revision: str) -> dict[str, Any]:
    """Returns the one state of the article whose ID begins so, as JSON values; exits if there is none."""
    from syndication.store.articles.revisions import list_revisions
    from syndication.store.publishing.article_states import load_states

    known = [one.digest for one in list_revisions(conn, id, ()) if one.digest.startswith(revision)]
    if len(known) != 1:
        _refuse(f"{'No' if not known else 'More than one'} revision of {id!r} begins with {revision!r}.")
    return load_states(conn, [(id, known[0])])[id, known[0]]


def _refuse(words: str) -> None:
    line(words, err=True)
    sys.exit(1)
