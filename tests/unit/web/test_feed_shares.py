"""What one stranger may spend of what all readers share."""

from syndication.web.feed_shares import MinuteBudget, Places


def test_a_minute_has_so_many_for_all_and_so_many_for_each():
    budget = MinuteBudget(everybody=5, each=3)
    assert [budget.take("a", 0.0) for _ in range(4)] == [True, True, True, False]
    assert [budget.take("b", 30.0) for _ in range(3)] == [True, True, False]
    assert budget.is_used_up(59.9) and not budget.is_used_up(60.0)
    assert [budget.take("a", 60.0) for _ in range(4)] == [True, True, True, False]
    assert not budget.take("b", 60.0) and budget.take("b", 90.0)


def test_what_is_given_back_can_be_taken_again_once():
    budget = MinuteBudget(everybody=2, each=1)
    assert budget.take("a", 0.0) and not budget.take("a", 1.0)
    budget.give_back("a")
    budget.give_back("a")  # Nothing is left of it.
    budget.give_back("nobody")
    assert budget.take("a", 2.0) and not budget.take("a", 3.0)
    assert budget.take("b", 3.0) and budget.is_used_up(3.0)


def test_nobody_is_remembered_for_longer_than_a_minute():
    budget = MinuteBudget(everybody=10_000, each=1)
    for number in range(1000):
        budget.take(f"client {number}", 0.0)
    budget.is_used_up(60.0)
    assert not budget._taken and not budget._by_client


def test_one_client_leaves_places_to_the_others():
    places = Places(everybody=4, each=2)
    assert [places.take("a") for _ in range(3)] == [True, True, False]
    assert places.take("b") and places.take("c") and not places.take("d") and places.are_used_up
    places.give_back("a")
    assert places.take("d") and not places.take("a")
    for client in ("a", "b", "c", "d"):
        places.give_back(client)
    assert places.taken == 0 and not places._by_client
