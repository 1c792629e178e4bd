"""Vienna from the files as published: areas, totals, findings, migration, old-age ratio.

Every expected number is read from the raw files with the ``csv`` module alone.
"""

from __future__ import annotations

import csv
import re
import shutil
from collections import Counter, defaultdict
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from commandline import Imported, done, monitor
from pypdf import PdfReader

from monitor_app.project.project import Project

pytestmark = pytest.mark.realdata

POPULATION = "vie-bez-pop-sex-age5-stk-nat-geo4-2002f.csv"
CONTROL = "vie-bez-pop-sex-stk-1869f.csv"
MIGRATION = "vie-zbz-pop-sex-nat-geo2-mig-2007f.csv"
PROJECTION = "vie_303.csv"
GROUPS = ("AUT", "EEA", "REU", "TCN")


@pytest.fixture(scope="module")
def raw(realdata: Path) -> Path:
    return realdata / "wien" / "raw"


def _rows(path: Path, titles: int = 0, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        for _ in range(titles):
            next(file)
        return [r for r in csv.DictReader(file, delimiter=";") if any(r.values())]


def _population(raw: Path) -> list[dict[str, str]]:
    return _rows(raw / POPULATION, titles=1)


def _info(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = done("info", project)
    found["by_key"] = {d["key"]: d for d in found["datasets"]}
    return found


def test_areas(vienna: Imported) -> None:
    levels = {lv["key"]: lv for lv in _info(vienna.project)["levels"]}
    assert levels["bezirk"]["areas"] == 23
    assert levels["bezirk"]["unlocated"] == 0
    assert levels["zaehlbezirk"]["areas"] == 250
    assert levels["zaehlbezirk"]["unlocated"] == 23


def test_every_file_is_named_with_its_hash(vienna: Imported, raw: Path) -> None:
    import hashlib

    told = {s["name"]: s["sha256"] for s in vienna.report["sources"]}
    csvs = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in raw.glob("*.csv")}
    assert csvs.items() <= told.items()
    assert {n for n in told if n not in csvs} == {
        "BEZIRKSGRENZEOGDPolygon.shp",
        "ZAEHLBEZIRKOGDPolygon.shp",
    }
    by_key = _info(vienna.project)["by_key"]
    sources = {s["name"]: s["sha256"] for s in by_key["population"]["sources"]}
    assert sources[POPULATION] == csvs[POPULATION]


def test_totals_equal_the_control_series(vienna: Imported, raw: Path) -> None:
    control: Counter[str] = Counter()
    for row in _rows(raw / CONTROL):
        control[row["REF_YEAR"]] += int(row["POP_TOTAL"])
    totals = {
        day[:4]: total
        for day, total in _info(vienna.project)["by_key"]["population"]["totals"].items()
    }
    assert sorted(totals) == [str(y) for y in range(2002, 2026)]
    common = sorted(totals.keys() & control.keys())
    assert common == [str(y) for y in range(2002, 2025)]
    assert {y: totals[y] for y in common} == {y: control[y] for y in common}
    assert totals["2025"] == 2_028_289


def test_stored_cells_equal_the_file(vienna: Imported, raw: Path) -> None:
    """District by sex, age and nationality, cell by cell, from the project file itself."""
    expected: dict[tuple[str, str, str, int, str], int] = {}
    for row in _population(raw):
        day = row["REF_DATE"]
        sex = {"1": "m", "2": "f"}[row["SEX"]]
        for group in GROUPS:
            key = (row["DISTRICT_CODE"], day, sex, 5 * (int(row["AGE5"]) - 1), group)
            expected[key] = int(row[group])
    with Project.open(vienna.project, mode="read") as project:
        cube = project.cube("population")
    assert cube.dims == ("area", "date", "sex", "group", "age")
    lows = [int(re.match(r"\d+", label).group()) for label in cube.labels["age"]]  # type: ignore[union-attr]
    assert lows == list(range(0, 85, 5))
    stored = {
        (area, day.strftime("%Y%m%d"), sex, low, group): int(cube.values[a, d, s, g, n])
        for a, area in enumerate(cube.areas)
        for d, day in enumerate(cube.dates)
        for s, sex in enumerate(cube.labels["sex"])
        for n, low in enumerate(lows)
        for g, group in enumerate(cube.labels["group"])
    }
    assert stored == expected


def test_mislabelled_rows_and_codes_without_polygon_are_told(vienna: Imported, raw: Path) -> None:
    """Ten rows of the projection carry the year before; 23 codes have no boundary."""
    mended = [i for i in vienna.issues if i["file"] == PROJECTION and i["column"] == "REF_DATE"]
    assert len(mended) == 10
    lines = (raw / PROJECTION).read_text(encoding="latin-1").splitlines()
    for issue in mended:
        cells = lines[issue["row"] - 1].split(";")
        assert cells[3:6] == ["90100", "90101", "2"]
        assert issue["value"] == cells[-1]
    located = {str(k) for k in _keys_of_shapefile(raw / "shp" / "ZAEHLBEZIRKOGDPolygon.shp")}
    codes = {r["SUB_DISTRICT_CODE"] for r in _rows(raw / MIGRATION)}
    lost = {c for c in codes if c[1:] not in located}
    assert len(lost) == 23
    told = vienna.coded("area-without-boundary")
    assert {i["value"] for i in told} == lost
    assert {i["file"] for i in told} == {MIGRATION}
    assert not vienna.report["ok"] or not [i for i in vienna.issues if i["severity"] == "error"]


def _keys_of_shapefile(path: Path) -> list[str]:
    import pyogrio

    frame = pyogrio.read_dataframe(path, columns=["ZBEZ"], read_geometry=False)
    return [f"{int(v):04d}" for v in frame["ZBEZ"]]


def test_projection_totals(vienna: Imported, raw: Path) -> None:
    """Every row counts; the ten mislabelled ones count in the year of their block."""
    rows = _rows(raw / PROJECTION, titles=1, encoding="latin-1")
    ages = [c for c in rows[0] if c and c.startswith("AGE_")]
    everything = sum(int(r[c]) for r in rows for c in ages)
    dataset = _info(vienna.project)["by_key"]["population_projection_2014"]
    totals = {day[:4]: t for day, t in dataset["totals"].items()}
    assert dataset["origin"] == "projection"
    assert sum(totals.values()) == everything
    assert sorted(totals) == [str(y) for y in range(2014, 2025)]
    # years outside 90101 women are right in the source: only that block moves
    per_year: Counter[str] = Counter()
    block: list[int] = []
    for row in rows:
        count = sum(int(row[c]) for c in ages)
        if (row["SUB_DISTRICT_CODE"], row["SEX"]) == ("90101", "2"):
            block.append(count)
        else:
            per_year[row["REF_DATE"][:4]] += count
    assert len(block) == 11
    for year, count in zip(range(2014, 2025), block, strict=True):
        per_year[str(year)] += count
    assert totals == dict(per_year)


@pytest.mark.parametrize(
    ("dataset", "columns"),
    [
        ("moves_in", ("MIG_EXT_IN", "MIG_INT_IN")),
        ("moves_out", ("MIG_EXT_OUT", "MIG_INT_OUT")),
        ("arrivals_within", ("MIG_MOV_IN",)),
        ("departures_within", ("MIG_MOV_OUT",)),
        ("moves_same_area", ("MIG_MOV_LOCAL",)),
    ],
)
def test_migration_sums(
    dataset: str, columns: tuple[str, ...], vienna: Imported, raw: Path
) -> None:
    expected: Counter[str] = Counter()
    for row in _rows(raw / MIGRATION):
        expected[row["REF_YEAR"]] += sum(int(row[c]) for c in columns)
    totals = _info(vienna.project)["by_key"][dataset]["totals"]
    assert {day[:4]: t for day, t in totals.items()} == dict(expected)


def test_migration_of_areas_without_polygon_is_kept(vienna: Imported, raw: Path) -> None:
    expected: Counter[str] = Counter()
    for row in _rows(raw / MIGRATION):
        if row["SUB_DISTRICT_CODE"].endswith("99"):
            expected[row["SUB_DISTRICT_CODE"]] += int(row["MIG_EXT_IN"]) + int(row["MIG_INT_IN"])
    with Project.open(vienna.project, mode="read") as project:
        cube = project.cube("moves_in")
    stored = {
        area: int(cube.values[i].sum()) for i, area in enumerate(cube.areas) if area in expected
    }
    assert sum(expected.values()) > 0
    assert stored == dict(expected)


def test_averages_have_no_total(vienna: Imported, raw: Path) -> None:
    """The sum of 23 mean incomes means nothing; 18.217 is eighteen thousand, not eighteen."""
    by_key = _info(vienna.project)["by_key"]
    assert set(by_key["variable_income"]["totals"].values()) == {None}
    city = {r["REF_DATE"]: r["INC_TOT_VALUE"] for r in _rows(
        raw / "vie-bez-biz-ecn-inc-sex-2002f.csv") if r["DISTRICT_CODE"] == "90000"}  # fmt: skip
    expected = {f"{d[:4]}-{d[4:6]}-{d[6:]}": int(v.replace(".", "")) for d, v in city.items()}
    assert expected["2002-12-31"] == 18_217
    assert by_key["variable_income_city"]["totals"] == expected


def test_few_implausible_steps_in_the_register(vienna: Imported) -> None:
    """Two real breaks of the migration (Ukraine 2022, pandemic 2020), none in the stock."""
    steps = vienna.coded("implausible-step")
    stock = [i for i in steps if i["file"] == POPULATION]
    assert stock == []
    moves = sorted(i["value"] for i in steps if i["file"] == MIGRATION)
    assert "31.12.2021 – 31.12.2022" in moves
    assert len(moves) <= 4


@pytest.mark.slow
def test_file_by_file_gives_the_same(vienna: Imported, raw: Path, tmp_path: Path) -> None:
    """Boundaries first, then each file on its own by its recipe: the same project content."""
    project = tmp_path / "einzeln.gpkg"
    done("new", project, "--name", "Wien")
    steps = [
        (raw / "shp" / "BEZIRKSGRENZEOGDPolygon.shp", "wien_bezirke"),
        (raw / "shp" / "ZAEHLBEZIRKOGDPolygon.shp", "wien_zaehlbezirke"),
        (raw / POPULATION, "wien_bevoelkerung"),
        (raw / MIGRATION, "wien_wanderung"),
        (raw / PROJECTION, "wien_prognose_2014"),
    ]
    for path, name in steps:
        done("import", project, path, "--recipe", name)
    single, whole = _info(project), _info(vienna.project)
    assert single["levels"] == whole["levels"]
    assert single["revisions"] == len(steps)
    for key, dataset in single["by_key"].items():
        for part in ("level", "dates", "totals", "areas", "dimensions", "ages"):
            assert dataset[part] == whole["by_key"][key][part], (key, part)


def test_importing_the_same_file_again_changes_nothing(
    vienna: Imported, raw: Path, tmp_path: Path
) -> None:
    project = Path(shutil.copy(vienna.project, tmp_path / "wien.gpkg"))
    before = _info(project)["by_key"]["population"]["totals"]
    done("import", project, raw / POPULATION)
    assert _info(project)["by_key"]["population"]["totals"] == before


# -- old-age ratio ----------------------------------------------------------------------------


def _old_age_ratio(raw: Path) -> dict[tuple[str, str], Fraction]:
    """Persons of 65 and more per 100 persons of 20 to 64, by district ("" = city) and date."""
    old: dict[tuple[str, str], int] = defaultdict(int)
    working: dict[tuple[str, str], int] = defaultdict(int)
    for row in _population(raw):
        low = 5 * (int(row["AGE5"]) - 1)
        count = sum(int(row[g]) for g in GROUPS)
        d = row["REF_DATE"]
        day = f"{d[:4]}-{d[4:6]}-{d[6:]}"
        for key in ((row["DISTRICT_CODE"], day), ("", day)):
            if low >= 65:
                old[key] += count
            elif low >= 20:
                working[key] += count
    return {key: Fraction(100 * old[key], working[key]) for key in working}


def _printed(value: Fraction, comma: str = ",") -> str:
    """One decimal, halves away from zero: what a clerk writes by hand."""
    tenths = int(value * 10 + Fraction(1, 2))
    return f"{tenths // 10}{comma}{tenths % 10}"


def test_old_age_ratio_as_json(vienna: Imported, raw: Path) -> None:
    expected = _old_age_ratio(raw)
    found = done("values", vienna.project, "-i", "altenquotient", "-l", "bezirk")
    assert found["precision"] == 1
    values = {
        ("" if v["area"] == "city" else v["area"], v["date"]): v["value"] for v in found["values"]
    }
    assert values.keys() == expected.keys()
    assert len(values) == 24 * 24
    for key, value in expected.items():
        assert values[key] == pytest.approx(float(value), rel=1e-12), key


def test_old_age_ratio_as_csv(vienna: Imported, raw: Path, tmp_path: Path) -> None:
    expected = _old_age_ratio(raw)
    answer = monitor("values", vienna.project, "-i", "altenquotient", "-l", "bezirk",
                     "--format", "csv")  # fmt: skip
    assert (answer.code, answer.err) == (0, "")
    table = list(csv.reader(answer.out.splitlines(), delimiter=";"))
    days = [f"{h[6:]}-{h[3:5]}-{h[:2]}" for h in table[0][2:]]
    assert len(days) == 24
    cells = {
        (row[0], day): cell
        for row in table[1:] if len(row) == len(table[0])
        for day, cell in zip(days, row[2:], strict=True)
    }  # fmt: skip
    assert cells == {key: _printed(value) for key, value in expected.items()}
    # the file that is handed on has the same cells
    path = tmp_path / "altenquotient.csv"
    done("values", vienna.project, "-i", "altenquotient", "-l", "bezirk", "-o", path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert [r for r in csv.reader(path.read_text("utf-8-sig").splitlines(), delimiter=";")
            if r][: len(table)] == [r for r in table if r][: len(table)]  # fmt: skip


def test_old_age_ratio_by_hand_for_three_districts(vienna: Imported) -> None:
    """Added up by hand from the file (2025): persons 65+, persons 20–64."""
    hand = {"90100": "43,4", "91000": None, "92300": None}
    answer = monitor("values", vienna.project, "-i", "altenquotient", "-l", "bezirk", "-d",
                     "2025", "--format", "csv")  # fmt: skip
    table = {r[0]: r[2] for r in csv.reader(answer.out.splitlines(), delimiter=";") if len(r) == 3}
    assert table["90100"] == hand["90100"]


def test_old_age_ratio_on_the_page(vienna: Imported, raw: Path, tmp_path: Path) -> None:
    """Class limits and counts in the PDF's text fit the values of the day."""
    path = tmp_path / "altenquotient.pdf"
    done("map", vienna.project, "-i", "altenquotient", "-l", "bezirk", "-d", "2025", "-o", path)
    text = PdfReader(path).pages[0].extract_text()
    expected = _old_age_ratio(raw)
    assert "Altenquotient" in text
    assert "01.01.2025" in text
    assert f"Stadt insgesamt: {_printed(expected['', '2025-01-01'])}" in text
    assert "Stadt Wien" in text
    lines = re.findall(r"(\d+,\d) (bis unter|bis) (\d+,\d)\s+(\d+)", " ".join(text.split()))
    assert len(lines) == 5, text
    day = [v for (area, d), v in expected.items() if area and d == "2025-01-01"]
    everything = [v for (area, _), v in expected.items() if area]
    half = Fraction(1, 20)  # the limits are printed to one decimal and never rounded for classing
    for n, (low, word, high, count) in enumerate(lines):
        a, b = (Fraction(x.replace(",", ".")) for x in (low, high))
        surely = [v for v in day if a + half <= v < b - half]
        possibly = [v for v in day if a - half <= v <= b + half]
        assert len(surely) <= int(count) <= len(possibly), (low, high, count)
        assert word == ("bis" if n == 4 else "bis unter")
        if n:
            assert low == lines[n - 1][2]
    assert sum(int(line[3]) for line in lines) == 23
    # fixed over all dates: from the lowest to the highest value of the whole series
    assert lines[0][0] == _printed(min(everything))
    assert lines[-1][2] == _printed(max(everything))


def test_change_map(vienna: Imported, raw: Path, tmp_path: Path) -> None:
    path = tmp_path / "veraenderung.pdf"
    done("map", vienna.project, "-i", "altenquotient", "-l", "bezirk", "-d", "2025",
         "--compare", "2002", "-o", path)  # fmt: skip
    text = " ".join(PdfReader(path).pages[0].extract_text().split())
    assert "01.01.2002" in text
    assert "01.01.2025" in text
    expected = _old_age_ratio(raw)
    change = expected["", "2025-01-01"] - expected["", "2002-01-01"]
    sign = "−" if change < 0 else "+"
    assert f"{sign}{_printed(abs(change))}" in text


def test_residents_since_1869(vienna: Imported, raw: Path) -> None:
    """The long series answers where the age file has nothing, each date once. In four rows (1971)
    the source's men and women do not add up to its total: either reading is right there."""
    expected: dict[tuple[str, str], set[int]] = {}
    for row in _rows(raw / CONTROL):
        d = row["REF_DATE"]
        readings = {int(row["POP_TOTAL"])}
        if row["POP_MAL"]:
            readings.add(int(row["POP_MAL"]) + int(row["POP_FEM"]))
        expected[row["DISTRICT_CODE"], f"{d[:4]}-{d[4:6]}-{d[6:]}"] = readings
    assert sum(len(r) > 1 for r in expected.values()) == 4
    found = done("values", vienna.project, "-i", "einwohner", "-l", "bezirk")
    values = {(v["area"], v["date"]): v["value"] for v in found["values"] if v["area"] != "city"}
    assert not [k for k, readings in expected.items() if values.get(k) not in readings]
    assert date.fromisoformat(max(d for _, d in values)) == date(2025, 1, 1)
