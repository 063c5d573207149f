"""The command ``syndication``, with one file per group of commands.

Commands import their heavy modules when they run: ``web`` never loads the renderer, and ``--help`` is fast.
"""

import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from syndication import __version__
from syndication.cli.articles import import_, lock_fields, restore, schedule, unlock_fields, withdraw
from syndication.cli.copy_database import copy_database
from syndication.cli.deliveries import deliveries, purge
from syndication.cli.feed_definitions import feeds as feed_commands
from syndication.cli.feeds import hold, regenerate, release, status
from syndication.cli.hub import hub
from syndication.cli.init import init
from syndication.cli.notifications import notifications
from syndication.cli.processes import config, demonstrate, editors, migrate, serve, web, worker
from syndication.cli.queries import audit_log, find, trace
from syndication.cli.reload import reload
from syndication.cli.revisions import revisions
from syndication.cli.sources import source
from syndication.cli.takeover import takeover
from syndication.cli.tokens import token
from syndication.cli.users import user
from syndication.errors import SyndicationError
from syndication.model.terminal import escape

EPILOG = """\b
Exit codes: 0 done; 1 failed, with the reason; 2 wrong usage; 3 no worker is running to do it.
"""


class Commands(click.Group):
    """A group that prints an expected error as one sentence, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command; prints an expected error and exits."""
        try:
            return super().invoke(ctx)
        except SyndicationError as error:
            _refuse(error.message if error.message.endswith("?") else f"{error.message.rstrip('.')}.", *error.details)
        except BrokenPipeError:
            # The reader of the output closed the pipe, as `| head` does.
            sys.stderr.close()
            sys.exit(1)
        except OSError as error:
            _refuse(f"{error.filename or ''}: {error.strerror}.")
        except UnicodeEncodeError as error:
            # Python decodes arguments that are not UTF-8 to lone surrogates, which no database accepts.
            _refuse(f"{error.object!r} is not UTF-8, so no ID or name can match it.")
        except click.ClickException as error:
            raise _escaped(error) from None

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Parses the arguments; an error quotes them with control characters escaped."""
        try:
            return super().make_context(*args, **options)
        except click.ClickException as error:
            raise _escaped(error) from None


def _refuse(words: str, *details: str) -> NoReturn:
    from syndication.logs import print_message

    print_message(f"Error: {words}", wrong=True)
    for detail in details:
        print_message(f"- {detail}", wrong=True)
    sys.exit(1)


def _escaped(error: click.ClickException) -> click.ClickException:
    """Returns the error with its message escaped: click repeats arguments, and a script may take them from data."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # Its message is our own help text.
        return error
    words = escape(error.format_message())
    return click.UsageError(words, error.ctx) if isinstance(error, click.UsageError) else click.ClickException(words)


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="syndication")
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    help="The configuration file. Defaults to $SYNDICATION_CONFIG, then config/syndication.toml in this folder, then"
    " the bundled default.",
)
@click.pass_context
def main(ctx: click.Context, path: Path | None) -> None:
    """Publish a newsroom's articles as Atom, RSS and JSON feeds.

    \b
    Try it:              syndication serve --demonstration
    Set up a newsroom:   syndication init
    Import articles:     syndication import articles.jsonl
    Show the status:     syndication status
    Find articles:       syndication find night train
    Trace one article:   syndication trace ID
    Show what waits:     syndication deliveries
    """
    ctx.obj = path


for command in (
    init, serve, web, editors, worker, demonstrate, migrate, import_, withdraw, restore, schedule, lock_fields,
    unlock_fields, revisions, regenerate, hold, release, purge, status, find, trace, deliveries, feed_commands, source,
    hub, notifications, token, user, audit_log, config, reload, copy_database,
):  # fmt: skip
    main.add_command(command)

source.add_command(takeover)
