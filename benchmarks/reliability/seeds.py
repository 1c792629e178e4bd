"""Small, sound files of every format that can be imported: what fuzzing starts from."""

from __future__ import annotations

import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas
import pandas as pd
import shapely
import xlsxwriter

_CSV = (
    "Bevölkerung am 31.12.2024\nSchlüssel;Viertel;Geschlecht;unter 3;3 bis unter 6;6 und älter\n"
    '0101;Dom;männlich;1;2;30\n0101;"Dom";weiblich;3;4;1.250\n0102;Markt;männlich;-;x;70,5\n'
    "Insgesamt;;;4;6;1.350,5\n"
)
_ODS = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
    '<office:spreadsheet><table:table table:name="Blatt"><table:table-row>'
    '<table:table-cell office:value-type="string"><text:p>Viertel</text:p></table:table-cell>'
    '<table:table-cell office:value-type="string"><text:p>Einwohner</text:p></table:table-cell>'
    "</table:table-row><table:table-row>"
    '<table:table-cell office:value-type="string"><text:p>0101</text:p></table:table-cell>'
    '<table:table-cell office:value-type="float" office:value="12.5"><text:p>12,5</text:p>'
    "</table:table-cell></table:table-row></table:table></office:spreadsheet></office:body>"
    "</office:document-content>"
)
RECIPE = (
    "id: probe\nname: {de: Probe, en: Probe}\nsource: Amt\nmatch:\n  files: ['einwohner_*.csv']\n"
    "  columns: [Viertel]\ncontents:\n  - kind: population\n    dataset: population\n"
    "    name: Bevölkerung\n    level: viertel\n    area: {column: Viertel}\n"
    "    date: {fixed: '31.12.2024'}\n"
    "    values: [{pattern: '(m|w) (.+)', sex: '{1}', age: '{2}'}]\n"
)


def write_all(folder: Path) -> dict[str, Path]:
    """Format id -> file."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        name: folder / f"probe.{name.replace('shp-zip', 'zip')}"
        for name in ("csv", "xlsx", "ods", "gpkg", "shp-zip", "geojson", "fgb", "parquet")
    }
    files["csv"].write_text(_CSV, encoding="utf-8")
    _xlsx(files["xlsx"])
    with zipfile.ZipFile(files["ods"], "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", _ODS)
    areas = geopandas.GeoDataFrame(
        {"key": ["01", "02"], "name": ["Süd", "Nord"], "wert": [1.5, 2.0]},
        geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)],
        crs="EPSG:4326",
    )
    areas.to_file(files["gpkg"])
    areas.to_file(files["geojson"])
    areas.to_file(files["fgb"])
    areas.to_parquet(files["parquet"])
    areas.to_file(folder / "probe.shp")
    with zipfile.ZipFile(files["shp-zip"], "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.glob("probe.*")):
            if part.suffix in (".shp", ".dbf", ".shx", ".prj", ".cpg"):
                archive.write(part, part.name)
    for path in files.values():
        if path.suffix == ".gpkg":  # no log beside the seed
            with closing(sqlite3.connect(path)) as file:
                file.execute("PRAGMA journal_mode = DELETE")
    return files


def _xlsx(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Blatt")
        frame = pd.DataFrame({"Viertel": ["0101", "0102"], "Einwohner": [1250, 70.5]})
        for row, values in enumerate([list(frame.columns), *frame.to_numpy().tolist()]):
            for column, value in enumerate(values):
                sheet.write(row, column, value)
        sheet.write_formula(3, 1, "=SUM(B2:B3)", None, 1320.5)
        sheet.merge_range(4, 0, 4, 1, "Quelle: Amt")
