"""Files of past versions open and hold what they held."""

from __future__ import annotations

import runpy
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import project_towns as towns
import pytest

from monitor_app.core.issues import UserError
from monitor_app.project.project import Project
from monitor_app.project.schema import SCHEMA_VERSION

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    target = tmp_path / "Alt.gpkg"
    shutil.copy(FIXTURES / "version_1.gpkg", target)
    return target


def _schema(path: Path) -> dict[str, set[str]]:
    with closing(sqlite3.connect(path)) as file:
        names = [n for (n,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            n: {row[1] for row in file.execute("SELECT * FROM pragma_table_info(?)", (n,))}
            for n in names
        }


def test_version_1_opens_with_all_it_held(old_file: Path, tmp_path: Path) -> None:
    with Project.open(old_file, working_dir=tmp_path / "w") as project:
        assert project.name == "Musterstadt (Version 1)"
        assert [level.key for level in project.areas().levels] == ["city", "bezirk", "viertel"]
        first = towns.population().cube
        second = towns.population((2024, 2025), seed=2).cube
        cube = project.cube("population")
        np.testing.assert_array_equal(cube.values[:, 0], first.values[:, 0])
        np.testing.assert_array_equal(cube.values[:, 1:], second.values)
        np.testing.assert_array_equal(cube.status[:, 1:], second.status)
        assert [r.label for r in project.revisions()] == [
            "Erster Import",
            "Neuer Jahrgang",
            "Gewichte",
        ]
        assert project.check() == ()
        assert not project.dirty


def test_undo_and_redo_reach_back_before_the_migration(old_file: Path, tmp_path: Path) -> None:
    with Project.open(old_file, working_dir=tmp_path / "w") as project:
        project.redo()
        assert project.document("weighting", "Sozialindex") == '{"a": 1}'
        project.undo()
        project.undo()
        expected = towns.population().cube
        np.testing.assert_array_equal(project.cube("population").values, expected.values)
        assert project.check() == ()
        project.close(discard=True)


def test_migrating_leaves_the_original_alone(old_file: Path, tmp_path: Path) -> None:
    before = old_file.read_bytes()
    Project.open(old_file, working_dir=tmp_path / "w").close()
    assert old_file.read_bytes() == before


def test_migrated_file_has_the_tables_of_a_new_one(old_file: Path, tmp_path: Path) -> None:
    with Project.open(old_file, working_dir=tmp_path / "w") as project:
        project.put_document("setting", "a", "b", "Einstellung")
        project.save()
    with Project.create(tmp_path / "Neu.gpkg", working_dir=tmp_path / "w") as project:
        project.apply(towns.whole_town())
        project.save()
    assert _schema(old_file) == _schema(tmp_path / "Neu.gpkg")
    with closing(sqlite3.connect(old_file)) as file:
        query = "SELECT value FROM monitor_meta WHERE key = 'schema_version'"
        assert file.execute(query).fetchone() == (str(SCHEMA_VERSION),)


def test_fixture_is_what_its_generator_makes(tmp_path: Path) -> None:
    make = runpy.run_path(str(FIXTURES / "make_version_1.py"))["make"]
    make(tmp_path / "again.gpkg")
    with (
        closing(sqlite3.connect(tmp_path / "again.gpkg")) as again,
        closing(sqlite3.connect(FIXTURES / "version_1.gpkg")) as kept,
    ):
        assert list(again.iterdump()) == list(kept.iterdump())


def _make_newer(path: Path, min_reader: int) -> None:
    with closing(sqlite3.connect(path)) as file:
        for key, value in (
            ("schema_version", SCHEMA_VERSION + 5),
            ("min_reader", min_reader),
            ("min_reader_app", "7.3"),
        ):
            file.execute("UPDATE monitor_meta SET value = ? WHERE key = ?", (str(value), key))
        file.execute("CREATE TABLE monitor_of_the_future (id INTEGER PRIMARY KEY)")
        file.commit()


def test_newer_file_is_refused_with_the_version_needed(town: Path, working: Path) -> None:
    _make_newer(town, SCHEMA_VERSION + 1)
    before = town.read_bytes()
    for mode in ("write", "read"):
        with pytest.raises(UserError) as caught:
            Project.open(town, mode, working_dir=working)
        assert caught.value.issues[0].code == "newer_file"
        assert "7.3" in (caught.value.issues[0].repair or "")
    assert town.read_bytes() == before
    assert sorted(p.name for p in town.parent.iterdir()) == [town.name, working.name]
    assert list(working.iterdir()) == []


def test_newer_file_that_allows_it_opens_read_only(town: Path, working: Path) -> None:
    _make_newer(town, SCHEMA_VERSION)
    with pytest.raises(UserError) as caught:
        Project.open(town, working_dir=working)
    assert caught.value.issues[0].code == "newer_file"
    with Project.open(town, "read", working_dir=working) as project:
        assert len(project.cube("population").areas) == 8
        with pytest.raises(UserError):
            project.put_document("setting", "a", "b", "Einstellung")
        with pytest.raises(UserError) as caught:
            project.save_as(town.with_name("Kopie.gpkg"))
    assert caught.value.issues[0].code == "newer_file"


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_every_version_keeps_a_file_that_opens(version: int, tmp_path: Path) -> None:
    """Raising the schema version without leaving a file of the old one behind fails here."""
    kept = FIXTURES / f"version_{version}.gpkg"
    assert kept.exists(), "write it with the program of that version before changing the schema"
    with closing(sqlite3.connect(kept)) as file:
        query = "SELECT value FROM monitor_meta WHERE key = 'schema_version'"
        assert file.execute(query).fetchone() == (str(version),)
    make = runpy.run_path(str(FIXTURES / f"make_version_{version}.py"))["make"]
    target = tmp_path / "Alt.gpkg"
    make(target)
    with Project.open(target, working_dir=tmp_path / "w") as project:
        assert project.check() == ()
        before = project.content_hash()
        assert project.cube("population").areas
        assert project.points("kitas").attributes["name"]
        project.redo()
        project.undo()
        assert project.content_hash() == before
        project.put_document("setting", "a", "b", "Einstellung")
        project.save()
    with Project.open(target, "read", working_dir=tmp_path / "w") as project:
        assert project.check() == ()
        assert project.document("setting", "a") == "b"


def test_version_2_holds_what_it_held(tmp_path: Path) -> None:
    target = tmp_path / "Alt.gpkg"
    shutil.copy(FIXTURES / "version_2.gpkg", target)
    with Project.open(target, working_dir=tmp_path / "w") as project:
        assert project.name == "Musterstadt (Version 2)"
        second = towns.population((2024, 2025), seed=2).cube
        np.testing.assert_array_equal(project.cube("population").values[:, 1:], second.values)
        assert project.document("weighting", "Sozialindex") == '{"a": 1}'
        assert project.remembered("view") == '{"level": "viertel"}'
        assert project.redo_label == "Stil"
