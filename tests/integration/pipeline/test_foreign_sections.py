"""Sections of another configuration, followed by number, are those that a look at all of them finds."""

import random

from sqlalchemy import delete, select, update

from syndication.pipeline.foreign_sections import ForeignSections
from syndication.store.publishing import section_state
from syndication.store.tables.publishing import PublicationRow, SectionStateRow

SLUGS = [f"s{n}" for n in range(6)]


def look_at_all(conn, mine):
    rows = conn.execute(select(SectionStateRow.section, SectionStateRow.fingerprint))
    return {section for section, fingerprint in rows if mine.get(section) != fingerprint}


def test_they_are_followed_through_any_registrations_and_changes_of_ones_own(database, clock):
    rng, foreign, mine = random.Random(5), ForeignSections(), {}
    for _ in range(60):
        prints = {slug: rng.choice("ab") for slug in rng.sample(SLUGS, 3)}
        if rng.random() < 0.5:  # Another worker, of another configuration.
            with database.write() as conn:
                section_state.register(conn, prints, 1, clock())
        else:
            before, mine = mine, prints
            foreign.follow(before, mine)
            new = {slug: print for slug, print in mine.items() if before.get(slug) != print}
            with database.write() as conn:
                section_state.register(conn, new, 1, clock())
        with database.read() as conn:
            assert foreign.look(conn, mine) == look_at_all(conn, mine)


def test_a_look_reads_only_what_was_registered_since(database, clock):
    foreign = ForeignSections()
    with database.write() as conn:
        section_state.register(conn, dict.fromkeys(SLUGS, "a"), 1, clock())
    with database.read() as conn:
        assert foreign.look(conn, {"s0": "a"}) == set(SLUGS) - {"s0"}
        _, last = section_state.read_registered_since(conn, -1)
        assert section_state.read_registered_since(conn, last) == ({}, last)
    with database.write() as conn:
        section_state.register(conn, {"s1": "b"}, 1, clock())
    with database.read() as conn:
        assert section_state.read_registered_since(conn, last)[0] == {"s1": "b"}


def test_a_database_from_a_backup_is_looked_at_anew(database, clock):
    foreign = ForeignSections()
    with database.write() as conn:
        section_state.register(conn, dict.fromkeys(SLUGS, "a"), 1, clock())
        section_state.register(conn, {"s1": "b"}, 1, clock())
    with database.read() as conn:
        assert foreign.look(conn, dict.fromkeys(SLUGS, "a")) == {"s1"}
    with database.write() as conn:
        conn.execute(delete(SectionStateRow).where(SectionStateRow.section == "s1"))
        conn.execute(update(SectionStateRow).where(SectionStateRow.section == "s2").values(fingerprint="c"))
        conn.execute(update(PublicationRow).values(number=1))
    with database.read() as conn:
        assert foreign.look(conn, dict.fromkeys(SLUGS, "a")) == {"s2"}
