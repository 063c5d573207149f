"""Passwords: the weak ones are refused in words, and one that is right is known however it was typed."""

import pytest
from argon2 import PasswordHasher

from syndication import passwords
from syndication.errors import SyndicationError

GOOD = "three ferries to Matsu"


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "has 0 characters: it should have 12 or more"),
        ("elevenchars", "has 11 characters: it should have 12 or more"),
        ("x" * 1001, "has 1001 characters: it should have 12 to 1000"),
        ("aaaaaaaaaaaaa", "only 1 different characters"),
        ("abababababab", "only 2 different characters"),
        ("mei-hua.lin-2026", "is the name"),
        ("Mei.Hua.Lin.Mei.Hua.Lin", "is the name"),
        ("meihualin123456789", "is the name"),
        ("password1234", "among the first that are guessed"),
        ("Password-Password", "among the first that are guessed"),
        ("123456789012", "among the first that are guessed"),
        ("qwertyuiop12345", "among the first that are guessed"),
        ("lkjihgfedcba", "among the first that are guessed"),
        ("uvwxyzabcdefg", "among the first that are guessed"),
        ("!@#$%^&*()_+", "among the first that are guessed"),
    ],
)
def test_a_weak_password_is_refused_in_words(password, words):
    with pytest.raises(SyndicationError, match="the password") as refused:
        passwords.hashed(password, "mei-hua.lin")
    assert words in str(refused.value)
    assert not password or password not in str(refused.value)


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "correct horse battery",
        "x7394-5820-1746",
        "夜車開往花蓮的第二個月台很冷",
        "mei-hua likes noodles",
        "password of Lukang",
    ],
)
def test_a_good_password_is_taken(password):
    passwords.refuse_weak(password, "mei-hua")


def test_a_password_of_a_thousand_characters_is_taken():
    passwords.refuse_weak((GOOD * 50)[:1000], "mei")


def test_the_right_password_is_verified_and_another_is_not():
    hash = passwords.hashed(GOOD, "mei")
    assert hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$") and GOOD not in hash
    assert passwords.verified(GOOD, hash)
    assert not passwords.verified(GOOD + " ", hash) and not passwords.verified("", hash)
    assert not passwords.verified(GOOD, passwords.PasswordHash("no hash"))


def test_two_hashes_of_one_password_differ():
    assert passwords.hashed(GOOD, "mei") != passwords.hashed(GOOD, "mei")


def test_a_password_is_the_same_in_full_width_and_decomposed():
    hash = passwords.hashed("three café in Ｔａｉｐｅｉ １２", "mei")
    assert passwords.verified("three cafe\u0301 in Taipei 12", hash)


def test_half_a_surrogate_pair_is_a_wrong_password_and_nothing_else():
    assert not passwords.verified("\ud800" * 12, passwords.hashed(GOOD, "mei"))


def test_a_name_that_nobody_has_costs_one_hash_as_one_that_somebody_has(monkeypatch):
    counted = Counting()
    monkeypatch.setattr(passwords, "_hasher", counted)
    assert not passwords.verified(GOOD, None)
    assert counted.hashed == 1
    assert not passwords.verified("x" * 1001, None)
    assert counted.hashed == 1


def test_a_hash_with_weaker_parameters_is_to_be_made_anew():
    weaker = passwords.PasswordHash(PasswordHasher(time_cost=1, memory_cost=1024).hash(GOOD))
    assert passwords.needs_rehash(weaker) and passwords.verified(GOOD, weaker)
    assert not passwords.needs_rehash(passwords.hash_anew(GOOD))


def test_a_made_password_is_good_and_never_the_same():
    made = {passwords.made() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        passwords.refuse_weak(password, "mei")
        assert len(password) == 23 and not set(password) & set("ilo01")


class Counting:
    """A hasher that counts what it makes."""

    def __init__(self):
        self.hashed = 0

    def hash(self, password):
        self.hashed += 1
        return "hash"
