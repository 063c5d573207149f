"""A newsroom with two web machines, and each kind of cache in front of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.nginx import Nginx
from tests.deploy.programs import needs
from tests.deploy.varnish import Varnish
from tests.deploy.webs import PATIENCE, Webs, webs
from tests.support.service import until

CACHES = [
    pytest.param(Nginx, marks=needs("nginx", "openssl"), id="nginx"),
    pytest.param(Varnish, marks=needs("varnishd"), id="varnish"),
]


@pytest.fixture(scope="package")
def machines(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webs]:
    """Two web processes and a worker on one database, for all tests of this process."""
    folder = tmp_path_factory.mktemp("machines")
    (folder / "newsroom.db").write_bytes(sqlite_template.read_bytes())
    with webs(folder, f"sqlite:///{folder}/newsroom.db") as made:
        yield made


@pytest.fixture(scope="module", params=CACHES)
def running_cache(
    request: pytest.FixtureRequest, machines: Webs, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nginx | Varnish]:
    front = request.param(tmp_path_factory.mktemp("cache"), machines.ports)
    yield front
    front.stop()


@pytest.fixture
def cache(running_cache: Nginx | Varnish, machines: Webs) -> Nginx | Varnish:
    """Each kind of cache, empty, in front of two machines that are up."""
    machines.start_all()
    until(running_cache.well, PATIENCE)
    running_cache.empty()
    return running_cache
