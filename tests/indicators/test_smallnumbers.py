"""Intervals and tests against published values and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from monitor_app.core.issues import UserError
from monitor_app.indicators.smallnumbers import (
    byar,
    change_of_rates,
    change_of_shares,
    exact_poisson,
    rate_interval,
    smooth,
    wilson,
)

nan = float("nan")


def test_wilson_against_published_values() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3 (score).
    found = wilson([81, 15, 0, 1], [263, 148, 20, 29])
    assert found.low == pytest.approx([0.2553, 0.0624, 0.0, 0.0061], abs=5e-5)
    assert found.high == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=5e-5)


@given(st.integers(0, 300), st.integers(1, 300), st.sampled_from([0.9, 0.95, 0.99]))
def test_wilson_agrees_with_scipy(x: int, n: int, level: float) -> None:
    x = min(x, n)
    oracle = stats.binomtest(x, n).proportion_ci(level, method="wilson")
    found = wilson(x, n, level)
    assert found.low == pytest.approx(oracle.low, abs=1e-12)
    assert found.high == pytest.approx(oracle.high, abs=1e-12)


def test_nobody_there_is_no_share() -> None:
    found = wilson([0, nan, 1], [0, 10, nan])
    assert np.isnan(found.low).all()
    assert np.isnan(found.high).all()


@given(st.integers(0, 5000), st.sampled_from([0.8, 0.95, 0.99]))
def test_exact_poisson_is_a_quantile_of_chi_squared(x: int, level: float) -> None:
    tail = (1 - level) / 2
    found = exact_poisson(x, level)
    assert found.low == pytest.approx(stats.chi2.ppf(tail, 2 * x) / 2 if x else 0.0)
    assert found.high == pytest.approx(stats.chi2.ppf(1 - tail, 2 * x + 2) / 2)


def test_exact_poisson_against_published_values() -> None:
    # Garwood's table as reprinted in Breslow and Day 1987, table 2.11 (95 %).
    found = exact_poisson([0, 1, 10, 100])
    assert found.low == pytest.approx([0, 0.0253, 4.795, 81.36], rel=1e-3)
    assert found.high == pytest.approx([3.689, 5.572, 18.39, 121.63], rel=1e-3)


@given(st.integers(5, 5000))
def test_byar_is_near_the_exact_interval(x: int) -> None:
    exact, close = exact_poisson(x), byar(x)
    assert close.low == pytest.approx(exact.low, rel=0.02)
    assert close.high == pytest.approx(exact.high, rel=0.005)


def test_byar_of_no_events() -> None:
    assert byar([0]).low.tolist() == [0.0]
    assert byar([0]).high == pytest.approx([3.668], abs=1e-3)


def test_rates_are_scaled_and_missing_stays_missing() -> None:
    found = rate_interval([10, 10, nan, 0], [2000, 0, 100, 50], per=1000)
    assert found.low[0] == pytest.approx(stats.chi2.ppf(0.025, 20) / 4)
    assert np.isnan([found.low[1], found.high[1], found.low[2], found.high[2]]).all()
    assert (found.low[3], found.high[3] > 0) == (0.0, True)
    assert rate_interval([10], [2000], method="byar").high[0] == pytest.approx(byar(10).high / 2000)


def test_smoothing_by_hand() -> None:
    # m = 40/400 = 0.1; between = (100·0.01 + 200·0 + 100·0.01)/400 = 0.005;
    # n̄ = 400/3; s² = 0.005 − 0.1/(400/3) = 0.00425; B = s²/(s² + 0.1/n)
    found = smooth([0, 20, 20], [100, 200, 100])
    assert found.mean == pytest.approx(0.1)
    assert found.variance == pytest.approx(0.00425)
    weight = np.array([0.00425 / 0.00525, 0.00425 / 0.00475, 0.00425 / 0.00525])
    assert found.own_weight == pytest.approx(weight)
    assert found.rates == pytest.approx(0.1 + weight * np.array([-0.1, 0.0, 0.1]))


def test_smoothing_of_equal_rates_is_the_mean() -> None:
    found = smooth([1, 2, 3], [10, 20, 30])
    assert found.variance == 0.0
    assert found.rates == pytest.approx([0.1] * 3)


def test_smoothing_draws_small_areas_more_and_keeps_gaps() -> None:
    found = smooth([5, 500, 900, nan, 3], [10, 1000, 9000, 100, 0])
    assert found.own_weight[0] < found.own_weight[1] < found.own_weight[2]
    assert np.isnan(found.rates[3:]).all()
    assert np.isnan(smooth([nan], [nan]).rates).all()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 500)), min_size=1, max_size=20))
def test_smoothed_rates_lie_between_own_rate_and_mean(pairs) -> None:
    o, n = np.array(pairs, dtype=float).T
    found = smooth(o, n)
    low, high = np.minimum(o / n, found.mean), np.maximum(o / n, found.mean)
    assert ((found.rates >= low - 1e-12) & (found.rates <= high + 1e-12)).all()


def test_change_of_two_rates() -> None:
    # (60 − 40) / √(60 + 40) with equal exposure: z = 2 exactly
    found = change_of_rates([40, 50, 0], [1000] * 3, [60, 55, 0], [1000] * 3)
    assert found.z[0] == pytest.approx(2.0)
    assert found.difference[0] == pytest.approx(0.02)
    assert found.p[0] == pytest.approx(2 * stats.norm.sf(2.0))
    assert found.significant.tolist() == [True, False, False]
    assert np.isnan(found.z[2])


def test_change_of_two_shares_is_the_root_of_chi_squared() -> None:
    found = change_of_shares(30, 100, 45, 100)
    oracle = stats.chi2_contingency([[30, 70], [45, 55]], correction=False)
    assert float(found.z) ** 2 == pytest.approx(oracle.statistic)
    assert float(found.p) == pytest.approx(oracle.pvalue)
    assert bool(found.significant)
    assert not change_of_shares([nan, 0], [10, 0], [1, 1], [10, 10]).significant.any()


@pytest.mark.parametrize(
    "call",
    [
        lambda: wilson(-1, 10),
        lambda: wilson(11, 10),
        lambda: exact_poisson([-1]),
        lambda: byar([-0.5]),
        lambda: smooth([1], [-2]),
        lambda: rate_interval([1], [-1]),
        lambda: change_of_shares(11, 10, 1, 10),
    ],
)
def test_impossible_counts_are_refused(call) -> None:
    with pytest.raises(UserError):
        call()
