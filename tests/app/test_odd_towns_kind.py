"""Empty areas, stocks of mid-year, rounded counts, and what a town is told about its forecast."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from forecasting_towns import AGES, KEYS, Floats, Source, counted, source, stocks, system

from monitor_app.app import forecasting_axes as axes
from monitor_app.app import forecasting_run as runs
from monitor_app.app import forecasting_store as store
from monitor_app.app.forecasting_town import Town, read_town
from monitor_app.core.ages import AgeAxis
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind
from monitor_app.core.issues import UserError
from monitor_app.forecast.spec import ForecastSpec, make_spec


def spec(**more: object) -> ForecastSpec:
    return make_spec({"level": "quarter", "years": 4, **more})


def codes(town: Town) -> set[str]:
    return {i.code for i in town.issues}


def told(town: Town, code: str) -> str:
    return next(i.message for i in town.issues if i.code == code)


def in_june(values: Floats) -> Source:
    days = tuple(date(2008 + n, 6, 30) for n in range(values.shape[1]))
    cube = Cube.of({"area": KEYS, "date": days, "sex": ("m", "f")}, values, ages=AGES)
    found = Source()
    found.add(DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "quarter"), cube)
    return found


def emptied() -> Floats:
    values = stocks(12)
    values[2] = 0.0
    values[2, :4, 0, 30] = 2.0  # a farm, given up years ago
    return values


def test_dwellings_can_be_built_where_nobody_lives_any_more() -> None:
    data, areas = source(emptied()), system()
    town = read_town(data, areas, "quarter")
    assert town.layout.areas == KEYS
    assert "areas-emptied" in codes(town)
    assert (town.register.stocks[..., 2] == 0).all()
    plan = {"name": "Hof", "area": "b1", "dwellings": {2021: 100}, "type": "large"}
    done = runs.make_forecast(data, areas, spec(housing=[plan])).results[0].projection
    assert (done.totals[:2, 2] < 1.0).all()
    # 100 dwellings with the shipped number of residents of this type.
    assert 150 < done.totals[2, 2] < 250
    assert done.imbalance < 1e-9


def test_an_emptied_area_changes_nothing_elsewhere() -> None:
    areas = system()
    with_it = read_town(source(emptied()), areas, "quarter")
    never = emptied()
    never[2] = 0.0
    without = read_town(source(never), areas, "quarter")
    assert np.array_equal(with_it.register.stocks, without.register.stocks)


def test_a_quarter_that_has_filled_up_does_not_fill_the_town_again() -> None:
    base, filled = stocks(14, growth=0.0), 0.2
    values = base.copy()
    values[2, :10] = 0.0  # b1 is built in the years of the last four stocks
    for year in range(10, 14):
        values[2, year] = np.rint(base[1, year] * filled * (year - 9) / 4)
    found = runs.make_forecast(source(values), system(), spec(years=8)).results[0].projection
    old = runs.make_forecast(source(base[:2], keys=KEYS[:2]), system(), spec(years=8)).results[0]
    came = values[2, -1].sum()
    growth = found.totals.sum(axis=1) - old.projection.totals.sum(axis=1) - came
    # Those who filled it count as migration of the ten base years: no more than that goes on.
    assert 0.5 < growth[-1] / (8 * came / 10) < 1.15


def test_forecasts_of_stocks_of_june_are_dated_in_june() -> None:
    data, areas = in_june(stocks(12)), system()
    done = runs.make_forecast(data, areas, spec())
    facts = {f.spec.key: f.cube for f in store.batch_of(done, ()).facts}
    population = next(c for k, c in facts.items() if k.endswith("population"))
    assert population.dates == tuple(date(2020 + n, 6, 30) for n in range(4))
    births = next(c for k, c in facts.items() if k.endswith("births"))
    assert births.dates == population.dates


def test_forecasts_of_other_stocks_are_dated_as_before() -> None:
    done = runs.make_forecast(source(stocks(12)), system(), spec())
    population = next(
        f.cube for f in store.batch_of(done, ()).facts if f.spec.key.endswith("population")
    )
    assert population.dates == tuple(date(2020 + n, 12, 31) for n in range(4))


def test_the_kind_of_forecast_is_told_with_what_would_make_it_better() -> None:
    alone = read_town(source(stocks(10)), system(), "quarter")
    assert "allein aus den Beständen" in told(alone, "forecast-kind")
    assert "Sterbefälle nach Alter" in told(alone, "forecast-kind")
    moves = read_town(counted(stocks(10)), system(), "quarter")
    assert "Zu- und Fortzügen" in told(moves, "forecast-kind")
    assert "Zu-, Weg- und Umzüge" not in told(moves, "forecast-kind")


def test_rounded_counts_are_told() -> None:
    values = stocks(10)
    assert "counts-rounded" not in codes(read_town(source(values), system(), "quarter"))
    rounded = read_town(source(np.rint(values / 5) * 5), system(), "quarter")
    assert "Vielfache von 5" in told(rounded, "counts-rounded")


def test_one_area_is_called_so() -> None:
    assert "ein Gebiet" in told(read_town(source(stocks(10)), system(), "city"), "forecast-data")


def test_areas_whose_moves_tell_nothing_raise_no_warning() -> None:
    values = stocks(9)
    values[1:, :, :, 40:] = 0.0  # nobody of these ages but in one area: no spread, no noise
    values[1:, :, :, :40] = 1.0
    done = runs.make_forecast(source(values), system(), spec())
    assert np.isfinite(done.results[0].projection.totals).all()


def test_a_town_that_has_just_been_founded_is_forecast() -> None:
    values = np.zeros((3, 6, 2, 91))
    values[0, -1, :, 30] = 1.0  # two people, since this year
    done = runs.make_forecast(source(values), system(), spec())
    totals = done.results[0].projection.totals
    assert np.isfinite(totals).all()
    assert (totals >= 0).all()


def test_one_age_group_is_no_population_by_age() -> None:
    alone = source(stocks(8).sum(-1, keepdims=True), ages=AgeAxis.from_lows((0,)))
    with pytest.raises(UserError) as error:
        read_town(alone, system(), "quarter")
    assert error.value.issues[0].code == "forecast-population"


def test_age_groups_too_wide_for_cohorts_are_told() -> None:
    values = stocks(10)
    parts = (values[..., :18], values[..., 18:65], values[..., 65:])
    wide = np.stack([p.sum(-1) for p in parts], axis=-1)
    town = read_town(source(wide, ages=AgeAxis.from_lows((0, 18, 65))), system(), "quarter")
    assert "18–64" in told(town, "ages-wide")
    assert "ages-wide" not in codes(read_town(source(values), system(), "quarter"))


def test_wide_age_groups_do_not_make_a_steady_town_grow() -> None:
    lows = (0, 1, 3, 6, 15, 65)
    values = stocks(5, growth=0.0)
    edges = [*lows, values.shape[-1]]
    parts = [values[..., a:b].sum(-1) for a, b in pairwise(edges)]
    data = source(np.stack(parts, axis=-1), ages=AgeAxis.from_lows(lows))
    done = runs.make_forecast(data, system(), spec(years=10)).results[0].projection
    totals = done.totals.sum(axis=1)
    assert totals == pytest.approx(np.full(11, totals[0]), rel=0.06)


def test_single_years_of_a_wide_group_are_those_of_survivors() -> None:
    survivors = np.exp(-np.linspace(0.0, 4.0, 101))
    axis = AgeAxis.from_lows((0, 1, 3, 6, 15, 65))
    years = axes.single_years(np.array([9.0, 30.0, 12.0, 95.0, 700.0, 180.0]), axis, survivors)
    share = survivors[15:65] / survivors[15:65].sum()
    assert np.allclose(years[15:65], 700.0 * share)
    assert years[6:15].sum() == pytest.approx(95.0)
