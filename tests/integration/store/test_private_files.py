"""Only the owner can read the database, whatever the umask."""

import os
import stat

from syndication.store.db.database import Database
from syndication.store.migrations import runner


def modes(folder):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


def test_a_new_database_is_for_its_owner_alone(tmp_path):
    before = os.umask(0o022)
    try:
        database = Database(f"sqlite:///{tmp_path}/var/feeds.db")
        runner.migrate(database)
        with database.read() as conn:
            conn.exec_driver_sql("SELECT count(*) FROM article")
            found = modes(tmp_path / "var")
        database.close()
    finally:
        os.umask(before)
    assert {"feeds.db", "feeds.db-wal", "feeds.db-shm"} <= found.keys()
    assert set(found.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


def test_a_file_that_is_there_keeps_the_permissions_that_an_operator_gave_it(tmp_path):
    (tmp_path / "feeds.db").touch()
    (tmp_path / "feeds.db").chmod(0o660)
    database = Database(f"sqlite:///{tmp_path}/feeds.db")
    runner.migrate(database)
    with database.read() as conn:
        conn.exec_driver_sql("SELECT count(*) FROM article")
        assert set(modes(tmp_path).values()) == {0o660}
    database.close()
