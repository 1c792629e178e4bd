"""Implausible steps: broken series are found, ordinary ones stay quiet."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from monitor_app.exchange.plausible import implausible_steps, step_list


def years(n: int, first: int = 1990, step: int = 1) -> list[date]:
    return [date(first + i * step, 12, 31) for i in range(n)]


def growth(rng: np.random.Generator, n: int, start: float = 80_000.0) -> np.ndarray:
    return np.round(start * np.exp(np.cumsum(rng.normal(0.005, 0.006, n))))


@pytest.mark.parametrize("seed", range(8))
def test_a_change_of_definition_is_found_and_nothing_else(seed: int) -> None:
    values = growth(np.random.default_rng(seed), 30)
    values[12:20] *= 1.08  # main and secondary residence
    found = step_list(years(30), np.round(values))
    assert [(a.year, b.year) for a, b, _old, _new in found] == [(2001, 2002), (2009, 2010)]


@pytest.mark.parametrize("seed", range(8))
def test_an_ordinary_series_has_no_finding(seed: int) -> None:
    values = growth(np.random.default_rng(100 + seed), 40)
    assert not implausible_steps(values, years(40)).any()


def test_small_counts_may_vary_by_chance() -> None:
    values = np.random.default_rng(5).poisson(12, 30).astype(float)
    assert implausible_steps(values, years(30), 0.2).sum() == 0


def test_long_gaps_are_judged_by_the_yearly_rate() -> None:
    days = [*years(6, 1900, 10), *years(20, 1960)]
    values = 50_000 * np.exp(0.006 * np.array([d.year - 1900 for d in days]))
    assert not implausible_steps(np.round(values), days).any()


def test_missing_values_and_short_series_are_never_judged() -> None:
    assert not implausible_steps(np.array([100.0, 900.0]), years(2)).any()
    values = np.array([1000.0, np.nan, 5000.0, 5010.0, 5020.0, 5030.0, 5040.0])
    assert not implausible_steps(values, years(7)).any()
