"""The TTL cache: one computation for simultaneous callers, and a bounded size."""

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


def test_a_value_is_computed_once_until_it_expires():
    now = [100.0]
    kept, make = TTLCache(lambda: now[0]), Counter()
    assert [kept.get("a", 60, make) for _ in range(3)] == [1, 1, 1]
    now[0] = 159.9
    assert kept.get("a", 60, make) == 1
    now[0] = 160.0
    assert kept.get("a", 60, make) == 2
    assert kept.get("b", 60, make) == 3


def test_callers_wait_for_a_running_computation():
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


def test_a_failure_is_not_cached():
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


def test_the_least_recently_used_value_is_evicted(monkeypatch):
    monkeypatch.setattr(ttl_cache, "MAX_ENTRIES", 3)
    kept, make = TTLCache(), Counter()
    for key in "abc":
        kept.get(key, 60, make)
    assert kept.get("a", 60, make) == 1
    assert kept.get("d", 60, make) == 4
    assert len(kept) == 3
    assert [kept.get(key, 60, make) for key in "acd"] == [1, 3, 4]
    assert kept.get("b", 60, make) == 5
