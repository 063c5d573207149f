"""Passwords: strength rules, hashing, verification and generation.

A hash takes 64 MB and a tenth of a second (RFC 9106 section 4, the second recommended option). Compute it outside of
transactions, which would otherwise block all other writers.
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
"""Characters; normalizing longer input would be slow."""

FEWEST_DIFFERENT = 5
"""Characters: 121212121212 and abcabcabcabc have fewer."""

GUESSES = 10**10
"""The least number of guesses that a password must take, common ones first: zxcvbn's highest score."""

FEWEST_OWN = 6
"""Letters and digits that a password needs besides the names of the user and the newsroom."""

SHORTEST_KNOWN = 3
"""Shortest part of a name that counts: many passwords contain an ``of``."""

ESTIMATED, ESTIMATED_SYMBOLS = 40, 16
"""Characters passed to zxcvbn, which tries every substitution for a letter (4, @, $): 72 characters full of them take
5 seconds, sixteen take 0.15. A password is strong if its first characters are."""

SYMBOLS, MANY_SYMBOLS = frozenset("4@8({[<369!|1/0$5+7%2"), 8
"""Symbols that zxcvbn treats as letters, and how many different ones limit the estimate to fewer characters."""

RIGHT = "use four or more unrelated words, or a generated password"

PATTERNS = {
    "dictionary": "a common password or word with little added",
    "spatial": "neighboring keys",
    "repeat": "repeated characters or words",
    "sequence": "a sequence like abc or 4321",
    "date": "a date with little added",
    "regex": "a date with little added",
}
"""Descriptions of the patterns that zxcvbn finds in weak passwords."""

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without the look-alikes i, l, o, 0 and 1."""

GROUPS, GROUP = 4, 5
"""Twenty characters out of thirty-one: 99 random bits."""

_hasher = PasswordHasher()

_hashing = threading.Lock()
"""Limits the process to one hash at a time, and so to 64 MB."""


def hash_password(password: str, name: str, known: Collection[str] = ()) -> PasswordHash:
    """Returns the hash to store for the user ``name``. Raises SyndicationError if the password is too weak.

    ``known`` are the newsroom's public names: its title and its domain.
    """
    reject_weak(password, name, known)
    return rehash_password(password)


def rehash_password(password: str) -> PasswordHash:
    """Returns the hash of an accepted password with current parameters, even if it is now considered weak."""
    with _hashing:
        return PasswordHash(_hasher.hash(_bytes(password)))


def verify_password(password: str, hash: PasswordHash | None) -> bool:
    """Returns whether the password matches the hash; without a hash it returns False after the same time.

    So response times do not reveal which users exist.
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
    """Returns whether the hash has outdated parameters: replace it when the password is available."""
    return _hasher.check_needs_rehash(hash)


def generate_password() -> str:
    """Returns a random password that is easy to read aloud and type, like ``k7mqx-2rtha-9vbnc-p4ewd``."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def reject_weak(password: str, name: str, known: Collection[str] = ()) -> None:
    """Raises SyndicationError with advice if the password is too easy to guess (ASVS 2.1.7)."""
    if len(password) > LONGEST:
        raise SyndicationError(f"the password must have at most {LONGEST} characters, not {len(password)}")
    normal = _normal(password)
    if len(normal) < SHORTEST:
        raise SyndicationError(
            f"the password must have at least {SHORTEST} characters, not {len(normal)}: try several words"
        )
    if len(set(normal)) < FEWEST_DIFFERENT:
        raise SyndicationError(
            f"the password must have at least {FEWEST_DIFFERENT} different characters, not {len(set(normal))}"
        )
    names = _names((name, *known))
    if _left(normal.casefold(), names) < FEWEST_OWN:
        raise SyndicationError(f"the password is based on your name or the newsroom's: {RIGHT}")
    if (found := _is_guessable(normal, names)) is not None:
        raise SyndicationError(f"the password is too easy to guess ({found}): {RIGHT}")


def _names(texts: Collection[str]) -> list[str]:
    """Returns names as people use them in passwords: whole, without separators, and each part."""
    found: list[str] = []
    for text in (text.casefold() for text in texts):
        found += [text, _letters_and_digits(text), *re.split(r"[\W_]+", text)]
    return [name for name in dict.fromkeys(found) if len(name) >= SHORTEST_KNOWN]


def _left(folded: str, names: Collection[str]) -> int:
    """Returns how many letters and digits (or characters, if there are none) remain without the names."""
    text = _letters_and_digits(folded) or folded
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return len(text)


def _is_guessable(password: str, names: list[str]) -> str | None:
    """Returns why the password is too easy to guess, or None if it is not."""
    from zxcvbn import zxcvbn  # 14 MB of word lists, loaded only where needed.

    many = len(SYMBOLS.intersection(password)) > MANY_SYMBOLS
    with _estimating:  # It keeps user_inputs in a module variable.
        found = zxcvbn(password[: ESTIMATED_SYMBOLS if many else ESTIMATED], user_inputs=names)
    if found["guesses"] >= GUESSES:
        return None
    longest = max(found["sequence"], key=lambda match: len(match["token"]))
    return PATTERNS.get(longest["pattern"], "too few unpredictable characters")


_estimating = threading.Lock()


def _normal(password: str) -> str:
    # NIST SP 800-63B section 5.1.1.2. NFKC, because input methods may produce full-width letters and digits.
    return unicodedata.normalize("NFKC", password)


def _bytes(password: str) -> bytes:
    return _normal(password).encode("utf-8", "surrogatepass")


def _letters_and_digits(text: str) -> str:
    return "".join(character for character in text if character.isalnum())
