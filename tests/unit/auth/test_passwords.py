"""Passwords: weak ones are refused with a reason, and the right one is accepted however it was typed."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from argon2 import PasswordHasher
from zxcvbn import matching

from syndication.auth.secrets import passwords
from syndication.errors import SyndicationError

GOOD = "three ferries to Matsu"


@pytest.fixture(autouse=True)
def real_hashes(monkeypatch):
    """Hashes with the real parameters; other tests use cheaper ones."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher())


NEWSROOM = ("The Daily Example", "daily.example")

WELL_KNOWN = [
    "qwertyuiop12", "password1234!", "iloveyou1234", "Passw0rd2026!", "letmein12345", "administrator1",
    "trustno1trustno1", "P@ssw0rd1234", "welcome12345", "Welcome2026!!", "basketball12", "football1234",
    "superman1234", "starwars1234", "princess1234", "sunshine2026!", "dragon123456", "monkeymonkey1",
    "qwerty123456", "1q2w3e4r5t6y", "1qaz2wsx3edc", "zaq12wsxcde3", "qazwsxedcrfv", "asdfghjkl123", "zxcvbnm12345",
    "poiuytrewq12", "123456789abc", "abcdefghijkl", "abcdef123456", "1234567890-=", "987654321000", "!@#$%^&*()_+",
    "aaaabbbbcccc", "112233445566", "123123123123", "changeme1234", "Changeme123!", "newsroom2026", "editor123456",
    "adminadmin12", "root12345678", "Summer2026!!", "December2026", "19841984abcd", "12.03.1984mm", "chocolate123",
    "michael12345", "jennifer2026", "computer1234", "internet1234", "hunter2hunter2", "pa55word2026",
    "L3tM31n!2026", "ncc1701ncc1701", "iloveyouiloveyou",
]  # fmt: skip
"""Twelve characters or more, from lists of leaked passwords or with typical changes."""

PASSPHRASES = [
    GOOD, "correcthorsebatterystaple", "correct horse battery", "x7394-5820-1746", "夜車開往花蓮的第二個月台很冷",
    "mei-hua likes noodles", "password of Lukang", "lantern otter gravel mimosa", "k7mqx-2rtha-9vbnc-p4ewd",
    "The ferry to Matsu leaves at ten, if the sea allows it.", "Xq7#vR2!mZp9", "nine lighthouses of Penghu",
    "ferry-chief-lantern-42", "trois bateaux vers Matsu", "j4k8w2n6p0q3", "gravelmimosaottersoup",
]  # fmt: skip


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "must have at least 12 characters, not 0"),
        ("elevenchars", "must have at least 12 characters, not 11"),
        ("x" * 1001, "must have at most 1000 characters, not 1001"),
        ("aaaaaaaaaaaaa", "must have at least 5 different characters, not 1"),
        ("abababababab", "must have at least 5 different characters, not 2"),
        ("mei-hua.lin-2026", "based on your name or the newsroom's: use four or more unrelated words"),
        ("Mei.Hua.Lin.Mei.Hua.Lin", "based on your name"),
        ("The-Daily-Example-1", "based on your name or the newsroom's"),
        ("dailyexample2026", "based on your name or the newsroom's"),
        ("meihualin123456789", "too easy to guess"),
        ("Password-Password", "too easy to guess"),
        ("121212345121212345", "too easy to guess"),
        ("lkjihgfedcba", "(a sequence like abc or 4321): use four or more unrelated words"),
        ("!@#$%^&*()_+", "(neighboring keys)"),
        ("12-03-2026xy", "(a date with little added)"),
        ("password1234!", "(a common password or word with little added)"),
        ("trustno1trustno1", "(repeated characters or words)"),
    ],
)
def test_a_weak_password_is_refused_in_words(password, words):
    with pytest.raises(SyndicationError, match="the password") as refused:
        passwords.hash_password(password, "mei-hua.lin", NEWSROOM)
    assert words in str(refused.value)
    assert not password or password not in str(refused.value)


@pytest.mark.parametrize("password", PASSPHRASES)
def test_a_good_password_is_taken(password):
    passwords.reject_weak(password, "mei-hua", NEWSROOM)


def test_well_known_weak_passwords_are_refused():
    assert len(WELL_KNOWN) >= 50 and all(len(password) >= passwords.SHORTEST for password in WELL_KNOWN)
    taken = []
    for password in WELL_KNOWN:
        with suppress(SyndicationError):
            passwords.reject_weak(password, "mei")
            taken.append(password)
    assert taken == []


def test_four_random_words_are_taken():
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    words = [word for word in FREQUENCY_LISTS["english_wikipedia"] if 4 <= len(word) <= 8][:8000]
    chosen = random.Random(11)
    for _ in range(200):
        passwords.reject_weak(" ".join(chosen.choices(words, k=4)), "mei", NEWSROOM)


def test_no_password_takes_long_to_estimate():
    """zxcvbn tries every substitution of each symbol: a password with all of them must not cost thousands of tries."""
    tries = []

    def counted(*arguments, original=matching.dictionary_match, **more):
        tries.append(len(arguments[0]))
        return original(*arguments, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "dictionary_match", counted)
        symbols = "".join(sorted(passwords.SYMBOLS))
        for password in (
            "4@8({[<369!|1/0$" * 60,
            symbols * 40,
            symbols[:8] * 80,
            "(4{[<8@" * 100,
            "1!|lI7" * 100,
            "p4ssw0rd!" * 100,
            GOOD * 40,
        ):
            tries.clear()
            with suppress(SyndicationError):
                passwords.reject_weak(password, "mei")
            assert 0 < sum(length**2 for length in tries) < 500_000, password[:20]


def test_names_of_one_user_are_not_those_of_another_at_the_same_time():
    def refused(number):
        name = f"zorquath{number:02}"
        with pytest.raises(SyndicationError, match=r"based on your name|too easy"):
            passwords.reject_weak(f"{name}{name}ab", name)
        passwords.reject_weak("lantern otter gravel mimosa", name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(refused, range(16)))


def test_a_password_of_a_thousand_characters_is_taken():
    passwords.reject_weak((GOOD * 50)[:1000], "mei")


def test_the_right_password_is_verified_and_another_is_not():
    hash = passwords.hash_password(GOOD, "mei")
    assert hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$") and GOOD not in hash
    assert passwords.verify_password(GOOD, hash)
    assert not passwords.verify_password(GOOD + " ", hash) and not passwords.verify_password("", hash)
    assert not passwords.verify_password(GOOD, passwords.PasswordHash("no hash"))


def test_two_hashes_of_one_password_differ():
    assert passwords.hash_password(GOOD, "mei") != passwords.hash_password(GOOD, "mei")


def test_a_password_is_the_same_in_full_width_and_decomposed():
    hash = passwords.hash_password("three café in Ｔａｉｐｅｉ １２", "mei")
    assert passwords.verify_password("three cafe\u0301 in Taipei 12", hash)


def test_half_a_surrogate_pair_is_a_wrong_password_and_nothing_else():
    assert not passwords.verify_password("\ud800" * 12, passwords.hash_password(GOOD, "mei"))


def test_a_name_that_nobody_has_costs_one_hash_as_one_that_somebody_has(monkeypatch):
    counted = Counting()
    monkeypatch.setattr(passwords, "_hasher", counted)
    assert not passwords.verify_password(GOOD, None)
    assert counted.hashed == 1
    assert not passwords.verify_password("x" * 1001, None)
    assert counted.hashed == 1


def test_a_hash_with_weaker_parameters_is_to_be_made_anew():
    weaker = passwords.PasswordHash(PasswordHasher(time_cost=1, memory_cost=1024).hash(GOOD))
    assert passwords.needs_rehash(weaker) and passwords.verify_password(GOOD, weaker)
    assert not passwords.needs_rehash(passwords.rehash_password(GOOD))


def test_a_made_password_is_good_and_never_the_same():
    made = {passwords.generate_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        passwords.reject_weak(password, "mei")
        assert len(password) == 23 and not set(password) & set("ilo01")


class Counting:
    """A hasher that counts its hashes."""

    def __init__(self):
        self.hashed = 0

    def hash(self, password):
        self.hashed += 1
        return "hash"
