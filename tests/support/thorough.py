"""The tests that only ``make thorough`` runs: expensive variants that rarely find more.

The mark ``thorough`` applies to a whole test; with arguments, as ``thorough("sqlite")``, only to its variants with one
of these parameters. THOROUGH=1 runs everything.
"""

import os

import pytest

THOROUGH = bool(os.environ.get("THOROUGH"))


def _is_thorough(item: pytest.Item) -> bool:
    given = list(item.callspec.params.values()) if hasattr(item, "callspec") else []
    return any(not mark.args or any(arg in given for arg in mark.args) for mark in item.iter_markers("thorough"))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "thorough: expensive and rarely finds more; run by `make thorough`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if THOROUGH:
        return
    left_out = [item for item in items if _is_thorough(item)]
    kept = [item for item in items if not _is_thorough(item)]
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)
