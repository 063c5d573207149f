"""A Ghost's tables in SQLite and in MariaDB, as a real Ghost filled them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.ghost import GhostTables, in_mariadb, in_sqlite


@pytest.fixture(params=["sqlite", "mariadb"])
def ghost(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GhostTables]:
    if request.param == "sqlite":
        with in_sqlite(tmp_path / "ghost.db") as tables:
            yield tables
        return
    server = request.getfixturevalue("mariadb_server")
    name = f"ghost_{abs(hash(request.node.name)) % 10**9}"
    with in_mariadb(server, name) as tables:
        yield tables
