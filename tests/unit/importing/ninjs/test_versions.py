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
        (("b", None), ("a", None), "incomparable"),
        (("b", LATE), ("a", LATE), "incomparable"),
        (("2", None), (None, LATE), "incomparable"),
        ((None, LATE), ("2", None), "incomparable"),
        (("2", None), ("2", LATE), "same"),
        (("2", LATE), ("2", None), "same"),
        (("02", LATE), ("2", None), "same"),
        ((None, LATE), ("2", LATE), "same"),
        (("a", None), ("a", LATE), "same"),
        (("a", None), ("a", None), "same"),
        ((None, None), ("3", LATE), "incomparable"),
        ((None, None), (None, None), "newer"),
        (("2", EARLY), (None, None), "newer"),
        (("9" * 90, None), ("1", None), "incomparable"),
    ],
)
def test_versions_are_compared_by_number_then_by_time(new, known, order):
    assert compare(Version(*new), Version(*known)) == order


@pytest.mark.parametrize(
    ("number", "made_at", "orders"),
    [("2", None, True), (None, EARLY, True), ("a", EARLY, True), ("a", None, False), (None, None, False)],
)
def test_version_has_an_order_by_its_number_or_its_time(number, made_at, orders):
    assert Version(number, made_at).has_order is orders


def test_what_a_version_lacks_is_kept_from_the_one_before():
    known = Version("2", EARLY)
    assert Version("3", None).completed(known) == ("3", EARLY)
    assert Version(None, LATE).completed(known) == ("2", LATE)
    assert Version("3", LATE).completed(known) == ("3", LATE)
