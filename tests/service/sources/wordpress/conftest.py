"""The one real WordPress, empty before each test."""

from collections.abc import Iterator

import pytest

from tests.support.wordpress import WordPress, wordpress
from tests.support.wordpress_copy import Copy
from tests.support.wordpress_desk import clear, open_desk

__all__ = ["wordpress"]


@pytest.fixture(scope="session")
def site(wordpress: WordPress) -> WordPress:
    open_desk(wordpress)
    return wordpress


@pytest.fixture(autouse=True)
def empty(site: WordPress) -> Iterator[None]:
    yield
    clear(site)


@pytest.fixture
def copy(site: WordPress) -> Iterator[Copy]:
    copy = Copy(site)
    yield copy
    copy.reader.close()
