"""Published files of Vienna, Konstanz, Zürich and Toronto, as found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monitor_app.core.ages import AgeAxis
from monitor_app.exchange.labels import DateKind, parse_ages, parse_dates, parse_sexes
from monitor_app.exchange.numbers import Proof, to_numbers
from monitor_app.exchange.readers import iter_chunks, read_tables
from monitor_app.exchange.table import RawTable

pytestmark = pytest.mark.realdata


def only(path: Path) -> RawTable:
    (table,) = read_tables(path)
    return table


def numbers(table: RawTable, column: str) -> np.ndarray:
    found = to_numbers(table.column(column), column=column, file_decimal=table.decimal)
    assert not [i for i in found.issues if i.severity == "error"]
    return found.values


def test_vienna_population_equals_the_published_totals(realdata):
    table = only(realdata / "wien/raw/vie-bez-pop-sex-age5-stk-nat-geo4-2002f.csv")
    assert len(table) == 18_768
    assert table.rows[0] == 3
    assert table.before[0].startswith("Bevölkerung nach Geschlecht")
    years = np.array(table.column("REF_YEAR"))
    total = sum(numbers(table, c) for c in ("AUT", "EEA", "REU", "TCN"))
    assert total[years == "2025"].sum() == 2_028_289
    assert total[years == "2002"].sum() == 1_571_123
    assert set(parse_sexes(table.column("SEX")).readings) == {"1", "2"}
    days = parse_dates(table.column("REF_DATE"))
    assert not days.issues
    assert days["20250101"].day.isoformat() == "2025-01-01"


def test_vienna_projection_in_latin_1_with_uneven_ages(realdata):
    table = only(realdata / "wien/raw/vie_303.csv")
    assert (table.encoding, len(table)) == ("cp1252", 5489)
    assert "für Wiener" in table.before[0]
    columns = [c for c in table.header if c.startswith("AGE_")]
    ages = parse_ages(columns)
    assert not ages.issues
    axis = AgeAxis(tuple(ages[c].group for c in columns))
    assert axis.encode() == "0,3,6,10,15,20,25,30,45,60,75+"


def test_vienna_history_keeps_unknown_apart_from_zero(realdata):
    table = only(realdata / "wien/raw/vie_101.csv")
    men = to_numbers(table.column("POP_MEN"), column="POP_MEN")
    assert men.status[0] == 11  # "."
    assert np.isnan(men.values[0])


def test_vienna_decimal_comma_and_unproven_thousands(realdata):
    age = only(realdata / "wien/raw/vie-bez-biz-pop-age-2002f.csv")
    assert age.decimal == ","
    assert [i.code for i in age.issues] == ["columns-empty"]
    assert numbers(age, "AGE_AVE")[0] == 41.14
    income = only(realdata / "wien/raw/vie-bez-biz-ecn-inc-sex-2002f.csv")
    assert income.decimal is None
    found = to_numbers(income.column("INC_TOT_VALUE"), column="INC_TOT_VALUE", rows=income.rows)
    assert found.proof is Proof.AMBIGUOUS
    assert [i.code for i in found.issues] == ["number-ambiguous"]
    told = to_numbers(income.column("INC_TOT_VALUE"), decimal=",")
    assert told.values[0] == 18_217


def test_vienna_boundaries_in_two_reference_systems(realdata):
    small = only(realdata / "wien/raw/shp/ZAEHLBEZIRKOGDPolygon.shp")
    large = only(realdata / "wien/raw/shp/BEZIRKSGRENZEOGDPolygon.shp")
    assert (len(small), small.crs) == (250, "EPSG:4326")
    assert (len(large), large.crs) == (23, "EPSG:31256")
    assert "Währing" in large.column("NAMEK")
    assert {len(key) for key in small.column("ZBEZ")} == {4}
    assert len(set(small.column("ZBEZ"))) == 250
    assert sum(g.area for g in large.geometries) / 1e6 == pytest.approx(414.8, abs=0.3)


def test_vienna_migration_in_chunks(realdata):
    path = realdata / "wien/raw/vie-zbz-pop-sex-nat-geo2-mig-2007f.csv"
    chunks = list(iter_chunks(path, rows=5000))
    assert [len(c) for c in chunks] == [5000, 5000, 5000, 3564]
    assert sum(numbers(c, "MIG_MOV_IN").sum() for c in chunks) == sum(
        numbers(c, "MIG_MOV_OUT").sum() for c in chunks
    )
    dates = parse_dates(chunks[0].column("REF_DATE"))
    assert {r.kind for r in dates.readings.values()} == {DateKind.YEAR}


def test_all_pyramids_of_konstanz(realdata):
    files = sorted((realdata / "konstanz/raw/bevoelkerung/pyramiden").glob("*.csv"))
    assert len(files) == 43
    totals = {}
    for path in files:
        table = only(path)
        assert not table.issues
        ages = parse_ages(table.column("alter"))
        assert not ages.issues
        axis = AgeAxis(tuple(ages[a].group for a in table.column("alter")))
        assert axis.first == 0
        totals[path.stem[-4:]] = sum(np.nansum(numbers(table, c)) for c in table.header[1:])
    assert totals["2000"] == 73_804
    assert totals["2001"] == 79_889
    assert totals["2020"] == 85_179


def test_every_other_table_of_konstanz_is_read_without_finding(realdata):
    for path in sorted((realdata / "konstanz/raw").glob("*/*.csv")):
        table = only(path)
        assert table.header[0] == "jahr", path.name
        assert not table.issues, path.name
        assert table.separator == ","


def test_zurich_dialects_and_doubled_zones(realdata):
    raw = realdata / "zuerich_wohnen/raw"
    pipeline = only(raw / "BEV347OD3470.csv")
    assert pipeline.encoding == "utf-8-sig"
    assert pipeline.header[0] == "StichtagDatJahr"
    assert numbers(pipeline, "WhgNeu").sum() == 31_437
    assert numbers(pipeline, "WhgAbbruch").sum() == 7_767
    reserves = only(raw / "KaReB.csv")
    assert (reserves.encoding, reserves.separator) == ("cp1252", ",")
    assert "Höngg" in reserves.column("QuarLang")
    lookup = only(raw / "lookupDistrict.csv")
    assert (lookup.encoding, lookup.separator) == ("cp1252", ";")
    assert lookup.column("QuarCd")[0] == "011"
    zones = only(realdata / "zuerich_wohnen/geo/statistische_zonen_roh_doppelt.geojson.gz")
    assert len(zones) == 432
    assert len(set(zones.column("Zonennummer"))) == 216
    layers = read_tables(realdata / "zuerich_wohnen/geo/zuerich_gebiete.gpkg")
    assert [(t.name, len(t)) for t in layers] == [
        ("stadtkreis", 12), ("quartier", 34), ("statistische_zone", 216),
    ]  # fmt: skip


def test_toronto_centres_keep_their_places(realdata):
    (path,) = (realdata / "childcare_toronto").glob("*.csv")
    table = only(path)
    assert len(table) == 1082
    assert numbers(table, "TOTSPACE").sum() == 85_208
    assert table.decimal == "."
    assert -80 < numbers(table, "lon").mean() < -79
    assert {r.day.year for r in parse_dates(table.column("run_date")).readings.values()} == {2026}


@pytest.mark.slow
def test_181408_polygons_with_their_invalid_ones(realdata):
    table = only(realdata / "polygons/ew_output_areas_2011_simplified.parquet")
    assert (len(table), table.crs) == (181_408, "EPSG:4326")
    counts = {"geometry-empty": 0, "geometry-invalid": 0}
    for issue in table.issues:
        counts[issue.code] += issue.count
    assert counts == {"geometry-empty": 1, "geometry-invalid": 109}
