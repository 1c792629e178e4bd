"""Exact quantile breaks of many values without sorting all of them.

A slider over 181,408 areas wants new quantiles within a few milliseconds. Values are counted in
even bins, and only the bins that hold a wanted order statistic are sorted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BINS = 1024
#: Below this many values sorting is quick enough.
MANY = 20_000


def quantiles(sample: FloatArray, shares: FloatArray) -> FloatArray:
    """As ``np.quantile`` (linear) does, but of sorted values, without sorting them again."""
    left, part = _places(len(sample), shares)
    right = np.minimum(left + 1, len(sample) - 1)
    return _between(sample[left], sample[right], part)


def _places(n: int, shares: FloatArray) -> tuple[NDArray[np.int64], FloatArray]:
    place = shares * (n - 1)
    left = np.floor(place).astype(np.int64)
    return left, place - left


def _between(low: FloatArray, high: FloatArray, part: FloatArray) -> FloatArray:
    step = high - low
    return np.where(part >= 0.5, high - step * (1 - part), low + step * part)


def half_open_quantiles(
    sample: FloatArray, shares: FloatArray
) -> tuple[FloatArray, float, float] | None:
    """Lower bounds of half-open quantile classes, smallest and largest value, of unsorted finite
    values; None where ties or lopsided values make sorting the better way."""
    low, high = float(sample.min()), float(sample.max())
    scale = (BINS - 0.01) / (high - low) if high > low else np.inf
    if not np.isfinite(scale):
        return None
    place = ((sample - low) * scale).astype(np.int16)
    until = np.cumsum(np.bincount(place, minlength=BINS))
    left, part = _places(len(sample), shares)
    right = np.minimum(left + 1, len(sample) - 1)
    wanted = np.zeros(BINS, dtype=bool)
    wanted[np.searchsorted(until, np.concatenate([left, right]), side="right")] = True
    some = sample[wanted[place]]
    if len(some) > len(sample) // 4:
        return None
    some = np.sort(some)
    # Rank of the first value of every bin that was kept, among those kept.
    counts = np.diff(until, prepend=0)
    skipped = np.cumsum(np.where(wanted, 0, counts))

    def at(rank: NDArray[np.int64]) -> FloatArray:
        return np.asarray(some[rank - skipped[np.searchsorted(until, rank, side="right")]])

    below, above = at(left), at(right)
    found = _between(below, above, part)
    if not (above > below).all():
        return None
    # A quantile that is a value belongs to the class below: the next value begins the class.
    return np.where(found == below, above, found), low, high
