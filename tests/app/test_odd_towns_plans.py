"""Plans that are possible but hardly meant are told before the run, contradictions refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from forecasting_towns import KEYS, Source, counted, source, stocks, system

from monitor_app.app import forecasting_run as runs
from monitor_app.app.forecasting_plausible import check_balance, check_plan
from monitor_app.app.forecasting_town import Town, read_town
from monitor_app.core.ages import AgeAxis
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind, TimeReference
from monitor_app.core.issues import Severity, UserError
from monitor_app.forecast.spec import ForecastSpec, make_spec


def spec(**more: object) -> ForecastSpec:
    return make_spec({"level": "quarter", "years": 5, **more})


@pytest.fixture(scope="module")
def town() -> Town:
    return read_town(source(stocks(12)), system(), "quarter")


def people(town: Town, area: int | None = None) -> float:
    now = town.register.stocks[-1].sum(axis=(0, 1, 2))
    return float(now.sum() if area is None else now[area])


def found(town: Town, **more: object) -> list[tuple[str, Severity]]:
    return [(i.code, i.severity) for i in check_plan(spec(**more), town)]


def test_a_plan_without_oddities_has_no_findings(town: Town) -> None:
    goal = {"year": 2022, "what": "population", "value": people(town) * 1.03}
    built = {"name": "Neu", "area": "a1", "dwellings": {2021: 10}, "delay": 1}
    assert (
        found(town, targets=[goal], housing=[built], draws=200, bounds={"a1": {"lower": 5}}) == []
    )


def test_targets_of_areas_cannot_exceed_that_of_the_town(town: Town) -> None:
    goals = [
        {"year": 2022, "what": "population", "value": people(town)},
        {"year": 2022, "what": "population", "value": people(town) * 0.9, "area": "a1"},
        {"year": 2022, "what": "population", "value": people(town) * 0.2, "area": "a2"},
    ]
    assert ("spec-target-sum", Severity.ERROR) in found(town, targets=goals)
    with pytest.raises(UserError):
        runs.make_forecast(source(stocks(12)), system(), spec(targets=goals))


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0, 1e5])
def test_targets_far_from_today_are_told(town: Town, factor: float) -> None:
    goal = {"year": 2022, "what": "population", "value": people(town) * factor}
    assert found(town, targets=[goal]) == [("spec-target-far", Severity.WARNING)]


def test_a_quarter_may_grow_by_any_number(town: Town) -> None:
    goal = {"year": 2022, "what": "population", "value": people(town, 2) * 9, "area": "b1"}
    assert found(town, targets=[goal]) == []


def test_lower_bounds_above_all_people_are_told(town: Town) -> None:
    bounds = {"a1": {"lower": people(town) * 0.7}, "a2": {"lower": people(town) * 0.7}}
    assert found(town, bounds=bounds) == [("spec-bounds-sum", Severity.WARNING)]


@pytest.mark.parametrize("year", [2012, 2019, 2025, 2060])
def test_projects_of_other_years_are_told(town: Town, year: int) -> None:
    built = {"name": "Neu", "area": "a1", "dwellings": {year: 10}}
    gone = {"name": "Ab", "area": "a1", "dwellings": {year: 10}}
    assert (
        found(town, housing=[built], demolition=[gone])
        == [("spec-project-years", Severity.WARNING)] * 2
    )


def test_few_draws_are_told(town: Town) -> None:
    assert found(town, draws=5) == [("spec-draws-few", Severity.WARNING)]
    assert found(town, draws=0) == []


def test_a_town_that_attracts_nobody_anywhere_gains_as_before() -> None:
    data, areas = counted(stocks(12)), system()
    plain = runs.make_forecast(data, areas, spec(control=0.0)).results[0].projection
    none = dict.fromkeys(KEYS, 0.0)
    same = runs.make_forecast(data, areas, spec(control=0.0, attractiveness=none))
    assert np.allclose(same.results[0].projection.totals, plain.totals)


def test_reached_targets_are_not_reported_as_missed() -> None:
    bounds = {"a1": {"lower": 20000.0}}  # nearly everybody: the others are left with nobody
    done = runs.make_forecast(source(stocks(12)), system(), spec(bounds=bounds))
    for issue in done.results[0].issues:
        assert "vorgegeben 0, erreicht 0" not in issue.message


def _with_events(deaths: float) -> Source:
    """A town of stocks that follow from its events; deaths reported ``deaths`` times as many."""
    values = stocks(12, growth=0.0)
    data = counted(values)
    days = tuple(date(2009 + n, 12, 31) for n in range(11))
    ages = AgeAxis.from_lows((15, 30, 50))
    born = Cube.of({"area": KEYS, "date": days}, np.full((3, 11, 3), 20.0), ages=ages)
    died = Cube.of({"area": KEYS, "date": days}, np.full((3, 11, 2), 30.0 * deaths),
                   ages=AgeAxis.from_lows((0, 60)))  # fmt: skip
    for kind, cube in ((Kind.BIRTHS, born), (Kind.DEATHS, died)):
        data.add(DatasetSpec(kind.value, kind, kind.value, "quarter",
                             time=TimeReference.PERIOD), cube)  # fmt: skip
    return data


def test_the_balance_of_counted_events_is_told() -> None:
    odd = check_balance(read_town(_with_events(20.0), system(), "quarter"))
    assert [(i.code, i.severity) for i in odd] == [("balance-gap", Severity.WARNING)]
    town = read_town(_with_events(1.0), system(), "quarter")
    fine = replace(town, register=replace(town.register, arrivals=_closing(town)))
    told = check_balance(fine)
    assert [(i.code, i.severity) for i in told] == [("balance-gap", Severity.INFO)]
    assert "0,00" in told[0].message
    assert check_balance(read_town(source(stocks(10)), system(), "quarter")) == []


def _closing(town: Town) -> np.ndarray:
    """Arrivals that close the balance of each year."""
    r = town.register
    assert r.births is not None
    assert r.deaths is not None
    assert r.arrivals is not None
    assert r.departures is not None
    change = np.diff(r.stocks.sum(axis=(1, 2, 3, 4)))
    due = (change - r.births.sum(axis=(1, 2, 3)) + r.deaths.sum(axis=(1, 2, 3, 4))
           + r.departures.sum(axis=(1, 2, 3, 4)))  # fmt: skip
    share = r.arrivals / r.arrivals.sum(axis=(1, 2, 3, 4), keepdims=True)
    return np.asarray(share * due[:, None, None, None, None])


def test_naturalisations_without_nationals_are_told() -> None:
    values = stocks(10)
    days = tuple(date(2008 + n, 12, 31) for n in range(10))
    both = np.stack([values * 0.8, values * 0.2], axis=3)
    labels = {"area": KEYS, "date": days, "sex": ("m", "f"), "group": ("deutsch", "ausl")}
    data = Source()
    data.add(DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "quarter"),
             Cube.of(labels, np.rint(both), ages=AgeAxis.single_years(90)))  # fmt: skip
    change = DatasetSpec("nat", Kind.VARIABLE, "Einbürgerungen", "quarter",
                         time=TimeReference.PERIOD, variable="naturalisations")  # fmt: skip
    ages = AgeAxis.from_lows((0, 18, 65))
    data.add(change, Cube.of({"area": KEYS, "date": days[1:]}, np.ones((3, 9, 3)), ages=ages))
    issue = next(i for i in read_town(data, system(), "quarter").issues if i.code == "no-nationals")
    assert "deutsch, ausl" in issue.message


def test_a_population_of_adults_is_told() -> None:
    values = stocks(10)
    adults = np.stack([values[..., 18:40].sum(-1), values[..., 40:].sum(-1)], axis=-1)
    town = read_town(source(adults, ages=AgeAxis.from_lows((18, 40))), system(), "quarter")
    assert "ages-begin" in {i.code for i in town.issues}


def test_an_unknown_population_is_named() -> None:
    with pytest.raises(UserError) as error:
        read_town(source(stocks(10)), system(), "quarter", dataset="nix")
    assert "nix" in error.value.issues[0].message
    assert "population" in str(error.value.issues[0].repair)
