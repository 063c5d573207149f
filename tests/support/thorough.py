"""The tests that only ``make thorough`` runs: expensive variants that rarely find more.

The mark ``thorough`` applies to a whole test; with arguments, as ``thorough("sqlite")``, only to its variants with one
of these parameters. A test of a room above the store runs on one of both databases, which its name decides: what
differs between them is in the store, whose own tests run on both. One in four runs on PostgreSQL, where a test takes
almost three times the processor time. THOROUGH=1 runs everything.
"""

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from zlib import crc32

import pytest

THOROUGH = bool(os.environ.get("THOROUGH"))

INTEGRATION = Path(__file__).parents[1] / "integration"

BOTH = (INTEGRATION / "store", INTEGRATION / "test_secrecy.py")
"""Where each test runs on both databases."""

POSTGRESQL_SHARE = 4
"""One in so many tests of other rooms runs on PostgreSQL."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "thorough: expensive and rarely finds more; run by `make thorough`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if THOROUGH:
        return
    left_out = {item for item in items if _is_marked(item)}
    left_out |= set(_on_the_other_database(item for item in items if item not in left_out))
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def _is_marked(item: pytest.Item) -> bool:
    given = _parameters(item).values()
    return any(not mark.args or any(arg in given for arg in mark.args) for mark in item.iter_markers("thorough"))


def _on_the_other_database(items: Iterable[pytest.Item]) -> Iterable[pytest.Item]:
    """Yields, of each test that was collected with both databases, the variant whose turn it is not."""
    variants: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        of = _parameters(item).get("database_url")
        if of is not None and item.path.is_relative_to(INTEGRATION) and not any(map(item.path.is_relative_to, BOTH)):
            variants[item.nodeid.replace(str(of), "", 1)].append(item)
    for test, both in variants.items():
        turn = "postgresql" if crc32(test.encode()) % POSTGRESQL_SHARE == 1 else "sqlite"
        yield from (item for item in both if len(both) > 1 and _parameters(item)["database_url"] != turn)


def _parameters(item: pytest.Item) -> dict[str, object]:
    return item.callspec.params if hasattr(item, "callspec") else {}
