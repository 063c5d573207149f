"""Workers that share one PostgreSQL: each section is rendered once; who is stopped leaves the rest to others."""

import contextlib
import re
import signal
from collections import Counter

import pytest

from syndication.store.db.database import Database
from syndication.store.processes import workers
from syndication.store.publishing import section_state
from tests.support.service import Service, until

SECTIONS = 40


@pytest.fixture
def folder(tmp_path):
    """The configuration of a newsroom with many sections."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/syndication.toml").write_text("")
    found = "".join(f'[[section]]\nslug = "s{n}"\ntitle = "Section {n}"\n' for n in range(SECTIONS))
    (tmp_path / "config/sections.toml").write_text(found)
    return tmp_path


@contextlib.contextmanager
def crew(folder, url, number):
    """So many workers, each with a log of its own."""
    found = []
    try:
        for n in range(number):
            (folder / f"w{n}").mkdir()
            (folder / f"w{n}/config").symlink_to(folder / "config")
            found.append(Service(folder / f"w{n}", "worker", url=url))
        yield found
    finally:
        for worker in found:
            worker.stop()


def regenerated(workers):
    """How often each section was regenerated, by the workers' logs."""
    text = "".join(re.sub(r"\x1b\[[0-9;]*m", "", worker.log.read_text()) for worker in workers)
    return Counter(re.findall(r"regenerated .*result=published.*section=(\S+)", text))


def state(database):
    with database.read() as conn:
        return section_state.list_states(conn), len(workers.list_alive(conn, database.now(conn)))


def settled(database):
    found, _ = state(database)
    return len(found) == SECTIONS + 1 and not any(one.pending for one in found)


def test_four_workers_render_each_section_exactly_once(folder, postgres_url):
    database = Database(postgres_url)
    with contextlib.closing(database), crew(folder, postgres_url, 4) as found:
        until(lambda: state(database)[1] == 4, 60)
        until(lambda: settled(database), 60)
        versions = {one.section: one.version for one in state(database)[0]}
    assert set(versions.values()) == {1}
    assert regenerated(found) == Counter(dict.fromkeys(versions, 1))


def test_a_worker_that_is_stopped_finishes_its_section_and_another_one_goes_on(folder, postgres_url):
    database = Database(postgres_url)
    with contextlib.closing(database), crew(folder, postgres_url, 1) as first:
        until(lambda: any(one.version for one in state(database)[0]), 60)
        first[0].process.send_signal(signal.SIGTERM)
        assert first[0].process.wait(15) == 0
        done = {one.section for one in state(database)[0] if one.version}
        assert 0 < len(done) < SECTIONS + 1
        # What was begun is finished and said, and no lease is left to run out.
        assert set(regenerated(first)) == done
        second = Service(folder, "worker", url=postgres_url)
        try:
            until(lambda: settled(database), 60)
        finally:
            second.stop()
        assert {one.version for one in state(database)[0]} == {1}
        assert set(regenerated([second])) == {one.section for one in state(database)[0]} - done
