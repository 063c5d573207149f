"""Commands about push: hub status, list, show, log, pause, resume, push, remove."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from syndication.cli.common import current_user, open_database, settings_of
from syndication.cli.following import NO_WORKER, runs_a_worker
from syndication.cli.output import json_document, line
from syndication.errors import SyndicationError
from syndication.model.counted import counted

if TYPE_CHECKING:
    from syndication.store import Connection
    from syndication.store.access.audit_log import Actor
    from syndication.store.hub.overview import SectionSubscribers, Subscription
    from syndication.store.hub.push_attempts import PushOutcome
    from syndication.store.hub.subscription_acts import ActOutcome
    from syndication.store.hub.subscription_states import SubscriptionState

STATES = ("current", "waiting", "failing", "parked", "paused")

OUTCOMES = ("done", "failed", "gone", "parked")

MAX_ID = 2**53

NUMBER = click.IntRange(1, MAX_ID)


@click.group()
def hub() -> None:
    """Show and control push: the subscribers of each feed, what was delivered to them, and other hubs."""


@hub.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Show the subscribers by section, and other hubs. The exit code is 1 if one of those is failing."""
    from syndication.diagnostics.hub_words import hub_facts, hub_status, hub_words
    from syndication.store.hub import echoes, pings
    from syndication.store.hub.overview import count_by_section

    settings = settings_of(ctx).hub
    with open_database(settings_of(ctx)) as database, database.snapshot() as conn:
        now = database.now(conn)
        sections = count_by_section(conn, now)
        facts = hub_facts(
            settings.outside,
            pings.list_failing(conn, settings.outside),
            echoes.list_some(conn, settings.outside),
            timedelta(seconds=settings.echo_seconds),
        )
    outside = [{"hub": one.hub, "status": hub_status(one, now), "words": hub_words(one, now) or None} for one in facts]
    if as_json:
        json_document({"sections": [asdict(one) for one in sections], "outside": outside})
    else:
        for one in sections:
            line(f"{one.section}: {_section_words(one)}")
        if not sections:
            line("No subscribers." if settings.enabled else "No subscribers: push is turned off (hub.enabled).")
        for each in outside:
            line(f"{each['hub']}  {each['words'] or each['status']}")
    sys.exit(any(each["status"] in ("failing", "silent") for each in outside))


@hub.command("list")
@click.option("--section", metavar="SLUG", help="Only subscribers of this section's feeds.")
@click.option("--state", type=click.Choice(STATES), help="Only subscribers in this state.")
@click.option("--host", metavar="HOST", help="Only callbacks on this host, with its port if it is not 443.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_(
    ctx: click.Context,
    section: str | None,
    state: "SubscriptionState | None",
    host: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List subscribers, newest first."""
    from syndication.diagnostics.subscriber_words import STATE_LABELS
    from syndication.store.hub.overview import SubscriptionFilter, list_subscriptions

    wanted = SubscriptionFilter(section, None, state, _with_port(host))
    with open_database(settings_of(ctx)) as database, database.read() as conn:
        found = list_subscriptions(conn, wanted, database.now(conn), limit)
    if as_json:
        json_document([asdict(one) for one in found])
        return
    for one in found:
        why = f": {one.error}" if one.error and one.state in ("failing", "parked") else ""
        line(f"{one.id:<8} {one.section}.{one.format}  {one.host}  {STATE_LABELS[one.state]}{why}")
    if not found:
        line("No subscribers found.")


@hub.command()
@click.argument("number", type=NUMBER)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(ctx: click.Context, number: int, as_json: bool) -> None:
    """Show one subscriber, with its whole address."""
    from syndication.diagnostics.subscriber_words import STATE_LABELS
    from syndication.diagnostics.words import utc
    from syndication.store.hub.overview import find_subscription

    with open_database(settings_of(ctx)) as database, database.read() as conn:
        found = find_subscription(conn, number, database.now(conn))
    if found is None:
        raise _missing(number)
    if as_json:
        json_document(asdict(found))
        return
    line(f"{found.callback}  {STATE_LABELS[found.state]}")
    for name, value in (
        ("feed", f"{found.section}.{found.format}"),
        ("address", found.address),
        ("delivered", _delivered_words(found)),
        ("error", f"{found.error} ({counted(found.attempts, 'attempt')})" if found.error else ""),
        ("signature", "with the subscriber's secret" if found.has_secret else "none"),
        ("subscribed", utc(found.subscribed_at)),
        ("expires", utc(found.expires_at)),
    ):
        if value:
            line(f"    {name:<12}{value}")


@hub.command()
@click.option("--section", metavar="SLUG", help="Only pushes of this section's feeds.")
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Only pushes with this outcome.")
@click.option("--subscriber", type=NUMBER, metavar="NUMBER", help="Only pushes to this subscriber.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def log(
    ctx: click.Context,
    section: str | None,
    outcome: "PushOutcome | None",
    subscriber: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show what was pushed, newest first."""
    from syndication.diagnostics.subscriber_words import OUTCOME_LABELS
    from syndication.store.hub.push_attempts import AttemptFilter, list_attempts

    with open_database(settings_of(ctx)) as database, database.read() as conn:
        found = list_attempts(conn, AttemptFilter(section, outcome, subscriber), limit)
    if as_json:
        json_document([asdict(one) for one in found])
        return
    for one in found:
        when = "" if one.lag_ms is None else f", {one.lag_ms / 1000:.1f} s after its publication"
        why = f": {one.error}" if one.error else when
        feed = f"{one.section}.{one.format} version {one.version}"
        label = OUTCOME_LABELS.get(one.outcome, one.outcome)
        line(f"{one.attempted_at:%Y-%m-%d %H:%M:%S}  {one.subscription_id:<8} {feed}  {label}{why}")
    if not found:
        line("No pushes found.")


@hub.command()
@click.argument("number", type=NUMBER)
@click.pass_context
def pause(ctx: click.Context, number: int) -> None:
    """Deliver nothing to a subscriber until it is resumed."""
    from syndication.store.hub import subscription_acts

    done = _act(ctx, number, subscription_acts.pause)
    line(f"Subscriber {number} is paused." if done == "paused" else f"Subscriber {number} was paused already.")


@hub.command()
@click.argument("number", type=NUMBER)
@click.pass_context
def resume(ctx: click.Context, number: int) -> None:
    """Deliver to a paused or parked subscriber again: the newest version at once, if it lacks that."""
    from syndication.store.hub import subscription_acts

    done = _act(ctx, number, subscription_acts.resume)
    line(f"Subscriber {number} {'is resumed' if done == 'resumed' else 'was neither paused nor parked'}.")
    if done == "resumed":
        _tell_if_no_worker(ctx)


@hub.command()
@click.argument("number", type=NUMBER)
@click.pass_context
def push(ctx: click.Context, number: int) -> None:
    """Deliver the present version to a subscriber once more."""
    from syndication.store.hub import subscription_acts

    if _act(ctx, number, subscription_acts.push_again) == "unchanged":
        raise SyndicationError(f"subscriber {number} is paused: resume it with `syndication hub resume {number}`")
    line(f"Requested a push to subscriber {number}.")
    _tell_if_no_worker(ctx)


@hub.command()
@click.argument("number", type=NUMBER, required=False)
@click.option("--host", metavar="HOST", help="Remove all subscribers on this host, with its port if it is not 443.")
@click.pass_context
def remove(ctx: click.Context, number: int | None, host: str | None) -> None:
    """Remove a subscriber, or all on a host. They are told, and may subscribe again."""
    from syndication.store.hub import subscription_acts

    if (number is None) == (host is None):
        raise click.UsageError("Name either a subscriber by its number or a host with --host.")
    if number is not None:
        _act(ctx, number, subscription_acts.remove)
        line(f"Subscriber {number} is removed.")
        return
    wanted = _with_port(host) or ""
    with open_database(settings_of(ctx)) as database, database.write() as conn:
        removed = subscription_acts.remove_host(conn, wanted, current_user(), database.now(conn))
    if not removed:
        raise SyndicationError(f"there is no subscriber on {host}")
    line(f"{counted(removed, 'subscriber')} removed.")


def _act(
    ctx: click.Context, number: int, act: "Callable[[Connection, int, Actor, datetime], ActOutcome]"
) -> "ActOutcome":
    from syndication.store.db.database import WORK

    with open_database(settings_of(ctx)) as database, database.write() as conn:
        done = act(conn, number, current_user(), database.now(conn))
        database.notify(conn, WORK)
    if done == "not-found":
        raise _missing(number)
    return done


def _missing(number: int) -> SyndicationError:
    return SyndicationError(f"there is no subscriber {number}: `syndication hub list` shows all")


def _with_port(host: str | None) -> str | None:
    """Returns a host as subscriptions name it."""
    return host if host is None or ":" in host.rpartition("]")[2] else f"{host}:443"


def _tell_if_no_worker(ctx: click.Context) -> None:
    with open_database(settings_of(ctx)) as database:
        if not runs_a_worker(database):
            line("No worker is running to send it. Start one with `syndication worker`.", err=True)
            sys.exit(NO_WORKER)


def _section_words(one: "SectionSubscribers") -> str:
    from syndication.diagnostics.subscriber_words import delivered_words

    newest = None if one.newest_ms is None else f"{one.newest_ms / 1000:.1f} s"
    return delivered_words({str(state): number for state, number in one.states.items()}, newest)


def _delivered_words(found: "Subscription") -> str:
    from syndication.diagnostics.words import utc

    if found.delivered_at is None:
        return "nothing yet"
    lag = "" if found.lag_ms is None else f", {found.lag_ms / 1000:.1f} s after its publication"
    return f"version {found.version} at {utc(found.delivered_at)}{lag}"
