"""Towns whose counted events do not fit their stocks: other years, other ages, other days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from forecasting_towns import AGES, KEYS, Source, counted, source, stocks, system

from monitor_app.app.forecasting_backtest import backtest
from monitor_app.app.forecasting_events import Source as How
from monitor_app.app.forecasting_events import by_stock_year
from monitor_app.app.forecasting_odmargins import margin
from monitor_app.app.forecasting_rates import Method, base_weights, town_rates
from monitor_app.app.forecasting_town import Town, read_town
from monitor_app.core.ages import AgeAxis
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind, TimeReference

MOVES = (Kind.MOVES_IN, Kind.MOVES_OUT, Kind.ARRIVALS_WITHIN, Kind.DEPARTURES_WITHIN)


def only_years(found: Source, years: slice, kinds: tuple[Kind, ...] = MOVES) -> Source:
    """The source with events of some years only."""
    changed = Source(dict(found.cubes))
    for key, (spec, cube) in found.cubes.items():
        if spec.kind in kinds:
            changed.cubes[key] = spec, cube.take("date", years)
    return changed


def read(found: Source) -> Town:
    return read_town(found, system(), "quarter")


def codes(town: Town) -> set[str]:
    return {i.code for i in town.issues}


def births(found: Source, days: tuple[date, ...], a_year: float = 30.0) -> None:
    ages = AgeAxis.from_lows((15, 25, 35, 50))
    cube = Cube.of({"area": KEYS, "date": days}, np.full((3, len(days), 4), a_year / 12), ages=ages)
    spec = DatasetSpec("births", Kind.BIRTHS, "Geburten", "quarter", time=TimeReference.PERIOD)
    found.add(spec, cube)


def test_arrivals_of_few_years_are_not_spread_over_all_base_years() -> None:
    whole, late = read(counted(stocks(14))), read(only_years(counted(stocks(14)), slice(-2, None)))
    assert late.sources["arrivals"] is How.REGISTER
    assert "events-years" in codes(late)
    mean = town_rates(late, Method()).first.arrivals
    assert mean is not None
    assert whole.register.arrivals is not None
    # Oracle: the mean of the two years that were counted.
    assert mean.sum() == pytest.approx(whole.register.arrivals[-2:].sum() / 2.0, rel=1e-6)


def test_base_years_are_those_that_are_known() -> None:
    town = read(only_years(counted(stocks(16)), slice(None, 11)))
    assert town.sources["arrivals"] is How.REGISTER  # 2009 to 2019 of 2009 to 2023
    weights = base_weights(town, Method(base=6), "arrivals")
    assert np.flatnonzero(weights).tolist() == [5, 6, 7, 8, 9, 10]
    asked = Method(weights={"arrivals": {2015: 1.0, 2023: 1.0}})
    assert np.flatnonzero(base_weights(town, asked, "arrivals")).tolist() == [6]
    usual = base_weights(town, Method(base=6), "births")
    assert np.flatnonzero(usual).tolist() == [12, 13, 14]


def test_events_of_years_before_the_stocks_are_left_out_and_told() -> None:
    values = stocks(14)
    found = counted(values, first=1980)
    found.cubes["population"] = source(values).cubes["population"]
    births(found, tuple(date(1981 + n, 12, 31) for n in range(5)))
    town = read(found)
    assert town.sources["arrivals"] is How.RESIDUAL
    assert town.sources["births"] is How.COUNTED_BACK
    assert [i.code for i in town.issues].count("events-years") == 5
    same = town_rates(read(source(values)), Method())
    assert np.allclose(town_rates(town, Method()).first.fertility, same.first.fertility)


def test_births_of_a_year_without_count_come_from_its_infants() -> None:
    found = source(stocks(12))
    births(found, tuple(date(2009 + n, 12, 31) for n in range(9)))
    town = read(found)
    counts = town.register.births
    assert counts is not None
    assert np.allclose(counts[:9].sum(axis=(1, 2)), 30.0 / 3)
    infants = town.register.stocks[10:, :, :, 0].sum(axis=(1, 2))
    assert np.allclose(counts[9:].sum(axis=(1, 2)), infants, rtol=0.01)


def test_a_test_of_the_method_reaches_back_before_the_first_counted_moves() -> None:
    town = read(only_years(counted(stocks(14)), slice(-3, None)))
    early = town.until(7)
    assert early.residual
    assert early.register.arrivals is None
    assert not town.until(11).residual
    done = backtest(town, Method(), horizons=(1, 3))
    assert np.isfinite(done.areas.forecasts["engine"]).all()
    assert (done.areas.forecasts["engine"] > 0).all()


def test_events_above_the_open_age_of_the_stocks_are_kept() -> None:
    values = stocks(12)
    short = np.concatenate([values[..., :75], values[..., 75:].sum(-1, keepdims=True)], -1)
    found = source(short, ages=AgeAxis.single_years(75))
    lows = (0, 60, 70, 80, 90)
    deaths = np.tile(np.array([1.0, 2.0, 4.0, 8.0, 16.0]), (3, 11, 2, 1))
    days = tuple(date(2009 + n, 12, 31) for n in range(11))
    labels = {"area": KEYS, "date": days, "sex": ("m", "f")}
    cube = Cube.of(labels, deaths, ages=AgeAxis.from_lows(lows))
    spec = DatasetSpec("deaths", Kind.DEATHS, "Sterbefälle", "quarter", time=TimeReference.PERIOD)
    found.add(spec, cube)
    register = read(found).register
    assert register.deaths is not None
    assert register.deaths.sum() == pytest.approx(deaths.sum())


def test_moves_by_origin_and_destination_tell_both_ends() -> None:
    found = counted(stocks(12))
    rng = np.random.default_rng(2)
    days = tuple(date(2009 + n, 12, 31) for n in range(11))
    table = rng.integers(0, 9, (3, 11, 3, 91)).astype(float)
    spec = DatasetSpec("od", Kind.MOVES_WITHIN, "Umzüge", "quarter", time=TimeReference.PERIOD)
    cube = Cube.of({"area": KEYS, "date": days, "partner": KEYS}, table, ages=AGES)
    del found.cubes["arrivals_within"], found.cubes["departures_within"]
    found.add(spec, cube)
    town = read(found)
    assert not town.residual
    assert town.register.moves_in is not None
    assert town.register.moves_out is not None
    others = 1.0 - np.eye(3)
    out = np.einsum("atpx,ap->tax", table, others)
    into = np.einsum("atpx,ap->tpx", table, others)
    assert np.allclose(town.register.moves_out.sum(axis=(1, 2)), out.transpose(0, 2, 1))
    assert np.allclose(town.register.moves_in.sum(axis=(1, 2)), into.transpose(0, 2, 1))
    # Moves between two quarters of a district do not leave it.
    district = margin(cube, system(), "quarter", "district", arriving=False)
    assert district.values.sum() == table[:2, :, 2].sum() + table[2, :, :2].sum()


def test_half_of_two_calendar_years_lies_between_two_stocks_of_june() -> None:
    events = np.array([[10.0], [30.0], [70.0]])
    days = [date(y, 12, 31) for y in (2019, 2020, 2021)]
    found = by_stock_year(events, days, (2020, 2021, 2022), date(2022, 6, 30))
    assert found[:2, 0] == pytest.approx([20.0, 50.0], rel=0.01)
    assert np.isnan(found[2]).all()
    same = by_stock_year(events, days, (2019, 2020, 2021), date(2021, 12, 31))
    assert np.array_equal(same, events)


def test_it_is_told_why_counted_moves_are_not_used() -> None:
    found = counted(stocks(12))
    del found.cubes["arrivals_within"]
    assert "moves-within-missing" in codes(read(found))
    odd = counted(stocks(12))
    spec, cube = odd.cubes["moves_in"]
    odd.cubes["moves_in"] = spec, replace(cube, values=cube.values * 3.0)
    assert "moves-unexplained" in codes(read(odd))


def test_death_rates_of_the_few_very_old_stay_near_those_of_the_country() -> None:
    found = source(stocks(12))
    days = tuple(date(2009 + n, 12, 31) for n in range(11))
    deaths = np.zeros((3, 11, 2, 91))
    deaths[..., 60:85] = 0.4
    deaths[..., -1] = 400.0  # far more than live there
    cube = Cube.of({"area": KEYS, "date": days, "sex": ("m", "f")}, deaths, ages=AGES)
    spec = DatasetSpec("deaths", Kind.DEATHS, "Sterbefälle", "quarter", time=TimeReference.PERIOD)
    found.add(spec, cube)
    town = read(found)
    usual = town.default_rates(town.years[-1]).death[:, None, 85:, None]
    rates = town_rates(town, Method()).of_step(0).death[:, :, 85:]
    assert (rates <= 3.0 * usual).all()
    assert (rates >= usual / 3.0 * 0.97).all()
    assert rates[..., -1, :].max() > 1.5 * usual[..., -1, :].max()
