"""Layouts in which towns and offices publish populations, read without any recipe.

All numbers are made up here; the oracle is the plain sum of the same numbers before they were
written into a layout.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from monitor_app.core.ages import AgeGroup
from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.batch import FactTable, ImportBatch, ImportContext
from monitor_app.exchange.prepare import prepare_import

NAMES = ("Altstadt", "Nordend", "Groß Flottbek", "Bergheim", "Seefeld", "St. Jürgen")
YEARS = (2022, 2023, 2024)
TOP = 100
#: (area, year, sex, nationality, age) -> persons; the last age is open and piles up.
PEOPLE = {
    (a, y, s, g, x): (x * 7 + a * 13 + y * 3 + (s == "m") * 5 + (g == "D") * 11) % 23
    + (40 if x == TOP else 0)
    for a in range(6) for y in YEARS for s in "mf" for g in "DA" for x in range(TOP + 1)
}  # fmt: skip
FINE = ((0, 3), (3, 6), (6, 18), (18, 65), (65, 999))


def people(
    areas: Iterable[int], year: int, sexes: str = "mf", groups: str = "DA", low: int = 0,
    high: int = 999,
) -> int:  # fmt: skip
    return sum(
        PEOPLE[a, year, s, g, x]
        for a in areas for s in sexes for g in groups for x in range(low, min(high, TOP + 1))
    )  # fmt: skip


def town(keys: Sequence[str]) -> ImportContext:
    areas = tuple(Area(i + 1, "teil", k, NAMES[i]) for i, k in enumerate(keys))
    return ImportContext(AreaSystem((Level(CITY, "Stadt", 0), Level("teil", "Teil", 1)), areas))


NUMBERED = tuple(f"{i + 1:02d}" for i in range(6))


def dump(
    path: Path, header: Sequence[Any], rows: Iterable[Sequence[Any]], separator: str = ";",
    encoding: str = "utf-8", before: str = "", after: str = "",
) -> Path:  # fmt: skip
    out = io.StringIO()
    out.write(before)
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    out.write(after)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def one(batch: ImportBatch, kind: str = "population") -> FactTable:
    assert not batch.blocked, [i.message for i in batch.issues if i.severity == "error"]
    (fact,) = [f for f in batch.facts if f.spec.kind == kind]
    return fact


def check(fact: FactTable, years: Sequence[int] = YEARS, *, sexes: bool, ages: bool) -> None:
    """Totals per date, per area, of men and of the young against the plain sums."""
    cube = fact.cube
    assert cube.totals() == {date(y, 12, 31): people(range(6), y) for y in years}
    assert len(cube.areas) == 6
    for i in range(6):
        here = cube.take("area", [i]).totals()
        assert here == {date(y, 12, 31): people([i], y) for y in years}
    assert ("sex" in cube.dims) is sexes
    if sexes:
        men = cube.take("sex", [cube.labels["sex"].index("m")]).totals()
        assert men == {date(y, 12, 31): people(range(6), y, "m") for y in years}
    assert ("age" in cube.dims) is ages
    if ages:
        assert cube.ages is not None
        under = [i for i, g in enumerate(cube.ages.groups) if g.hi is not None and g.hi <= 6]
        assert under
        young = cube.take("age", under).totals()
        assert young == {date(y, 12, 31): people(range(6), y, high=6) for y in years}


def cells(*sets: Iterable[Any]) -> Iterable[tuple[Any, ...]]:
    from itertools import product

    return product(*sets)


def sort_and_code_columns(folder: Path) -> list[Path]:
    header = [
        "StichtagDatJahr",
        "AlterVSort",
        "AlterVCd",
        "AlterVKurz",
        "AlterV05Cd",
        "AlterV05Kurz",
        "SexCd",
        "SexLang",
        "QuarSort",
        "QuarCd",
        "QuarLang",
        "HerkunftCd",
        "HerkunftLang",
        "AnzBestWir",
    ]
    rows = [
        (y, x, x, x if x < TOP else "100 u. älter", x // 5 * 5, f"{x // 5 * 5}-{x // 5 * 5 + 4}",
         1 if s == "m" else 2, "männlich" if s == "m" else "weiblich", a + 1, f"{a + 1:03d}",
         NAMES[a], 1 if g == "D" else 2, "Schweizer*in" if g == "D" else "Ausländer*in", v)
        for (a, y, s, g, x), v in PEOPLE.items() if v
    ]  # fmt: skip
    return [dump(folder / "bev390.csv", header, rows, ",", "utf-8-sig")]


def matrix_of_ages(folder: Path) -> list[Path]:
    """A file per year, fine and coarse age groups side by side, sexes without ages."""
    fine = [(0, 1), (1, 2), (2, 3), (3, 5), (5, 6), (6, 7), (7, 15), (15, 65), (65, 110)]
    coarse = [(None, 1), (1, 6), (6, 15), (15, 65), (65, 110)]
    header = [
        "ZEIT", "RAUMID", "BEZ", "PGR", "E_E", "E_EM", "E_EW",
        *(f"E_E{a:02d}_{b:02d}" for a, b in fine),
        *(f"E_E{'' if a is None else a}U{b}" for a, b in coarse),
    ]  # fmt: skip
    for y in YEARS:
        rows = [
            (f"{y}12", f"{a + 1:02d}", f"0{a // 3 + 1}", f"0{a // 3 % 2 + 1}", people([a], y),
             people([a], y, "m"), people([a], y, "f"),
             *(people([a], y, low=lo or 0, high=hi if hi < 110 else 999)
               for lo, hi in (*fine, *coarse)))
            for a in range(6)
        ]  # fmt: skip
        dump(folder / f"EWR{y}12E_Matrix.csv", header, rows)
    return sorted(folder.glob("EWR*.csv"))


def ages_as_plain_numbers(folder: Path) -> list[Path]:
    for y in YEARS:
        rows = [
            (f"{a + 1:02d}", NAMES[a], "männlich" if s == "m" else "weiblich",
             *(people([a], y, s, low=x, high=x + 1) for x in range(TOP + 1)))
            for a in range(6) for s in "mf"
        ]  # fmt: skip
        header = ["Stadtteil_Nr", "Stadtteil", "Geschlecht", *range(TOP + 1)]
        dump(folder / f"{y}_einwohner_alter.csv", header, rows, encoding="cp1252")
    return sorted(folder.glob("*.csv"))


def years_across(folder: Path) -> list[Path]:
    rows = [
        (a + 1, NAMES[a], "männlich" if s == "m" else "weiblich",
         f"{x} Jahre" if x < TOP else "100 Jahre und älter",
         *(people([a], y, s, low=x, high=x + 1) for y in YEARS))
        for a in range(6) for s in "mf" for x in range(TOP + 1)
    ]  # fmt: skip
    header = ["Schlüssel", "Ortsteil", "Geschlecht", "Alter", *YEARS]
    return [dump(folder / "einwohner_ortsteile.csv", header, rows, ",")]


def statistical_cube_with_totals(folder: Path) -> list[Path]:
    """Totals in every dimension, dots before the names, a title line."""
    rows = []
    for a, s, x in cells([None, *range(6)], ["mf", "m", "f"], [None, *range(TOP + 1)]):
        areas = range(6) if a is None else [a]
        sex = {"mf": "Geschlecht - Total", "m": "Mann", "f": "Frau"}[s]
        age = "Alter - Total" if x is None else "100 Jahre oder mehr" if x == TOP else f"{x} Jahre"
        low, high = (0, 999) if x is None else (x, x + 1)
        counts = [people(areas, y, s, low=low, high=high) for y in YEARS]
        place = "Ganzes Land" if a is None else f"......{a + 1:04d} {NAMES[a]}"
        rows.append((place, sex, age, *counts))
    header = ["Kanton (-) / Bezirk (>>) / Gemeinde (......)", "Geschlecht", "Alter", *YEARS]
    title = '"Ständige Wohnbevölkerung nach Gemeinde"\r\n\r\n'
    return [dump(folder / "px-x-0102.csv", header, rows, ",", "cp1252", title)]


def thousands_points_and_a_sum_row(folder: Path) -> list[Path]:
    labels = ["unter 3", "3 bis unter 6", "6 bis unter 18", "18 bis unter 65", "65 u.ä."]

    def dots(value: int) -> str:
        return f"{value * 1:,}".replace(",", ".") if value else "-"

    for y in YEARS:
        rows = [
            (f"{a + 1:02d}", NAMES[a], dots(people([a], y)),
             *(dots(people([a], y, low=lo, high=hi)) for lo, hi in FINE))
            for a in range(6)
        ]  # fmt: skip
        rows.append(
            ("", "Insgesamt", dots(people(range(6), y)),
             *(dots(people(range(6), y, low=lo, high=hi)) for lo, hi in FINE))
        )  # fmt: skip
        title = f"Wohnbevölkerung nach Altersgruppen;;;;;;;\r\nStand: 31.12.{y};;;;;;;\r\n"
        note = "\r\nQuelle: Einwohnermelderegister\r\n- = nichts vorhanden\r\n"
        header = ["Nr.", "Stadtviertel", "Einwohner insgesamt", *labels]
        dump(folder / f"altersstruktur_{y}.csv", header, rows, ";", "cp1252", title, note)
    return sorted(folder.glob("*.csv"))


def flat_file_of_the_statistical_offices(folder: Path) -> list[Path]:
    header = [
        "Statistik_Code",
        "Statistik_Label",
        "Zeit_Code",
        "Zeit_Label",
        "Zeit",
        "1_Merkmal_Code",
        "1_Merkmal_Label",
        "1_Auspraegung_Code",
        "1_Auspraegung_Label",
        "2_Merkmal_Code",
        "2_Merkmal_Label",
        "2_Auspraegung_Code",
        "2_Auspraegung_Label",
        "3_Merkmal_Code",
        "3_Merkmal_Label",
        "3_Auspraegung_Code",
        "3_Auspraegung_Label",
        "BEVSTD__Bevoelkerungsstand__Anzahl",
    ]
    rows = []
    for y, a, s, x in cells(YEARS, range(6), ["m", "f", "mf"], [None, *range(91)]):
        sex = {"m": ("GESM", "männlich"), "f": ("GESW", "weiblich"), "mf": ("", "Insgesamt")}[s]
        age = ("", "Insgesamt") if x is None else ("ALT000B01", "unter 1 Jahr") if x == 0 else (
            ("ALT090UM", "90 Jahre und mehr") if x == 90 else (f"ALT{x:03d}", f"{x}-Jährige")
        )  # fmt: skip
        low, high = (0, 999) if x is None else (x, 999 if x == 90 else x + 1)
        rows.append(
            ("12411", "Fortschreibung", "STAG", "Stichtag", f"31.12.{y}", "GEMEIN", "Gemeinden",
             f"{a + 1:02d}", f"{NAMES[a]}, Stadt", "GES", "Geschlecht", *sex, "ALTX20",
             "Altersjahre", *age, people([a], y, s, low=low, high=high))
        )  # fmt: skip
    return [dump(folder / "12411-0018_flat.csv", header, rows, encoding="cp1252")]


def key_and_name_in_one_cell(folder: Path) -> list[Path]:
    rows = [
        (f"{a + 1} - {NAMES[a]}", f"31.12.{y}", "w" if s == "f" else "m", x,
         people([a], y, s, low=x, high=x + 1))
        for a, y, s, x in cells(range(6), YEARS, "mf", range(TOP + 1))
    ]  # fmt: skip
    header = ["Stadtteil", "Stand", "G", "Alter", "Hauptwohnsitz"]
    return [dump(folder / "hauptwohner.txt", header, rows, "\t", "cp1252")]


def names_without_keys(folder: Path) -> list[Path]:
    rows = [
        (f"Jahresende {y}", NAMES[a], "0-jährig" if x == 0 else f"{x}-jährig" if x < TOP
         else "100 Jahre und mehr", people([a], y, low=x, high=x + 1))
        for a, y, x in cells(range(6), YEARS, range(TOP + 1))
    ]  # fmt: skip
    return [dump(folder / "ew.csv", ["Zeit", "Stadtteil", "Altersjahr", "Einwohner"], rows)]


def characteristics_below_each_other(folder: Path) -> list[Path]:
    labels = ["unter 3 Jahre", "3 bis unter 6 Jahre", "6 bis unter 18 Jahre",
              "18 bis unter 65 Jahre", "65 Jahre und älter"]  # fmt: skip
    rows = []
    for y, a in cells(YEARS, [*range(6), None]):
        areas, place = (range(6), "Gesamtstadt") if a is None else ([a], f"{a + 1:02d} {NAMES[a]}")
        rows.append((f"31.12.{y}", place, "insgesamt", people(areas, y)))
        for label, (lo, hi) in zip(labels, FINE, strict=True):
            rows.append((f"31.12.{y}", place, label, people(areas, y, low=lo, high=hi)))
    header = ["ZEIT", "RAUM", "MERKMAL", "WERT"]
    return [dump(folder / "bevoelkerung_altersgruppen.csv", header, rows)]


def nationality_and_sex_in_headers(folder: Path) -> list[Path]:
    rows = [
        (f"{y}1231", f"{a + 1:02d}", f"{x:02d}" if x < TOP else "100+",
         *(people([a], y, s, g, x, x + 1) for g in "DA" for s in "mf"))
        for a, y, x in cells(range(6), YEARS, range(TOP + 1))
    ]  # fmt: skip
    header = ["Stichtag", "Bezirk", "Alter", "deutsch männlich", "deutsch weiblich",
              "nichtdeutsch männlich", "nichtdeutsch weiblich"]  # fmt: skip
    return [dump(folder / "bev.csv", header, rows)]


def sexes_beside_their_total(folder: Path) -> list[Path]:
    def thin(value: int) -> str:
        return f"{value:,}".replace(",", "\u202f")

    rows = [
        (y, "" if a is None else a + 1, "Stadt" if a is None else NAMES[a],
         *(thin(people(range(6) if a is None else [a], y, s)) for s in ("mf", "m", "f")))
        for y, a in cells(YEARS, [*range(6), None])
    ]  # fmt: skip
    header = ["Jahr", "Nr", "Bezirk", "Einwohner gesamt", "davon männlich", "davon weiblich"]
    return [dump(folder / "bevoelkerung_bezirke.csv", header, rows)]


LAYOUTS: dict[Callable[[Path], list[Path]], tuple[bool, bool]] = {
    sort_and_code_columns: (True, True),
    matrix_of_ages: (False, True),
    ages_as_plain_numbers: (True, True),
    years_across: (True, True),
    statistical_cube_with_totals: (True, True),
    thousands_points_and_a_sum_row: (False, True),
    flat_file_of_the_statistical_offices: (True, True),
    key_and_name_in_one_cell: (True, True),
    names_without_keys: (False, True),
    characteristics_below_each_other: (False, True),
    nationality_and_sex_in_headers: (True, True),
    sexes_beside_their_total: (True, False),
}


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda f: f.__name__)
def test_a_layout_is_read_to_the_person(
    layout: Callable[[Path], list[Path]], tmp_path: Path
) -> None:
    sexes, ages = LAYOUTS[layout]
    batch = prepare_import(layout(tmp_path), None, town(NUMBERED))
    fact = one(batch)
    check(fact, sexes=sexes, ages=ages)
    assert fact.spec.level == "teil"
    assert fact.cube.areas == NUMBERED
    assert fact.spec.key == "population"


@pytest.mark.parametrize("layout", [sort_and_code_columns, nationality_and_sex_in_headers])
def test_nationalities_get_the_codes_that_indicators_know(
    layout: Callable[[Path], list[Path]], tmp_path: Path
) -> None:
    cube = one(prepare_import(layout(tmp_path), None, town(NUMBERED))).cube
    foreign = cube.take("group", [cube.labels["group"].index("foreign")]).totals()
    assert foreign == {date(y, 12, 31): people(range(6), y, groups="A") for y in YEARS}


def test_a_highest_single_age_that_piles_up_is_open(tmp_path: Path) -> None:
    cube = one(prepare_import(ages_as_plain_numbers(tmp_path), None, town(NUMBERED))).cube
    assert cube.ages is not None
    assert cube.ages.groups[-1] == AgeGroup(TOP, None)


def test_all_years_of_one_delivery_become_one_data_set(tmp_path: Path) -> None:
    batch = prepare_import(matrix_of_ages(tmp_path), None, town(NUMBERED))
    assert len(batch.facts) == len(batch.recipes) == 1
    assert batch.facts[0].cube.dates == tuple(date(y, 12, 31) for y in YEARS)


def test_events_side_by_side_become_a_data_set_each(tmp_path: Path) -> None:
    sums: dict[str, int] = defaultdict(int)
    rows = []
    for y, a in cells(YEARS, range(6)):
        counts = {"births": 5 + a, "deaths": 9 + a * y % 7, "moves_in": 70 + a, "moves_out": 60}
        for kind, count in counts.items():
            sums[kind] += count
        rows.append((y, a + 1, NAMES[a], *counts.values()))
    header = ["Jahr", "Nr", "Bezirk", "Geburten", "Sterbefälle", "Zuzüge", "Fortzüge"]
    path = dump(tmp_path / "bewegungen.csv", header, rows)
    batch = prepare_import(path, None, town(NUMBERED))
    assert not batch.blocked
    found = {f.spec.kind.value: sum(f.cube.totals().values()) for f in batch.facts}
    assert found == sums


def test_data_without_boundaries_bring_their_own_areas(tmp_path: Path) -> None:
    rows = [
        (y, f"{a + 1:02d}", NAMES[a], x, s, people([a], y, s, low=x, high=x + 1))
        for a, y, s, x in cells(range(6), YEARS, "mf", range(TOP + 1))
    ]
    header = ["Jahr", "Bezirksnummer", "Bezirk", "Alter", "Geschlecht", "Anzahl"]
    batch = prepare_import(dump(tmp_path / "einwohner.csv", header, rows), None)
    check(one(batch), sexes=True, ages=True)
    (areas,) = batch.areas
    assert (areas.keys, areas.names) == (NUMBERED, NAMES)


def test_a_population_ends_with_everybody_older(tmp_path: Path) -> None:
    """Few people of the highest age: still nobody of the town is left out of “65 and older”."""
    header = ["Stadtteil_Nr", "Stand", *range(96)]
    rows = [(a + 1, f"31.12.{y}", *(100 - x for x in range(96))) for a in range(6) for y in YEARS]
    path = dump(tmp_path / "einwohner.csv", header, rows)
    cube = one(prepare_import(path, None, town(NUMBERED))).cube
    assert cube.ages is not None
    assert cube.ages.groups[-1] == AgeGroup(95, None)


def test_pupils_do_not_go_on_for_ever(tmp_path: Path) -> None:
    rows = [(a + 1, f"31.12.{y}", *(100 + x for x in range(12))) for a in range(6) for y in YEARS]
    path = dump(tmp_path / "schueler_alter.csv", ["Stadtteil_Nr", "Stand", *(
        f"Alter {x}" for x in range(6, 18))], rows)  # fmt: skip
    cube = one(prepare_import(path, None, town(NUMBERED))).cube
    assert cube.ages is not None
    assert cube.ages.groups[-1] == AgeGroup(17, 18)


def test_two_tables_of_one_subject_do_not_share_a_data_set(tmp_path: Path) -> None:
    ages = [
        (y, f"{a + 1:02d}", s, x, people([a], y, s, low=x, high=x + 1))
        for a, y, s, x in cells(range(6), YEARS, "mf", range(TOP + 1))
    ]
    nations = [
        (y, f"{a + 1:02d}", "deutsch" if g == "D" else "nichtdeutsch", people([a], y, groups=g))
        for a, y, g in cells(range(6), YEARS, "DA")
    ]
    first = ["Jahr", "Bezirk", "Geschlecht", "Alter", "Anzahl"]
    files = [
        dump(tmp_path / "bev_alter.csv", first, ages),
        dump(tmp_path / "bev_nation.csv", ["Jahr", "Bezirk", "Staat", "Anzahl"], nations),
        dump(tmp_path / "bev_alter_nebenwohnsitz.csv", first, ages),
    ]
    batch = prepare_import(files, None, town(NUMBERED))
    assert not batch.blocked
    assert len({f.spec.key for f in batch.facts}) == 3
    for fact in batch.facts:
        assert fact.cube.totals() == {date(y, 12, 31): people(range(6), y) for y in YEARS}


def test_keys_of_coarser_areas_are_no_counts(tmp_path: Path) -> None:
    rows = [
        (f"31.12.{y}", a // 3 + 1, f"Bezirk {a // 3}", a + 1, NAMES[a], s, x,
         people([a], y, s, low=x, high=x + 1))
        for a, y, s, x in cells(range(6), YEARS, "mf", range(TOP + 1))
    ]  # fmt: skip
    header = ["Stichtag", "Bezirk", "Bezirksname", "Ortsteil", "Name", "G", "Alter", "Anzahl"]
    path = dump(tmp_path / "bev.csv", header, rows)
    check(one(prepare_import(path, None, town(NUMBERED))), sexes=True, ages=True)


def test_months_beside_years_and_rows_of_the_year(tmp_path: Path) -> None:
    rows = []
    for y in YEARS:
        rows.append(("Einwohner", "insgesamt", y, "Summe", 12 * people(range(6), y)))
        for month in (6, 12):
            for text, g in (("deutsch", "D"), ("ausländisch", "A"), ("insgesamt", "DA")):
                rows.append(("Einwohner", text, y, f"{y}{month:02d}",
                             people(range(6), y, groups=g)))  # fmt: skip
    header = ["MONATSZAHL", "AUSPRAEGUNG", "JAHR", "MONAT", "WERT"]
    path = dump(tmp_path / "monatszahlen_bevoelkerung.csv", header, rows, ",")
    batch = prepare_import(path, None, town(NUMBERED))
    days = {date(y, m, 30 + (m == 12)): people(range(6), y) for y in YEARS for m in (6, 12)}
    assert one(batch).cube.totals() == days


def test_every_column_with_numbers_is_used_or_named(tmp_path: Path) -> None:
    """Nothing is left out in silence: the reasons name what a matrix of ages does not need."""
    (issue,) = [
        i
        for i in prepare_import(matrix_of_ages(tmp_path), None, town(NUMBERED)).issues
        if i.code == "recipe-proposed"
    ]
    assert issue.value is not None
    for column in ("E_E", "E_EM", "E_EW", "E_E1U6", "BEZ"):
        assert column in issue.value.replace("(", " ").replace(",", " ").replace(")", " ").split()
