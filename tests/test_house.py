"""The order of the house that import contracts cannot see: direct imports, room by room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "monitor_app"
MODULES = sorted(PACKAGE.rglob("*.py"))

#: Library -> the rooms that may import it.
ALLOWED = {
    "PySide6": {"ui"},
    "sqlalchemy": {"project"},
    "sqlite3": {"project"},
    "pyogrio": {"exchange"},
    "osgeo": {"exchange"},
    "matplotlib": {"cartography", "reports", "ui"},
}
FORBIDDEN = {"matplotlib.pyplot", "pickle", "PyQt5", "PyQt6"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_libraries_stay_in_their_rooms(path: Path) -> None:
    inside = path.relative_to(PACKAGE).parts
    room = inside[0] if len(inside) > 1 else ""
    for name in imports(path):
        assert name not in FORBIDDEN
        rooms = ALLOWED.get(name.split(".")[0])
        assert rooms is None or room in rooms, f"{name} does not belong here"


def test_no_module_is_a_drawer_for_everything() -> None:
    names = {path.stem for path in MODULES}
    assert not names & {"utils", "util", "helpers", "helper", "misc", "common", "manager"}


def test_modules_stay_readable() -> None:
    long = {p.name: n for p in MODULES if (n := len(p.read_text("utf-8").splitlines())) > 500}
    assert not long
