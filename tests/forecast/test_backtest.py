"""Backtests see only the past; error models find what was put into the errors."""

from __future__ import annotations

import numpy as np
import pytest

from monitor_app.forecast import naive, scores
from monitor_app.forecast.backtest import _medians, naive_methods, run_backtest


def city_series(years: int = 20, areas: int = 30, seed: int = 1) -> np.ndarray:
    """(years, 2 variables, areas): totals that drift, and a fifth of them as children."""
    random = np.random.default_rng(seed)
    growth = 1.0 + random.normal(0.005, 0.01, (years, areas))
    totals = random.uniform(500, 15000, areas) * np.cumprod(growth, axis=0)
    return np.stack([totals, totals / 5.0], axis=1)


def test_errors_of_known_forecasts_are_scored() -> None:
    series = city_series()

    def ten_per_cent_too_high(origin: int, steps: tuple[int, ...]) -> np.ndarray:
        picked = [series[min(origin + h, len(series) - 1)] for h in steps]
        return 1.1 * np.array(picked)

    found = run_backtest(series, ("total", "0-5"), {"high": ten_per_cent_too_high})
    for row in found.table():
        assert row.scores.mape == pytest.approx(10.0)
        assert row.scores.malpe == pytest.approx(10.0)
        assert row.scores.total_error == pytest.approx(10.0)
    assert {row.size_class for row in found.table()} >= {None, -1, 0, 4}
    assert found.score("high", 0, 10).origins == len(series) - 5 - 10
    assert found.shelf_life("high") == 0


def test_naive_methods_do_not_see_the_future() -> None:
    series = city_series()
    methods = naive_methods(series)
    spoiled = series.copy()
    spoiled[11:] = 1e9
    later = naive_methods(spoiled)
    for name, method in methods.items():
        np.testing.assert_array_equal(method(10, (1, 5)), later[name](10, (1, 5)))


def test_naive_methods_are_those_of_the_formulas() -> None:
    series = city_series()
    found = naive_methods(series)["linear"](12, (1, 3, 5))
    np.testing.assert_allclose(found[:, 1], naive.linear(series[:13, 1], (1, 3, 5)))


def test_an_area_with_a_gap_keeps_its_last_value() -> None:
    series = city_series()
    series[8, :, 3] = np.nan
    found = naive_methods(series)["linear"](10, (5,))
    np.testing.assert_array_equal(found[0, :, 3], series[10, :, 3])
    assert np.isfinite(found).all()


def test_small_areas_count_in_weighted_metrics_only() -> None:
    series = city_series(areas=4)
    series[:, :, 0] = 10.0

    def nothing(_origin: int, steps: tuple[int, ...]) -> np.ndarray:
        return np.zeros((len(steps), 2, 4))

    found = run_backtest(series, ("total", "0-5"), {"zero": nothing}, horizons=[1])
    row = found.score("zero", 0, 1)
    assert row.scores.n == 3 * row.origins
    assert row.scores.wmape == pytest.approx(100.0)


def test_the_better_method_is_found_and_so_is_how_sure_that_is() -> None:
    series = city_series()
    random = np.random.default_rng(3)

    def noisy(size: float) -> object:
        def method(origin: int, steps: tuple[int, ...]) -> np.ndarray:
            truth = np.array([series[min(origin + h, len(series) - 1)] for h in steps])
            return truth * np.exp(random.normal(0.0, size, truth.shape))

        return method

    found = run_backtest(series, ("total", "0-5"), {"a": noisy(0.05), "b": noisy(0.02)})
    assert found.best(["a", "b"], 0, 5) == "b"
    assert found.chance_to_beat("b", "a", 0, 5) > 0.99
    assert scores.skill(2.0, 4.0) == 0.5


def test_coverage_of_intervals_is_counted() -> None:
    series = city_series()

    def band(origin: int, steps: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        truth = np.array([series[min(origin + h, len(series) - 1)] for h in steps])
        lower = truth * 0.9
        lower[:, :, ::2] = truth[:, :, ::2] * 1.05  # every second area is missed
        return lower, truth * 1.1

    found = run_backtest(series, ("total", "0-5"), {}, intervals={"band": band}, horizons=[1, 5])
    assert found.coverage("band", 0, 1) == pytest.approx(0.5)
    assert found.coverage("band", 1, 5) == pytest.approx(0.5)


def test_medians_of_resamples_are_those_of_the_drawn_cells() -> None:
    random = np.random.default_rng(8)
    errors = random.random((7, 9))
    errors[random.random(errors.shape) < 0.2] = np.nan
    drawn = random.integers(0, 7, (50, 7))
    times = (drawn[:, :, None] == np.arange(7)).sum(axis=1)
    expected = [np.nanmedian(errors[rows]) for rows in drawn]
    np.testing.assert_allclose(_medians(errors, times), expected)
