"""When work begins that waits for a quiet moment."""

from syndication.worker.quiet import QuietWait


def resting():
    """Returns one whose first work is done."""
    wait = QuietWait(quiet=1, most=5)
    wait.done(0)
    return wait


def test_what_waits_at_the_start_begins_at_once():
    assert QuietWait(quiet=1, most=5).wait("a", 100) == 0


def test_nothing_begins_where_nothing_waits():
    assert QuietWait(quiet=1, most=5).wait(None, 100) is None
    assert resting().wait(None, 100) is None


def test_work_begins_a_moment_after_the_last_of_it_came():
    wait = resting()
    assert wait.wait("a", 100) == 1
    assert wait.wait("a", 100.75) == 0.25
    assert wait.wait("b", 100.75) == 1
    assert wait.wait("b", 101.75) == 0


def test_it_waits_no_longer_than_the_most_while_more_comes_all_the_time():
    wait = resting()
    waits = [wait.wait(number, 100 + number / 2) for number in range(11)]
    assert waits[:9] == [1] * 9 and waits[9:] == [0.5, 0]


def test_after_the_work_what_waits_waits_again():
    wait = resting()
    wait.wait("a", 100)
    wait.done(101)
    assert wait.wait("a", 101) == 1


def test_what_was_done_by_another_worker_is_forgotten():
    wait = resting()
    wait.wait("a", 100)
    assert wait.wait(None, 100.5) is None
    assert wait.wait("b", 104) == 1


def test_a_failure_rests_for_longer():
    wait = resting()
    wait.done(100, rest=10)
    assert wait.wait("a", 100) == 10
    assert wait.wait("a", 109) == 1 and wait.wait("a", 110) == 0
