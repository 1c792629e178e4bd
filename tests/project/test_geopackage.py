"""The project file is a GeoPackage that other programs can read."""

from __future__ import annotations

import importlib.util
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import project_towns as towns
import pyogrio
import pytest
import shapely
from pyproj import CRS

from monitor_app.core.areas import Level
from monitor_app.core.batch import AreaTable
from monitor_app.project import geopackage
from monitor_app.project.project import Project


def test_header_belongs_to_the_standard(town: Path) -> None:
    head = town.read_bytes()[:100]
    assert head[68:72] == b"GPKG"
    assert int.from_bytes(head[60:64], "big") == 10300
    assert head[18:20] == b"\x01\x01", "journal mode delete, not WAL"


def test_layers_and_tables_are_listed(town: Path) -> None:
    layers = dict(pyogrio.list_layers(town).tolist())
    assert layers["areas_viertel"] == "MultiPolygon"
    assert layers["areas_bezirk"] == "MultiPolygon"
    assert layers["points_kitas"] == "Point"
    assert layers["monitor_cell"] is None
    assert layers["layer_styles"] is None
    assert not any("undo" in name for name in layers)


def test_geometries_read_by_gdal_are_those_imported(town: Path) -> None:
    frame = pyogrio.read_dataframe(town, layer="areas_viertel")
    assert CRS(frame.crs) == CRS("EPSG:25832")
    assert list(frame["key"]) == [f"{i:03d}" for i in range(8)]
    assert all(a.equals(b) for a, b in zip(frame.geometry, towns.squares(8), strict=True))
    info = pyogrio.read_info(town, layer="areas_viertel", force_total_bounds=True)
    assert info["total_bounds"] == tuple(shapely.total_bounds(np.array(towns.squares(8))))
    assert info["geometry_type"] == "MultiPolygon"


def test_points_and_cells_read_by_gdal(town: Path) -> None:
    kitas = pyogrio.read_dataframe(town, layer="points_kitas")
    assert list(kitas["name"]) == [f"Kita Löwenzahn {i}" for i in range(3)]
    assert kitas["Plätze"].tolist()[:2] == [25, 60]
    assert kitas.geometry[0].equals(shapely.Point(500_050, 5_700_050))
    assert kitas.geometry[2] is None
    cells = pyogrio.read_dataframe(town, layer="monitor_cell")
    expected = towns.population().cube.totals()
    for day, total in expected.items():
        mine = cells[(cells["dataset"] == 1) & (cells["date"] == day.isoformat())]
        assert mine["total"].sum() == total


def _validator() -> list[str] | None:
    """Command that runs GDAL's own validator, where this machine has it."""
    if importlib.util.find_spec("osgeo_utils") is not None:
        return [sys.executable, "-m", "osgeo_utils.samples.validate_gpkg"]
    system = Path("/usr/bin/python3")
    script = Path("/usr/lib/python3/dist-packages/osgeo_utils/samples/validate_gpkg.py")
    return [str(system), str(script)] if system.exists() and script.exists() else None


@pytest.mark.parametrize("state", ["empty", "full", "after undo", "no boundaries"])
def test_gdal_validator_accepts_the_file(project: Project, state: str) -> None:
    command = _validator()
    if command is None:
        pytest.skip("GDAL's validate_gpkg is not installed (python3-gdal)")
    if state in ("full", "after undo"):
        project.apply(towns.whole_town())
        project.put_style("viertel", "Karte", "<qgis/>", "", "Stil")
        project.apply(towns.batch(towns.quarters(3), towns.kitas((1,))))
    if state == "after undo":
        project.undo()
    if state == "no boundaries":
        project.apply(towns.batch(AreaTable(towns.QUARTER, ("1",), ("Eins",), (None,), None)))
    project.save()
    done = subprocess.run(
        [*command, str(project.path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_validator_would_find_a_fault(town: Path) -> None:
    command = _validator()
    if command is None:
        pytest.skip("GDAL's validate_gpkg is not installed (python3-gdal)")
    with closing(sqlite3.connect(town)) as file:
        file.execute("CREATE TABLE wrong (id INTEGER PRIMARY KEY, name VARCHAR(20))")
        file.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
            "VALUES ('wrong', 'attributes', 'wrong')"
        )
        file.commit()
    done = subprocess.run([*command, str(town)], capture_output=True, text=True, check=False)
    assert done.returncode != 0


@pytest.mark.parametrize(
    "wkt",
    [
        "POINT (1 2)",
        "MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1)), "
        "((9 9, 10 9, 9 10, 9 9)))",
        "POLYGON EMPTY",
        "LINESTRING Z (0 0 5, 1 1 6)",
    ],
)
def test_blobs_round_trip(wkt: str) -> None:
    geometry = shapely.from_wkt(wkt)
    blob, none = geopackage.encode([geometry, None], 25832)
    assert none is None
    assert blob is not None
    assert blob[:4] == b"GP\x00" + bytes([0b10001 if geometry.is_empty else 0b00011])
    assert int.from_bytes(blob[4:8], "little", signed=True) == 25832
    assert geopackage.decode([blob])[0].equals(shapely.force_2d(geometry)) or geometry.is_empty
    assert geopackage.decode([None]) == [None]


@pytest.mark.parametrize(
    "blob",
    [b"", b"GP", b"XX\x00\x03abcdefgh", b"GP\x00\x0f\x00\x00\x00\x00", b"GP\x00\x01\0\0\0\0junk"],
)
def test_blobs_that_are_no_geometry_are_value_errors(blob: bytes) -> None:
    with pytest.raises(ValueError, match=r"geometry|envelope"):
        geopackage.decode([blob])


def test_two_levels_with_one_name_are_both_listed(project: Project) -> None:
    for key in ("a b", "a-b"):
        level = Level(key, "Gebiet", 3)
        project.apply(
            towns.batch(AreaTable(level, ("1",), ("Eins",), towns.squares(1), "EPSG:25832"))
        )
    project.save()
    names = {name for name, _kind in pyogrio.list_layers(project.path).tolist()}
    assert {"areas_a_b", "areas_a_b_2"} <= names


def test_what_qgis_adds_does_not_stop_us(town: Path, working: Path) -> None:
    """An area drawn in QGIS, a layer of the user's own, and a spatial index on ours."""
    with closing(sqlite3.connect(town)) as file:
        blob = geopackage.encode([shapely.MultiPolygon([shapely.box(0, 0, 1, 1)])], 25832)[0]
        top = file.execute("SELECT max(id) FROM areas_viertel").fetchone()[0]
        file.execute(
            "INSERT INTO areas_viertel (geom, key, name, parents) VALUES (?, 'neu', 'Neu', '{}')",
            (blob,),
        )
        file.execute("CREATE VIRTUAL TABLE rtree_areas_viertel_geom USING rtree(id, a, b, c, d)")
        file.execute(
            "CREATE TRIGGER rtree_areas_viertel_geom_delete AFTER DELETE ON areas_viertel "
            "WHEN old.geom NOT NULL BEGIN DELETE FROM rtree_areas_viertel_geom "
            "WHERE id = ST_MinX(OLD.id); END"
        )
        file.commit()
    pyogrio.write_dataframe(
        pyogrio.read_dataframe(town, layer="points_kitas"), town, layer="meine_ebene", append=False
    )
    with Project.open(town, working_dir=working) as project:
        assert project.areas().at("viertel")[-1].key == "neu"
        project.apply(towns.batch(towns.quarters(9)))
        ids = [a.id for a in project.areas().at("viertel")]
        assert len(set(ids)) == 9
        assert max(ids) > top + 1
        project.save()
    assert "meine_ebene" in dict(pyogrio.list_layers(town).tolist())
    assert len(pyogrio.read_dataframe(town, layer="meine_ebene")) == 3
