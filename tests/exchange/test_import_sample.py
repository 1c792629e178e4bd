"""The sample town's delivery by shipped recipes, held against its own control totals."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from monitor_app.core.batch import FactTable, ImportBatch, ImportContext
from monitor_app.core.issues import errors
from monitor_app.exchange.prepare import prepare_import
from tests.exchange.mapping_tools import system_of


@pytest.fixture(scope="module")
def town() -> Path:
    folder = Path(__file__).resolve().parents[2] / "sample_data"
    assert (folder / "kontrollsummen.csv").is_file(), "the sample town is part of the project"
    return folder


@pytest.fixture(scope="module")
def context(town: Path) -> ImportContext:
    batch = prepare_import(town / "grenzen" / "gebietsgliederung.gpkg", None)
    assert not batch.blocked
    assert [a.level.key for a in batch.areas] == ["stadtbezirk", "stadtteil", "stadtviertel"]
    assert [len(set(a.keys)) for a in batch.areas][:2] == [4, 12]
    return ImportContext(system_of(batch))


@pytest.fixture(scope="module")
def control(town: Path) -> dict[int, dict[str, str]]:
    with (town / "kontrollsummen.csv").open(encoding="cp1252", newline="") as stream:
        lines = list(stream)
    start = next(i for i, line in enumerate(lines) if line.startswith("Jahr;"))
    return {int(r["Jahr"]): r for r in csv.DictReader(lines[start:], delimiter=";")
            if r["Jahr"].isdigit()}  # fmt: skip


def fact(batch: ImportBatch, key: str) -> FactTable:
    return next(f for f in batch.facts if f.spec.key == key)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "key", "column"),
    [
        ("bevoelkerung/bevoelkerung_20??_20??.csv", "population", "Einwohner am 31.12."),
        ("bewegungen/geburten.csv", "births", "Lebendgeborene"),
        ("bewegungen/sterbefaelle.csv", "deaths", "Sterbefälle"),
        ("bewegungen/zuzuege.csv", "moves_in", "Zuzüge"),
        ("bewegungen/wegzuege.csv", "moves_out", "Wegzüge"),
        ("bewegungen/binnenzuzuege.csv", "arrivals_within", "Umzüge zwischen Stadtvierteln"),
        ("bewegungen/binnenfortzuege.csv", "departures_within", "Umzüge zwischen Stadtvierteln"),
        ("bewegungen/einbuergerungen.csv", "variable_naturalisations", "Einbürgerungen"),
    ],
)
def test_totals_equal_the_control_table(
    town: Path,
    context: ImportContext,
    control: dict[int, dict[str, str]],
    pattern: str,
    key: str,
    column: str,
) -> None:
    batch = prepare_import(sorted(town.glob(pattern)), None, context)
    assert not errors(batch.issues), errors(batch.issues)[:3]
    totals = fact(batch, key).cube.totals()
    stated = {date(y, 12, 31): float(r[column]) for y, r in control.items() if r[column] != "x"}
    assert len(stated) >= 14
    assert totals == stated


@pytest.mark.parametrize(
    "name",
    ["wohnen/angebotsmieten.csv", "wohnen/fertigstellungen.csv", "wohnen/wohnungsbestand.csv",
     "soziales/soziales.csv", "bevoelkerung/altersgruppen_20241231.xlsx", "kitas/kitas.csv"],
)  # fmt: skip
def test_other_files_need_no_editing(town: Path, context: ImportContext, name: str) -> None:
    batch = prepare_import(town / name, None, context)
    assert not batch.blocked, errors(batch.issues)[:3]
    assert all(r.startswith("beispielstadt_") for r in batch.recipes)
    assert batch.facts or batch.points


def test_single_records_equal_the_register_table(town: Path, context: ImportContext) -> None:
    """Persons counted one by one give the published table of the same quarters."""
    (path,) = (town / "einzeldaten").glob("personen_*.csv")
    counted = fact(prepare_import(path, None, context), "population_records").cube
    table = prepare_import(town / "bevoelkerung/altersgruppen_20241231.xlsx", None, context)
    published = fact(table, "population_age_groups_stadtviertel").cube
    day = date(2024, 12, 31)
    assert counted.dates == (day,)
    for key in counted.areas:
        own = counted.values[counted.area_index[key]].sum()
        assert own == published.values[published.area_index[key]].sum()
