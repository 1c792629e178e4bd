"""Codes of open data: prefixed codes, years of birth, sexes as sheets, areas as columns."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from monitor_app.core.ages import AgeGroup
from monitor_app.core.issues import errors
from monitor_app.exchange.prepare import prepare_import
from tests.exchange.mapping_tools import codes, map_one
from tests.exchange.mapping_tools import table as raw
from tests.exchange.test_towns_layouts import (
    NAMES,
    NUMBERED,
    TOP,
    YEARS,
    cells,
    check,
    dump,
    one,
    people,
    town,
)


def coded(folder: Path) -> Path:
    """``A10-2024``, ``GALTEJ112-1`` for children below one, ``C11-2`` for women."""
    rows = [
        (f"A10-{y}", f"GALTEJ112-{x + 1}", f"C11-{'mf'.index(s) + 1}", f"GRGEMAKT-{10101 + a}",
         people([a], y, s, low=x, high=x + 1))
        for a, y, s, x in cells(range(6), YEARS, "mf", range(TOP + 1))
    ]  # fmt: skip
    header = ["C-A10-0", "C-GALTEJ112-0", "C-C11-0", "C-GRGEMAKT-0", "F-ISIS-1"]
    return dump(folder / "OGD_BevStand.csv", header, rows)


def test_prefixed_codes_are_read_without_their_prefix(tmp_path: Path) -> None:
    keys = [str(10101 + a) for a in range(6)]
    fact = one(prepare_import(coded(tmp_path), None, town(keys)))
    check(fact, sexes=True, ages=True)
    assert fact.cube.areas == tuple(keys)
    assert fact.cube.ages is not None
    assert fact.cube.ages.groups[0] == AgeGroup(0, 1)
    assert fact.cube.ages.groups[-1] == AgeGroup(TOP, None)


def test_codes_of_age_groups_are_no_ages(tmp_path: Path) -> None:
    """20 codes may be anything: nothing is guessed, and the reason says what to state."""
    rows = [
        (f"A10-{y}", f"GALT5J100-{x + 1}", f"GEM-{10101 + a}",
         people([a], y, low=5 * x, high=5 * x + 5))
        for a, y, x in cells(range(6), YEARS, range(20))
    ]  # fmt: skip
    path = dump(tmp_path / "OGD.csv", ["C-A10-0", "C-GALT5J100-0", "C-GEM-0", "F-ISIS-1"], rows)
    batch = prepare_import(path, None, town([str(10101 + a) for a in range(6)]))
    assert all("age" not in f.cube.dims for f in batch.facts)
    (proposed,) = [i for i in batch.issues if i.code == "recipe-proposed"]
    assert "age.map" in (proposed.value or "")


def test_years_of_birth_become_ages(tmp_path: Path) -> None:
    rows = [
        (f"31.12.{y}", a + 1, y - x, s, people([a], y, s, low=x, high=x + 1))
        for a, y, s, x in cells(range(6), YEARS, "mf", range(TOP + 1))
    ]
    header = ["Stichtag", "Stadtteil_Nr", "Geburtsjahr", "Geschlecht", "Einwohner"]
    path = dump(tmp_path / "einwohner.csv", header, rows)
    check(one(prepare_import(path, None, town(NUMBERED))), sexes=True, ages=True)


BIRTHS = """
  - kind: population
    dataset: p
    name: P
    level: teil
    area: {column: Nr}
    date: {column: Tag}
    age: {column: Jahrgang, birth_year: true}
    values: [{column: N}]
    absent: zero
"""


@pytest.mark.parametrize(
    ("day", "ages", "found"),
    [
        ("31.12.2024", ["0", "1"], []),
        ("01.01.2025", ["0", "1"], []),
        ("30.06.2024", [], ["birth-year-no-age"]),
    ],
)
def test_the_day_decides_what_a_year_of_birth_tells(
    day: str, ages: list[str], found: list[str]
) -> None:
    rows = [("01", day, "2024", "3"), ("01", day, "2023", "4")]
    mapped = map_one(BIRTHS, raw(["Nr", "Tag", "Jahrgang", "N"], rows), known={"teil": ["01"]})
    assert codes(errors(mapped.issues))[: len(found)] == found
    if ages:
        assert mapped.table is not None
        assert list(mapped.table.cube.ages.labels) == ages  # type: ignore[union-attr]
        assert mapped.table.cube.values.ravel().tolist() == [3, 4]


def test_born_after_the_date_is_an_error() -> None:
    rows = [("01", "31.12.2020", "2024", "3"), ("01", "31.12.2020", "2019", "4"),
            ("01", "31.12.2020", "abc", "4")]  # fmt: skip
    mapped = map_one(BIRTHS, raw(["Nr", "Tag", "Jahrgang", "N"], rows), known={"teil": ["01"]})
    assert {"birth-year-impossible", "birth-year-unreadable"} <= set(codes(mapped.issues))


def test_a_sheet_for_each_sex(tmp_path: Path) -> None:
    """Men and women stand in sheets of their own, a third sheet holds their sum."""
    for y in YEARS:
        book = xlsxwriter.Workbook(tmp_path / f"Bevoelkerung_{y}.xlsx")
        for sheet, s in (("insgesamt", "mf"), ("männlich", "m"), ("weiblich", "f")):
            page = book.add_worksheet(sheet)
            page.write(0, 0, f"Einwohner {sheet} am 31.12.{y}")
            page.write_row(2, 0, ["Schlüssel", "Stadtteil", "Summe", *map(str, range(TOP)), "100+"])
            for a in range(6):
                ages = [people([a], y, s, low=x, high=x + 1) for x in range(TOP + 1)]
                page.write_row(3 + a, 0, [a + 1, NAMES[a], sum(ages), *ages])
        book.close()
    batch = prepare_import(sorted(tmp_path.glob("*.xlsx")), None, town(NUMBERED))
    check(one(batch), sexes=True, ages=True)


def test_areas_across(tmp_path: Path) -> None:
    rows = [
        (y, x if x < TOP else "100+", *(people([a], y, low=x, high=x + 1) for a in range(6)),
         people(range(6), y, low=x, high=x + 1))
        for y, x in cells(YEARS, range(TOP + 1))
    ]  # fmt: skip
    path = dump(tmp_path / "einwohner.csv", ["Jahr", "Alter", *NAMES, "Stadt gesamt"], rows)
    check(one(prepare_import(path, None, town(NUMBERED))), sexes=False, ages=True)
