"""The statements in PostgreSQL's log: reading them, and counting those of a program and of a regeneration."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

LINE_PREFIX = "|%p|%d|%a|"
"""The prefix of the log's lines that ``read_statements`` expects."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a session, which ``application`` opened, and the values of its parameters."""

    session: int
    database: str
    application: str
    text: str
    values: frozenset[str] = frozenset()

    @property
    def is_work(self) -> bool:
        """Whether it does more than begin or end a transaction, or check that the connection is there."""
        return self.text.partition(" ")[0].strip(";") not in ("", "BEGIN", "COMMIT", "ROLLBACK")


@dataclass(frozen=True, slots=True)
class Sent:
    """Numbers of statements: those that do work, and those that only frame them.

    A statement that is executed for many rows at once counts once.
    """

    work: float
    frame: float


def of_program(found: Iterable[Statement], database: str, application: str) -> list[Statement]:
    """Returns what a program sent to a database."""
    return [one for one in found if (one.database, one.application) == (database, application)]


def sent(found: Iterable[Statement]) -> Sent:
    """Counts the statements of a program."""
    last: dict[int, str] = {}
    work = frame = 0
    for one in found:
        if not one.is_work:
            frame += 1
        elif last.get(one.session) != one.text:
            work += 1
        last[one.session] = one.text
    return Sent(work, frame)


_TAKES = re.compile(r"UPDATE section_state SET lease_owner\b")
"""What ends a regeneration frees the lease too, but sets other columns first."""
_CLAIMS = re.compile(rf"SELECT section_state\.section\b|{_TAKES.pattern}")
"""The look for a section that waits, which names others too, and what takes the lease."""
_WRITES = re.compile(r"(INSERT|UPDATE|DELETE|WITH)\b")
_VERSION = re.compile(r"(INSERT INTO|UPDATE) document\b")


def of_regenerations(found: Iterable[Statement], sections: Collection[str]) -> dict[str, list[int]]:
    """Returns, by section, the number of statements of each regeneration that published a version.

    It begins with the transaction that takes the section's lease, or with the claim in it if that transaction does
    other work first, such as publishing the section before. It ends with the transaction that writes the version,
    without the claim of the next section. Of what is between, transactions count that name the section. A statement
    that claims several sections counts for each of them.
    """
    counts: dict[str, list[int]] = {}
    running: dict[str, list[Statement]] = {}
    for transaction in _transactions(found):
        own, claim = _split(transaction)
        for section in sections:
            if section in running and any(section in one.values and not _CLAIMS.match(one.text) for one in own):
                running[section] += own
                if any(section in one.values and _VERSION.search(one.text) for one in own):
                    counts.setdefault(section, []).append(int(sent(running.pop(section)).work))
            if any(section in one.values and _TAKES.match(one.text) for one in claim):
                running[section] = list(claim)
    return counts


def _split(transaction: Sequence[Statement]) -> tuple[Sequence[Statement], Sequence[Statement]]:
    """Returns a transaction without the claim at its end, and the claim with what was read for it."""
    first = len(transaction) - 1
    while first and _CLAIMS.match(transaction[first - 1].text):
        first -= 1
    if not any(_TAKES.match(one.text) for one in transaction[first:]):
        return transaction, ()
    if not any(_WRITES.match(one.text) for one in transaction[:first]):
        return (), transaction
    return transaction[:first], transaction[first:]


def _transactions(found: Iterable[Statement]) -> Iterator[list[Statement]]:
    """Yields transactions of all sessions in the order of their ends."""
    running: dict[int, list[Statement]] = {}
    for one in found:
        running.setdefault(one.session, []).append(one)
        if one.text.startswith(("COMMIT", "ROLLBACK")):
            yield running.pop(one.session)


_TEXT = r"(.*(?:\n\t.*)*)"
_LOGGED = re.compile(
    rf"^\|(\d+)\|([^|]*)\|([^|]*)\|LOG:  (?:statement|execute [^:]+): {_TEXT}"
    rf"(?:\n\|\1\|\2\|\3\|DETAIL:  Parameters: {_TEXT})?",
    re.MULTILINE,
)
_VALUE = re.compile(r"\$\d+ = '((?:[^']|'')*)'")


def read_statements(log: str) -> Iterator[Statement]:
    """Yields the logged statements; each is logged once, when it is executed, not when it is parsed or bound."""
    for session, database, application, text, parameters in _LOGGED.findall(log):
        lines = (line.strip() for line in text.splitlines())
        values = frozenset(_VALUE.findall(parameters))
        yield Statement(int(session), database, application, " ".join(lines), values)
