"""The numbers that order a feed's stored entries: a new story on top must not write the others again."""

from hypothesis import given
from hypothesis import strategies as st

from syndication.store.publishing.entry_rows import FARTHEST, order_numbers
from syndication.store.publishing.published import PublishedEntry
from tests.support.newsroom import at


def entries(ids):
    return [PublishedEntry(id, id, n, "d", 1, 1, at(), None) for n, id in enumerate(ids)]


def numbers(ids, order):
    return dict(zip(ids, order_numbers(entries(ids), order), strict=True))


def test_entries_without_numbers_are_counted():
    assert numbers("abc", {}) == {"a": 0, "b": 1, "c": 2}


def test_a_story_on_top_gets_a_number_below_the_first():
    assert numbers("xyabc", {"a": 0, "b": 1, "c": 2}) == {"x": -2, "y": -1, "a": 0, "b": 1, "c": 2}


def test_what_leaves_changes_nothing_and_what_comes_last_goes_on():
    assert numbers("acd", {"a": 0, "b": 1, "c": 2}) == {"a": 0, "c": 2, "d": 3}


def test_a_story_fits_where_one_has_left():
    assert numbers("axc", {"a": 0, "b": 1, "c": 2}) == {"a": 0, "x": 1, "c": 2}


def test_without_room_and_after_a_move_all_are_counted_anew():
    assert numbers("axb", {"a": 0, "b": 1}) == {"a": 0, "x": 1, "b": 2}
    assert numbers("ba", {"a": 0, "b": 1}) == {"b": 0, "a": 1}


def test_numbers_that_a_column_could_not_hold_begin_anew():
    assert numbers("xa", {"a": -FARTHEST}) == {"x": 0, "a": 1}


@given(
    st.lists(st.permutations(range(8)).flatmap(lambda order: st.integers(0, 8).map(lambda n: order[:n])), max_size=6)
)
def test_numbers_always_rise_and_are_kept_where_the_order_is(versions):
    order = {}
    for version in versions:
        ids = [str(one) for one in version]
        found = numbers(ids, order)
        assert sorted(ids, key=found.__getitem__) == ids and len(set(found.values())) == len(ids)
        order = found
