"""Map layers: keys, encodings, reference systems, geometries, and files left open elsewhere."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import struct
import zipfile
from pathlib import Path

import geopandas
import pytest
import shapely

from monitor_app.core.issues import Severity, UserError
from monitor_app.exchange.readers import read_tables, sniff
from monitor_app.exchange.source import ReadOptions

SQUARE = shapely.box(0, 0, 1000, 1000)
BOWTIE = shapely.Polygon([(0, 0), (1000, 1000), (1000, 0), (0, 1000)])


def frame(**columns: list) -> geopandas.GeoDataFrame:
    geometries = columns.pop("geometry", [SQUARE, shapely.transform(SQUARE, lambda p: p + 1000)])
    columns = columns or {"key": ["0101", "0102"], "name": ["Äußere Stadt", "Öd"]}
    return geopandas.GeoDataFrame(columns, geometry=geometries, crs="EPSG:25832")


def codes(path: Path, **options) -> list[str]:
    tables = read_tables(path, options=ReadOptions(**options))
    return [i.code for t in tables for i in t.issues]


@pytest.mark.parametrize(
    ("name", "driver", "format_id"),
    [("f.gpkg", "GPKG", "gpkg"), ("f.shp", "ESRI Shapefile", "shp"), ("f.fgb", "FlatGeobuf", "fgb"),
     ("f.parquet", None, "parquet"), ("f.geojson", "GeoJSON", "geojson")],
)  # fmt: skip
def test_every_layer_format_gives_keys_names_and_polygons(tmp_path, name, driver, format_id):
    path = tmp_path / name
    data = frame(key=["0101", "0102"], name=["Äußere Stadt", None], n=[12, 7], share=[0.1, None])
    if driver is None:
        data.to_parquet(path)
    else:
        data.to_file(path, driver=driver)
    assert sniff(path) == format_id
    (table,) = read_tables(path)
    by_key = dict(zip(table.column("key"), table.rows, strict=True))
    assert set(by_key) == {"0101", "0102"}
    rows = sorted(zip(*(table.column(c) for c in ("key", "name", "n", "share")), strict=True))
    assert rows == [("0101", "Äußere Stadt", "12", "0.1"), ("0102", "", "7", "")]
    assert {"n", "share"} <= table.numeric
    assert "key" not in table.numeric
    assert table.crs == "EPSG:25832"
    assert sum(g.area for g in table.geometries) == pytest.approx(2e6)
    assert not table.issues


def test_all_layers_of_a_geopackage_are_read(tmp_path):
    path = tmp_path / "f.gpkg"
    frame().to_file(path, layer="viertel")
    frame(key=["1"], geometry=[SQUARE]).to_file(path, layer="bezirk")
    tables = read_tables(path)
    assert [(t.name, len(t), t.source.sheet) for t in tables] == [
        ("viertel", 2, "viertel"), ("bezirk", 1, "bezirk"),
    ]  # fmt: skip


def test_rows_in_a_write_ahead_log_are_read_and_nothing_is_touched(tmp_path):
    origin = tmp_path / "origin" / "f.gpkg"
    origin.parent.mkdir()
    geopandas.GeoDataFrame({"key": ["1"]}, geometry=[SQUARE], crs="EPSG:25832").to_file(
        origin, layer="a"
    )
    folder = tmp_path / "user"
    folder.mkdir()
    connection = sqlite3.connect(origin)
    connection.execute("PRAGMA journal_mode=WAL")
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type='trigger'"
    ).fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    connection.execute("INSERT INTO a (key, geom) SELECT '2', geom FROM a")
    connection.commit()
    for part in origin.parent.iterdir():  # as a crash would leave them
        if not part.name.endswith("-shm"):
            shutil.copyfile(part, folder / part.name)
    connection.close()
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert set(before) == {"f.gpkg", "f.gpkg-wal"}
    (table,) = read_tables(folder / "f.gpkg")
    assert table.column("key") == ("1", "2")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_file_in_write_ahead_mode_is_left_as_it_was(tmp_path):
    path = tmp_path / "f.gpkg"
    frame().to_file(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    raw = path.read_bytes()
    assert len(read_tables(path)[0]) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["f.gpkg"]
    assert path.read_bytes() == raw


def shapefile(folder: Path, encoding: str = "UTF-8") -> Path:
    path = folder / "viertel.shp"
    frame().to_file(path, driver="ESRI Shapefile", encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "CP850"])
@pytest.mark.parametrize("hint", ["cpg", "cst", "none"])
def test_umlauts_of_a_shapefile_with_or_without_a_hint(tmp_path, encoding, hint):
    path = shapefile(tmp_path, encoding)
    path.with_suffix(".cpg").unlink()
    raw = bytearray(path.with_suffix(".dbf").read_bytes())
    raw[29] = 0  # language id of the table: unknown
    path.with_suffix(".dbf").write_bytes(raw)
    if hint != "none":
        path.with_suffix(f".{hint}").write_text(encoding.replace("CP850", "850"))
    (table,) = read_tables(path)
    assert table.column("name") == ("Äußere Stadt", "Öd")
    assert not table.issues


def test_a_wrong_hint_is_reported_and_not_believed(tmp_path):
    path = shapefile(tmp_path, "ISO-8859-1")
    path.with_suffix(".cpg").write_text("UTF-8")
    (table,) = read_tables(path)
    assert table.column("name") == ("Äußere Stadt", "Öd")
    assert [i.code for i in table.issues] == ["encoding-declared"]


def test_a_part_of_a_shapefile_may_be_chosen(tmp_path):
    path = shapefile(tmp_path)
    assert len(read_tables(path.with_suffix(".dbf"))[0]) == 2
    assert len(read_tables(path.with_suffix(".prj"))[0]) == 2


@pytest.mark.parametrize("part", [".shx", ".dbf"])
def test_an_incomplete_shapefile_names_the_missing_part(tmp_path, part):
    path = shapefile(tmp_path)
    path.with_suffix(part).unlink()
    with pytest.raises(UserError) as caught:
        read_tables(path)
    assert caught.value.issues[0].code == "shapefile-part"
    assert part in caught.value.issues[0].message


def test_a_missing_reference_system_is_reported_unless_stated(tmp_path):
    path = shapefile(tmp_path)
    path.with_suffix(".prj").unlink()
    (table,) = read_tables(path)
    assert table.crs is None
    assert [(i.code, i.severity) for i in table.issues] == [("crs-missing", Severity.WARNING)]
    (table,) = read_tables(path, options=ReadOptions(crs="EPSG:25832"))
    assert table.crs == "EPSG:25832"
    assert not table.issues


def test_metres_called_degrees_are_not_believed(tmp_path):
    path = tmp_path / "f.geojson"
    feature = {"type": "Feature", "properties": {"key": "01"},
               "geometry": json.loads(shapely.to_geojson(SQUARE))}  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (table,) = read_tables(path)
    assert table.crs is None
    assert [i.code for i in table.issues] == ["crs-wrong"]


def test_invalid_and_empty_polygons_are_reported_with_their_rows(tmp_path):
    path = tmp_path / "f.gpkg"
    frame(key=["1", "2", "3"], geometry=[SQUARE, BOWTIE, None]).to_file(path)
    (table,) = read_tables(path)
    found = {i.code: i for i in table.issues}
    assert found["geometry-invalid"].row == 2
    assert "Self-intersection" in found["geometry-invalid"].message
    assert found["geometry-empty"].row == 3
    assert table.geometries[2] is None


def test_zipped_shapefiles_in_folders(tmp_path):
    path = shapefile(tmp_path)
    packed = tmp_path / "f.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for part in tmp_path.glob("viertel.*"):
            archive.write(part, f"Daten/Grenzen/{part.name}")
            archive.write(part, f"Daten/Kopie/{part.name}")
        archive.writestr("__MACOSX/Daten/._viertel.shp", b"x")
    assert sniff(packed) == "shp-zip"
    tables = read_tables(packed)
    assert [t.name for t in tables] == ["viertel", "viertel"]
    assert tables[0].column("name") == ("Äußere Stadt", "Öd")
    assert (tables[0].source.name, tables[0].source.sheet) == ("f.zip", "viertel")
    assert path.exists()


def refused(path: Path, *expected: str) -> None:
    with pytest.raises(UserError) as caught:
        read_tables(path)
    (issue,) = caught.value.issues
    assert issue.code in expected
    assert issue.file == path.name
    assert issue.repair


@pytest.mark.parametrize(
    "name", ["../evil.shp", "/etc/evil.shp", "a/../../evil.shp", "C:/evil.shp"]
)
def test_archives_with_paths_that_lead_out_are_refused(tmp_path, name):
    packed = tmp_path / "f.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, b"x")
    refused(packed, "zip-path")


def test_an_archive_that_lies_about_its_sizes_is_refused(tmp_path):
    packed = tmp_path / "f.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix in (".shp", ".shx", ".dbf"):
            archive.writestr("a" + suffix, b"\0" * 5_000_000)
    raw = packed.read_bytes().replace(struct.pack("<I", 5_000_000), struct.pack("<I", 500))
    packed.write_bytes(raw)
    refused(packed, "file-damaged", "file-bomb")


def test_archives_without_a_shapefile_and_with_a_password(tmp_path):
    packed = tmp_path / "f.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/workbook.bin", b"x")
    refused(packed, "not-a-table")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("data.csv", b"a;b\n1;2\n")
    refused(packed, "not-a-table")
    raw = bytearray(packed.read_bytes())
    raw[raw.index(b"PK\x01\x02") + 8] |= 1  # encrypted
    packed.write_bytes(raw)
    refused(packed, "file-protected")


@pytest.mark.parametrize("name", ["f.gpkg", "f.fgb", "f.parquet", "f.geojson"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_truncated_layers_are_a_clear_message(tmp_path, name, share):
    path = tmp_path / name
    data = frame(key=[f"{i:04}" for i in range(500)],
                 geometry=[shapely.box(i, 0, i + 1, 1) for i in range(500)])  # fmt: skip
    if name.endswith("parquet"):
        data.to_parquet(path)
    else:
        data.to_file(path)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    refused(path, "file-damaged", "no-table")


@pytest.mark.parametrize("part", [".shp", ".dbf", ".shx"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.97])
def test_a_shapefile_with_a_cut_part_is_damaged(tmp_path, part, share):
    path = tmp_path / "f.shp"
    frame(key=[f"{i:04}" for i in range(500)],
          geometry=[shapely.box(i, 0, i + 1, 1) for i in range(500)]).to_file(path)  # fmt: skip
    cut = path.with_suffix(part)
    raw = cut.read_bytes()
    cut.write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(UserError) as caught:
        read_tables(path)
    (issue,) = caught.value.issues
    assert (issue.code, issue.file) == ("file-damaged", f"f{part}")


def test_a_damaged_geopackage_is_refused_and_not_read_in_part(tmp_path):
    path = tmp_path / "f.gpkg"
    frame(key=[f"{i:05}" for i in range(3000)],
          geometry=[shapely.box(i, 0, i + 1, 1) for i in range(3000)]).to_file(path)  # fmt: skip
    raw = bytearray(path.read_bytes())
    at = raw.index(b"01500")  # a page in the middle of the rows
    raw[at - 2000 : at + 2000] = bytes(range(250)) * 16
    path.write_bytes(raw)
    refused(path, "file-damaged")


def test_gzipped_geojson(tmp_path):
    plain = tmp_path / "f.geojson"
    frame().to_crs("EPSG:4326").to_file(plain)
    path = tmp_path / "g.geojson.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    assert sniff(path) == "geojson"
    (table,) = read_tables(path)
    assert (len(table), table.crs) == (2, "EPSG:4326")
    path.write_bytes(path.read_bytes()[:-40])
    refused(path, "file-damaged")


def test_a_database_that_is_no_geopackage(tmp_path):
    path = tmp_path / "f.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE a (b)")
    connection.commit()
    connection.close()
    refused(path, "not-a-table")
    path.rename(tmp_path / "f.gpkg")
    refused(tmp_path / "f.gpkg", "no-table", "not-a-table", "file-damaged")


@pytest.mark.parametrize("hint", ["utf\x00-8", "hex", "rot13", "undefined", "\x00", "zlib"])
def test_a_hint_that_names_no_encoding_of_text_is_passed_over(tmp_path, hint):
    """Found by fuzzing: a zero byte in the name, or a codec of bytes, was an error of ours."""
    path = shapefile(tmp_path)
    path.with_suffix(".cpg").write_text(hint)
    (table,) = read_tables(path)
    assert len(table)
