"""Weights of several forecasts from how well each did before, pulled towards a usual choice.

The combined forecast is a weighted mean (Bates and Granger 1969). Weights follow from past errors
as with Bayesian model averaging under Laplace errors, all members alike at first: a member with
mean absolute error ``b`` over n independent errors has likelihood ``b ** -n``. Past forecasts over
h years overlap, so k origins in a row tell only ``(k + h - 1) / h`` independent things. What was
learned from n of them counts ``n / (n + 3)``, the usual choice counts for the rest: a short past
changes little, and without any the usual choice stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from monitor_app.forecast.state import Array

#: Horizons at which weights are kept; between them they follow straight lines.
KNOTS = (1, 2, 3, 5, 7, 10, 15, 20, 30)
#: Errors of a single area count as this share of it at most: one area that empties decides nothing.
LARGEST = 1.0
_SMALLEST = 1e-6
#: Independent errors of a town's own that count as much as the usual choice.
PRIOR_ERRORS = 3.0
#: Digits of a weight: what is kept in a specification is what was tested.
DIGITS = 3

#: Member -> horizon -> weight.
Weights = Mapping[str, Mapping[int, float]]


def absolute_errors(said: ArrayLike, observed: ArrayLike) -> Array:
    """Mean over areas of |said - observed| / observed, each at most ``LARGEST``.

    Both (…, areas), NaN where not known; result (…,), NaN where no area is known.
    """
    f, o = np.broadcast_arrays(np.asarray(said, np.float64), np.asarray(observed, np.float64))
    known = np.isfinite(f) & np.isfinite(o) & (o > 0)
    off = np.abs(f - o) / np.where(known, o, 1.0)
    error = np.where(known, np.minimum(off, LARGEST), 0.0).sum(axis=-1)
    count = known.sum(axis=-1)
    return np.where(count > 0, error / np.maximum(count, 1), np.nan)


def independent(count: ArrayLike, horizons: ArrayLike) -> Array:
    """Independent errors among ``count`` forecasts in a row over ``horizons`` years."""
    k, h = np.asarray(count, dtype=np.float64), np.asarray(horizons, dtype=np.float64)
    return np.asarray(np.where(k > 0, (k + h - 1.0) / h, 0.0), dtype=np.float64)


def learned_weights(
    errors: ArrayLike, usual: ArrayLike, horizons: Sequence[int] = KNOTS, *, areas: int = 1
) -> tuple[Array, Array]:
    """Weights (members, horizons) that add up to 1, and what they rest on (horizons,).

    ``errors`` (members, origins, steps 1…) mean absolute errors known so far, NaN unknown (for all
    members alike); ``usual`` (members,) weights without a past. A horizon learns from the others as
    well, the less the further away: its own errors count fully, those of horizon g the square of
    the smaller over the larger. ``areas`` that the errors are means of count as their root: between
    one, as if all erred together, and all. The second result is the number of independent errors.
    """
    e = np.asarray(errors, dtype=np.float64)
    steps = np.arange(1, e.shape[2] + 1)
    known = np.asarray(np.isfinite(e).all(axis=0))
    count = independent(known.sum(axis=0), steps)
    mean = np.where(known[None], e, 0.0).sum(axis=1) / np.maximum(known.sum(axis=0), 1)
    logs = np.log(np.maximum(mean, _SMALLEST))
    logs -= logs.mean(axis=0)
    wanted = np.asarray(horizons, dtype=np.float64)[:, None]
    near = (np.minimum(wanted, steps) / np.maximum(wanted, steps)) ** 2 * count
    total = near.sum(axis=1)
    relative = np.divide(logs @ near.T, total, out=np.zeros((len(e), len(wanted))),
                         where=total > 0)  # fmt: skip
    strength = near.max(axis=1, initial=0.0) * np.sqrt(areas)
    score = -strength * relative
    learned = np.exp(score - score.max(axis=0))
    learned /= learned.sum(axis=0)
    part = strength / (strength + PRIOR_ERRORS)
    weights = part * learned + (1.0 - part) * np.asarray(usual, dtype=np.float64)[:, None]
    return tidy(weights), strength


def tidy(weights: Array) -> Array:
    """Weights (members, horizons) of few digits that still add up to 1: small ones vanish."""
    short = np.round(weights, DIGITS)
    rest = 1.0 - short.sum(axis=0)
    short[np.argmax(short, axis=0), np.arange(short.shape[1])] += rest
    return np.asarray(np.round(short, DIGITS + 2), dtype=np.float64)


def as_table(names: Sequence[str], weights: Array, horizons: Sequence[int] = KNOTS) -> Weights:
    """Weights by name and horizon, members without any weight left out."""
    return {
        name: {h: float(w) for h, w in zip(horizons, row, strict=True)}
        for name, row in zip(names, weights, strict=True)
        if row.any()
    }


def of_table(table: Weights, names: Sequence[str], steps: int) -> Array:
    """Weights (members, steps) of ``names`` from a table; each step adds up to 1.

    Horizons between those given lie on straight lines, those beyond keep the last weight.
    """
    years = np.arange(1, steps + 1)
    found = np.zeros((len(names), steps))
    for row, name in enumerate(names):
        given = dict(table.get(name, {}))
        if given:
            knots = sorted(given)
            found[row] = np.interp(years, knots, [given[k] for k in knots])
    total = found.sum(axis=0)
    even = np.full_like(found, 1.0 / len(names))
    return np.asarray(np.divide(found, total, out=even, where=total > 0), dtype=np.float64)


def raked(values: ArrayLike, mobile: ArrayLike) -> Array:
    """Forecasts (…, 1 + groups, areas), total first, with groups that add up to the total.

    What is missing is spread over the groups in proportion to their people times ``mobile``
    (groups,), the readiness of each group to move; no group falls below zero.
    """
    found = np.array(values, dtype=np.float64)
    total, groups = np.maximum(found[..., :1, :], 0.0), np.maximum(found[..., 1:, :], 0.0)
    for _round in range(4):
        gap = total - groups.sum(axis=-2, keepdims=True)
        share = groups * np.asarray(mobile, dtype=np.float64)[:, None]
        whole = share.sum(axis=-2, keepdims=True)
        share = np.divide(share, whole, out=np.zeros_like(share), where=whole > 0)
        groups = np.maximum(groups + gap * share, 0.0)
    whole = groups.sum(axis=-2, keepdims=True)
    factor = np.divide(total, whole, out=np.ones_like(whole), where=whole > 0)
    found[..., :1, :], found[..., 1:, :] = np.where(whole > 0, total, 0.0), groups * factor
    return found
