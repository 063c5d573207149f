"""Passwords of people: what is refused as too weak, how one is hashed and verified, and how a good one is made.

A hash takes 64 MB and a tenth of a second (RFC 9106 section 4, the second recommended option): make it outside of
a transaction, which would hold up every other writer meanwhile.
"""

import re
import secrets
import threading
import unicodedata
from collections.abc import Collection

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from syndication.errors import SyndicationError
from syndication.model.values import PasswordHash

SHORTEST = 12
LONGEST = 1000
"""Characters. Nobody types more, and normalising a whole book would take long."""

FEWEST_DIFFERENT = 5
"""Characters: 121212121212 and abcabcabcabc have fewer."""

GUESSES = 10**10
"""How many guesses a password should take, those first that people choose most often: zxcvbn's highest score."""

FEWEST_OWN = 6
"""Letters and digits that a password has beside the user's name and the newsroom's."""

SHORTEST_KNOWN = 3
"""Letters of a part of a name that counts as one: everybody's password has an ``of``."""

ESTIMATED, ESTIMATED_SYMBOLS = 40, 16
"""Characters that are estimated. zxcvbn tries every meaning of what may stand for a letter (4, @, $): 72 characters
with all of them take 5 seconds, sixteen take 0.15. What is strong in its first characters is strong."""

SYMBOLS, MANY_SYMBOLS = frozenset("4@8({[<369!|1/0$5+7%2"), 8
"""What zxcvbn takes for a letter, and how many different ones are too many for a long look."""

RIGHT = "use four or more words that have nothing to do with each other, or a generated password"

PATTERNS = {
    "dictionary": "a common password or word with little beside it",
    "spatial": "keys that lie side by side",
    "repeat": "the same thing repeated",
    "sequence": "a sequence like abc or 4321",
    "date": "a date with little beside it",
    "regex": "a date with little beside it",
}
"""What zxcvbn finds in a weak password, in words."""

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without i, l, o, 0 and 1, which look alike."""

GROUPS, GROUP = 4, 5
"""Twenty characters of thirty-one: 99 random bits."""

_hasher = PasswordHasher()

_hashing = threading.Lock()
"""One hash at a time in this process, whoever asks for it: 64 MB are all that it takes."""


def hash_password(password: str, name: str, known: Collection[str] = ()) -> PasswordHash:
    """The hash under which the password of the user ``name`` is stored. Raises SyndicationError if it is too weak.

    ``known`` is what anybody knows of the newsroom: its title and its domain.
    """
    reject_weak(password, name, known)
    return rehash_password(password)


def rehash_password(password: str) -> PasswordHash:
    """The hash of a password that was taken before, under today's parameters: it stays good, whatever is weak today."""
    with _hashing:
        return PasswordHash(_hasher.hash(_bytes(password)))


def verify_password(password: str, hash: PasswordHash | None) -> bool:
    """Whether it is the password of this hash; without a hash it takes as long, and is not.

    So nobody learns from the time that an answer takes whether there is such a person.
    """
    if len(password) > LONGEST:
        return False
    with _hashing:
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


def generate_password() -> str:
    """A new random password that a person can read aloud and type, like ``k7mqx-2rtha-9vbnc-p4ewd``."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def reject_weak(password: str, name: str, known: Collection[str] = ()) -> None:
    """Raise SyndicationError if it is guessed too easily, with words that say what would be right (ASVS 2.1.7)."""
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
    names = _names((name, *known))
    if _left(normal.casefold(), names) < FEWEST_OWN:
        raise SyndicationError(f"the password is made of your name or the newsroom's: {RIGHT}")
    if (found := _is_guessable(normal, names)) is not None:
        raise SyndicationError(f"the password is too easy to guess ({found}): {RIGHT}")


def _names(texts: Collection[str]) -> list[str]:
    """Names as people put them into passwords: whole, without what parts them, and each part."""
    found: list[str] = []
    for text in (text.casefold() for text in texts):
        found += [text, _letters_and_digits(text), *re.split(r"[\W_]+", text)]
    return [name for name in dict.fromkeys(found) if len(name) >= SHORTEST_KNOWN]


def _left(folded: str, names: Collection[str]) -> int:
    """How many letters and digits (all characters of a password without any) are left without the names."""
    text = _letters_and_digits(folded) or folded
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return len(text)


def _is_guessable(password: str, names: list[str]) -> str | None:
    """What makes it too easy to guess, in words; None if it is not."""
    from zxcvbn import zxcvbn  # 14 MB of word lists, in the processes that need them.

    many = len(SYMBOLS.intersection(password)) > MANY_SYMBOLS
    with _estimating:  # Its words of one's own are in a variable of the module.
        found = zxcvbn(password[: ESTIMATED_SYMBOLS if many else ESTIMATED], user_inputs=names)
    if found["guesses"] >= GUESSES:
        return None
    longest = max(found["sequence"], key=lambda match: len(match["token"]))
    return PATTERNS.get(longest["pattern"], "too little that is hard to guess")


_estimating = threading.Lock()


def _normal(password: str) -> str:
    # NIST SP 800-63B section 5.1.1.2. NFKC, because an input method may give letters and digits in full width.
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return _normal(password).encode("utf-8", "surrogatepass")


def _letters_and_digits(text: str) -> str:
    return "".join(character for character in text if character.isalnum())
