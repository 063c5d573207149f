"""The command ``syndication``: one file a group of commands.

What a command needs is imported when it runs: ``web`` never loads the renderer, and ``--help`` is quick.
"""

import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from syndication import __version__
from syndication.cli.articles import import_, restore, withdraw
from syndication.cli.copy_database import copy_database
from syndication.cli.feeds import regenerate, status
from syndication.cli.processes import config, demonstrate, editors, migrate, serve, web, worker
from syndication.cli.queries import audit_log, trace
from syndication.cli.tokens import token
from syndication.cli.users import user
from syndication.errors import SyndicationError
from syndication.model.terminal import escape

EPILOG = """\b
Exit codes: 0 done, 1 something could not be done (the message says what), 2 the command was written wrong,
3 no worker is alive to do it.
"""


class Commands(click.Group):
    """A group that tells an expected error in one sentence, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        # SQLAlchemy is heavy: only a command that failed needs to know how a database fails.
        try:
            return super().invoke(ctx)
        except SyndicationError as error:
            _refuse(error.message if error.message.endswith("?") else f"{error.message.rstrip('.')}.", *error.details)
        except BrokenPipeError:
            # Whoever read the output has gone, as `| head` does.
            sys.stderr.close()
            sys.exit(1)
        except OSError as error:
            _refuse(f"{error.filename or ''}: {error.strerror}.")
        except UnicodeEncodeError as error:
            # The system gives bytes of arguments that are not UTF-8 as lone surrogates, which no database takes.
            _refuse(f"{error.object!r} is not UTF-8: nothing has such an id or name.")
        except click.ClickException as error:
            raise _escaped(error) from None

    def make_context(self, *args: Any, **options: Any) -> click.Context:
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
    """The same in safe words: click repeats some arguments as they were given, and a script may read them from data."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # It is our help, of many lines.
        return error
    words = escape(error.format_message())
    return click.UsageError(words, error.ctx) if isinstance(error, click.UsageError) else click.ClickException(words)


@click.group(cls=Commands, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="syndication")
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    help="The configuration file. Else $SYNDICATION_CONFIG, config/syndication.toml here, or the one that is"
    " brought along.",
)
@click.pass_context
def main(ctx: click.Context, path: Path | None) -> None:
    """Syndicate a newsroom's articles as Atom, RSS and JSON feeds.

    \b
    Try it:          syndication serve --demonstration
    Bring articles:  syndication import articles.jsonl
    See the state:   syndication status
    Ask why:         syndication trace ID
    """
    ctx.obj = path


for command in (
    serve, web, editors, worker, demonstrate, migrate, import_, withdraw, restore, regenerate, status, trace,
    token, user, audit_log, config, copy_database,
):  # fmt: skip
    main.add_command(command)
