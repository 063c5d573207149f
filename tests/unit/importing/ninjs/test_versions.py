"""Which version of a story is newer."""

import pytest

from syndication.importing.ninjs.versions import Version, compare
from tests.support.newsroom import at

EARLY, LATE = at(hours=-2), at(hours=-1)


@pytest.mark.parametrize(
    ("new", "known", "order"),
    [
        (("3", None), ("2", None), "newer"),
        (("10", None), ("9", None), "newer"),
        (("2", LATE), ("3", EARLY), "older"),
        (("2.10", None), ("2.9", None), "newer"),
        (("2", LATE), ("2", EARLY), "newer"),
        (("2", EARLY), ("2", LATE), "older"),
        (("2", LATE), ("2", LATE), "same"),
        (("b", LATE), ("a", EARLY), "newer"),
        (("b", EARLY), ("a", LATE), "older"),
        ((None, EARLY), (None, LATE), "older"),
        ((None, LATE), (None, LATE), "same"),
        (("b", None), ("a", None), "newer"),
        (("a", None), ("a", None), "same"),
        ((None, None), ("3", LATE), "newer"),
        ((None, None), (None, None), "newer"),
        (("9" * 90, None), ("1", None), "newer"),
    ],
)
def test_versions_are_compared_by_number_then_by_time(new, known, order):
    assert compare(Version(*new), Version(*known)) == order
