"""What each room imports is what DESIGN.md's table of rooms says, and imports never run in a circle."""

import ast
import re
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "syndication"


def table() -> dict[str, set[str]]:
    """Returns the rooms of DESIGN.md's table, each with the rooms that it may import."""
    text = (ROOT / "DESIGN.md").read_text()
    rows = text.partition("<!-- rooms: begin -->")[2].partition("<!-- rooms: end -->")[0]
    cells = [row.strip("| ").split("|") for row in rows.splitlines() if row.startswith("| `")]
    return {row[0].strip(" `"): set(re.findall(r"`([^`]+)`", row[2] if len(row) > 2 else "")) for row in cells}


ROOMS = table()


@cache
def modules() -> tuple[tuple[Path, str], ...]:
    """Returns every file with its room."""
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]
    return tuple((path, room_of(path.relative_to(PACKAGE).with_suffix("").as_posix())) for path in paths)


def room_of(module: str) -> str:
    """Returns the innermost room of a module: ``store/db/listen`` is in ``store/db``, ``web/front`` in ``web``."""
    parts = module.removesuffix("/__init__").split("/")
    return next(room for end in range(len(parts), 0, -1) if (room := "/".join(parts[:end])) in ROOMS)


@cache
def imported(path: Path) -> set[str]:
    """Returns what a file imports: our own modules, and of other packages the name that is written."""
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


def imports_of(room: str) -> set[str]:
    """Returns the other rooms that the files of one room import."""
    return {other for path, of in modules() if of == room for other in rooms_imported(path)} - {room}


@cache
def outside(room: str) -> set[str]:
    """Returns the packages that a room imports, with those of the rooms within it."""
    return {
        name.split(".")[0]
        for path, of in modules()
        if of == room or of.startswith(f"{room}/")
        for name in imported(path)
    }


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_what_the_table_says(room):
    files = [path for path, of in modules() if of == room]
    assert files, f"the table of rooms in DESIGN.md has {room}, which no file is in"
    row = " ".join(f"`{other}`" for other in sorted(imports_of(room)))
    assert imports_of(room) == ROOMS[room], f"DESIGN.md's row of {room} should allow: {row}"


def test_no_rooms_import_each_other_in_a_circle():
    TopologicalSorter({room: imports_of(room) for room in ROOMS}).prepare()
    # What is pure in auth/ is a room of its own: the store checks codes with it, and the rest of auth/ uses the store.
    whole = {room: room if room == "auth/secrets" else room.split("/")[0] for room in ROOMS}
    houses: dict[str, set[str]] = {}
    for room, name in whole.items():
        houses.setdefault(name, set()).update({whole[other] for other in imports_of(room)} - {name})
    TopologicalSorter(houses).prepare()


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


FOREIGN_DATABASE = PACKAGE / "sources/foreign_database.py"
"""It reads the databases of other systems, which are none of the store's."""


def test_only_the_store_knows_its_database():
    for path, room in modules():
        if not room.startswith("store") and path != FOREIGN_DATABASE:
            others = {name.split(".")[0] for name in imported(path)}
            assert not others & {"sqlalchemy", "alembic", "psycopg", "sqlite3", "pymysql"}, path


def test_only_rendering_knows_feedgen_and_only_the_worker_apscheduler():
    for _, room in modules():
        assert room == "render" or "feedgen" not in outside(room)
        assert room == "worker" or "apscheduler" not in outside(room)
