"""Imports point down only, and rooms of one row are strangers to each other: the table of DESIGN.md."""

import ast
import sys
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "syndication"

ROWS = [
    {"errors"},
    {"model"},
    {"config", "logs", "serve", "auth/secrets"},
    {"process", "metrics", "store"},
    {"render", "store/db"},
    {"store/tables"},
    {"store/triggers", "store/processes", "store/access"},
    {"store/migrations", "store/publishing"},
    {"store/articles"},
    {"store/copy", "pipeline", "worker/purge", "web", "importing", "demo", "dashboard/charts"},
    {"worker", "diagnostics", "auth", "web/wsgi"},
    {"api"},
    {"dashboard"},
    {"app", "server"},
    {"cli"},
    {"__main__"},
]
ROW = {room: number for number, rooms in enumerate(ROWS) for room in rooms}

SECRETS = {"auth/passwords", "auth/second_factor"}
"""Of auth/ what is pure: the store keeps their hashes and uses up their codes, and the rest of auth/ asks the store."""


@cache
def modules() -> tuple[tuple[Path, str], ...]:
    """All files with their rooms."""
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]
    names = [path.relative_to(PACKAGE).with_suffix("").as_posix().removesuffix("/__init__") for path in paths]
    return tuple((path, room_of(name)) for path, name in zip(paths, names, strict=True))


def room_of(name: str) -> str:
    """The room of a module: ``store/db/listen`` is in ``store/db``, ``web/front`` in ``web``."""
    if name in SECRETS:
        return "auth/secrets"
    parts = name.split("/")
    nested = "/".join(parts[:2])
    return nested if nested in ROW or (parts[0] == "store" and len(parts) > 1) else parts[0]


@cache
def imported(path: Path) -> set[str]:
    """Whatever a file imports: of our own down to the module, of others the name that is written."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} imports relatively"
            for alias in node.names:
                inner = PACKAGE.parent / node.module.replace(".", "/") / alias.name
                is_module = inner.with_suffix(".py").is_file() or (inner / "__init__.py").is_file()
                found.add(f"{node.module}.{alias.name}" if is_module else node.module)
    return found


@cache
def rooms_imported(path: Path) -> set[str]:
    ours = (name.split(".", 1) for name in imported(path) if name.startswith("syndication."))
    return {room_of(rest.replace(".", "/")) for _, rest in ours}


@cache
def outside(room: str) -> set[str]:
    """The packages that a room imports, with those of the rooms within it."""
    return {
        name.split(".")[0]
        for path, of in modules()
        if of == room or of.startswith(f"{room}/")
        for name in imported(path)
    }


def test_every_module_has_its_place():
    assert {room for _, room in modules()} == set(ROW)


def test_imports_point_down_only():
    for path, room in modules():
        for other in rooms_imported(path) - {room}:
            assert ROW[other] < ROW[room], f"{path.relative_to(PACKAGE)} of {room} imports {other}"


def test_what_is_served_is_decided_with_the_standard_library_and_the_values_alone():
    for path, room in modules():
        if room == "serve":
            assert rooms_imported(path) <= {"serve", "model"}, path
            others = {name.split(".")[0] for name in imported(path)} - {"syndication"}
            assert others <= sys.stdlib_module_names, path


def test_serving_never_loads_the_renderer_or_the_scheduler():
    for room in ("serve", "web", "app", "server", "metrics"):
        assert not outside(room) & {"feedgen", "lxml", "apscheduler", "nh3"}
    assert all("render" not in rooms_imported(path) for path, of in modules() if of in ("web", "web/wsgi"))


def test_only_the_store_knows_its_database():
    for _, room in modules():
        if not room.startswith("store"):
            assert not outside(room) & {"sqlalchemy", "alembic", "psycopg", "sqlite3"}, room


def test_only_rendering_knows_feedgen_and_only_the_worker_apscheduler():
    for _, room in modules():
        assert room == "render" or "feedgen" not in outside(room)
        assert room == "worker" or "apscheduler" not in outside(room)
