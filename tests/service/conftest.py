"""Services that several modules share: their tests neither stop them nor depend on what others published."""

from collections.abc import Iterator

import pytest

from tests.service.test_logs import JSON
from tests.support.service import Service, running


@pytest.fixture(scope="package")
def bundled_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with the bundled configuration."""
    with running(tmp_path_factory.mktemp("bundled")) as service:
        yield service.ready()


@pytest.fixture(scope="package")
def proxied_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service behind one trusted proxy, with JSON logs."""
    env = JSON | {"SYNDICATION_EDITORS__TRUSTED_PROXIES": "1"}
    with running(tmp_path_factory.mktemp("proxied"), env=env) as service:
        yield service.ready()
