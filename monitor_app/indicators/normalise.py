"""Bringing indicators to one scale: z-score, min–max, rank, percentile.

A scale is fitted once, on the areas of one date, and then applied to any date: with a frozen base
date the years compare, because a value means the same in each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: A spread below this share of the largest value is rounding noise, not a difference.
FLAT = 1e-12


class Normalisation(StrEnum):
    """How values become comparable. Ranks, percentiles and min–max lie between 0 and 100."""

    ZSCORE = "zscore"
    ZSCORE_WEIGHTED = "zscore_weighted"
    MINMAX = "minmax"
    RANK = "rank"
    PERCENTILE = "percentile"

    @property
    def bounded(self) -> bool:
        return self not in (Normalisation.ZSCORE, Normalisation.ZSCORE_WEIGHTED)


@dataclass(frozen=True, eq=False)
class Scale:
    """A fitted scale.

    ``centre`` and ``spread`` are μ and σ (z-score), or the least value and the range (min–max);
    ``sorted_values`` the values of the base in order (rank and percentile). ``flat``: all values
    are the same, so that every area gets the middle of the scale (z-score 0, else 50).
    """

    method: Normalisation
    centre: float
    spread: float
    sorted_values: Array
    flat: bool

    def apply(self, values: Array, sign: int = 1) -> Array:
        """Scaled values of any shape; NaN stays NaN. ``sign`` −1 turns the scale round: the
        negative z-score, 100 minus the value on the other scales."""
        if self.flat:
            middle = 50.0 if self.method.bounded else 0.0
            return np.where(np.isnan(values), np.nan, middle)
        if not self.method.bounded:
            return np.asarray(sign * (values - self.centre) / self.spread)
        if self.method is Normalisation.MINMAX:
            scaled = 100.0 * (values - self.centre) / self.spread
        else:
            scaled = self._position(values)
        return scaled if sign > 0 else 100.0 - scaled

    def _position(self, values: Array) -> Array:
        n = self.sorted_values.size
        below = np.searchsorted(self.sorted_values, values, side="left")
        upto = np.searchsorted(self.sorted_values, values, side="right")
        middle = (below + upto) / 2.0  # 0.5 more than the mean of the ranks counted from 0
        if self.method is Normalisation.PERCENTILE:
            scaled = 100.0 * middle / n
        else:
            scaled = np.clip(100.0 * (middle - 0.5) / (n - 1), 0.0, 100.0)
        return np.where(np.isnan(values), np.nan, scaled)


def fit(values: Array, method: Normalisation, inhabitants: Array | None = None) -> Scale | None:
    """The scale of one indicator from its values at one date, shape (areas,); NaN left out.

    σ is that of the areas themselves (divided by n, not n − 1), as in the Berlin monitoring.
    ``zscore_weighted``: μ and σ weighted by ``inhabitants``, shape (areas,). Rank: the mean rank
    of equal values, stretched to 0..100. Percentile: share of areas with less, and half of those
    with the same value. None where no value is there.
    """
    good = np.isfinite(values)
    weighted = method is Normalisation.ZSCORE_WEIGHTED
    if weighted:
        if inhabitants is None:
            raise ValueError("population-weighted z-scores need inhabitants")
        good &= np.isfinite(inhabitants) & (inhabitants > 0)
    known = np.sort(values[good])
    if known.size == 0:
        return None
    flat = bool(known[-1] - known[0] <= FLAT * max(abs(known[0]), abs(known[-1])))
    if method is Normalisation.MINMAX:
        return Scale(method, float(known[0]), float(known[-1] - known[0]), known, flat)
    if method.bounded:
        return Scale(method, 0.0, 1.0, known, flat)
    chosen = values[good]
    weights = inhabitants[good] if weighted and inhabitants is not None else np.ones(chosen.size)
    centre = float(np.average(chosen, weights=weights))
    spread = float(np.sqrt(np.average((chosen - centre) ** 2, weights=weights)))
    return Scale(method, centre, spread, known, flat or spread == 0.0)
