"""Whether a statement reads a whole table: asked of the database itself."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from syndication.config.source_schemas.sql import SqlSource
from syndication.sources.foreign_database import Snapshot
from syndication.sources.sql import statements

MANY = 1000
"""Rows: a smaller table is read whole sooner than by an index."""


def full_scans(snapshot: Snapshot, table: SqlSource) -> Iterator[str]:
    """Yields a sentence for each table that a look would read whole, every time, without an index that covers it."""
    stories = snapshot.value(f"SELECT count(*) FROM ({table.ids}) AS story") or 0
    if stories < MANY:
        return
    ids = [row["id"] for row in snapshot.all(statements.newest(table.ids, 3))]
    asked = [
        ("ids", statements.fingerprint(table.ids, snapshot.dialect), None),
        ("articles", statements.whole(table.articles), {"ids": ids}),
    ]
    for name, statement, parameters in asked:
        for scanned in _scanned(snapshot, statement, parameters):
            yield (
                f"{name} reads the whole table {scanned} at each look: add an index on what it selects by"
                " (for ids: on the condition, with published_at and the id)"
            )


def _scanned(snapshot: Snapshot, statement: str, parameters: Mapping[str, Any] | None) -> list[str]:
    if snapshot.dialect == "postgresql":
        found = snapshot.value(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        plans = json.loads(found) if isinstance(found, str) else found
        return sorted(set(_sequential(plans[0]["Plan"])))
    if snapshot.dialect == "mysql":
        rows = snapshot.all(f"EXPLAIN {statement}", parameters)
        return sorted({str(row["table"]) for row in rows if row["type"] == "ALL" and int(row["rows"] or 0) >= MANY})
    rows = snapshot.all(f"EXPLAIN QUERY PLAN {statement}", parameters)
    steps = [str(row["detail"]).split() for row in rows]
    return sorted({step[1] for step in steps if step[0] == "SCAN" and "INDEX" not in step})


def _sequential(node: Mapping[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan" and node.get("Plan Rows", 0) >= MANY:
        yield str(node["Relation Name"])
    for child in node.get("Plans", ()):
        yield from _sequential(child)
