"""The command ``notifications``: how each channel is doing, and its test."""

import sys
import time
from dataclasses import asdict

import click

from syndication.cli.common import current_user, open_database, settings_of
from syndication.cli.output import json_document, line
from syndication.errors import SyndicationError

NO_WORKER = 3
WAIT_SECONDS = 30.0
"""Seconds that a test waits for its result: more than an attempt may take."""


@click.command()
@click.option("--test", "name", metavar="NAME", help="Send a test message to this channel, and wait for the result.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def notifications(ctx: click.Context, name: str | None, as_json: bool) -> None:
    """Show the channels of notifications and how each is doing. The exit code is 1 if one is failing.

    Channels are configured as [[notification]] in syndication.toml; workers send the messages.
    """
    if name is not None:
        _test(ctx, name)
        return
    from syndication.diagnostics.channel_words import CHANNEL_LABELS, channel_status, channel_words
    from syndication.diagnostics.words import utc
    from syndication.store.notifications import outbox

    channels = {channel.name: channel for channel in settings_of(ctx).channels}
    with open_database(settings_of(ctx)) as database, database.read() as conn:
        states = outbox.channel_states(conn, list(channels))
    if as_json:
        json_document([
            asdict(state) | {"kind": channels[one].label, "status": channel_status(state)}
            for one, state in states.items()
        ])  # fmt: skip
    elif not channels:
        line("No channel is configured. Add a [[notification]] to syndication.toml.")
    width = max((len(one) for one in channels), default=0)
    for one, state in {} if as_json else states.items():
        sent = f"last sent {utc(state.sent_at)}" if state.sent_at else "nothing sent yet"
        words = f". {channel_words(state)}" if channel_words(state) else ""
        line(f"{one:<{width}}  {CHANNEL_LABELS[channel_status(state)]} ({channels[one].label}), {sent}{words}")
    sys.exit(any(channel_status(state) == "failing" for state in states.values()))


def _test(ctx: click.Context, name: str) -> None:
    """Requests a test and follows it: it is sent as every message is, by a worker."""
    from syndication.config.named_tables import suggestion
    from syndication.notifications.texts import content_of_test, newsroom_of
    from syndication.store.notifications import outbox
    from syndication.store.processes import web_processes, workers

    settings = settings_of(ctx)
    channels = {channel.name: channel for channel in settings.channels}
    if name not in channels:
        near = suggestion(name, channels) or ": add a [[notification]] to syndication.toml"
        raise SyndicationError(f"there is no channel {name!r}{near}")
    with open_database(settings) as database:
        with database.write() as conn:
            now = database.now(conn)
            id = outbox.request_test(
                conn, name, content_of_test(channels[name], newsroom_of(settings)), current_user(), now
            )
            alive = workers.list_alive(conn, now) or web_processes.list_alive(conn, now)
        if not alive:
            line("Requested, but no worker is running to send it. Start one with `syndication worker`.", err=True)
            sys.exit(NO_WORKER)
        ends = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < ends:
            with database.read() as conn:
                message = outbox.find(conn, id)
            if message is not None and message.sent_at is not None:
                line(f"Sent to {name}." + (f" {message.error}." if message.error else ""))
                return
            if message is not None and message.given_up_at is not None:
                raise SyndicationError(f"not sent to {name}: {message.error}")
            time.sleep(0.1)
    raise SyndicationError(
        f"no worker has sent the test within {WAIT_SECONDS:.0f} s: restart the workers, so that they know the channel"
    )
