"""Vienna and Konstanz from their raw files by shipped recipes, without editing anything."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from monitor_app.core.ages import AgeAxis
from monitor_app.core.batch import FactTable, ImportBatch, ImportContext
from monitor_app.core.datasets import Origin
from monitor_app.core.issues import Severity, errors
from monitor_app.exchange.prepare import prepare_import
from tests.exchange.mapping_tools import codes, system_of

pytestmark = pytest.mark.realdata
BOUNDARIES = ("shp/BEZIRKSGRENZEOGDPolygon.shp", "shp/ZAEHLBEZIRKOGDPolygon.shp")
_DONE: dict[str, ImportBatch] = {}


@pytest.fixture(scope="module")
def vienna(realdata: Path) -> Path:
    return realdata / "wien" / "raw"


def batch_of(folder: Path, *names: str, context: ImportContext | None = None) -> ImportBatch:
    """An import of these files (kept, since several tests look at the same one)."""
    key = "|".join((str(folder), *names))
    if key not in _DONE:
        _DONE[key] = prepare_import([folder / n for n in names], None, context)
    return _DONE[key]


def areas(vienna: Path) -> ImportContext:
    return ImportContext(system_of(batch_of(vienna, *BOUNDARIES)))


def fact(batch: ImportBatch, key: str) -> FactTable:
    return next(f for f in batch.facts if f.spec.key == key)


def rows_of(path: Path, encoding: str = "utf-8", skip: int = 0) -> list[dict[str, str]]:
    """The file read by the standard library alone, as an oracle."""
    with path.open(encoding=encoding, newline="") as stream:
        for _ in range(skip):
            next(stream)
        return list(csv.DictReader(stream, delimiter=";"))


def test_vienna_has_23_districts_and_250_parts_with_parents_in_one_crs(vienna: Path) -> None:
    batch = batch_of(vienna, *BOUNDARIES)
    assert not batch.blocked
    district, part = batch.areas
    assert (district.level.key, len(district.keys)) == ("bezirk", 23)
    assert (part.level.key, len(part.keys)) == ("zaehlbezirk", 250)
    assert district.crs == part.crs == "EPSG:31256"
    assert district.names[district.keys.index("91200")] == "Meidling"
    shapes = dict(zip(district.keys, district.geometries, strict=True))
    for parents, shape in zip(part.parents, part.geometries, strict=True):
        assert shapes[parents["bezirk"]].intersection(shape).area > 0.98 * shape.area
    # the two layers are separate surveys, but of the same town: areas agree to 0.1 %
    total = sum(g.area for g in part.geometries)
    assert total == pytest.approx(sum(g.area for g in district.geometries), rel=1e-3)
    assert total == pytest.approx(414.8e6, rel=2e-3)  # the city's published surface, km²


def test_the_city_total_equals_the_independent_control_series(vienna: Path) -> None:
    name = "vie-bez-pop-sex-age5-stk-nat-geo4-2002f.csv"
    batch = batch_of(vienna, name, context=areas(vienna))
    assert not batch.blocked
    assert not [i for i in batch.issues if i.severity is not Severity.INFO]
    cube = fact(batch, "population").cube
    assert cube.dims == ("area", "date", "sex", "group", "age")
    assert cube.ages == AgeAxis.from_lows(tuple(range(0, 85, 5)))
    control: Counter[date] = Counter()
    for row in rows_of(vienna / "vie-bez-pop-sex-stk-1869f.csv"):
        day = row["REF_DATE"]
        control[date(int(day[:4]), int(day[4:6]), int(day[6:]))] += int(row["POP_TOTAL"])
    totals = cube.totals()
    common = sorted(set(totals) & set(control))
    assert [d.year for d in common] == list(range(2002, 2025))
    assert all(totals[d] == control[d] for d in common)
    assert totals[date(2025, 1, 1)] == 2_028_289
    assert all(c.in_file == c.stored for c in batch.comparisons)


def test_old_age_ratio_of_three_districts_by_hand(vienna: Path) -> None:
    name = "vie-bez-pop-sex-age5-stk-nat-geo4-2002f.csv"
    cube = fact(batch_of(vienna, name, context=areas(vienna)), "population").cube
    ages = cube.sum("sex", "group")
    raw = rows_of(vienna / name, skip=1)
    for key, year in (("90100", 2002), ("91200", 2014), ("92300", 2025)):
        old = young = 0
        for row in raw:
            if row["DISTRICT_CODE"] == key and row["REF_YEAR"] == str(year):
                count = sum(int(row[c]) for c in ("AUT", "EEA", "REU", "TCN"))
                old += count if int(row["AGE5"]) >= 14 else 0  # 14 = 65–69
                young += count if 5 <= int(row["AGE5"]) <= 13 else 0  # 20–64
        values = ages.values[cube.area_index[key], cube.date_index[date(year, 1, 1)]]
        assert ages.ages is not None
        assert values[ages.ages.select(65, None)].sum() == old
        assert values[ages.ages.select(20, 65)].sum() == young


def test_control_series_stay_missing_where_the_source_has_none(vienna: Path) -> None:
    batch = batch_of(vienna, "vie-bez-pop-sex-stk-1869f.csv", context=areas(vienna))
    assert not batch.blocked
    total = fact(batch, "population_since_1869").cube
    by_sex = fact(batch, "population_sex_since_1869").cube
    assert total.totals()[date(1869, 12, 31)] == 900_998
    assert np.isnan(by_sex.values[:, by_sex.date_index[date(1869, 12, 31)]]).all()
    old = batch_of(vienna, "vie_101.csv", context=areas(vienna))
    assert not old.blocked
    older = fact(old, "population_vie_101").cube.totals()
    common = set(older) & set(total.totals())
    assert len(common) >= 20
    assert all(older[d] == total.totals()[d] for d in common)


def test_migration_feeds_five_data_sets_and_keeps_23_codes_without_boundary(vienna: Path) -> None:
    name = "vie-zbz-pop-sex-nat-geo2-mig-2007f.csv"
    batch = batch_of(vienna, name, context=areas(vienna))
    assert not batch.blocked
    found = [i for i in batch.issues if i.code == "area-without-boundary"]
    assert len(found) == 23
    assert all(i.value is not None and i.value.endswith("99") and i.row for i in found)
    (kept,) = batch.areas
    assert len(kept.keys) == 23
    assert all(g is None for g in kept.geometries)
    assert kept.parents[kept.keys.index("92399")] == {"bezirk": "92300"}
    columns = {
        ("moves_in", "abroad"): "MIG_EXT_IN", ("moves_in", "domestic"): "MIG_INT_IN",
        ("moves_out", "abroad"): "MIG_EXT_OUT", ("moves_out", "domestic"): "MIG_INT_OUT",
        ("arrivals_within", ""): "MIG_MOV_IN", ("departures_within", ""): "MIG_MOV_OUT",
        ("moves_same_area", ""): "MIG_MOV_LOCAL",
    }  # fmt: skip
    raw = rows_of(vienna / name)
    for (key, partner), column in columns.items():
        cube = fact(batch, key).cube
        if partner:
            cube = cube.take("partner", [cube.labels["partner"].index(partner)])
        assert len(cube.dates) == 17
        for year in (2007, 2022, 2023):
            expected = sum(int(r[column]) for r in raw if r["REF_YEAR"] == str(year))
            assert cube.totals()[date(year, 12, 31)] == expected
    # the next delivery names them again, and no other file misses them
    again = ImportContext(system_of(batch_of(vienna, name, *BOUNDARIES)))
    later = prepare_import(vienna / name, None, again)
    assert codes(later.issues).count("area-without-boundary") == 23
    assert not later.areas
    projection = prepare_import(vienna / "vie_303.csv", None, again)
    assert "areas-missing" not in codes(projection.issues)
    # moves between parts of the town leave one part and reach another
    arrivals, departures = (fact(batch, k).cube for k in ("arrivals_within", "departures_within"))
    assert arrivals.totals() == departures.totals()


def test_ten_rows_of_the_projection_with_a_wrong_date_are_reported_and_mended(vienna: Path) -> None:
    batch = batch_of(vienna, "vie_303.csv", context=areas(vienna))
    assert not batch.blocked
    found = [i for i in batch.issues if i.code == "date-contradicts-block"]
    assert [i.value for i in found] == [f"{y}0101" for y in range(2014, 2024)]
    raw = rows_of(vienna / "vie_303.csv", "latin-1", skip=1)
    assert {raw[(i.row or 0) - 3]["SUB_DISTRICT_CODE"] for i in found} == {"90101"}
    assert {raw[(i.row or 0) - 3]["SEX"] for i in found} == {"2"}
    assert "duplicate-row" not in codes(batch.issues)
    projection = fact(batch, "population_projection_2014")
    assert projection.spec.origin is Origin.PROJECTION
    cube = projection.cube
    assert cube.ages is not None
    assert cube.ages.encode() == "0,3,6,10,15,20,25,30,45,60,75+"
    assert cube.dates == tuple(date(y, 1, 1) for y in range(2014, 2025))
    # the stated combination of women in 90210 is missing, not zero
    women = cube.values[cube.area_index["90210"], :, cube.labels["sex"].index("f")]
    assert np.isnan(women).all()
    assert sum(cube.totals().values()) == sum(
        int(v) for r in raw for k, v in r.items() if k is not None and k.startswith("AGE_")
    )
    first = cube.values[cube.area_index["90101"], :, cube.labels["sex"].index("f"), 0]
    own = [r for r in raw if r["SUB_DISTRICT_CODE"] == "90101" and r["SEX"] == "2"]
    assert first.tolist() == [float(r["AGE_00_02"]) for r in own]


def test_without_the_repair_the_projection_is_refused_with_the_remedy(vienna: Path) -> None:
    from monitor_app.exchange.recipe import dump_recipe, load_recipe, shipped_recipes

    shipped = next(r for r in shipped_recipes() if r.id == "wien_prognose_2014")
    text = dump_recipe(shipped).replace("  repair:\n  - date_from_block\n", "")
    plain = load_recipe(text)
    assert plain != shipped
    batch = prepare_import(vienna / "vie_303.csv", plain, areas(vienna))
    assert batch.blocked
    assert codes(errors(batch.issues)).count("date-contradicts-block") == 10
    assert "duplicate-row" in codes(batch.issues)


def test_income_is_thousands_and_mean_age_is_decimal(vienna: Path) -> None:
    names = ("vie-bez-biz-ecn-inc-sex-2002f.csv", "vie-bez-biz-pop-age-2002f.csv")
    batch = batch_of(vienna, *names, context=areas(vienna))
    assert not batch.blocked
    income = fact(batch, "variable_income").cube
    assert income.values[income.area_index["90100"], 0] == 25_463
    assert len(income.areas) == 23
    assert fact(batch, "variable_income_city").cube.values[0, 0] == 18_217
    age = fact(batch, "variable_mean_age").cube
    assert age.values[age.area_index["92300"], -1] == 42.04
    assert fact(batch, "variable_mean_age_city").cube.values[0, 0] == 41.14


def test_all_files_of_vienna_at_once_in_any_order(vienna: Path) -> None:
    names = [p.name for p in sorted(vienna.glob("*.csv"), reverse=True)]
    batch = batch_of(vienna, *names, *reversed(BOUNDARIES))
    assert not batch.blocked
    assert len({f.spec.key for f in batch.facts}) == len(batch.facts) == 16
    part = next(a for a in batch.areas if a.level.key == "zaehlbezirk")
    assert len(part.keys) == 273
    assert sum(g is None for g in part.geometries) == 23


STEPS = {(1994, 1995), (1999, 2000), (2000, 2001), (2008, 2009)}


def test_konstanz_43_files_in_one_call_with_its_implausible_steps(realdata: Path) -> None:
    folder = realdata / "konstanz" / "raw" / "bevoelkerung" / "pyramiden"
    names = sorted(p.name for p in folder.glob("*.csv"))
    assert len(names) == 43
    batch = batch_of(folder, *names)
    assert not batch.blocked
    assert len(batch.sources) == 43
    (population,) = batch.facts
    cube = population.cube
    assert cube.ages == AgeAxis.single_years(105)
    assert [d.year for d in cube.dates] == list(range(1983, 2026))
    control = {}
    with (realdata / "konstanz/tidy/jahrestabelle_kontrolle.csv").open() as stream:
        for row in csv.DictReader(stream):
            control[date(int(row["year"]), 12, 31)] = float(row["pyramide_summe"])
    assert cube.totals() == control
    found = [i for i in batch.issues if i.code == "implausible-step"]
    steps = {tuple(int(d[-4:]) for d in (i.value or "").split(" – ")) for i in found}
    # 1995 alone is main residence between years with secondary residence: it steps twice
    assert steps == STEPS | {(1995, 1996)}
    assert all(i.file == f"pyramide_{(i.value or '')[-4:]}.csv" for i in found)
    assert "ages-harmonised" in codes(batch.issues)


def test_konstanz_yearly_tables(realdata: Path) -> None:
    folder = realdata / "konstanz" / "raw"
    names = [
        "bevoelkerung/nach_stadtteilen.csv", "bevoelkerung/natuerliche_entwicklung.csv",
        "bevoelkerung/zu_und_wegzug.csv", "bevoelkerung/meldestatus.csv",
        "bevoelkerung/wohnbevoelkerung.csv", "bevoelkerung/nach_staatsangehoerigkeit.csv",
        "bauen_wohnen/wohnungsbestand.csv", "bauen_wohnen/fertigstellungen.csv",
        "kinder_und_jugend/betreuungsquote.csv", "kinder_und_jugend/kinderbetreuung.csv",
        "bevoelkerung/nach_altersgruppe.csv", "schulen/schulen.csv",
    ]  # fmt: skip
    batch = batch_of(folder, *names)
    assert not batch.blocked
    parts = fact(batch, "population_stadtteile").cube
    assert len(parts.areas) == 15
    assert parts.totals()[date(2025, 12, 31)] == 87_178
    assert fact(batch, "births").cube.totals()[date(1995, 12, 31)] == 703
    assert fact(batch, "moves_out").cube.totals()[date(2025, 12, 31)] == 7_997
    assert fact(batch, "variable_care_rate_u3").cube.dates[0] == date(2007, 3, 1)
    assert fact(batch, "variable_pupils").cube.dates[0] == date(2000, 10, 1)
    groups = fact(batch, "population_age_groups").cube
    assert groups.ages is not None
    assert groups.ages.encode() == "0,18,30,40,50,60+"
    assert groups.totals()[date(2025, 12, 31)] == 87_178
    # the table's own total of 2005 is two persons above men plus women: found, not hidden
    differing = [i for i in batch.issues if i.code == "total-differs"]
    assert len(differing) == 1
    assert "2005" in differing[0].message


def test_undivided_petershausen_is_counted_once(realdata: Path) -> None:
    folder = realdata / "konstanz" / "raw" / "bevoelkerung"
    batch = batch_of(folder, "historisch_nach_stadtteilen.csv")
    assert not batch.blocked
    before = fact(batch, "population_stadtteile_bis_1993").cube
    after = fact(batch, "population_stadtteile").cube
    assert "petershausenost" not in before.areas
    assert before.dates[-1] == date(1993, 12, 31)
    assert after.dates[0] == date(1994, 12, 31)
    last, first = before.totals()[before.dates[-1]], after.totals()[after.dates[0]]
    assert abs(first / last - 1) < 0.1
