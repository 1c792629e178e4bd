"""How wrong a forecast was: point metrics and proper scores.

Errors are forecast minus observed. Percentages are per cent of the observed value; cells with
nothing observed are left out of percentage metrics but kept in wMAPE, RMSE and totals.
Sources: Gneiting and Raftery (2007), JASA 102; Rees and Wilson (2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PointScores:
    """Point metrics of one set of cells; per cent except ``n`` (cells) and ``rmse`` (persons)."""

    n: int
    mape: float
    mdape: float
    malpe: float
    mdalpe: float
    ape90: float
    wmape: float
    rmse: float
    total_error: float
    within_5: float
    within_10: float


def percentage_errors(forecast: ArrayLike, observed: ArrayLike) -> Array:
    """Signed errors in per cent of the observed value, for cells with observed > 0 (flat)."""
    f, o = _pair(forecast, observed)
    used = o > 0
    return np.asarray(100.0 * (f[used] - o[used]) / o[used], dtype=np.float64)


def point_scores(forecast: ArrayLike, observed: ArrayLike) -> PointScores:
    """All point metrics of equally shaped arrays; NaN where no cell can answer."""
    f, o = _pair(forecast, observed)
    errors = percentage_errors(f, o)
    absolute = np.abs(errors)
    none = float("nan")
    some = len(errors) > 0
    total = float(o.sum())
    return PointScores(
        n=len(errors),
        mape=float(absolute.mean()) if some else none,
        mdape=float(np.median(absolute)) if some else none,
        malpe=float(errors.mean()) if some else none,
        mdalpe=float(np.median(errors)) if some else none,
        ape90=float(np.quantile(absolute, 0.9)) if some else none,
        wmape=100.0 * float(np.abs(f - o).sum()) / total if total > 0 else none,
        rmse=float(np.sqrt(np.mean((f - o) ** 2))) if f.size else none,
        total_error=100.0 * (float(f.sum()) - total) / total if total > 0 else none,
        within_5=100.0 * float((absolute <= 5.0).mean()) if some else none,
        within_10=100.0 * float((absolute <= 10.0).mean()) if some else none,
    )


def misallocation(forecast: ArrayLike, observed: ArrayLike) -> float:
    """Index of misallocation in per cent: half the sum of absolute differences of shares."""
    f, o = _pair(forecast, observed)
    return float(50.0 * np.abs(f / f.sum() - o / o.sum()).sum())


def crps_normal(mean: ArrayLike, sd: ArrayLike, observed: ArrayLike) -> Array:
    """CRPS of a normal forecast: ``s (z (2 Phi(z) - 1) + 2 phi(z) - 1/sqrt(pi))``."""
    m, s, y = (np.asarray(v, dtype=np.float64) for v in (mean, sd, observed))
    z = (y - m) / s
    density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    score = s * (z * (2.0 * special.ndtr(z) - 1.0) + 2.0 * density - 1.0 / np.sqrt(np.pi))
    return np.asarray(score, dtype=np.float64)


def crps_ensemble(draws: ArrayLike, observed: ArrayLike, *, fair: bool = True) -> Array:
    """CRPS of an ensemble, in the unit of the draws.

    ``draws`` (draws, …), ``observed`` (…). The fair form divides the spread by n (n - 1) and does
    not depend on the number of draws in expectation, the other one by n². One sort, O(n log n).
    """
    x = np.sort(np.asarray(draws, dtype=np.float64), axis=0)
    y = np.asarray(observed, dtype=np.float64)
    n = x.shape[0]
    distance = np.abs(x - y).mean(axis=0)
    rank = 2.0 * np.arange(1, n + 1) - n - 1.0
    pairs = np.tensordot(rank, x, axes=(0, 0))  # the sum of |Xi - Xj| over i < j
    spread = pairs / (n * (n - 1)) if fair else pairs / (n * n)
    return np.asarray(distance - spread, dtype=np.float64)


def pinball(quantile: ArrayLike, level: ArrayLike, observed: ArrayLike) -> Array:
    """Pinball loss of a forecast quantile at probability ``level``."""
    q, tau, y = (np.asarray(v, dtype=np.float64) for v in (quantile, level, observed))
    return np.asarray(np.where(y >= q, tau * (y - q), (1.0 - tau) * (q - y)), dtype=np.float64)


def interval_score(lower: ArrayLike, upper: ArrayLike, alpha: float, observed: ArrayLike) -> Array:
    """Interval score of a central (1 - alpha) interval: width plus penalties for missing it."""
    lo, hi, y = (np.asarray(v, dtype=np.float64) for v in (lower, upper, observed))
    below, above = np.maximum(lo - y, 0.0), np.maximum(y - hi, 0.0)
    return np.asarray(hi - lo + 2.0 / alpha * (below + above), dtype=np.float64)


def inside(lower: ArrayLike, upper: ArrayLike, observed: ArrayLike) -> NDArray[np.bool_]:
    """Whether each observed value lies in its interval, bounds inclusive."""
    lo, hi, y = (np.asarray(v, dtype=np.float64) for v in (lower, upper, observed))
    return np.asarray((lo <= y) & (y <= hi))


def coverage(lower: ArrayLike, upper: ArrayLike, observed: ArrayLike) -> float:
    """Share of observed values inside their intervals, 0..1."""
    return float(inside(lower, upper, observed).mean())


def shelf_life(within_10_by_horizon: dict[int, float], share: float = 80.0) -> int:
    """Largest horizon up to which ``share`` per cent of the areas stay within 10 per cent."""
    last = 0
    for horizon in sorted(within_10_by_horizon):
        if within_10_by_horizon[horizon] < share:
            break
        last = horizon
    return last


def skill(score: float, benchmark: float) -> float:
    """1 - score/benchmark: positive where the forecast beats the benchmark."""
    return 1.0 - score / benchmark


def _pair(forecast: ArrayLike, observed: ArrayLike) -> tuple[Array, Array]:
    f = np.asarray(forecast, dtype=np.float64).ravel()
    o = np.asarray(observed, dtype=np.float64).ravel()
    if f.shape != o.shape:
        raise ValueError(f"forecast {f.shape} and observed {o.shape} differ in shape")
    return f, o
