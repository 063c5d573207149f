"""The password verification queue: its order, and who is refused."""

import threading
from contextlib import contextmanager

import pytest

from syndication.auth.verification_queue import VerificationQueue

LONG = 30.0
"""Seconds; reached only if something is broken."""


class Line:
    """Log-ins in a queue, each in a thread; ``order`` is the order of their turns."""

    def __init__(self, queue):
        self.queue = queue
        self.order = []
        self.refused = []
        self._threads = []

    @contextmanager
    def closed(self):
        """Holds a turn; on exit, waits until all others have had theirs."""
        with self.queue.turn("somebody") as mine:
            assert mine
            yield
        for thread in self._threads:
            thread.join(LONG)
            assert not thread.is_alive()

    def come(self, network, *, known=False, failures=0, name=None):
        """Enters the queue; returns whether there was a place."""
        before, refused = list(self.queue._tickets), len(self.refused)
        thread = threading.Thread(target=self._turn, args=(network, known, failures, name or network))
        thread.start()
        self._threads.append(thread)
        waiting = threading.Event()
        while self.queue._tickets == before and len(self.refused) == refused:
            waiting.wait(0.001)
        return self.queue._tickets != before

    def _turn(self, network, known, failures, name):
        with self.queue.turn(network, known=known, failures=failures) as mine:
            (self.order if mine else self.refused).append(name)


def test_one_at_a_time_and_those_who_wait_in_their_order():
    line = Line(VerificationQueue(timeout=LONG))
    with line.closed():
        for name in "abc":
            assert line.come(name)
        assert line.order == []
    assert line.order == ["a", "b", "c"] and line.refused == []


def test_who_comes_to_a_full_queue_is_refused_at_once():
    line = Line(VerificationQueue(waiting=2, timeout=LONG))
    with line.closed():
        assert line.come("a") and line.come("b") and not line.come("c")
        assert line.refused == ["c"] and line.order == []
    assert line.order == ["a", "b"]


def test_one_network_cannot_fill_the_queue():
    line = Line(VerificationQueue(waiting=5, each=2, timeout=LONG))
    with line.closed():
        assert [line.come("greedy") for _ in range(4)] == [True, True, False, False]
        assert line.come("other")
    assert line.order == ["greedy", "other", "greedy"]


def test_the_first_of_each_network_comes_before_the_second_of_any():
    line = Line(VerificationQueue(timeout=LONG))
    with line.closed():
        for name, network in (("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b"), ("b2", "b"), ("c1", "c")):
            assert line.come(network, name=name)
    assert line.order == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_known_devices_have_places_of_their_own_and_come_first():
    line = Line(VerificationQueue(waiting=2, timeout=LONG))
    with line.closed():
        assert line.come("a") and line.come("b") and not line.come("c")
        assert line.come("c", known=True, name="known")
    assert line.order == ["known", "a", "b"]


def test_who_guesses_comes_after_those_who_do_not_and_loses_the_place_to_them():
    line = Line(VerificationQueue(waiting=2, timeout=LONG))
    with line.closed():
        assert line.come("guesser", failures=3) and line.come("other guesser", failures=1)
        assert not line.come("third guesser", failures=3)
        assert line.come("editor")
    assert line.order == ["editor", "other guesser"] and set(line.refused) == {"third guesser", "guesser"}


def test_who_waits_too_long_leaves_the_queue_and_holds_up_nobody():
    queue = VerificationQueue(timeout=0.01)
    with queue.turn("a") as mine, queue.turn("b") as other:
        assert mine and not other
        assert queue._tickets == []
    with queue.turn("c") as mine:
        assert mine


def test_a_turn_that_fails_is_over():
    queue = VerificationQueue(timeout=LONG)
    with pytest.raises(OSError, match="the disk"), queue.turn("a"):
        raise OSError("the disk")
    with queue.turn("b") as mine:
        assert mine


def test_many_threads_have_all_their_turns_one_by_one():
    queue, inside, most, done = VerificationQueue(waiting=64, each=64, timeout=LONG), [], [], []

    def work(number):
        for _ in range(20):
            with queue.turn(str(number % 3), known=number % 2 == 0) as mine:
                assert mine
                inside.append(number)
                most.append(len(inside))
                inside.pop()
                done.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert len(done) == 240 and set(most) == {1} and queue._tickets == [] and not queue._verifying
