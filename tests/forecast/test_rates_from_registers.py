"""Rates made of register counts: exposures, pooling, smoothing, shrinkage, trends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from monitor_app.forecast import exposure, shrinkage, smoothing, trend
from monitor_app.forecast.hazard import Prepared, Workspace, hazard_step
from monitor_app.forecast.projection import constant_rates, project


def test_rates_are_found_again_in_the_events_that_they_caused(city: Any) -> None:
    # Run the engine with small known hazards and estimate them from what it reports.
    small = {n: getattr(city.rates, n) * 0.02 for n in ("death", "departure")}
    nothing = dict.fromkeys(("naturalise", "arrivals", "move", "move_model"))
    rates = replace(city.rates, **nothing, **small)
    prepared = Prepared.of(city.layout, rates)
    step = hazard_step(city.stock, prepared, Workspace(city.layout))
    assert step.flows.departures is not None
    stocks = np.stack([city.stock, step.end])
    at_risk = exposure.cohort_exposure(stocks)
    pooled = exposure.pool_years(step.flows.departures[None], at_risk)
    lived = pooled.exposure[..., 1:-1, :-1] > 5.0
    found = pooled.rate[..., 1:-1, :-1][lived]
    np.testing.assert_allclose(found, rates.departure[..., 1:-1, :-1][lived], rtol=0.001)


def test_exposure_of_a_closed_cohort_is_its_size() -> None:
    stocks = np.full((2, 1, 1, 4, 1), 10.0)
    np.testing.assert_allclose(exposure.cohort_exposure(stocks)[0, 0, 0, :, 0], [5, 10, 10, 15])
    np.testing.assert_allclose(exposure.period_exposure(stocks)[0, 0, 0, :, 0], 10.0)


def test_year_weights_leave_years_out_and_missing_years_count_for_nothing() -> None:
    events = np.array([1.0, 9.0, 2.0, np.nan]).reshape(4, 1, 1, 1, 1)
    at_risk = np.full((4, 1, 1, 1, 1), 10.0)
    pooled = exposure.pool_years(events, at_risk, [1.0, 0.0, 1.0, 1.0])
    assert pooled.events.item() == 3.0
    assert pooled.exposure.item() == 20.0
    with pytest.raises(ValueError, match="weights"):
        exposure.pool_years(events, at_risk, [0.0, 0.0, 0.0, 0.0])


def test_events_by_completed_age_keep_their_number() -> None:
    events = np.random.default_rng(4).uniform(0.0, 9.0, (2, 2, 11, 3))
    moved = exposure.by_birth_year(events)
    # The children of the year have only half of the events of age 0; the rest reach age 1.
    np.testing.assert_allclose(moved.sum(axis=2), events.sum(axis=2))


def test_residual_migration_finds_known_migrants(city: Any) -> None:
    rates = replace(city.rates, departure=None, move=None, move_model=None, naturalise=None)
    run = project(city.layout, city.stock, constant_rates(rates), 1)
    assert run.stocks is not None
    survival = np.exp(-rates.death)
    survival[:, :, 0] = np.exp(-rates.death[:, :, 0] / 2.0)
    births_now = run.stocks[1:, :, :, 0] * 0.0
    # Births as the engine made them: what is in age 0 beyond arrivals, brought back to birth.
    late = np.exp(-rates.death[:, :, 0] / 4.0)
    births_now[0] = (run.stocks[1][:, :, 0] - rates.arrivals[:, :, 0] * late) / survival[:, :, 0]
    found = exposure.residual_migration(run.stocks, births_now, survival)[0]
    np.testing.assert_allclose(found[:, :, 1:], rates.arrivals[:, :, 1:], rtol=1e-9, atol=1e-9)


def test_smoothing_keeps_the_events_and_comes_closer_to_the_truth() -> None:
    random = np.random.default_rng(8)
    age = np.arange(15, 50)
    truth = 0.1 * np.exp(-(((age - 31.0) / 6.0) ** 2))
    at_risk = np.full(len(age), 400.0)
    raw_error, smooth_error = [], []
    for _ in range(20):
        births = random.poisson(truth * at_risk).astype(float)
        found = smoothing.smooth_rates(births, at_risk)
        assert (found * at_risk).sum() == pytest.approx(births.sum(), rel=1e-6)
        mean_age = (age * found * at_risk).sum() / births.sum()
        assert mean_age == pytest.approx((age * births).sum() / births.sum(), rel=1e-6)
        raw_error.append(np.abs(births / at_risk - truth).mean())
        smooth_error.append(np.abs(found - truth).mean())
    assert np.mean(smooth_error) < 0.6 * np.mean(raw_error)


def test_smoothing_without_events_is_zero_and_fills_ages_without_people() -> None:
    assert smoothing.smooth_rates([0.0, 0.0], [1.0, 2.0]).tolist() == [0.0, 0.0]
    found = smoothing.smooth_rates(
        [10.0, 10.0, 0.0, 10.0, 10.0], [100.0, 100.0, 0.0, 100.0, 100.0], 1.0
    )
    np.testing.assert_allclose(found, 0.1, rtol=1e-6)


def test_single_years_add_up_to_their_groups() -> None:
    totals = [500.0, 450.0, 470.0, 300.0, 0.0]
    lows = (0, 5, 10, 15, 20)
    found = smoothing.disaggregate(totals, lows, 24)
    np.testing.assert_allclose(np.add.reduceat(found, lows), totals, rtol=1e-9, atol=1e-9)
    assert found.min() >= 0.0
    linear = smoothing.disaggregate([10.0 + 35.0, 35.0 + 35.0], (0, 5), 9)
    np.testing.assert_allclose(np.diff(linear), 1.0, rtol=1e-6)


def test_levels_lie_between_the_own_and_the_common_experience() -> None:
    expected = np.array([5.0, 50.0, 500.0, 5.0, 50.0, 500.0])
    observed = expected * np.array([2.0, 1.5, 1.2, 0.2, 0.5, 0.9])
    found = shrinkage.shrunk_levels(observed, expected)
    mean = observed.sum() / expected.sum()
    between = (found.level - mean) * (found.raw - found.level)
    assert (between >= -1e-12).all()
    assert found.weight[0] < found.weight[1] < found.weight[2] < 1.0


def test_areas_that_differ_by_chance_only_get_the_common_level() -> None:
    random = np.random.default_rng(5)
    expected = np.full(200, 20.0)
    found = shrinkage.shrunk_levels(random.poisson(expected).astype(float), expected)
    assert found.weight.max() < 0.15


def test_shrinkage_recovers_the_variance_and_beats_raw_and_common_levels() -> None:
    random = np.random.default_rng(6)
    expected = random.uniform(5.0, 60.0, 3000)
    truth = random.gamma(1 / 0.09, 0.09, 3000)  # mean 1, variance 0.09
    observed = random.poisson(truth * expected).astype(float)
    assert shrinkage.between_variance(observed, expected).item() == pytest.approx(0.09, rel=0.15)
    found = shrinkage.shrunk_levels(observed, expected)

    def error(level: np.ndarray) -> float:
        return float(((level - truth) ** 2).mean())

    assert error(found.level) < 0.8 * min(error(found.raw), error(np.ones(3000)))


def test_areas_are_pulled_towards_their_type() -> None:
    type_of = np.array([0] * 50 + [1] * 50)
    random = np.random.default_rng(7)
    expected = np.full(100, 10.0)
    truth = np.where(type_of == 0, 0.6, 1.4)
    observed = random.poisson(expected * truth).astype(float)
    found = shrinkage.levels_by_type(observed, expected, type_of)
    assert np.abs(found.level - truth).mean() < 0.1


def test_dispersion_of_poisson_counts_is_one_and_of_households_more() -> None:
    random = np.random.default_rng(9)
    expected = np.full((12, 300), 30.0)
    single = random.poisson(expected)
    families = 3.0 * random.poisson(expected / 3.0)
    assert shrinkage.dispersion_of(single, expected) == pytest.approx(1.05, abs=0.06)
    assert shrinkage.dispersion_of(families, expected) == pytest.approx(3.2, abs=0.3)


def test_trends_are_damped() -> None:
    series = 2.0 * np.exp(-0.02 * np.arange(10))
    assert trend.log_slope(series) == pytest.approx(-0.02)
    assert trend.log_slope([1.0, 0.0]) == 0.0
    factors = trend.damped_factors(-0.02, 50, 0.8)
    assert factors[0] == pytest.approx(np.exp(-0.016))
    assert factors[-1] == pytest.approx(np.exp(-0.08), rel=1e-4)
    np.testing.assert_allclose(trend.approach(10.0, 2.0, 8, 4.0)[[3, 7]], [6.0, 4.0])
