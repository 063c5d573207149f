"""The connection to another system's SQLite file, when the file is replaced or gone."""

import pytest

from syndication.sources.foreign_database import ForeignDatabase
from syndication.sources.reader import SourceError
from tests.support.foreign_newsroom import IDS, ForeignNewsroom


@pytest.fixture
def database(tmp_path):
    ForeignNewsroom(f"sqlite:///{tmp_path}/cms.db").publish(1)
    database = ForeignDatabase(f"sqlite:///{tmp_path}/cms.db")
    yield database
    database.close()


def ids(database: ForeignDatabase) -> list[int]:
    with database.snapshot() as snapshot:
        return list(snapshot.column(IDS))


def test_replaced_sqlite_file_is_read_at_the_next_look(database, tmp_path):
    assert ids(database) == [1]
    ForeignNewsroom(f"sqlite:///{tmp_path}/restored.db").publish(2)
    (tmp_path / "restored.db").rename(tmp_path / "cms.db")
    assert ids(database) == [2]


def test_sqlite_file_that_is_moved_away_is_an_error_until_it_is_back(database, tmp_path):
    assert ids(database) == [1]
    (tmp_path / "cms.db").rename(tmp_path / "away.db")
    with pytest.raises(SourceError, match="cannot be opened"):
        ids(database)
    (tmp_path / "away.db").rename(tmp_path / "cms.db")
    assert ids(database) == [1]
