"""How much of an area's own experience to believe: empirical Bayes levels.

An area's level is observed / expected events, expected at the rates of a larger whole (its type or
the city). With levels that vary between areas by variance v and counts that vary by D times Poisson
within them, the best estimate is ``(observed + k m) / (expected + k)``, ``k = D / v``, m the level
of the whole (gamma-Poisson; Marshall 1991 for the moment estimate of v).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.forecast.state import Array


@dataclass(frozen=True, eq=False)
class Levels:
    """Shrunk levels ``(…, areas)`` and how they came about.

    ``raw`` observed / expected (NaN without expectation); ``weight`` share of an area's own
    experience in its level, 0..1; ``pseudo`` k in events (infinite: areas do not differ by
    more than chance); ``error`` relative standard error of the level.
    """

    level: Array
    raw: Array
    weight: Array
    pseudo: Array
    error: Array


def between_variance(observed: Array, expected: Array, dispersion: float = 1.0) -> Array:
    """Variance (…,) of true levels between areas, by moments, not below zero.

    Weighted by expectation: ``sum E (raw - m)² / sum E`` less what chance explains.
    """
    total = expected.sum(axis=-1)
    safe = np.where(total > 0, total, 1.0)
    mean = observed.sum(axis=-1) / safe
    raw = np.divide(observed, expected, out=np.zeros_like(observed), where=expected > 0)
    spread = (expected * (raw - mean[..., None]) ** 2).sum(axis=-1) / safe
    areas = (expected > 0).sum(axis=-1)
    # Fitting the mean takes one degree of freedom; each area adds D m / E of noise.
    noise = dispersion * mean * (areas - 1) / safe
    concentration = 1.0 - (expected**2).sum(axis=-1) / safe**2
    found = np.divide(
        spread - noise, concentration, out=np.zeros_like(spread), where=concentration > 0
    )
    return np.asarray(np.maximum(found, 0.0), dtype=np.float64)


def shrunk_levels(
    observed: ArrayLike,
    expected: ArrayLike,
    *,
    dispersion: float = 1.0,
    variance: ArrayLike | None = None,
    towards: ArrayLike | None = None,
) -> Levels:
    """Levels of areas pulled towards ``towards`` (…, areas), or the common mean without it.

    ``observed``, ``expected`` (…, areas) events; ``dispersion`` D of the counts (households move
    together: 2-4); ``variance`` (…,) between areas, estimated by moments where it is not given.
    """
    seen = np.asarray(observed, dtype=np.float64)
    due = np.asarray(expected, dtype=np.float64)
    total = due.sum(axis=-1, keepdims=True)
    mean = np.divide(
        seen.sum(axis=-1, keepdims=True), total, out=np.ones_like(total), where=total > 0
    )
    goal = np.broadcast_to(mean if towards is None else np.asarray(towards, np.float64), seen.shape)
    v = between_variance(seen, due, dispersion) if variance is None else np.asarray(variance)
    with np.errstate(divide="ignore"):
        pseudo = np.where(v > 0, dispersion * mean[..., 0] / np.where(v > 0, v, 1.0), np.inf)
    k = pseudo[..., None]
    weight = np.where(np.isinf(k), 0.0, due / (due + np.where(np.isinf(k), 1.0, k)))
    raw = np.divide(seen, due, out=np.full_like(seen, np.nan), where=due > 0)
    level = weight * np.nan_to_num(raw) + (1.0 - weight) * goal
    spread = np.sqrt(np.maximum(v, 0.0))[..., None] * np.sqrt(1.0 - weight)
    error = np.divide(spread, level, out=np.zeros_like(level), where=level > 0)
    return Levels(level, raw, weight, pseudo, error)


def levels_by_type(
    observed: ArrayLike,
    expected: ArrayLike,
    type_of: NDArray[np.int64],
    *,
    dispersion: float = 1.0,
) -> Levels:
    """Two steps: types pulled towards the city, areas towards their type.

    ``type_of`` (areas,) numbers from 0. A type with one area is that area pulled towards the city.
    """
    seen = np.asarray(observed, dtype=np.float64)
    due = np.asarray(expected, dtype=np.float64)
    member = np.eye(int(type_of.max()) + 1)[type_of]  # (areas, types)
    upper = shrunk_levels(seen @ member, due @ member, dispersion=dispersion)
    goal = upper.level[..., type_of]
    # Differences within types, measured against the level of the type.
    within = between_variance(seen, due * goal, dispersion)
    return shrunk_levels(seen, due, dispersion=dispersion, variance=within, towards=goal)


def dispersion_of(counts: ArrayLike, expected: ArrayLike) -> float:
    """Overdispersion D of yearly counts (years, areas): Pearson chi-square per degree of freedom.

    ``expected`` (years, areas), e.g. an area's mean share of each year's city total. At least 1.
    """
    seen, due = np.asarray(counts, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    used = due > 0
    freedom = used.sum() - used.any(axis=0).sum() - used.any(axis=1).sum() + 1
    if freedom <= 0:
        return 1.0
    return max(1.0, float((((seen - due) ** 2)[used] / due[used]).sum() / freedom))
