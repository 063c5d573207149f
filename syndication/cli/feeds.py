"""Commands about feeds: regenerate, status."""

import difflib
import sys
import time
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from syndication.cli.common import current_user, merged_settings, open_database, settings_of
from syndication.cli.output import json_document, line
from syndication.errors import ConfigError, StoreError
from syndication.model.counted import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syndication.config.loading import Settings
    from syndication.store.db.database import Database
    from syndication.store.publishing.documents import LeftOutArticle
    from syndication.store.publishing.section_state import Progress, SectionState

NO_WORKER = 3
TIMEOUT_SECONDS = 3.0
"""Seconds without any worker after which ``--wait`` gives up: a worker restarts in less."""

STATUS_LABELS = {
    "current": "Up to date",
    "pending": "Updating",
    "stalled": "Not updating",
    "failing": "Failing",
    "held": "Held",
    "unpublished": "Not published yet",
}


@click.command()
@click.argument("sections", nargs=-1, metavar="[SECTION…]")
@click.option("--all", "everything", is_flag=True, help="Every section.")
@click.option("--wait", is_flag=True, help="Wait for the result of each section; fail if one fails.")
@click.option("--reason", help="The reason, recorded with the request.")
@click.pass_context
def regenerate(ctx: click.Context, sections: tuple[str, ...], everything: bool, wait: bool, reason: str | None) -> None:
    """Ask the workers to regenerate sections now. A section without changes gets no new version."""
    from syndication.store.db.database import WORK
    from syndication.store.publishing import regenerations
    from syndication.store.publishing.section_state import list_states

    settings = settings_of(ctx)
    if not sections and not everything:
        raise click.UsageError("Name at least one section, or use --all.")
    with open_database(settings) as database:
        settings = merged_settings(settings, database)
        slugs = list(settings.sections) if everything else [_known(slug, settings) for slug in sections]
        with database.write() as conn:
            asked, _joined = regenerations.request(conn, slugs, reason, current_user(), database.now(conn))
            database.notify(conn, WORK)
        with database.read() as conn:
            states = list_states(conn)
        unseen = sorted(set(slugs) - {state.section for state in states})
        for state in states:
            if state.section in slugs and (hold := state.editor_hold) is not None:
                line(
                    f"{state.section} is held at version {hold.version} by {hold.by}: it stays so until it is released."
                )
        for slug in unseen:
            line(f"{slug}: no worker has seen this section yet. Start one with `syndication worker`.", err=True)
        if wait:
            sys.exit(NO_WORKER if unseen else _wait(database, asked.id))
        if not _workers(database):
            line("Requested, but no worker is running. Start one with `syndication worker`.", err=True)
            sys.exit(NO_WORKER)
        line(f"Requested regeneration of {counted(len(slugs), 'section')}.")


@click.command()
@click.argument("section", metavar="SECTION")
@click.option("--reason", required=True, help="Why; everybody who may see the feed's state sees it.")
@click.option("--version", type=click.IntRange(min=1), help="Roll back to this kept version. Default: the present one.")
@click.option("--for", "minutes", type=click.IntRange(1, 366 * 24 * 60), metavar="MINUTES", help="End after this time.")
@click.option("--change", is_flag=True, help="Change the present hold, for example its end.")
@click.pass_context
def hold(ctx: click.Context, section: str, reason: str, version: int | None, minutes: int | None, change: bool) -> None:
    """Hold a feed: readers get its present version, or an earlier one, until it is released.

    Withdrawn, expired and embargoed stories leave it all the same. Everything else waits.
    """
    from syndication.diagnostics.words import utc
    from syndication.store.db.database import WORK
    from syndication.store.publishing import editor_holds
    from syndication.store.publishing.holds import list_holds

    if not reason.strip():
        raise click.UsageError("Give a reason that people can read.")
    settings = settings_of(ctx)
    with open_database(settings) as database:
        slug = _known(section, merged_settings(settings, database))
        with database.write() as conn:
            now = database.now(conn)
            present = list_holds(conn, [slug]).by_editors.get(slug)
            replaces = present.number if change and present is not None else None
            until = now + timedelta(minutes=minutes) if minutes is not None else None
            held = editor_holds.hold(conn, slug, version, until, reason.strip(), current_user(), now, replaces)
            database.notify(conn, WORK)
        if isinstance(held, editor_holds.Refused):
            by = held.hold
            who = f"{by.by} holds it since {utc(by.since)} ({by.reason}); use --change" if by is not None else ""
            refusals = {
                "unpublished": "it is not published yet",
                "held": who,
                "changed": who or "it is not held",
                "not-kept": f"version {version} is not kept: see the feed's version history",
            }
            raise StoreError(f"{slug} cannot be held: {refusals[held.reason]}")
        end = f"until {utc(held.until)}" if held.until is not None else f"until `syndication release {slug}`"
        line(f"{slug} is {'rolled back to' if held.is_rolled_back else 'held at'} version {held.version} {end}.")
        if not _workers(database):
            line(
                "No worker is running: withdrawals and roll backs wait. Start one with `syndication worker`.", err=True
            )
            sys.exit(NO_WORKER)


@click.command()
@click.argument("sections", nargs=-1, required=True, metavar="SECTION…")
@click.pass_context
def release(ctx: click.Context, sections: tuple[str, ...]) -> None:
    """Release held feeds, so that they are up to date again.

    An editor's hold ends. A feed that is held because more than half of its entries vanished at once is published
    without them.
    """
    from syndication.store.db.database import WORK
    from syndication.store.publishing import editor_holds, releases

    settings = settings_of(ctx)
    with open_database(settings) as database:
        settings = merged_settings(settings, database)
        slugs = [_known(slug, settings) for slug in sections]
        with database.write() as conn:
            now = database.now(conn)
            by_editors = {slug for slug in slugs if editor_holds.release(conn, slug, current_user(), now) is True}
            # An editor's hold comes before an automatic one, which then protects the feed again.
            outcomes = {
                slug: "released" if slug in by_editors else releases.release(conn, slug, current_user(), now)
                for slug in slugs
            }
            database.notify(conn, WORK)
        for slug, outcome in outcomes.items():
            line(f"{slug} is {'released' if outcome == 'released' else 'not held'}.")
        if "released" in outcomes.values() and not _workers(database):
            line("No worker is running to publish it. Start one with `syndication worker`.", err=True)
            sys.exit(NO_WORKER)


def _known(slug: str, settings: "Settings") -> str:
    if slug in settings.sections:
        return slug
    near = difflib.get_close_matches(slug, settings.sections, 1)
    raise ConfigError(
        f"there is no section {slug!r}: " + (f"did you mean {near[0]}?" if near else ", ".join(settings.sections))
    )


def _wait(database: "Database", regeneration_id: str) -> int:
    """Prints the result of each section when it finishes, and returns the exit code."""
    from syndication.store.publishing import regenerations

    printed: set[str] = set()
    last_alive, code = time.monotonic(), 0
    while True:
        with database.snapshot() as conn:
            found = regenerations.get(conn, regeneration_id)
        outcomes = found.outcomes if found else ()
        for outcome in outcomes:
            if outcome.finished_at is None or outcome.section in printed:
                continue
            printed.add(outcome.section)
            if outcome.state == "failed":
                code = 1
                line(f"{outcome.section}: failed: {outcome.error}", err=True)
            else:
                done = "published version" if outcome.state == "published" else "unchanged, version"
                line(f"{outcome.section}: {done} {outcome.version}")
        if len(printed) == len(outcomes):
            return code
        if _workers(database):
            last_alive = time.monotonic()
        elif time.monotonic() - last_alive > TIMEOUT_SECONDS:
            line("No worker is running. Start one with `syndication worker`.", err=True)
            return NO_WORKER
        time.sleep(0.05)


def _workers(database: "Database") -> int:
    from syndication.store.processes import workers

    with database.read() as conn:
        return len(workers.list_alive(conn, database.now(conn)))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Show the status of every section; the exit code is 1 if there is a problem.

    An article left out of a feed is a problem, and is listed below the feed with the reason. A section that articles
    name and no feed has is a notice.
    """
    from syndication.diagnostics import health
    from syndication.diagnostics.read_health import may_be_locked, read_health, with_lock
    from syndication.store import triggers
    from syndication.store.db.locks import is_locked
    from syndication.store.publishing.section_state import section_status

    settings = settings_of(ctx)
    with open_database(settings) as database:
        settings = merged_settings(settings, database)
        with database.read() as conn:
            now = database.now(conn)
            # JSON has every section. What people read has those that are special, if there are many.
            asked = list(settings.sections) if as_json else None
            read = read_health(conn, settings, now, triggers.missing_triggers(conn), asked=asked)
        if may_be_locked(read):
            read = with_lock(read, is_locked(database))
    facts, web, left_out, findings = read.status, read.status.web, read.facts.left_out, read.findings
    found, oldest = list(facts.states.values()), facts.oldest_change
    problems = [finding.words for finding in health.problems(findings)]
    notices = [finding.words for finding in findings if finding.severity == "notice"]
    if as_json:
        values = {
            "problems": problems,
            "notices": notices,
            "workers": [asdict(worker) for worker in facts.workers],
            "web": [asdict(process) for process in web],
            "oldest_change": oldest,
            "sections": [asdict(state) | {"state": section_status(state, facts.progress)} for state in found],
            "left_out": [asdict(item) for item in left_out],
        }
        json_document(values)
    else:
        for words in dict.fromkeys([*(problems or [health.headline(findings)]), *notices]):
            line(words)
        _table(found, left_out, facts.progress, read.facts.unpurged)
        if len(found) < len(settings.sections):
            current = facts.count(settings.sections).get("current", 0)
            words = f"Feeds up to date: {current:,} of {len(settings.sections):,}."
            line(f"{words} To list all: `syndication status --json`.")
        waiting = f"{(now - oldest).total_seconds():.0f} s" if oldest else "none"
        line()
        line(f"Workers: {len(facts.workers)}. Web processes: {len(web)}. Oldest waiting change: {waiting}.")
    sys.exit(1 if problems else 0)


def _table(
    found: "Sequence[SectionState]", left_out: "Sequence[LeftOutArticle]", progress: "Progress", unpurged: set[str]
) -> None:
    from syndication.store.publishing.section_state import section_status

    now = progress.now
    missing: dict[str, list[LeftOutArticle]] = {}
    for item in left_out:
        missing.setdefault(item.section, []).append(item)
    width = max((len(state.section) for state in found), default=7)
    line()
    line(f"{'section':<{width}}  version  entries  regenerated  next change  status")
    for state in found:
        status = section_status(state, progress)
        label = "Cache not purged" if status == "current" and state.section in unpurged else STATUS_LABELS[status]
        if status == "held" and state.is_held and state.hold is not None:
            label = f"{label}: {state.hold.words}"
        if status == "held" and state.editor_hold is not None:
            kind = "rolled back to" if state.editor_hold.is_rolled_back else "at"
            label = f"{label} {kind} version {state.editor_hold.version} by {state.editor_hold.by}"
        line(
            f"{state.section:<{width}}  {state.version:>7}  {state.entries:>7}  {_ago(state.regenerated_at, now):>11}"
            f"  {_ahead(state.next_due, now):>11}  {f'{label}: {state.error}' if status == 'failing' else label}"
        )
        for item in missing.get(state.section, ()):
            line(f"{'':<{width}}  left out: {item.article_id}: {item.reason}")


def _ago(moment: datetime | None, now: datetime) -> str:
    return "never" if moment is None else f"{_span((now - moment).total_seconds())} ago"


def _ahead(moment: datetime | None, now: datetime) -> str:
    return "-" if moment is None else f"in {_span((moment - now).total_seconds())}"


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
