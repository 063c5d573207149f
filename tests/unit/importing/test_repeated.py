"""Several entries of one file with the same ID: the latest version is imported, the others are reported."""

import pytest

from syndication.importing.repeated import latest

OLD, NEW = "2026-03-14T08:00:00Z", "2026-03-14T17:00:00+08:00"


def entry(id, published=None, updated=None, title="T"):
    return {"id": id, "title": title, "url": "/1", "published_at": published, "updated_at": updated, "feed": {}}


@pytest.mark.parametrize(
    ("entries", "kept"),
    [
        ([entry("a", OLD), entry("a", NEW)], [2]),
        ([entry("a", NEW), entry("a", OLD)], [1]),
        ([entry("a", OLD), entry("a", OLD)], [1]),
        ([entry("a", OLD, NEW), entry("a", OLD)], [1]),
        ([entry("a", OLD), entry("b", OLD), entry("a", NEW)], [2, 3]),
        ([entry("a", NEW, title=5), entry("a", OLD), entry("a", OLD)], [1, 2]),
        ([entry("a", "soon"), entry("a", OLD), entry("a")], [1, 2, 3]),
        ([entry(["a"]), entry(["a"])], [1, 2]),
    ],
)
def test_of_entries_with_one_id_the_latest_counts(entries, kept):
    pieces = [[(number, one)] for number, one in enumerate(entries, 1)]
    found = [one for piece in latest(pieces) for one in piece]
    assert [number for number, one in found if isinstance(one, dict)] == kept
    assert all(f"it has the ID of item {kept[-1]}," in one for _, one in found if isinstance(one, str))


def test_an_entry_that_is_an_error_stays_one():
    assert latest([[(1, "no title")]]) == [[(1, "no title")]]
