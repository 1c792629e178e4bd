"""Hostile files on the way from import to the saved project: harmless, with a clear message."""

from __future__ import annotations

import csv
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
import xlsxwriter

from monitor_app.app import imports
from monitor_app.app.exports import value_table, write_table
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.core.areas import Level
from monitor_app.core.issues import UserError
from monitor_app.exchange.readers import read_tables
from monitor_app.exchange.recipe import load_recipe
from monitor_app.project.project import Project
from tests.project import project_towns as towns

EVIL = (
    "'; DROP TABLE monitor_cell; --",
    '"; DELETE FROM monitor_revision; --',
    "x') OR 1=1 --",
    "%s {0} ${HOME} `id`",
    "=HYPERLINK(\"http://x\")",
    "../../../etc/passwd",
    "Robert\u202etxt.exe",
    "name\nwith\r\nlines",
)  # fmt: skip


def _evil_town() -> towns.ImportBatch:
    quarters = replace(towns.quarters(len(EVIL)), keys=EVIL, names=EVIL)
    level = Level("viertel'; DROP TABLE x; --", EVIL[0], 2, None, ("bezirk",))
    cube = towns.population(areas=len(EVIL)).cube
    labels = {**cube.labels, "area": EVIL}
    spec = replace(towns.POPULATION, key=EVIL[0], name=EVIL[1], level=level.key, source=EVIL[2])
    facts = towns.FactTable(spec, replace(cube, labels=labels))
    return towns.batch(towns.districts(), replace(quarters, level=level), facts, label=EVIL[3])


def test_sql_in_names_and_keys_is_text(tmp_path: Path) -> None:
    path = tmp_path / "x'; DROP TABLE y; --.gpkg"
    with Project.create(path, name=EVIL[0], working_dir=tmp_path / "w") as project:
        project.apply(_evil_town())
        for key in EVIL:
            project.put_document("setting", key, key, key)
        project.undo()
        project.redo()
        project.save()
        state = project.content_hash()
    with Project.open(path, "read", working_dir=tmp_path / "w") as project:
        assert project.content_hash() == state
        assert project.check() == ()
        level = next(lv for lv in project.areas().levels if "DROP" in lv.key)
        assert set(project.areas().keys(level.key)) == set(EVIL)
        cube = project.cube(EVIL[0])
        np.testing.assert_array_equal(cube.values, towns.population(areas=len(EVIL)).cube.values)
        assert project.documents("setting") == {key: key for key in EVIL}
        assert len(project.revisions()) == 1 + len(EVIL)


def test_yaml_with_tags_makes_nothing_but_findings(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    text = f"!!python/object/apply:os.system ['touch {marker}']"
    with pytest.raises(UserError):
        load_recipe(f"id: x\nname: {text}\ncontents: []\n")
    session = Session(Settings(), tmp_path / "w")
    session.create(tmp_path / "a.gpkg")
    session.project.put_document("indicator", "böse", text, "Kennzahl")
    assert "einwohner" in session.catalogue
    assert not marker.exists()
    session.close(discard=True)


def test_a_yaml_that_unfolds_without_end_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    with pytest.raises(UserError):
        load_recipe("id: x\nname: x\n" + "\n".join(lines) + "\ncontents: [*a11]\n")


def _layer(path: Path) -> None:
    geopandas.GeoDataFrame(
        {"key": ["01", "02"]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)],
        crs="EPSG:25832",
    ).to_file(path, layer="viertel")  # fmt: skip


def _script(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA trusted_schema = ON")
        for statement in statements:
            file.execute(statement)
        file.commit()


def test_a_geopackage_with_triggers_and_views_is_only_read(tmp_path: Path) -> None:
    path = tmp_path / "grenzen.gpkg"
    _layer(path)
    _script(
        path,
        "CREATE TRIGGER böse AFTER INSERT ON viertel BEGIN DELETE FROM viertel; END",
        "CREATE VIEW sicht AS SELECT fid, geom, key || '!' AS key FROM viertel",
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
        "SELECT 'sicht', 'features', 'sicht', srs_id FROM gpkg_contents WHERE table_name='viertel'",
        "INSERT INTO gpkg_geometry_columns SELECT 'sicht', column_name, geometry_type_name, "
        "srs_id, z, m FROM gpkg_geometry_columns WHERE table_name = 'viertel'",
    )
    before = path.read_bytes()
    tables = read_tables(path)
    assert next(t for t in tables if t.name == "viertel").columns[0] == ("01", "02")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["grenzen.gpkg"]


@pytest.mark.parametrize("repeating", ["WITH RECURSIVE", "with"])
def test_a_view_without_end_is_refused(tmp_path: Path, repeating: str) -> None:
    """Reading it would never return, and fill the memory."""
    path = tmp_path / "grenzen.gpkg"
    _layer(path)
    _script(
        path,
        f"CREATE VIEW sicht AS {repeating} n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
        "SELECT n.x AS fid, v.geom, v.key FROM n, viertel v",
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) "
        "SELECT 'sicht', 'features', 'sicht', srs_id FROM gpkg_contents WHERE table_name='viertel'",
        "INSERT INTO gpkg_geometry_columns SELECT 'sicht', column_name, geometry_type_name, "
        "srs_id, z, m FROM gpkg_geometry_columns WHERE table_name = 'viertel'",
    )
    with pytest.raises(UserError) as caught:
        read_tables(path)
    assert caught.value.issues[0].code == "file-bomb"
    assert caught.value.issues[0].sheet == "sicht"


def test_formulas_in_cells_stay_what_they_show(tmp_path: Path) -> None:
    path = tmp_path / "tabelle.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Viertel", "Einwohner", "Bemerkung"])
        sheet.write_row(1, 0, ["001", 12, "=cmd|' /C calc'!A0"])
        sheet.write_string(2, 0, "002")
        sheet.write_formula(2, 1, "=SUM(B2:B2)*1000", None, 12000)
        sheet.write_string(2, 2, "@SUM(1+1)*cmd|' /C calc'!A0")
    (table,) = read_tables(path)
    assert table.column("Einwohner") == ("12", "12000")


def test_names_that_would_run_are_neutral_in_exports(tmp_path: Path) -> None:
    names = ("=1+1", "+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "\t=1", "harmlos", "\r=1", "a;b")
    session = Session(Settings(), tmp_path / "w")
    session.create(tmp_path / "a.gpkg")
    session.apply(towns.batch(towns.districts(), replace(towns.quarters(), names=names)))
    session.apply(towns.batch(towns.population()))
    session.set_view(level="viertel")
    target = tmp_path / "tabelle.csv"
    table = session.table()
    assert table is not None
    write_table(target, value_table(session, table))
    session.close(discard=True)
    with target.open(encoding="utf-8-sig", newline="") as source:
        cells = [cell for row in csv.reader(source, delimiter=";") for cell in row]
    for cell in cells:
        assert not cell.lstrip("\t\r\n ").startswith(("=", "@", "+")), repr(cell)
    assert any("harmlos" in cell for cell in cells)


@pytest.mark.parametrize("name", ["../../böse.shp", "/tmp/böse.shp", "C:\\böse.shp", "..\\b.shp"])
def test_paths_inside_archives_write_nothing_outside(tmp_path: Path, name: str) -> None:
    path = tmp_path / "in" / "a.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"x")
    session = Session(Settings(), tmp_path / "w")
    session.create(tmp_path / "a.gpkg")
    before = {p for p in tmp_path.rglob("*") if "w" not in p.parts}
    batch = imports.prepare(session, [path])
    assert batch.blocked
    assert all(issue.message for issue in batch.issues)
    assert {p for p in tmp_path.rglob("*") if "w" not in p.parts} == before
    session.close(discard=True)


@pytest.mark.parametrize("ending", ["xlsx", "ods"])
def test_bombs_inside_office_files_are_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    part = "xl/worksheets/sheet1.xml" if ending == "xlsx" else "content.xml"
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><x>&a9;</x>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if ending == "ods":
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        else:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr(part, bomb)
    with pytest.raises(UserError) as caught:
        read_tables(path)
    assert caught.value.issues[0].repair
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/x.xml", b"0" * (200 << 20))
    with pytest.raises(UserError):
        read_tables(path)
