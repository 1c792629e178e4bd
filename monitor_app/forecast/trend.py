"""Rates that change over time: fitted trends that lose their force."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from monitor_app.forecast.state import Array


def log_slope(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Yearly change of the logarithm of ``values`` (years,), by weighted least squares.

    Values that are not positive, and years of weight 0, are left out; 0 with fewer than two years.
    """
    y = np.asarray(values, dtype=np.float64)
    w = np.ones_like(y) if weights is None else np.asarray(weights, dtype=np.float64)
    used = (y > 0) & (w > 0)
    if used.sum() < 2:
        return 0.0
    x, log, weight = np.arange(len(y))[used], np.log(y[used]), w[used]
    centred = x - np.average(x, weights=weight)
    return float((weight * centred * log).sum() / (weight * centred**2).sum())


def damped_factors(slope: float, years: int, damping: float = 0.8) -> Array:
    """Factors (years,) on the launch rates: ``exp(slope (d + d² + … + d^h))`` in year h.

    ``damping`` d: 1 goes on for ever, 0 stops at once.
    """
    return np.asarray(np.exp(slope * np.cumsum(damping ** np.arange(1, years + 1))), np.float64)


def approach(launch: float, goal: float, years: int, half_life: float) -> Array:
    """Path (years,) from ``launch`` to ``goal`` that halves the distance every ``half_life``."""
    remaining = 0.5 ** (np.arange(1, years + 1) / half_life)
    return np.asarray(goal + (launch - goal) * remaining, dtype=np.float64)
