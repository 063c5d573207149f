"""The one real WordPress, empty before each test."""

from collections.abc import Iterator

import pytest

from tests.support.wordpress import WordPress, wordpress
from tests.support.wordpress_copy import Copy
from tests.support.wordpress_desk import DESK, EMPTY, PERMALINKS

__all__ = ["wordpress"]


@pytest.fixture(scope="session")
def site(wordpress: WordPress) -> WordPress:
    wordpress.do(DESK + "update_option('posts_per_rss', 100); return 1;")
    return wordpress


@pytest.fixture(autouse=True)
def empty(site: WordPress) -> Iterator[None]:
    yield
    for statement in EMPTY:
        site.sql(statement)
    site.do(f"{PERMALINKS.format('/%year%/%monthnum%/%postname%/')} delete_option('sticky_posts'); return 1;")


@pytest.fixture
def copy(site: WordPress) -> Iterator[Copy]:
    copy = Copy(site)
    yield copy
    copy.reader.close()
