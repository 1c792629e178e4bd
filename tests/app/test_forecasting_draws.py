"""Draws as wired: housing, given totals, chance, the same numbers whatever else is computed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from forecasting_towns import counted, source, stocks, system

from monitor_app.app import forecasting_draws as draws
from monitor_app.app import forecasting_run as runs
from monitor_app.app.forecasting_assumptions import assumed_rates
from monitor_app.app.forecasting_housing import Planned
from monitor_app.app.forecasting_rates import town_rates
from monitor_app.core.progress import Progress
from monitor_app.forecast import noise
from monitor_app.forecast.draw_events import DrawEvents
from monitor_app.forecast.draws import DrawKernel
from monitor_app.forecast.dwellings import HousingPlan, Scheme, realised
from monitor_app.forecast.factors import FactorModel, default_factors, places_of
from monitor_app.forecast.rng import DrawPlan
from monitor_app.forecast.spec import HousingProject, make_spec

ROWS = [slice(0, None), slice(0, 18), slice(18, 65), slice(65, None)]
BASE: dict[str, Any] = {"level": "quarter", "years": 4, "draws": 40, "seed": 5}


def paths(projects: tuple[Planned, ...] = (), city: Any = None, **entry: Any) -> np.ndarray:
    spec = make_spec({**BASE, **entry})
    data, areas = source(stocks(12)), system()
    town = runs.read(data, areas, spec)
    rates = assumed_rates(spec, town, town_rates(town, runs.method_of(spec)), spec.scenarios[0])
    inputs = draws.DrawInputs(projects, city)
    return draws.drawn_paths(spec, town, rates, ROWS, None, inputs, Progress())


# -- reproducible ----------------------------------------------------------------------------------


def test_a_draw_is_the_same_however_many_there_are() -> None:
    assert np.array_equal(paths()[:, :10], paths(draws=10))


def test_age_groups_of_a_draw_add_up_to_its_total_with_chance_in_it() -> None:
    found = paths()
    np.testing.assert_allclose(found[:, :, 1:].sum(axis=2), found[:, :, 0], rtol=2e-5)
    assert (found >= 0).all()


def test_a_project_without_dwellings_builds_nothing_in_any_draw() -> None:
    nothing = Planned("Feld", HousingProject(name="Feld", area="a1", dwellings={}))
    assert np.array_equal(paths((nothing,)), paths())


def test_processes_draw_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    # Dwellings, a given total and chance all have to find their way into another process.
    some = Planned("Feld", HousingProject(name="Feld", area="b1", dwellings={2020: 40}))
    city = np.array([np.nan, 15_000.0, np.nan, np.nan])
    alone = paths((some,), city)
    monkeypatch.setattr(draws, "WORTH_SHARING", 0.0)
    monkeypatch.setattr(draws, "cores", lambda: 2)
    assert np.array_equal(paths((some,), city), alone)


# -- chance ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_chance_has_the_variance_of_the_closed_form() -> None:
    spec = make_spec({**BASE, "draws": 3000})
    town = runs.read(source(stocks(12)), system(), spec)
    rates = assumed_rates(spec, town, town_rates(town, runs.method_of(spec)), spec.scenarios[0])
    after = draws.chance(spec, town, rates, ROWS)
    launch = town.register.stocks[-1]
    mean, variance = noise.demographic_variance(
        town.layout, launch, rates.of_step, spec.years, ROWS
    )
    found = np.repeat(mean[:, None].astype(np.float32), spec.draws, axis=1)
    for draw in range(spec.draws):
        after(draw, found[:, draw])
    assert np.array_equal(found[0, 0], found[0, -1])
    # Rows are made of parts; a resident is in one part only, so variances add up.
    np.testing.assert_allclose(found[1:].var(axis=1) / variance[1:], 1.0, atol=0.12)
    np.testing.assert_allclose(found[1:].mean(axis=1) / mean[1:], 1.0, atol=0.004)


# -- dwellings -------------------------------------------------------------------------------------


def plan(**changes: Any) -> HousingPlan:
    entry = {"key": "Feld", "kind": 0, "area": 1, "persons": {2025: 100.0}, "probability": 0.6,
             "delay": 1, "delay_spread": 0.5} | changes  # fmt: skip
    return HousingPlan(np.ones((1, 1, 1, 1)), np.array([0.5]), (Scheme(**entry),), 3)


def test_on_average_as_many_move_in_as_expected() -> None:
    expected = plan().expected(2025, 8)
    assert expected[1, 0, 1] == pytest.approx(60.0)
    drawn = np.array([plan().drawn(DrawPlan(3), d, 2025, 8) for d in range(2000)])
    assert drawn.sum(axis=(1, 2, 3)).mean() == pytest.approx(60.0, rel=0.05)
    when = (drawn.sum(axis=(2, 3)) * np.arange(8)).sum() / drawn.sum()
    assert when == pytest.approx(1.0, abs=0.06)
    shares = drawn.sum(axis=(1, 2, 3)) / 100.0
    # Beta with the weight of one project: most schemes are built nearly whole or hardly at all.
    assert shares.var() == pytest.approx(0.6 * 0.4 / 2.0, rel=0.1)
    assert realised(1.0, 0.3) == 1.0
    assert realised(0.0, 0.3) == 0.0


def test_parts_of_one_scheme_share_their_fate_and_others_do_not() -> None:
    one = plan().drawn(DrawPlan(3), 9, 2025, 8)
    more = HousingPlan(
        np.ones((1, 1, 1, 1)), np.array([0.5]),
        (Scheme("Anger", 0, 2, {2026: 10.0}, 0.5), *plan().schemes,
         Scheme("Feld", 0, 0, {2025: 50.0}, 0.6, 1, 0.5)), 3,
    ).drawn(DrawPlan(3), 9, 2025, 8)  # fmt: skip
    assert np.array_equal(more[:, 0, 1], one[:, 0, 1])
    np.testing.assert_allclose(more[:, 0, 0], one[:, 0, 1] / 2)


def test_uncertain_dwellings_make_the_area_less_certain() -> None:
    sure = HousingProject(name="Feld", area="b1", dwellings={2020: 200}, probability=1.0,
                          delay_spread=0.0)  # fmt: skip
    doubt = sure.model_copy(update={"probability": 0.5, "dwellings": {2020: 400}})
    firm, open_ = (paths((Planned("Feld", p),))[2, :, 0] for p in (sure, doubt))
    assert open_[:, 2].std() > 2 * firm[:, 2].std()
    plain = paths()[2, :, 0]
    assert np.median(firm[:, 2] - plain[:, 2]) > 0.8 * 420


# -- totals that are given, moves that add up ------------------------------------------------------


def test_a_given_total_is_reached_in_every_draw_and_no_other_year() -> None:
    city = np.array([np.nan, 15_000.0, np.nan, np.nan])
    found = paths(city=city)[:, :, 0].sum(axis=2, dtype=np.float64)
    free = paths()[:, :, 0].sum(axis=2, dtype=np.float64)
    # Chance is added to what rates and totals give; without it the total is exact.
    assert found[2].std() < 0.35 * free[2].std()
    assert found[2].mean() == pytest.approx(15_000.0, rel=0.003)
    np.testing.assert_array_equal(found[1], free[1])


@pytest.mark.parametrize("fast", [True, False])
def test_conditioned_draws_sum_to_the_city_exactly(fast: bool) -> None:
    spec = make_spec(BASE)
    town = runs.read(source(stocks(12)), system(), spec)
    rates = assumed_rates(spec, town, town_rates(town, runs.method_of(spec)), spec.scenarios[0])
    launch = np.ascontiguousarray(town.register.stocks[-1])
    kernel = DrawKernel(town.layout, launch, rates.first, 4, ROWS, dtype=np.float64, fast=fast)
    model = FactorModel(places_of(town.layout.areas), default_factors(), 4, 1)
    city = np.array([14_000.0, 14_100.0, np.nan, 14_300.0])
    out = np.empty((5, len(ROWS), 3))
    for draw in range(5):
        kernel.run(model.multipliers(draw), out, DrawEvents(city=city))
        np.testing.assert_allclose(out[[1, 2, 4], 0].sum(axis=1), city[[0, 1, 3]], rtol=1e-12)


def test_moves_into_new_dwellings_add_up_to_zero_in_every_draw() -> None:
    spec = make_spec({**BASE, "variant": "natural"})
    town = runs.read(source(stocks(12)), system(), spec)
    rates = assumed_rates(spec, town, town_rates(town, runs.method_of(spec)), spec.scenarios[0])
    launch = np.ascontiguousarray(town.register.stocks[-1])
    kernel = DrawKernel(town.layout, launch, rates.first, 1, ROWS, dtype=np.float64)
    model = FactorModel(places_of(town.layout.areas), default_factors(), 1, 1)
    profile = launch.sum(axis=-1) / launch.sum()
    plain, built = (np.empty((2, len(ROWS), 3)) for _n in range(2))
    for draw in range(5):
        drawn = model.multipliers(draw)
        residents = np.zeros((1, 1, 3))
        residents[0, 0, 2] = 90.0
        for share in (1.0, 0.25):
            kernel.run(drawn, plain)
            kernel.run(drawn, built, DrawEvents(residents, profile[None], np.array([share])))
            change = built[1] - plain[1]
            # Everybody from inside: the town stays as it is, cell by cell and so by age group.
            np.testing.assert_allclose(change.sum(axis=1)[0], 90.0 * (1 - share), atol=1e-9)
            if share == 1.0:
                np.testing.assert_allclose(change.sum(axis=1), 0.0, atol=1e-9)
            assert (change[0, :2] < 0).all()


@pytest.mark.parametrize("fast", [True, False])
def test_moves_of_a_counted_town_add_up_to_zero_in_every_draw(fast: bool) -> None:
    spec = make_spec(BASE)
    town = runs.read(counted(stocks(12)), system(), spec)
    base = town_rates(town, runs.method_of(spec)).first
    assert base.move is not None
    still = replace(
        base, death=base.death * 0, fertility=base.fertility * 0, arrivals=None, departure=None,
        naturalise=None,
    )  # fmt: skip
    launch = np.ascontiguousarray(town.register.stocks[-1])
    ages = [slice(n, n + 1) for n in range(launch.shape[2])]
    kernel = DrawKernel(town.layout, launch, still, 3, ages, dtype=np.float64, fast=fast)
    model = FactorModel(places_of(town.layout.areas), default_factors(), 3, 8)
    out = np.empty((4, len(ages), 3))
    for draw in range(6):
        kernel.run(model.multipliers(draw), out)
        # Everybody is one year older, in the town as a whole: nobody was won or lost by moving.
        town_by_age = out.sum(axis=2)
        np.testing.assert_allclose(town_by_age[1:, 1:-1], town_by_age[:-1, :-2], rtol=1e-10)
        assert np.abs(out[1, 1:-1] - out[0, :-2]).max() > 0.5


# -- stored ranges ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_given_total_takes_its_uncertainty_out_of_the_stored_ranges() -> None:
    goal = {"year": 2021, "what": "population", "value": 14_500.0}
    spec = make_spec({**BASE, "draws": 80, "targets": [goal]})
    done = runs.make_forecast(source(stocks(12)), system(), spec).results[0].intervals
    assert done is not None
    low, high = (done.levels.index(q) for q in (0.1, 0.9))
    width = done.city[high, :, 0] - done.city[low, :, 0]
    year = 2021 - 2019
    assert width[year] < 0.5 * width[year - 1]
    assert width[year] < 0.5 * width[year + 1]
    areas = done.areas[high, year, 0] - done.areas[low, year, 0]
    assert (areas > 0).all()
