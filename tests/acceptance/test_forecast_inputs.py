"""Bad input of forecasts on the command line: findings before the run, an untouched project."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import Imported, done, fingerprint, monitor, private_home
from deliveries import boundaries, recipe

from monitor_app.app import forecasting
from monitor_app.app.session import Session
from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.forecast.spec import make_spec

KEYS = ("01", "02", "03")
YEARS = tuple(range(2012, 2022))
STOCK = """
id: kleinstadt_alter
name: Kleinstadt – Alter
match: {columns: [Jahr, Viertel, Alter, Geschlecht, Einwohner]}
contents:
  - kind: population
    dataset: population
    name: Bevölkerung
    level: viertel
    area: {column: Viertel}
    date: {column: Jahr}
    sex: {column: Geschlecht}
    age: {column: Alter, last_open: true}
    values: [{column: Einwohner}]
"""
DEATHS = """
id: kleinstadt_tote
name: Kleinstadt – Sterbefälle
match: {columns: [Jahr, Viertel, Sterbefälle]}
contents:
  - kind: deaths
    dataset: deaths
    name: Sterbefälle
    level: viertel
    area: {column: Viertel}
    date: {column: Jahr}
    values: [{column: Sterbefälle}]
"""
Rows = list[tuple[int, str, str, str, int]]


def rows(years: tuple[int, ...] = YEARS) -> Rows:
    """Year, quarter, age, sex, people: a town that hardly changes."""
    random = np.random.default_rng(4)
    return [
        (year, key, str(age), sex, int(random.poisson(12 if age < 70 else 4)) + 1)
        for year in years
        for key in KEYS
        for age in range(91)
        for sex in "mw"
    ]


def write(folder: Path, name: str, head: str, lines: list[tuple[Any, ...]]) -> Path:
    path = folder / name
    path.write_text("\n".join([head, *(";".join(map(str, r)) for r in lines)]) + "\n", "utf-8")
    return path


def town(folder: Path, lines: Rows, deaths: int | None = None) -> Path:
    """A project of three quarters with these rows."""
    folder.mkdir(exist_ok=True)
    project = folder / "Kleinstadt.gpkg"
    done("new", project, "--name", "Kleinstadt")
    done("import", project, boundaries(folder), "-r", recipe(folder, "boundaries"))
    head = "Jahr;Viertel;Alter;Geschlecht;Einwohner"
    stock = write(folder, "bestand.csv", head, [tuple(r) for r in lines])
    (folder / "alter.yaml").write_text(STOCK, "utf-8")
    done("import", project, stock, "-r", folder / "alter.yaml")
    if deaths is not None:
        (folder / "tote.yaml").write_text(DEATHS, "utf-8")
        events = [(y, k, deaths if k == "02" else 9) for y in YEARS[1:] for k in KEYS]
        file = write(folder, "tote.csv", "Jahr;Viertel;Sterbefälle", [tuple(e) for e in events])
        done("import", project, file, "-r", folder / "tote.yaml")
    return project


@pytest.fixture(scope="module")
def _plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("alter")
    with private_home(folder / "home"):
        yield town(folder / "stadt", rows())


@pytest.fixture
def plain(_plain: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "projekt"
    folder.mkdir()
    return Path(shutil.copy(_plain, folder / "Kleinstadt.gpkg"))


SPECS: list[tuple[str, str]] = [
    ("seed: eins", "spec-seed"),
    ("seed: 1.5", "spec-seed"),
    ("seed: true", "spec-seed"),
    ("bounds: {'01': {lower: 900, upper: 300}}", "spec-entry"),
    ("bounds: {'99': {upper: 300}}", "spec-area"),
    ("bounds: {'01': {upper: 5}, '02': {upper: 5}, '03': {upper: 5}}\n"
     "targets: [{year: 2023, what: population, value: 5000}]", "spec-target-bound"),
    ("bounds: {'01': {lower: 9000}}\ntargets: [{year: 2023, what: population, value: 5000}]",
     "spec-target-bound"),
    ("components: {births: false}\ntargets: [{year: 2023, what: births, value: 50}]",
     "spec-target-off"),
    ("variant: natural\ntargets: [{year: 2023, what: net_migration, value: 50}]",
     "spec-target-off"),
    ("targets: [{year: 2050, what: births, value: 50}]", "spec-target"),
    ("targets: [{year: 2023, what: births, value: -5}]", "spec-entry"),
    ("special: [{name: Haft, area: '01', persons: 99999, ages: {'20+': 1}}]", "special-more"),
    ("special: [{name: Haft, area: '01', persons: 5, ages: {zwanzig: 1}}]", "spec-entry"),
    ("housing: [{name: Feld, area: '01', dwellings: {2023: 5}, type: schloss}]",
     "spec-dwelling-type"),
    ("housing: [{name: Feld, area: '01', dwellings: {2023: -5}}]", "spec-entry"),
    ("changes: [{component: deaths, factor: 99}]", "spec-entry"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code"), SPECS, ids=[f"{c}-{i}" for i, (_t, c) in
                                                       enumerate(SPECS)])  # fmt: skip
def test_a_bad_specification_is_refused_with_a_repair(plain: Path, text: str, code: str) -> None:
    spec = plain.parent / "prognose.yaml"
    spec.write_text(f"level: viertel\nyears: 5\n{text}\n", encoding="utf-8")
    before = fingerprint(plain)
    answer = monitor("forecast", plain, "--spec", spec, "--json")
    assert answer.code == 1
    assert code in answer.codes()
    assert all(i["repair"] for i in answer.issues if i["severity"] == "error")
    assert fingerprint(plain) == before


def gap(lines: Rows) -> Rows:
    return [r for r in lines if r[0] != 2014]


def emptied(lines: Rows) -> Rows:
    return [(*r[:4], 0) if r[1] == "03" else r for r in lines]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [(gap, "year-missing", "warning"), (emptied, "area-empty", "warning")],
)
def test_odd_stocks_are_told_before_the_run(
    tmp_path: Path, change: Callable[[Rows], Rows], code: str, severity: str
) -> None:
    project = town(tmp_path / "stadt", change(rows()))
    issues = done("forecast", project, "-l", "viertel", "--check")["issues"]
    assert (code, severity) in {(i["code"], i["severity"]) for i in issues}
    assert done("forecast", project, "-l", "viertel", "-n", "3")["imbalance"] < 1e-8


@pytest.mark.slow
def test_two_years_are_no_history(tmp_path: Path) -> None:
    project = town(tmp_path / "stadt", rows((2020, 2021)))
    assert monitor("forecast", project, "-l", "viertel", "--json").codes() == ["forecast-history"]


@pytest.mark.slow
def test_more_deaths_than_people_are_refused(tmp_path: Path) -> None:
    project = town(tmp_path / "stadt", rows(), deaths=5000)
    before = fingerprint(project)
    answer = monitor("forecast", project, "-l", "viertel", "--json")
    assert "rate-above-one" in answer.codes()
    text = next(i["message"] for i in answer.issues if i["code"] == "rate-above-one")
    assert "02" in text
    assert "01" not in text.split("(")[0]
    assert fingerprint(project) == before


@pytest.mark.parametrize("wrong", ["negative", "overlap"])
def test_wrong_stocks_do_not_get_into_the_project(plain: Path, wrong: str) -> None:
    lines = rows((2022,))
    if wrong == "negative":
        lines[7] = (*lines[7][:4], -3)
    else:
        lines = [(*r[:2], "0-5" if r[2] == "0" else "5-9" if r[2] == "1" else r[2], *r[3:])
                 for r in lines if r[2] in ("0", "1")]  # fmt: skip
    head = "Jahr;Viertel;Alter;Geschlecht;Einwohner"
    file = write(plain.parent, "bestand.csv", head, [tuple(r) for r in lines])
    (plain.parent / "alter.yaml").write_text(STOCK.replace(", last_open: true", ""), "utf-8")
    before = fingerprint(plain)
    answer = monitor("import", plain, file, "-r", plain.parent / "alter.yaml", "--json")
    assert answer.code == 1
    assert answer.codes()
    assert fingerprint(plain) == before


@pytest.mark.parametrize("after", [0, 1, 3, 8, 15, 25])
def test_nothing_is_half_written_when_a_run_is_cancelled(plain: Path, after: int) -> None:
    """Cancelled at any point, run and store leave the project as it was."""
    session = Session()
    try:
        session.open(plain)
        before = session.project.datasets(), session.project.documents("forecast")
        token, calls = CancelToken(), 0

        def report(*_told: object) -> None:
            nonlocal calls
            calls += 1
            if calls > after:
                token.cancel()

        progress = Progress(report, token=token)
        spec = make_spec({"level": "viertel", "years": 3, "draws": 20})

        def forever() -> None:
            while True:  # cancelled at the latest in one of the next runs
                forecasting.keep(session, forecasting.run(session, spec, progress), progress)

        with pytest.raises(Cancelled):
            forever()
        stored = session.project.datasets(), session.project.documents("forecast")
        # All of a forecast or nothing of it.
        keys = {i.spec.key for i in stored[0]} - {i.spec.key for i in before[0]}
        assert (not keys) == (stored[1] == before[1])
    finally:
        session.close(discard=True)


# -- planned housing -------------------------------------------------------------------------------


def _projects(sample_town: Path) -> list[dict[str, str]]:
    text = (sample_town / "wohnen" / "bauprojekte.csv").read_text(encoding="cp1252")
    return list(csv.DictReader(text.splitlines()[3:], delimiter=";"))


@pytest.mark.slow
def test_planned_projects_are_imported_and_built(
    sample: Imported, sample_town: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "projekt"
    folder.mkdir()
    project = Path(shutil.copy(sample.project, folder / "Beispielstadt.gpkg"))
    before = done("forecast", project, "-l", "stadtbezirk", "-n", "10")
    done("import", project, sample_town / "wohnen" / "bauprojekte.csv")
    after = done("forecast", project, "-l", "stadtbezirk", "-n", "10")
    told = next(i["message"] for i in after["issues"] if i["code"] == "housing-planned")
    expected, persons = 0.0, 0.0
    for row in _projects(sample_town):
        chance = float(row["Wahrscheinlichkeit"].replace(",", "."))
        hall = "wohnheim" in row["Projekt"].lower()
        for kind, each, outside in (("Ein- und Zweifamilienhaus", 3.0, 0.4),
                                    ("Mehrfamilienhaus", 1.9, 0.4)):  # fmt: skip
            if hall:
                each, outside = 1.0, 0.7
            for n in range(6):
                share = float(row[f"Bezug Jahr {n + 1} in %"]) / 100.0
                if int(row["Baubeginn"]) + n <= 2034:
                    flats = float(row[f"WE {kind}"]) * share * chance
                    expected += flats
                    persons += flats * each * outside
    assert f"{expected:,.0f}".replace(",", ".") in told
    gained = after["town"][-1]["population"] - before["town"][-1]["population"]
    # Who moved in from outside; some of them have left again, others had children.
    assert 0.6 * persons < gained < 1.2 * persons


@pytest.mark.slow
def test_wrong_projects_are_refused_row_by_row(
    sample: Imported, sample_town: Path, tmp_path: Path
) -> None:
    project = Path(shutil.copy(sample.project, tmp_path / "Beispielstadt.gpkg"))
    text = (sample_town / "wohnen" / "bauprojekte.csv").read_text(encoding="cp1252")
    wrong = text.replace(";0436;24;", ";9999;24;").replace(
        ";20;30;30;20;0;0;0,90", ";20;30;30;90;0;0;1,90"
    )
    file = tmp_path / "bauprojekte.csv"
    file.write_text(wrong.replace("P005;", "P004;"), encoding="cp1252")
    before = fingerprint(project)
    answer = monitor("import", project, file, "--json")
    assert answer.code == 1
    found = [i for i in answer.issues if i["code"] == "project-cell"]
    assert {i["row"] for i in found} == {5, 6, 9}
    assert {i["column"] for i in found} == {
        "Viertel_Nr", "Bezug Jahr 1 in %", "Wahrscheinlichkeit", "Projekt_Nr"
    }  # fmt: skip
    assert fingerprint(project) == before


# -- territorial reform ----------------------------------------------------------------------------


@pytest.mark.slow
def test_the_past_of_a_forecast_stands_on_the_present_areas(
    sample: Imported, sample_town: Path
) -> None:
    """Held against the office's own count of 31.12.2017 on the new areas."""
    path = sample_town / "gebietsreform" / "bevoelkerung_20171231_neuer_gebietsstand.csv"
    lines = path.read_text(encoding="cp1252").splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("Stichtag"))
    counted: dict[str, float] = {}
    for row in csv.DictReader(lines[start:], delimiter=";"):
        if row.get("Insgesamt") and row["Viertel_Nr"]:
            text = row["Insgesamt"].replace(" ", "").replace("-", "0")
            counted[row["Viertel_Nr"]] = counted.get(row["Viertel_Nr"], 0.0) + float(text)
    session = Session()
    try:
        session.open(sample.project)
        town_, issues = forecasting.data_check(session, make_spec({"level": "stadtviertel"}))
        stocks = town_.register.stocks[town_.years.index(2017)].sum(axis=(0, 1, 2))
        found = dict(zip(town_.layout.areas, stocks, strict=True))
        assert set(found) == set(counted)
        assert found == pytest.approx(counted)
        assert "areas-carried" in {i.code for i in issues}
        # Merged areas are sums of their parts in earlier years too; the town loses nobody.
        old = session.project.cube("population")
        merged = sum(float(np.nansum(old.values[old.area_index[k], 0])) for k in ("0233", "0234"))
        series = town_.register.stocks[:, :, :, :, town_.layout.areas.index("0236")]
        assert series[0].sum() == pytest.approx(merged)
        assert town_.register.stocks[0].sum() == pytest.approx(float(np.nansum(old.values[:, 0])))
    finally:
        session.close(discard=True)
