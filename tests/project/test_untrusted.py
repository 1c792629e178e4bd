"""Files that are no projects, or only pretend to be, are refused with a clear message."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import project_towns as towns
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor_app.core.issues import UserError
from monitor_app.project import datasets
from monitor_app.project import lock as locks
from monitor_app.project.project import Project


def _refused(path: Path, working: Path, code: str) -> None:
    before = path.read_bytes() if path.is_file() else None
    for mode in ("read", "write"):
        with pytest.raises(UserError) as caught:
            Project.open(path, mode, working_dir=working)
        issue = caught.value.issues[0]
        assert issue.code == code
        assert issue.file
        assert issue.repair
    if before is not None:
        assert path.read_bytes() == before
    assert locks.owner(path) is None
    assert not working.exists() or list(working.iterdir()) == []


def _script(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as file:
        for statement in statements:
            file.execute(statement)
        file.commit()


def test_missing_file(tmp_path: Path, working: Path) -> None:
    _refused(tmp_path / "fehlt.gpkg", working, "absent")


def test_folder(tmp_path: Path, working: Path) -> None:
    (tmp_path / "ordner.gpkg").mkdir()
    _refused(tmp_path / "ordner.gpkg", working, "not_a_project")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"Bezirk;Einwohner\n01;1234\n", "not_a_geopackage"),
        (b"PK\x03\x04" + bytes(200), "not_a_geopackage"),
        (b"SQLite format 3", "not_a_geopackage"),
        (b"SQLite format 3\x00", "damaged"),
        (b"SQLite format 3\x00" + b"\xff" * 4080, "damaged"),
    ],
)
def test_other_content(tmp_path: Path, working: Path, content: bytes, code: str) -> None:
    path = tmp_path / "x.gpkg"
    path.write_bytes(content)
    _refused(path, working, code)


def test_database_that_is_no_geopackage(tmp_path: Path, working: Path) -> None:
    path = tmp_path / "x.gpkg"
    _script(path, "CREATE TABLE t (a)")
    _refused(path, working, "not_a_project")


def test_geopackage_that_is_no_project(town: Path, tmp_path: Path, working: Path) -> None:
    path = tmp_path / "grenzen.gpkg"
    pyogrio.write_dataframe(pyogrio.read_dataframe(town, layer="areas_viertel"), path)
    _refused(path, working, "not_a_project")


def test_project_without_versions(town: Path, working: Path) -> None:
    _script(town, "DELETE FROM monitor_meta WHERE key = 'schema_version'")
    _refused(town, working, "not_a_project")


@pytest.mark.parametrize("table", ["monitor_cell", "monitor_undo_cell", "areas_viertel"])
def test_project_without_a_table(town: Path, working: Path, table: str) -> None:
    _script(town, f"DROP TABLE {table}")
    _refused(town, working, "damaged")


def test_project_without_a_column(town: Path, working: Path) -> None:
    _script(town, "ALTER TABLE monitor_cell DROP COLUMN vals")
    _refused(town, working, "damaged")


def test_truncated_project(town: Path, working: Path) -> None:
    data = town.read_bytes()
    town.write_bytes(data[: len(data) // 2])
    _refused(town, working, "damaged")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON monitor_document BEGIN DELETE FROM monitor_cell; END",
        "CREATE TRIGGER rtree_areas_viertel_geom_insert AFTER INSERT ON areas_viertel "
        "BEGIN DELETE FROM monitor_cell; END",
        "CREATE TRIGGER trigger_insert_feature_count_x AFTER INSERT ON monitor_revision "
        "BEGIN UPDATE monitor_cell SET total = 0; END",
        "CREATE TRIGGER trigger_delete_feature_count_x AFTER DELETE ON monitor_cell "
        "BEGIN SELECT load_extension('x'); END",
        "CREATE VIEW v AS SELECT * FROM monitor_cell",
        "CREATE VIRTUAL TABLE monitor_extra USING rtree(id, a, b)",
    ],
)
def test_triggers_views_and_virtual_tables_are_refused(
    town: Path, working: Path, statement: str
) -> None:
    _script(town, statement)
    _refused(town, working, "foreign_code")


def test_a_view_in_place_of_a_table_is_refused(town: Path, working: Path) -> None:
    _script(
        town,
        "ALTER TABLE monitor_cell RENAME TO real_cell",
        "CREATE VIEW monitor_cell AS SELECT * FROM real_cell",
    )
    _refused(town, working, "foreign_code")


def test_the_view_in_place_of_the_versions_is_refused(town: Path, working: Path) -> None:
    _script(
        town,
        "ALTER TABLE monitor_meta RENAME TO real_meta",
        "CREATE VIEW monitor_meta AS SELECT * FROM real_meta",
    )
    _refused(town, working, "not_a_project")


def test_a_working_copy_is_not_opened(project: Project, working: Path) -> None:
    (copy,) = working.glob("*.gpkg")
    with pytest.raises(UserError) as caught:
        Project.open(copy, working_dir=working)
    assert caught.value.issues[0].code == "working_copy"


@pytest.mark.parametrize(
    ("statement", "use"),
    [
        ("UPDATE monitor_cell SET vals = x'00'", lambda p: p.cube("population")),
        ("UPDATE monitor_cell SET dtype = '<q9'", lambda p: p.cube("population")),
        ("UPDATE monitor_cell SET dtype = 'O'", lambda p: p.cube("population")),
        ("UPDATE monitor_cell SET area = 'nirgends'", lambda p: p.cube("population")),
        ("UPDATE monitor_cell SET status = x'00ff'", lambda p: p.cube("population")),
        ("UPDATE monitor_dataset SET axes = '{'", lambda p: p.cube("population")),
        ("UPDATE monitor_dataset SET axes = '{'", lambda p: p.datasets()),
        ("UPDATE monitor_dataset SET spec = '[]'", lambda p: p.datasets()),
        ("UPDATE monitor_dataset SET spec = '{\"kind\": 1}'", lambda p: p.datasets()),
        ("UPDATE monitor_date SET date = 'gestern'", lambda p: p.datasets()),
        ("UPDATE monitor_dataset SET age_axis = '0,9,3'", lambda p: p.cube("population")),
        ("UPDATE areas_viertel SET geom = x'4750'", lambda p: p.areas()),
        ("UPDATE areas_viertel SET parents = 'x'", lambda p: p.areas()),
        ("UPDATE areas_viertel SET valid_from = 'x'", lambda p: p.areas()),
        ("UPDATE monitor_facility SET attributes = 'x'", lambda p: p.points("kitas")),
        ("UPDATE monitor_facility SET attributes = '[]'", lambda p: p.points("kitas")),
    ],
)
def test_damaged_content_is_told(
    town: Path, working: Path, statement: str, use: Callable[[Project], object]
) -> None:
    _script(town, statement)
    with Project.open(town, "read", working_dir=working) as project:
        with pytest.raises(UserError) as caught:
            use(project)
        assert caught.value.issues[0].code in ("damaged", "damaged_cells")


def test_a_header_of_another_file_format_is_a_damaged_file(town: Path, working: Path) -> None:
    bad = town.with_name("bad.gpkg")
    good = town.read_bytes()
    bad.write_bytes(good[:44] + bytes((0, 0, 0, 5)) + good[48:])
    with pytest.raises(UserError) as caught:
        Project.open(bad, "read", working_dir=working)
    assert caught.value.issues[0].code == "damaged"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(position=st.integers(0, 10**9), junk=st.binary(min_size=1, max_size=300))
def test_bytes_changed_anywhere_never_crash(
    town: Path, working: Path, position: int, junk: bytes
) -> None:
    good = town.read_bytes()
    bad = town.with_name("bad.gpkg")
    at = position % len(good)
    bad.write_bytes(good[:at] + junk + good[at + len(junk) :])
    try:
        with Project.open(bad, "read", working_dir=working) as project:
            project.areas()
            project.points("kitas")
            for info in project.datasets():
                if info.dates:
                    project.cube(info.spec.key)
            project.check()
    except UserError:
        return  # the only answer but a sound project
    except datasets.UnknownDataset:
        return  # the key itself was hit


def test_geometries_that_are_no_areas_are_refused(project: Project) -> None:
    from dataclasses import replace

    lines = (shapely.LineString([(0, 0), (1, 1)]),) * 8
    with pytest.raises(UserError) as caught:
        project.apply(towns.batch(replace(towns.quarters(), geometries=lines)))
    assert caught.value.issues[0].code == "not_a_polygon"
