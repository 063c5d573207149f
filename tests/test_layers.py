"""Imports point down only, and rooms of one row are strangers to each other: the table of DESIGN.md."""

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "syndication"

ROWS = [
    {"model"},
    {"feeds", "errors", "terminal", "parent", "shapes", "json_fields", "process"},
    {"schema", "logs", "article_json", "entries", "passwords"},
    {"config", "metrics", "second_factor"},
    {"store"},
    {"gather", "render", "publish", "serve"},
    {"filling", "outcomes", "purging"},
    {"regenerate", "demonstration", "inbox", "preview", "preview_share", "importing", "housekeeping"},
    {"timetable"},
    {"worker", "editors"},
    {"web"},
    {"app", "webserver", "supervisor"},
    {"cli"},
    {"__main__"},
]
ROW = {room: number for number, rooms in enumerate(ROWS) for room in rooms}


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path, path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} imports relatively"
            if node.module == "syndication":
                found.update(f"syndication.{alias.name}" for alias in node.names)
            else:
                found.add(node.module)
    return found


def test_every_module_has_its_place():
    assert {room for _, room in modules()} - {"__init__"} == set(ROW)


def test_imports_point_down_only():
    for path, room in modules():
        if room == "__init__":
            continue
        for name in imported(path):
            parts = name.split(".")
            if parts[0] == "syndication" and len(parts) > 1 and parts[1] in ROW and parts[1] != room:
                assert ROW[parts[1]] < ROW[room], f"{path.name} of {room} imports {name}"


def outside(room: str) -> set[str]:
    return {name.split(".")[0] for path, of in modules() if of == room for name in imported(path)}


def test_serving_never_loads_the_renderer_or_the_scheduler():
    for room in ("serve", "app", "webserver", "metrics"):
        assert not outside(room) & {"feedgen", "lxml", "apscheduler", "nh3"}
    assert all("render" not in name for path, of in modules() if of == "serve" for name in imported(path))


def test_only_the_store_knows_its_database():
    for _, room in modules():
        if room != "store":
            assert not outside(room) & {"sqlalchemy", "alembic", "psycopg", "sqlite3"}, room


def test_only_rendering_knows_feedgen_and_only_the_timetable_apscheduler():
    for _, room in modules():
        assert room == "render" or "feedgen" not in outside(room)
        assert room in ("timetable", "worker") or "apscheduler" not in outside(room)
