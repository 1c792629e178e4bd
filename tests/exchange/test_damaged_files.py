"""Files with random damage: a table or a clear message, never another exception."""

from __future__ import annotations

import random
from pathlib import Path

import geopandas
import pytest
import shapely
import xlsxwriter

from monitor_app.core.issues import UserError
from monitor_app.exchange.readers import read_tables


def make(path: Path) -> None:
    rows = [(f"{i:04}", i) for i in range(30)]
    if path.suffix == ".xlsx":
        book = xlsxwriter.Workbook(str(path))
        sheet = book.add_worksheet("D")
        for i, row in enumerate([("key", "n"), *rows]):
            sheet.write_row(i, 0, row)
        book.close()
        return
    frame = geopandas.GeoDataFrame(
        {"key": [k for k, _n in rows], "n": [n for _k, n in rows]},
        geometry=[shapely.box(n, 0, n + 1, 1) for _k, n in rows],
        crs="EPSG:25832",
    )
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path)


def damage(raw: bytes, chance: random.Random) -> bytes:
    """Change, overwrite or remove some bytes, more often near the start."""
    changed = bytearray(raw)
    for _i in range(chance.choice([1, 1, 2, 5, 20])):
        span = len(changed) if chance.random() < 0.6 else min(600, len(changed))
        at = chance.randrange(span)
        kind = chance.random()
        if kind < 0.6:
            changed[at] = chance.randrange(256)
        elif kind < 0.8:
            changed[at : at + 4] = b"\xff\xff\xff\x7f"
        else:
            del changed[at : at + chance.randrange(1, 50)]
    return bytes(changed)


@pytest.mark.parametrize("name", ["f.gpkg", "f.fgb", "f.geojson", "f.parquet", "f.shp", "f.xlsx"])
@pytest.mark.parametrize("seed", [1, 2])
def test_damage_never_ends_in_an_exception_of_a_library(tmp_path, name, seed):
    path = tmp_path / name
    make(path)
    raw = path.read_bytes()
    chance = random.Random(seed)
    refused = 0
    for _i in range(20):
        path.write_bytes(damage(raw, chance))
        try:
            tables = read_tables(path)
        except UserError as error:
            refused += 1
            assert all(i.message for i in error.issues)  # noqa: PT017
        else:
            assert all(len(c) == len(t) for t in tables for c in t.columns)
    assert refused > 0
