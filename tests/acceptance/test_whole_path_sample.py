"""The sample town: all deliveries in one go, and its books balance in the stored numbers."""

from __future__ import annotations

import csv
import itertools
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from commandline import Imported, done, monitor
from numpy.typing import NDArray

from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Kind
from monitor_app.project.project import Project

Numbers = NDArray[np.int64]
REFORM = 2018
GONE, NEW = {"0233", "0234", "0431"}, {"0236", "0435", "0436"}


@pytest.fixture(scope="module")
def control(sample_town: Path) -> dict[int, dict[str, str]]:
    lines = (sample_town / "kontrollsummen.csv").read_text(encoding="cp1252").splitlines()[1:]
    return {int(r["Jahr"]): r for r in csv.DictReader(lines, delimiter=";") if r["Jahr"].isdigit()}


@pytest.fixture(scope="module")
def cubes(sample: Imported) -> dict[str, Cube]:
    with Project.open(sample.project, mode="read") as project:
        return {
            info.spec.key: project.cube(info.spec.key)
            for info in project.datasets()
            if info.spec.kind is not Kind.FACILITIES
        }


def test_everything_comes_in(sample: Imported) -> None:
    assert sample.report["stored"] is True
    assert "recipe-proposed" not in {i["code"] for i in sample.issues}
    info = done("info", sample.project)
    levels = {lv["key"]: (lv["areas"], lv["former"]) for lv in info["levels"]}
    assert levels == {"stadtbezirk": (4, 0), "stadtteil": (12, 0), "stadtviertel": (60, 3)}
    assert {p["key"]: p["points"] for p in sample.report["points"]} == {"facilities_kitas": 78}


@pytest.mark.parametrize(
    ("dataset", "column"),
    [
        ("population", "Einwohner am 31.12."),
        ("births", "Lebendgeborene"),
        ("deaths", "Sterbefälle"),
        ("moves_in", "Zuzüge"),
        ("moves_out", "Wegzüge"),
        ("arrivals_within", "Umzüge zwischen Stadtvierteln"),
        ("departures_within", "Umzüge zwischen Stadtvierteln"),
        ("variable_naturalisations", "Einbürgerungen"),
    ],
)
def test_totals(
    dataset: str, column: str, sample: Imported, control: dict[int, dict[str, str]]
) -> None:
    totals = next(d for d in done("info", sample.project)["datasets"] if d["key"] == dataset)
    stated = {y: int(r[column]) for y, r in control.items() if r[column] != "x"}
    assert {int(d[:4]): t for d, t in totals["totals"].items()} == stated


def test_totals_by_nationality(cubes: dict[str, Cube], control: dict[int, dict[str, str]]) -> None:
    cube = cubes["population"]
    foreign = cube.take("group", (cube.labels["group"].index("foreign"),))
    for j, day in enumerate(cube.dates):
        stated = int(control[day.year]["darunter nichtdeutsch"])
        assert np.take(foreign.values, j, axis=cube.dims.index("date")).sum() == stated


def _at(cube: Cube, year: int, areas: list[str], *, ages: bool = True) -> Numbers:
    """Counts (area, sex m f, group national foreign[, age 0..100]) of one date; zero where the
    cube has no such area. Other dimensions are added up."""
    rest = tuple(d for d in cube.dims if d not in ("area", "date", "sex", "group", "age"))
    cube = cube.sum(*rest) if rest else cube
    if not ages and "age" in cube.dims:
        cube = cube.sum("age")
    order = [d for d in ("area", "date", "sex", "group", "age") if d in cube.dims]
    values = np.moveaxis(cube.values, [cube.dims.index(d) for d in order], range(len(order)))
    values = values[:, cube.dates.index(date(year, 12, 31))]
    codes = {"sex": ("m", "f"), "group": ("national", "foreign")}
    for axis, dim in enumerate([d for d in order if d != "date"]):
        if dim in codes:
            values = np.take(values, [cube.labels[dim].index(c) for c in codes[dim]], axis=axis)
    out = np.zeros((len(areas), *values.shape[1:]), dtype=np.int64)
    for i, key in enumerate(areas):
        if key in cube.areas:
            row = values[cube.areas.index(key)]
            out[i] = np.where(np.isfinite(row), row, 0)
    return out


@pytest.mark.parametrize("year", range(2010, 2025))
def test_balance_equation(year: int, cubes: dict[str, Cube]) -> None:
    """Stock of the year before, one year older, plus and minus all events, in every quarter, sex,
    nationality and age, without a remainder."""
    areas = sorted(set(cubes["population"].areas) - (GONE if year >= REFORM else NEW))
    assert len(areas) == 60
    start = cubes["population_2017_new_areas" if year == REFORM else "population"]
    before = _at(start, year - 1, areas)
    aged = np.zeros_like(before)
    aged[..., 1:] = before[..., :-1]
    aged[..., -1] += before[..., -1]
    born = cubes["births"]
    expected = (
        aged
        - _at(cubes["deaths"], year, areas)
        + _at(cubes["moves_in"], year, areas)
        - _at(cubes["moves_out"], year, areas)
        + _at(cubes["arrivals_within"], year, areas)
        - _at(cubes["departures_within"], year, areas)
    )
    naturalised = _naturalised(cubes["variable_naturalisations"], year, areas)
    expected[:, :, 0] += naturalised
    expected[:, :, 1] -= naturalised
    now = _at(cubes["population"], year, areas)
    # the births file states the nationality of the mother in the stored cube: compare both sexes
    # and groups together at age 0, everything else cell by cell
    difference = now - expected
    assert (difference[..., 1:] == 0).all()
    births = _at(born, year, areas, ages=False).sum(axis=tuple(range(1, born_axes(born))))
    assert (difference[..., 0].sum(axis=(1, 2)) == births).all()


def born_axes(cube: Cube) -> int:
    """Dimensions that remain of the births beside date and age of mother."""
    return sum(d in cube.dims for d in ("area", "sex", "group"))


def _naturalised(cube: Cube, year: int, areas: list[str]) -> Numbers:
    found = _at(cube, year, areas)
    assert found.shape[1:] == (2, 101)
    return found


def test_population_is_positive_and_whole(cubes: dict[str, Cube]) -> None:
    values = cubes["population"].values
    known = values[np.isfinite(values)]
    assert (known >= 0).all()
    assert (known == np.round(known)).all()


def test_single_records_give_the_stock(cubes: dict[str, Cube]) -> None:
    """One row per person of one city part: counting them gives the published stock there."""
    counted, stock = cubes["population_records"], cubes["population"]
    areas = [a for a in counted.areas if a.startswith("033")]
    assert len(areas) == 4
    assert (_at(counted, 2024, areas) == _at(stock, 2024, areas)).all()
    assert _at(counted, 2024, areas).sum() > 5000


def test_no_person_is_stored(sample: Imported, sample_town: Path) -> None:
    """Dates of birth and running numbers of the single records are nowhere in the project."""
    path = next((sample_town / "einzeldaten").glob("*.csv"))
    rows = [r.split(";") for r in path.read_text(encoding="cp1252").splitlines() if r[:1].isdigit()]
    births = {r[5] for r in rows if len(r) > 5 and r[5].isdigit() and len(r[5]) == 8}
    assert len(births) > 1000
    content = sample.project.read_bytes()
    assert not [b for b in sorted(births)[::25] if b.encode() in content]


def test_age_groups_of_two_kinds_live_side_by_side(cubes: dict[str, Cube]) -> None:
    """The xlsx with uneven groups says the same as the single years, and neither is split."""
    groups, single = cubes["population_age_groups_stadtviertel"], cubes["population"]
    ages, years = groups.ages, single.ages
    assert ages is not None
    assert years is not None
    assert 1 < len(ages) < len(years) == 101
    areas = list(groups.areas)
    assert (
        _at(groups.sum("sex", "age"), 2024, areas)
        == _at(single.sum("sex", "group", "age"), 2024, areas)
    ).all()
    starts = [*ages.lows.tolist(), 101]
    for n, (low, high) in enumerate(itertools.pairwise(starts)):
        coarse = groups.take("age", (n,)).sum("age", "sex")
        fine = single.take("age", tuple(range(low, high))).sum("age", "sex", "group")
        assert (_at(coarse, 2024, areas) == _at(fine, 2024, areas)).all()


def test_official_signs_survive(cubes: dict[str, Cube], sample: Imported) -> None:
    """Secret and unknown cells are no zeros."""
    cube = cubes["variable_unemployed_long"]
    assert np.isnan(cube.values).sum() == 140
    employees = next(
        d for d in done("info", sample.project)["datasets"] if d["key"] == "variable_employees"
    )
    assert len(employees["dates"]) == 10


def test_districts_are_sums_of_their_quarters(sample: Imported) -> None:
    """Residents of 12 city parts through the reform, against the quarters' own sums."""
    quarters = done("values", sample.project, "-i", "einwohner", "-l", "stadtviertel")["values"]
    parts = done("values", sample.project, "-i", "einwohner", "-l", "stadtteil")["values"]
    summed: dict[tuple[str, str], int] = {}
    for v in quarters:
        if v["area"] != "city" and v["value"] is not None:
            key = (v["area"][:3], v["date"])
            summed[key] = summed.get(key, 0) + v["value"]
    assert {(v["area"], v["date"]): v["value"] for v in parts if v["area"] != "city"} == summed
    assert len(summed) == 12 * 16


def test_quarters_of_another_time_have_no_value(sample: Imported) -> None:
    values = done("values", sample.project, "-i", "einwohner", "-l", "stadtviertel")["values"]
    for v in values:
        if v["area"] in GONE | NEW:
            alive = (v["area"] in NEW) == (int(v["date"][:4]) >= REFORM)
            assert (v["value"] is not None) is alive, v


def test_boundaries_twice_for_one_time_are_refused(sample_town: Path, tmp_path: Path) -> None:
    project = tmp_path / "p.gpkg"
    done("new", project)
    files = [
        sample_town / "grenzen" / n for n in ("gebietsgliederung.gpkg", "stadtviertel_2018.zip")
    ]
    answer = monitor("import", project, *files, "--json")
    assert answer.code == 1
    assert answer.codes() == ["areas-given-twice"]


def test_boundaries_without_former_areas_are_warned_of(sample: Imported, sample_town: Path) -> None:
    report = done(
        "import", sample.project, sample_town / "grenzen/stadtviertel_2018.zip", "--dry-run"
    )
    (issue,) = [i for i in report["issues"] if i["code"] == "areas-left-out"]
    assert set(issue["value"].split(", ")) == GONE
    assert issue["severity"] == "warning"


@pytest.mark.slow
def test_demo(tmp_path: Path) -> None:
    report = done("demo", "--out", tmp_path / "aus")
    endings = {Path(f).suffix for f in report["files"]}
    assert endings == {".gpkg", ".pdf", ".png", ".svg", ".xlsx", ".csv"}
    assert all(Path(f).stat().st_size > 500 for f in report["files"])
    assert done("info", tmp_path / "aus" / "Beispielstadt.gpkg")["project"] == "Beispielstadt"
