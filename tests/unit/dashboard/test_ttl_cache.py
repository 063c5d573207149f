"""What is remembered for a while: made once for all who ask at the same time, and never more than so many."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from syndication.dashboard import ttl_cache
from syndication.dashboard.ttl_cache import TTLCache


class Counter:
    """Makes 1, 2, 3 …"""

    def __init__(self):
        self.made = 0

    def __call__(self):
        self.made += 1
        return self.made


def test_a_value_is_made_once_while_it_is_fresh_and_anew_afterwards():
    now = [100.0]
    kept, make = TTLCache(lambda: now[0]), Counter()
    assert [kept.get("a", 60, make) for _ in range(3)] == [1, 1, 1]
    now[0] = 159.9
    assert kept.get("a", 60, make) == 1
    now[0] = 160.0
    assert kept.get("a", 60, make) == 2
    assert kept.get("b", 60, make) == 3


def test_who_asks_for_what_is_being_made_waits_for_it():
    kept, begun, may_end, make = TTLCache(), threading.Event(), threading.Event(), Counter()

    def slowly():
        begun.set()
        assert may_end.wait(10)
        return make()

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(kept.get, "a", 60, slowly)
        assert begun.wait(10)
        others = [pool.submit(kept.get, "a", 60, slowly) for _ in range(7)]
        assert kept.get("b", 60, lambda: "at once") == "at once"
        may_end.set()
        assert {one.result(10) for one in (first, *others)} == {1}


def test_what_fails_is_remembered_by_nobody_and_the_next_one_tries_again():
    kept, make = TTLCache(), Counter()

    def fail():
        make()
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            kept.get("a", 60, fail)
    assert kept.get("a", 60, make) == 3
    with pytest.raises(ZeroDivisionError):
        kept.get("a", 0, fail)
    assert kept.get("a", 60, make) == 3


def test_the_one_that_nobody_asked_for_the_longest_gives_its_place(monkeypatch):
    monkeypatch.setattr(ttl_cache, "MAX_ENTRIES", 3)
    kept, make = TTLCache(), Counter()
    for key in "abc":
        kept.get(key, 60, make)
    assert kept.get("a", 60, make) == 1
    assert kept.get("d", 60, make) == 4
    assert len(kept) == 3
    assert [kept.get(key, 60, make) for key in "acd"] == [1, 3, 4]
    assert kept.get("b", 60, make) == 5
