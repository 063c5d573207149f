"""The command init: asks for what a newsroom needs, and writes its two files and its database."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import click

from syndication.cli.common import base_url, current_user, open_database
from syndication.cli.output import line
from syndication.errors import ConfigError, StoreError
from syndication.model.scopes import SCOPES

if TYPE_CHECKING:
    from syndication.config.loading import Settings
    from syndication.config.new_files import NewNewsroom
    from syndication.model.values import PasswordHash

DEFAULT_DATABASE = "sqlite:///var/syndication.db"

FROM_ENVIRONMENT = ("SYNDICATION_DATABASE__URL", "SYNDICATION_DATABASE__URL_FILE")

BESIDE_SQLITE = ("", "-wal", "-shm")
"""The suffixes of a SQLite database's files."""


@click.command()
@click.option("--name", help="The newsroom's name, shown in every feed.")
@click.option("--base-url", help="The public address of the feeds.")
@click.option("--website", help="The address of the website. Defaults to the base URL.")
@click.option("--authority", help="A domain that the newsroom owns. It is in every ID and must never change.")
@click.option("--language", help="The language of the stories (BCP 47). Defaults to en.")
@click.option("--timezone", help="The newsroom's time zone. Defaults to this machine's.")
@click.option("--section", "sections", multiple=True, help="A section, as TITLE or SLUG=TITLE. Repeat for more.")
@click.option("--admin", help="The user name of the first administrator, who gets all permissions.")
@click.option("--password-stdin", "piped", is_flag=True, help="Read the password from standard input.")
@click.option("--generate", is_flag=True, help="Generate a strong password, shown only once.")
@click.option("--database", help=f"The database's URL. Defaults to {DEFAULT_DATABASE}.")
@click.option("--files-only", is_flag=True, help="Write only the two files: a deployment makes database and users.")
@click.option("--yes", is_flag=True, help="Ask nothing: all answers are in the options.")
@click.pass_context
def init(
    ctx: click.Context,
    /,
    sections: tuple[str, ...],
    piped: bool,
    generate: bool,
    database: str | None,
    files_only: bool,
    yes: bool,
    **given: str | None,
) -> None:
    """Set up a newsroom: asks for its name, addresses, sections and first user, and creates all that it needs.

    Creates config/syndication.toml (or the file that --config names), sections.toml beside it, and the database.
    Overwrites nothing. With --yes, or without a terminal, it asks nothing.

    \b
    In a script:
      syndication init --yes --name "The Daily" --base-url https://feeds.daily.example \\
        --authority daily.example --timezone Asia/Taipei --section Taiwan --section "Arts & Leisure" \\
        --admin mei-hua --generate
    """
    from syndication.cli.init_questions import answer_questions

    asking = not yes and sys.stdin.isatty()
    if piped and generate:
        raise click.UsageError("Use --password-stdin or --generate, not both.")
    if files_only and (piped or generate or given["admin"]):
        raise click.UsageError("With --files-only, init creates no user: leave out --admin and its password.")
    if not asking and not piped and not generate and not files_only:
        raise click.UsageError("Without questions, init needs --generate or --password-stdin.")
    files = _files(ctx)
    _reject_existing(files)
    elsewhere = files_only or any(name in os.environ for name in FROM_ENVIRONMENT)
    url = database or (None if elsewhere else DEFAULT_DATABASE)
    if url is not None and not files_only:
        _reject_used(url)
    answers = answer_questions(given, sections, asking, user=not files_only)
    admin = answers.pop("admin", None)
    newsroom = _newsroom(answers, url)
    if admin is None:
        if asking:
            _confirm(files, newsroom, None)
        with _removing_if_it_fails() as made:
            _write_files(files, newsroom, made)
        line(f"Created {files[0]} and {files[1]}.", err=True)
        line("When the database is migrated: `syndication user create NAME --role admin --link`", err=True)
        return
    password, shown, hash = _choose_password(admin, (answers["name"], answers["authority"]), piped, generate)
    if asking:
        _confirm(files, newsroom, admin)
    settings = _create(files, newsroom, admin, hash)
    _report(ctx, files, settings, admin)
    if shown:
        line("The password is below. Keep it secret; it is not shown again.", err=True)
        line(password)


def _files(ctx: click.Context) -> tuple[Path, Path]:
    """Returns the paths of the two files: where all commands look for them."""
    chosen: Path | None = ctx.obj
    named = chosen or Path(os.environ.get("SYNDICATION_CONFIG") or "config/syndication.toml")
    return named.absolute(), named.absolute().with_name("sections.toml")


def _reject_existing(files: tuple[Path, Path]) -> None:
    for path in files:
        if path.exists():
            raise ConfigError(
                f"{path} exists already, and nothing was changed: change it with an editor, or set up another newsroom"
                " in an empty folder, or with --config FILE"
            )


def _reject_used(url: str) -> None:
    """Raises StoreError if the database has a user or an article already, or cannot be opened.

    Tables alone are no newsroom: a deployment may have run ``migrate`` before.
    """
    from syndication.config.loading import mask
    from syndication.store.access import users
    from syndication.store.articles.articles import any_stored
    from syndication.store.db.database import Database, DatabaseDown, DatabaseError
    from syndication.store.db.errors import kind
    from syndication.store.migrations.runner import revision

    file = _sqlite_file(url)
    if file is not None and not file.exists():
        return
    database = Database(url)
    try:
        with database.read() as conn:
            used = revision(conn) is not None and (users.first_created(conn) is not None or any_stored(conn))
    except (DatabaseDown, DatabaseError) as error:
        raise StoreError(f"the database {mask(url)} {kind(error.__cause__ or error)}") from error
    finally:
        database.close()
    if used:
        raise StoreError(
            f"the database {mask(url)} is in use already, and nothing was changed: choose another one with --database"
        )


def _sqlite_file(url: str) -> Path | None:
    """Returns the file of a SQLite database; None for PostgreSQL."""
    kind, _, file = url.partition(":///")
    return Path(file.partition("?")[0]) if kind.startswith("sqlite") else None


def _choose_password(
    admin: str, known: tuple[str, str], piped: bool, generate: bool
) -> tuple[str, bool, "PasswordHash"]:
    """Returns the password, whether it was generated and must be shown, and its hash. Raises SyndicationError."""
    from syndication.auth.secrets import passwords
    from syndication.cli.init_questions import ask_password

    if piped:
        chosen = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    else:
        chosen = "" if generate else ask_password(admin, known)
    made = chosen if piped or chosen else passwords.generate_password()
    return made, not piped and not chosen, passwords.hash_password(made, admin, known)


def _newsroom(answers: dict[str, Any], url: str | None) -> "NewNewsroom":
    from syndication.config.new_files import NewNewsroom

    return NewNewsroom(**answers, authority_date=f"{datetime.now(UTC):%Y-%m-%d}", database_url=url)


def _confirm(files: tuple[Path, Path], newsroom: "NewNewsroom", admin: str | None) -> None:
    from syndication.config.loading import mask

    titles = ", ".join(f"{section.title} ({section.slug})" for section in newsroom.sections)
    line()
    for words, value in (
        ("Newsroom", newsroom.name),
        ("Feeds", newsroom.base_url),
        ("Website", newsroom.website),
        ("IDs", f"tag:{newsroom.authority},{newsroom.authority_date}:…"),
        ("Language", newsroom.language),
        ("Time zone", newsroom.timezone),
        ("Sections", titles or "none yet, only All stories"),
        ("Administrator", admin or "none yet"),
        ("Files", f"{files[0]}, {files[1]}"),
        ("Database", "from the environment" if newsroom.database_url is None else mask(newsroom.database_url)),
    ):
        line(f"{words:<14} {value}")
    click.confirm("Create this newsroom?", default=True, abort=True)


def _create(files: tuple[Path, Path], newsroom: "NewNewsroom", admin: str, hash: "PasswordHash") -> "Settings":
    """Writes the files, then the database and its first user; after a failure nothing of them is left."""
    from syndication.config.loading import load_settings
    from syndication.store.access import users
    from syndication.store.migrations.runner import migrate

    with _removing_if_it_fails() as made:
        _write_files(files, newsroom, made)
        settings = load_settings(files[0])
        _reject_used(settings.database_url)
        if (database_file := _sqlite_file(settings.database_url)) is not None:
            beside = [Path(f"{database_file}{suffix}") for suffix in BESIDE_SQLITE]
            made.extend([*_missing_folders(database_file), *(file for file in beside if not file.exists())])
        with open_database(settings, check=False) as database:
            migrate(database)
            with database.write() as conn:
                users.create(conn, admin, hash, SCOPES, current_user(), database.now(conn))
    return settings


def _write_files(files: tuple[Path, Path], newsroom: "NewNewsroom", made: list[Path]) -> None:
    """Writes the two files; adds them, and the folders that they need, to what was made."""
    from syndication.config.loading import mask
    from syndication.config.new_files import sections_text, settings_text

    # A URL may have a password, which only the service's user should read.
    private = newsroom.database_url is not None and mask(newsroom.database_url) != newsroom.database_url
    for path, text, mode in (
        (files[0], settings_text(newsroom), 0o600 if private else 0o666),
        (files[1], sections_text(newsroom), 0o666),
    ):
        made.extend(_missing_folders(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode, exist_ok=False)
        made.append(path)
        path.write_text(text, encoding="utf-8")


def _missing_folders(path: Path) -> list[Path]:
    """Returns the folders above a file that do not exist yet, the outermost first."""
    return [folder for folder in reversed(path.absolute().parents) if not folder.exists()]


@contextmanager
def _removing_if_it_fails() -> Iterator[list[Path]]:
    """Yields a list of new folders and files, which are removed again after an exception: the command can be repeated.

    Ctrl-C is one, and so are the end of the terminal and of the machine while this lasts.
    """
    made: list[Path] = []

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    ends = [one for one in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in ends}
    try:
        yield made
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):  # Of a folder: somebody else uses it.
                path.rmdir() if path.is_dir() else path.unlink()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(ctx: click.Context, files: tuple[Path, Path], settings: "Settings", admin: str) -> None:
    from syndication.config.example_values import LOOPBACK
    from syndication.config.loading import mask

    line(f"Created {files[0]}, {files[1]} and the database {mask(settings.database_url)}.", err=True)
    line(f"Created user {admin}, who has all permissions.", err=True)
    start = f"syndication --config {ctx.obj} serve" if ctx.obj else "syndication serve"
    here, public = f"{base_url(settings)}/editors/", f"{settings.site.base_url}/editors/"
    line(f"Start the service with `{start}`, and log in at {here}.", err=True)
    if urlsplit(public).hostname not in LOOPBACK:
        line(f"Behind your web server or CDN it will be {public}.", err=True)
