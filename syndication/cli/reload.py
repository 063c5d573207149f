"""The command reload: makes all processes read their files again, after a check."""

import click

from syndication.cli.common import current_user, open_database, settings_of
from syndication.cli.output import line
from syndication.model.counted import counted


@click.command()
@click.pass_context
def reload(ctx: click.Context) -> None:
    """Make all workers and web processes read their files again, without a restart.

    First checks the files of this machine: if they are not valid, says why and changes nothing. Takes [site], [feeds],
    [cache] and sections.toml; other settings need a restart, and each process names those that differ in its log.
    SIGHUP to serve, web or worker does the same.
    """
    from syndication.store.publishing.feed_definitions import request_reload

    settings = settings_of(ctx)
    with open_database(settings) as database, database.write() as conn:
        request_reload(database, conn, current_user())
    line(
        f"{settings.source} is valid: {counted(len(settings.sections), 'section')}. Every process reads its files"
        " within a second; a process whose own files are not valid says so in its log and keeps what it has."
    )
