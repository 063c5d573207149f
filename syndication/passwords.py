"""Passwords of people: what is refused as too weak, how one is hashed and verified, and how a good one is made.

A hash takes 64 MB and a tenth of a second (RFC 9106 section 4, the second recommended option): make it outside of
a transaction, which would hold up every other writer meanwhile.
"""

import secrets
import unicodedata
from collections.abc import Collection
from typing import NewType

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from syndication.errors import SyndicationError

PasswordHash = NewType("PasswordHash", str)
"""The hash of a password that was not refused: what the store takes, so that it never sees a password."""

SHORTEST = 12
LONGEST = 1000
"""Characters. Nobody types more, and normalising a whole book would take long."""

FEWEST_DIFFERENT = 5
"""Characters: 121212121212 and abcabcabcabc have fewer."""

RUNS = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "qwertyuiopasdfghjklzxcvbnm")
"""What fingers and tongues do by themselves, forwards, backwards and around."""

KNOWN = (
    "password", "passwort", "letmein", "welcome", "admin", "administrator", "iloveyou", "qwerty", "asdf", "abc",
    "newsroom", "syndication", "dashboard",
)  # fmt: skip
"""Words that a guesser tries first, with some digits behind them."""

A_YEAR = 4
"""Digits that people put behind a word."""

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without i, l, o, 0 and 1, which look alike."""

GROUPS, GROUP = 4, 5
"""Twenty characters of thirty-one: 99 random bits."""

_hasher = PasswordHasher()


def hashed(password: str, name: str) -> PasswordHash:
    """The hash under which the password of the person ``name`` is stored. Raises SyndicationError if it is too weak."""
    refuse_weak(password, name)
    return hash_anew(password)


def hash_anew(password: str) -> PasswordHash:
    """The hash of a password that was taken before, under today's parameters: it stays good, whatever is weak today."""
    return PasswordHash(_hasher.hash(_bytes(password)))


def verified(password: str, hash: PasswordHash | None) -> bool:
    """Whether it is the password of this hash; without a hash it takes as long, and is not.

    So nobody learns from the time that an answer takes whether there is such a person.
    """
    if len(password) > LONGEST:
        return False
    if hash is None:
        _hasher.hash(_bytes(password))
        return False
    try:
        return _hasher.verify(hash, _bytes(password))
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(hash: PasswordHash) -> bool:
    """Whether it was made with other parameters than today's: make it anew when its password is at hand."""
    return _hasher.check_needs_rehash(hash)


def made() -> str:
    """A new random password that a person can read aloud and type, like ``k7mqx-2rtha-9vbnc-p4ewd``."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def refuse_weak(password: str, name: str) -> None:
    """Raise SyndicationError if it is guessed too easily, with words that say what would be right."""
    if len(password) > LONGEST:
        raise SyndicationError(f"the password has {len(password)} characters: it should have {SHORTEST} to {LONGEST}")
    normal = _normal(password)
    if len(normal) < SHORTEST:
        raise SyndicationError(
            f"the password has {len(normal)} character{'' if len(normal) == 1 else 's'}:"
            f" it should have {SHORTEST} or more, several words for example"
        )
    if len(set(normal)) < FEWEST_DIFFERENT:
        raise SyndicationError(
            f"the password has only {len(set(normal))} different characters: it should have {FEWEST_DIFFERENT} or more"
        )
    folded = normal.casefold()
    if _foreseen(folded, KNOWN):
        raise SyndicationError("the password is among the first that are guessed: it should be several words, say")
    if folded == name or _foreseen(folded, (_letters(name),)):
        raise SyndicationError("the password is the name with little beside it: it should not be made of the name")


def _normal(password: str) -> str:
    # NIST SP 800-63B section 5.1.1.2. NFKC, because an input method may give letters and digits in full width.
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return _normal(password).encode("utf-8", "surrogatepass")


def _letters(text: str) -> str:
    return "".join(character for character in text if character.isalpha())


def _foreseen(text: str, words: Collection[str]) -> bool:
    """Whether the text is one of the words or a run, again and again maybe, with nothing new in its digits."""
    letters, digits = _letters(text), "".join(character for character in text if character.isdecimal())
    of_letters = not letters or _run(letters) or any(word and not letters.replace(word, "") for word in words)
    return of_letters and (len(digits) <= A_YEAR or _run(digits))


def _run(text: str) -> bool:
    """Whether the whole text is a piece of one run."""
    around = [run * (len(text) // len(run) + 2) for run in RUNS]
    return any(text in run or text[::-1] in run for run in around)
