"""Smooth age profiles of rates without losing events.

Penalised Poisson regression of counts on age with one coefficient per age (Whittaker-Henderson in
the log scale; Eilers and Marx 1996, Currie, Durban, Eilers 2004). The fit keeps the total of the
events, their mean age and the variance of their age (penalty of order 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg

from monitor_app.forecast.state import Array

_LAMBDAS = tuple(float(v) for v in 10.0 ** np.arange(-1.0, 6.1, 1.0))
_MAX_ITERATIONS = 100


def smooth_rates(
    events: ArrayLike, exposure: ArrayLike, smoothness: float | None = None, order: int = 3
) -> Array:
    """Smoothed rates (ages,) per person-year from events and exposures (ages,).

    ``smoothness`` weighs the penalty on differences of ``order`` of the log rates; without it the
    value with the lowest BIC is taken. Ages without exposure are filled in from their
    neighbours; without any event, or anybody at risk, all rates are zero.
    """
    counts = np.asarray(events, dtype=np.float64)
    at_risk = np.asarray(exposure, dtype=np.float64)
    if counts.sum() <= 0 or at_risk.sum() <= 0:
        return np.zeros_like(counts)
    if smoothness is not None:
        return _fit(counts, at_risk, smoothness, order)
    fits = [(_fit(counts, at_risk, value, order), value) for value in _LAMBDAS]
    return min(fits, key=lambda fit: _bic(counts, at_risk, fit[0], fit[1], order))[0]


def smooth_profiles(
    events: Array, exposure: Array, smoothness: float | None = None, axis: int = -1
) -> Array:
    """``smooth_rates`` along one axis of stacked profiles."""
    counts, at_risk = np.moveaxis(events, axis, -1), np.moveaxis(exposure, axis, -1)
    found = np.empty_like(counts)
    for index in np.ndindex(counts.shape[:-1]):
        found[index] = smooth_rates(counts[index], at_risk[index], smoothness)
    return np.moveaxis(found, -1, axis)


def _fit(counts: Array, at_risk: Array, smoothness: float, order: int) -> Array:
    """Rates of one penalised fit by iterated weighted least squares."""
    n = len(counts)
    penalty = smoothness * _penalty(n, order)
    known = at_risk > 0
    overall = counts.sum() / at_risk.sum()
    start = (counts + 0.5 * overall) / np.where(known, at_risk + 0.5, 1.0)
    eta = np.log(np.where(known, np.maximum(start, 1e-12), overall))
    for _ in range(_MAX_ITERATIONS):
        mean = at_risk * np.exp(eta)
        banded = penalty.copy()
        # The ridge keeps the system solvable where neither events nor exposure tell anything.
        banded[-1] += mean + 1e-9
        target = mean * eta + np.where(known, counts - mean, 0.0)
        new = linalg.solveh_banded(banded, target)
        step = new - eta
        # Long steps overshoot where counts are few.
        eta = eta + step * min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(np.exp(eta), dtype=np.float64)


def _bic(counts: Array, at_risk: Array, rates: Array, smoothness: float, order: int) -> float:
    """Bayesian information criterion of a fit."""
    known = at_risk > 0
    mean = at_risk * rates
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.where(counts > 0, counts * np.log(counts / mean), 0.0)
    deviance = 2.0 * float((log_ratio - (counts - mean))[known].sum())
    banded = smoothness * _penalty(len(counts), order)
    banded[-1] += mean + 1e-9
    hat = np.diag(linalg.solveh_banded(banded, np.diag(mean)))
    return deviance + float(np.log(max(int(known.sum()), 2)) * hat.sum())


@cache
def _penalty(n: int, order: int) -> Array:
    """Upper banded form of D'D, D the differences of ``order``, as ``solveh_banded`` wants it."""
    differences = np.diff(np.eye(n), order, axis=0)
    full = differences.T @ differences
    banded = np.zeros((order + 1, n))
    for band in range(order + 1):
        banded[order - band, band:] = np.diagonal(full, band)
    return banded


def disaggregate(values: ArrayLike, lows: Sequence[int], open_age: int) -> Array:
    """Single years (open_age + 1,) from age groups that start at ``lows``, group totals kept.

    The smoothest single-year curve (second differences) with these totals, not below zero:
    clipped and rescaled where it would be. What comes out is an estimate and must be marked so.
    """
    totals = np.asarray(values, dtype=np.float64)
    bounds = [*lows, open_age + 1]
    n = open_age + 1
    sums = np.zeros((len(totals), n))
    for row, (lo, hi) in enumerate(pairwise(bounds)):
        sums[row, lo:hi] = 1.0
    differences = np.diff(np.eye(n), 2, axis=0)
    system = np.block(
        [[differences.T @ differences, sums.T], [sums, np.zeros((len(totals), len(totals)))]]
    )
    right = np.concatenate([np.zeros(n), totals])
    curve = np.maximum(np.linalg.lstsq(system, right, rcond=None)[0][:n], 0.0)
    reached = sums @ curve
    scale = np.divide(totals, reached, out=np.zeros_like(totals), where=reached > 0)
    curve = curve * (sums.T @ scale)
    # A group whose curve was clipped away altogether is spread evenly.
    lost = (reached <= 0) & (totals > 0)
    return np.asarray(curve + sums.T @ np.where(lost, totals / sums.sum(axis=1), 0.0), np.float64)
