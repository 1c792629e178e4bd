"""How certain a value made of few cases is: intervals, smoothing, significance of change.

All functions work on arrays of any one shape. NaN (no value) stays NaN. Errors: ``UserError`` for
negative counts or more cases than people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from monitor_app.core.i18n import _
from monitor_app.core.issues import fail

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Interval:
    """Lower and upper bound, of the shape of the input; NaN where there is no value."""

    low: Array
    high: Array


@dataclass(frozen=True, eq=False)
class Smoothed:
    """Empirical-Bayes rates: always to be labelled as smoothed.

    ``rates`` and ``own_weight`` (the share B that an area's own rate keeps) of the shape of the
    input; ``mean`` the rate of all areas together, ``variance`` the variance between areas beyond
    chance (0: nothing but chance, all areas get the mean).
    """

    rates: Array
    own_weight: Array
    mean: float
    variance: float


@dataclass(frozen=True, eq=False)
class Change:
    """Change between two dates: ``difference`` after − before, ``z`` its test value, ``p`` the
    two-sided probability, ``significant`` at the level asked for. NaN and False where unknown or
    where both counts are 0."""

    difference: Array
    z: Array
    p: Array
    significant: Bools


def _counts(values: ArrayLike) -> Array:
    found = np.asarray(values, dtype=np.float64)
    if (found < 0).any():
        raise fail(
            "negative-count",
            _("Counts below zero have no interval."),
            repair=_("Check the imported numbers."),
        )
    return found


def _quantile(level: float) -> float:
    if not 0 < level < 1:
        raise ValueError("level must lie between 0 and 1")
    return float(special.ndtri(0.5 + level / 2.0))


def wilson(cases: ArrayLike, people: ArrayLike, level: float = LEVEL) -> Interval:
    """Wilson score interval of a share (0..1), Wilson 1927. NaN where there are no people."""
    x, n = _counts(cases), _counts(people)
    if (x > n).any():
        raise fail(
            "share-above-one",
            _("There are more cases than people, so this is no share."),
            repair=_("Use the interval for rates, or check numerator and denominator."),
        )
    z = _quantile(level)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(n > 0, x / n, np.nan)
        scale = 1.0 + z * z / n
        centre = (p + z * z / (2.0 * n)) / scale
        half = z / scale * np.sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n))
        # At 0 and at n the bounds are exactly 0 and 1; rounding must not say otherwise.
        low = np.where(x == 0, 0.0, np.maximum(centre - half, 0.0))
        high = np.where(x == n, 1.0, np.minimum(centre + half, 1.0))
    unknown = np.isnan(p)
    return Interval(np.where(unknown, np.nan, low), np.where(unknown, np.nan, high))


def exact_poisson(events: ArrayLike, level: float = LEVEL) -> Interval:
    """Exact interval of a Poisson count (Garwood 1936): quantiles of χ² with 2x and 2x + 2."""
    x = _counts(events)
    tail = (1.0 - level) / 2.0
    low = np.where(x > 0, special.gammaincinv(np.maximum(x, 1e-300), tail), 0.0)
    high = special.gammainccinv(x + 1.0, tail)
    return Interval(np.where(np.isnan(x), np.nan, low), high)


def byar(events: ArrayLike, level: float = LEVEL) -> Interval:
    """Byar's approximation of the Poisson interval (Breslow and Day 1987), good from few events
    on. The lower bound of 0 events is 0."""
    x, z = _counts(events), _quantile(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = x * (1.0 - 1.0 / (9.0 * x) - z / (3.0 * np.sqrt(x))) ** 3
    y = x + 1.0
    high = y * (1.0 - 1.0 / (9.0 * y) + z / (3.0 * np.sqrt(y))) ** 3
    low = np.where(x > 0, np.maximum(low, 0.0), 0.0)
    return Interval(np.where(np.isnan(x), np.nan, low), high)


def rate_interval(
    events: ArrayLike,
    exposure: ArrayLike,
    per: float = 1.0,
    level: float = LEVEL,
    method: Literal["exact", "byar"] = "exact",
) -> Interval:
    """Interval of ``per · events / exposure``; NaN where the exposure is 0."""
    n = _counts(exposure)
    found = exact_poisson(events, level) if method == "exact" else byar(events, level)
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(n > 0, per / n, np.nan)
    return Interval(found.low * factor, found.high * factor)


def smooth(events: ArrayLike, exposure: ArrayLike) -> Smoothed:
    """Empirical-Bayes rates after Marshall 1991: each area's rate is drawn towards the mean of all
    areas, the more the fewer people it has.

    ``r* = B r + (1 − B) m``, ``m = Σo / Σn``, ``B = s² / (s² + m / n)``,
    ``s² = max(0, Σ n (r − m)² / Σn − m / n̄)``. Areas without exposure stay NaN.
    """
    o, n = _counts(events), _counts(exposure)
    good = np.isfinite(o) & np.isfinite(n) & (n > 0)
    rates, own = np.full(o.shape, np.nan), np.full(o.shape, np.nan)
    if not good.any():
        return Smoothed(rates, own, float("nan"), float("nan"))
    og, ng = o[good], n[good]
    raw = og / ng
    mean = float(og.sum() / ng.sum())
    between = float((ng * (raw - mean) ** 2).sum() / ng.sum() - mean / ng.mean())
    variance = max(0.0, between)
    chance = mean / ng
    total = variance + chance
    weight = np.divide(variance, total, out=np.zeros_like(total), where=total > 0)
    own[good] = weight
    rates[good] = weight * raw + (1.0 - weight) * mean
    return Smoothed(rates, own, mean, variance)


def _tested(difference: Array, error: Array, level: float) -> Change:
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(error > 0, difference / error, np.nan)
    p = 2.0 * special.ndtr(-np.abs(z))
    return Change(difference, z, p, np.nan_to_num(p, nan=1.0) < 1.0 - level)


def change_of_rates(
    before: ArrayLike,
    exposure_before: ArrayLike,
    after: ArrayLike,
    exposure_after: ArrayLike,
    level: float = LEVEL,
) -> Change:
    """Two Poisson rates: ``z = (r₂ − r₁) / √(o₁/n₁² + o₂/n₂²)``; at 95 % significant from |z| of
    1.96 on. With very few events the test is rough."""
    o1, n1, o2, n2 = map(_counts, (before, exposure_before, after, exposure_after))
    with np.errstate(invalid="ignore", divide="ignore"):
        r1, r2 = np.where(n1 > 0, o1 / n1, np.nan), np.where(n2 > 0, o2 / n2, np.nan)
        error = np.sqrt(r1 / n1 + r2 / n2)
    return _tested(r2 - r1, error, level)


def change_of_shares(
    before: ArrayLike,
    people_before: ArrayLike,
    after: ArrayLike,
    people_after: ArrayLike,
    level: float = LEVEL,
) -> Change:
    """Two shares, with the pooled share under no change. The two dates count as independent;
    where most people are the same at both, the test finds too little."""
    x1, n1, x2, n2 = map(_counts, (before, people_before, after, people_after))
    if (x1 > n1).any() or (x2 > n2).any():
        raise fail("share-above-one", _("There are more cases than people, so this is no share."))
    with np.errstate(invalid="ignore", divide="ignore"):
        p1, p2 = np.where(n1 > 0, x1 / n1, np.nan), np.where(n2 > 0, x2 / n2, np.nan)
        pooled = (x1 + x2) / (n1 + n2)
        error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2))
    return _tested(p2 - p1, error, level)
