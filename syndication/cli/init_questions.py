"""The questions of ``init``: each answer is checked at once, whether it is typed or an option."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from syndication.auth.secrets import passwords
from syndication.config import new_files
from syndication.errors import SyndicationError
from syndication.model.terminal import escape
from syndication.store.access.users import check_name

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """A question; ``default`` gets the answers so far. One that is ``needed`` has no default in a script."""

    key: str
    words: str
    check: Callable[[str], Any]
    default: Callable[[Mapping[str, Any]], str | None] = lambda _: None
    needed: bool = False

    @property
    def option(self) -> str:
        """Returns the option that answers it."""
        return f"--{self.key.replace('_', '-')}"


def _check_admin(text: str) -> str:
    name = text.strip().lower()
    try:
        check_name(name)
    except SyndicationError as error:
        raise ValueError(error.message) from error
    return name


def machine_timezone() -> str:
    """Returns this machine's time zone; UTC if it does not say."""
    named = (
        os.environ.get("TZ", "").removeprefix(":") or str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    )
    try:
        return new_files.check_timezone(named)
    except ValueError:
        return "UTC"


QUESTIONS = (
    Question("name", "Name of the newsroom", new_files.check_newsroom_name, needed=True),
    Question(
        "base_url",
        "Public address of the feeds, like https://feeds.daily.example",
        new_files.check_base_url,
        needed=True,
    ),
    Question("website", "Address of the website", new_files.check_website, lambda given: given["base_url"]),
    Question(
        "authority",
        "A domain that the newsroom owns: it is in every ID and never changes",
        new_files.check_authority,
        lambda given: new_files.suggest_authority(given["website"]),
        needed=True,
    ),
    Question("language", "Language of the stories", new_files.check_language, lambda _: "en"),
    Question("timezone", "Time zone", new_files.check_timezone, lambda _: machine_timezone()),
)

SECTIONS = "First sections, separated by commas (Title, or address=Title; more can follow later)"
ADMIN = Question("admin", "User name of the first administrator", _check_admin, needed=True)


def answer_questions(
    given: Mapping[str, str | None], sections: Iterable[str], asking: bool, *, user: bool = True
) -> dict[str, Any]:
    """Returns the checked answers by key; asks for those that no option has, the first user's name only if ``user``.

    Raises UsageError.
    """
    asked = (*QUESTIONS, ADMIN) if user else QUESTIONS
    missing = [question.option for question in asked if question.needed and given[question.key] is None]
    if missing and not asking:
        raise click.UsageError(f"Without questions, init needs {', '.join(missing)}.")
    # All options first: a mistake in one is reported before anybody types an answer.
    answers = {
        question.key: _checked(question.option, question.check, text)
        for question in asked
        if (text := given[question.key]) is not None
    }
    found = [_checked("--section", new_files.check_section, text) for text in sections]
    answers["sections"] = _checked("--section", new_files.combine_sections, found)
    for question in QUESTIONS:
        if question.key not in answers:
            answers[question.key] = _answer(question, answers, asking)
    if asking and not found:
        answers["sections"] = ask(SECTIONS, new_files.check_sections, default="")
    if user and "admin" not in answers:
        answers["admin"] = _answer(ADMIN, answers, asking)
    return answers


def ask_password(admin: str, known: Iterable[str]) -> str:
    """Returns the password that was typed twice, or a generated one if none was typed."""
    names = tuple(known)

    def check(text: str) -> str:
        try:
            if text:
                passwords.reject_weak(text, admin, names)
        except SyndicationError as error:
            raise ValueError(error.message) from error
        return text

    while True:
        typed = ask(f"Password for {admin} (empty: generate one)", check, default="", hide=True)
        if not typed or typed == click.prompt("Repeat password", hide_input=True, default="", show_default=False):
            return typed
        click.echo("The passwords do not match.", err=True)


def ask(words: str, check: Callable[[str], T], *, default: str | None = None, hide: bool = False) -> T:
    """Asks until the answer is valid, and returns what the check makes of it."""

    def convert(text: str) -> T:
        try:
            return check(text)
        except ValueError as error:
            raise click.BadParameter(escape(_sentence(str(error)))) from error

    shown = bool(default)
    answer: T = click.prompt(words, default=default, value_proc=convert, hide_input=hide, show_default=shown)
    return answer


def _answer(question: Question, answers: Mapping[str, Any], asking: bool) -> Any:
    default = question.default(answers)
    return ask(question.words, question.check, default=default) if asking else question.check(default or "")


def _checked(option: str, check: Callable[[Any], T], value: Any) -> T:
    try:
        return check(value)
    except ValueError as error:
        raise click.UsageError(f"{option}: {_sentence(str(error))}") from error


def _sentence(words: str) -> str:
    end = "" if words.endswith("?") else "."
    return f"{words[:1].upper()}{words[1:]}{end}"
