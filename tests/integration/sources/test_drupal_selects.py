"""The ready SELECTs of the docs for Drupal, on tables as Drupal 11.3 makes them."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from syndication.sources.sql.reader import SqlReader
from tests.support.drupal import NOON, Drupal, drupal
from tests.support.ready_selects import ready


@pytest.fixture(scope="module")
def site(mariadb_server) -> Iterator[Drupal]:
    with drupal(mariadb_server, "drupal") as site:
        site.node(1, "Ferry stops")
        site.node(1, "El transbordador", language="es")
        site.alias(1, "/ferries")
        site.alias(1, "/es-ferries", "es")
        for number in (2, 3):
            site.node(number, f"Story {number}")
        site.node(4, "Draft", status=0)
        site.node(5, "About us", type="page")
        yield site


def seen(site):
    with closing(SqlReader(ready("Drupal", site.url), {})) as source, source.look() as look:
        rows = list(look.window())
        assert sorted(look.public_ids()) == sorted(row.id for row in rows)
        return {row.id: row.digest for row in rows}, {one.row.id: one.article for one in look.read(rows)}


def test_articles_of_drupal_come_once_in_their_default_language(site):
    _, found = seen(site)
    assert found.keys() == {"1", "2", "3"}
    ferry = found["1"]
    assert (ferry.title, ferry.url, ferry.html, ferry.language) == (
        "Ferry stops", "/ferries", "<p>Ferry stops</p>", "en",
    )  # fmt: skip
    assert ferry.tags == ("night", "ferries") and [author.name for author in ferry.authors] == ["ann"]
    assert ferry.published_at == datetime.fromtimestamp(NOON + 1, UTC) and ferry.summary is None
    assert found["2"].url == "/node/2"


ACTS = [
    ("UPDATE node_field_data SET title = 'Edited' WHERE nid = 2 AND langcode = 'en'", {"2"}),
    ("UPDATE node__body SET body_value = '<p>Other</p>', body_summary = 'Short' WHERE entity_id = 2", {"2"}),
    ("UPDATE node_field_data SET title = 'Otro' WHERE nid = 1 AND langcode = 'es'", set()),
    ("UPDATE users_field_data SET name = 'ann b.' WHERE uid = 1", {"1", "2", "3"}),
    ("UPDATE taxonomy_term_field_data SET name = 'boats' WHERE tid = 1 AND langcode = 'en'", {"1", "2", "3"}),
    ("UPDATE taxonomy_term_field_data SET name = 'barcos' WHERE tid = 1 AND langcode = 'es'", set()),
    ("DELETE FROM node__field_tags WHERE entity_id = 3 AND delta = 1", {"3"}),
    ("INSERT INTO node_field_data SELECT 6, 6, type, langcode, 'New', uid, 1, 0, 0, 1, 0, 1, 1, 'und', 0"
     " FROM node_field_data WHERE nid = 2", {"6"}),
    ("UPDATE node_field_data SET status = 1 WHERE nid = 4", {"4"}),
    ("UPDATE node_field_data SET status = 0 WHERE nid = 2", {"2"}),
    ("DELETE FROM node_field_data WHERE nid = 3", {"3"}),
]  # fmt: skip


@pytest.mark.parametrize(("act", "wanted"), ACTS)
def test_act_in_drupals_tables_is_seen_by_next_look(site, act, wanted):
    """The acts come one after the other, in the same tables."""
    before, _ = seen(site)
    site.do(act)
    after, found = seen(site)
    assert {id for id in before.keys() | after.keys() if before.get(id) != after.get(id)} == wanted
    assert found.keys() == after.keys()


def test_newest_alias_of_a_language_goes_before_neutral_ones(mariadb_server):
    with drupal(mariadb_server, "aliases") as site:
        for number in (1, 2, 3):
            site.node(number, f"Story {number}")
        for alias, language, status in (
            ("/old", "en", 1), ("/new", "en", 1), ("/off", "en", 0), ("/neutral", "und", 1), ("/spanish", "es", 1),
        ):  # fmt: skip
            site.alias(1, alias, language, status)
        site.alias(2, "/only-neutral", "und")
        _, found = seen(site)
        assert [found[id].url for id in "123"] == ["/new", "/only-neutral", "/node/3"]
