"""The MariaDB of other systems, started once."""

from collections.abc import Iterator

import pytest

from tests.support.mariadb import SERVER, MariaDb, mariadb


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDb]:
    if not SERVER:
        pytest.skip("mariadb-server is not installed")
    with mariadb() as server:
        yield server
