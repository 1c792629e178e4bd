"""What a slider moves: from weights to index, rank and class of every area.

All else is done beforehand (``composite.prepare``). An index of 2,000 areas and 12 indicators is
one product of a matrix with a vector, well below a millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitor_app.core.i18n import _
from monitor_app.core.issues import fail

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Lowest value that enters a geometric mean; scales of 0..100 are mapped to 1..100 before.
GEOMETRIC_FLOOR = 1.0


def shares(weights: ArrayLike) -> Array:
    """Weights as shares of their sum. ``UserError`` where they are negative, not finite or all
    zero."""
    given = np.asarray(weights, dtype=np.float64)
    if not np.isfinite(given).all() or (given < 0).any():
        raise fail(
            "weights",
            _("Weights must be numbers of zero or more."),
            repair=_("To turn an indicator round, change its direction, not the weight."),
        )
    total = given.sum()
    if total <= 0:
        raise fail(
            "weights-zero",
            _("All weights are zero, so there is no index."),
            repair=_("Give at least one indicator a weight above zero."),
        )
    return np.asarray(given / total)


@dataclass(frozen=True, eq=False)
class Prepared:
    """The index of one date, ready for any weights.

    ``matrix`` float64 (areas, indicators): scaled values (their logarithms for the geometric
    mean), 0 where missing; ``present`` of the same shape. ``counted`` (areas,): enough inhabitants.
    ``active`` (indicators,): not left out because the same everywhere. ``base``: the prepared base
    date where the sum is made a z-score again, weighted by its ``people`` (areas,) if given.
    """

    areas: tuple[str, ...]
    indicators: tuple[str, ...]
    matrix: Array
    present: Bools
    counted: Bools
    active: Bools
    geometric: bool = False
    renormalise: bool = False
    restandardise: bool = False
    people: Array | None = None
    base: Prepared | None = None

    @cached_property
    def complete(self) -> bool:
        return bool(self.present[:, self.active].all() and self.counted.all())

    @cached_property
    def usable(self) -> Bools:
        """Areas that have an index with weights on all indicators, shape (areas,)."""
        have = self.present[:, self.active]
        return self.counted & (have.any(axis=1) if self.renormalise else have.all(axis=1))

    def shares(self, weights: ArrayLike) -> Array:
        """Effective shares: indicators that are left out count nothing."""
        given = shares(weights)
        return given if self.active.all() else shares(given * self.active)

    def index(self, weights: ArrayLike) -> Array:
        """The index for these weights (any positive scale), shape (areas,); NaN where an
        indicator with weight is missing or the area does not count."""
        share = self.shares(weights)
        sums = self.sums(share)
        if not self.restandardise:
            return np.exp(sums) if self.geometric else sums
        reference = sums if self.base is None else self.base.sums(share)
        people = self.people if self.base is None else self.base.people
        centre, spread = moments(reference, people)
        return np.asarray((sums - centre) / spread) if spread > 0 else sums * 0.0

    def sums(self, share: Array) -> Array:
        """Weighted means for shares that sum to 1 (of logarithms for the geometric mean)."""
        # Not by BLAS: on a busy machine its threads wait for each other for milliseconds.
        sums = np.asarray(np.einsum("aj,j->a", self.matrix, share))
        if self.complete:
            return sums
        there = self.present @ share
        if self.renormalise:
            with np.errstate(invalid="ignore", divide="ignore"):
                sums = sums / there
            good = self.counted & (there > 0)
        else:
            good = self.counted & ~(~self.present @ (share > 0))
        return np.where(good, sums, np.nan)

    def lacking(self, weights: ArrayLike) -> dict[str, tuple[str, ...]]:
        """Area -> indicators with weight that have no value there."""
        used = self.shares(weights) > 0
        gaps = ~self.present & used & self.counted[:, None]
        return {
            self.areas[i]: tuple(self.indicators[j] for j in np.flatnonzero(gaps[i]))
            for i in np.flatnonzero(gaps.any(axis=1))
        }


def moments(values: Array, people: Array | None) -> tuple[float, float]:
    """μ and σ of the known values, weighted by people where given; σ 0 where all are equal."""
    good = np.isfinite(values)
    if people is not None:
        good &= np.isfinite(people) & (people > 0)
    if not good.any():
        return 0.0, 0.0
    chosen = values[good]
    weights = np.ones(chosen.size) if people is None else people[good]
    centre = float(np.average(chosen, weights=weights))
    spread = float(np.sqrt(np.average((chosen - centre) ** 2, weights=weights)))
    return centre, spread if spread > 1e-12 * max(1.0, float(np.abs(chosen).max())) else 0.0


def class_index(index: Array, limits: Sequence[float] | Array) -> NDArray[np.int64]:
    """Class 0..k−1 per area by rising limits, −1 without a value; a limit belongs to the class
    above it."""
    classes = np.searchsorted(np.asarray(limits, dtype=np.float64), index, side="right")
    classes[np.isnan(index)] = -1
    return classes.astype(np.int64, copy=False)


def quantile_limits(index: Array, k: int) -> Array:
    """The k−1 limits of classes with equally many areas (equal values share a class)."""
    known = np.sort(index[~np.isnan(index)])
    if known.size == 0:
        return np.empty(0)
    places = np.ceil(np.arange(1, k) * known.size / k).astype(np.int64)
    return np.unique(known[np.minimum(places, known.size - 1)])


def ranks(index: Array) -> NDArray[np.int64]:
    """Rank of each area, 1 = highest index; equal values share the best rank; 0 without value."""
    known = np.sort(-index[~np.isnan(index)])
    found = np.searchsorted(known, -index, side="left") + 1
    found[np.isnan(index)] = 0
    return found.astype(np.int64, copy=False)


def rank_change(before: Array, after: Array) -> Array:
    """Ranks that an area moves up (positive) or down between two weightings; NaN where it has no
    index in one of them."""
    first, second = ranks(before), ranks(after)
    return np.where((first > 0) & (second > 0), (first - second).astype(np.float64), np.nan)


def logs(scaled: Array) -> Array:
    """Logarithms of values of 0..100 after mapping them to 1..100, the floor being 1."""
    mapped = GEOMETRIC_FLOOR + (100.0 - GEOMETRIC_FLOOR) / 100.0 * scaled
    return np.asarray(np.log(np.maximum(mapped, GEOMETRIC_FLOOR)))
