"""A row of a newsroom's own tables, as an article."""

from zoneinfo import ZoneInfo

import pytest

from syndication.sources.sql.columns import to_article

ROW = {"id": 1, "title": "Story", "url": "/news/1"}


@pytest.mark.parametrize("access", ["members", "paid", "Public", "", None, 0, b"paid"])
def test_access_of_any_other_name_is_for_members(access):
    assert to_article(ROW | {"access": access}, ZoneInfo("UTC"), {}).access == "members"


@pytest.mark.parametrize("row", [{}, {"access": "public"}, {"access": "public    "}, {"access": b"public"}])
def test_access_that_is_public_or_not_selected_is_public(row):
    assert to_article(ROW | row, ZoneInfo("UTC"), {}).access == "public"
