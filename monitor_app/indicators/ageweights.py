"""What age groups can answer: selection, mean age, median age."""

from __future__ import annotations

import numpy as np

from monitor_app.core.ages import AgeAxis
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent, Kind
from monitor_app.core.status import Status
from monitor_app.indicators.aggregate import Placement, add_up_cells
from monitor_app.indicators.grid import Floats, Grid
from monitor_app.indicators.tree import Input

#: From this age on an open last group may stand for its first year in a mean age: the few people
#: in it shift the mean by less than the half year that the method takes anyway.
OPEN_AGE_FOR_MEAN = 95


def age_weights(axis: AgeAxis, wanted: Input) -> Floats | None:
    """Share of each age group that belongs to the filter, None where the groups cannot tell.

    All shares are 0 or 1 unless the input allows to interpolate; then a closed group is split
    evenly over its years. An open last group is never split.
    """
    condition = wanted.filter
    if not condition.by_age:
        # The whole: an axis that leaves ages out does not hold it (births: mothers' ages do).
        whole = wanted.kind is Kind.BIRTHS or (axis.first == 0 and axis.is_open)
        weights = np.ones(len(axis)) if whole else None
    else:
        chosen = axis.select(condition.lo, condition.hi)
        if chosen is not None:
            weights = np.zeros(len(axis))
            weights[chosen] = 1.0
        else:
            weights = _split(axis, condition.lo, condition.hi) if wanted.interpolate else None
    if weights is None or wanted.reducer not in ("mean_age", "median_age"):
        return weights
    return weights if wanted.interpolate or _fine(axis, weights, wanted.reducer) else None


def _split(axis: AgeAxis, lo: int, hi: int | None) -> Floats | None:
    weights = np.zeros(len(axis))
    for i, group in enumerate(axis.groups):
        if group.hi is None:
            if lo <= group.lo and hi is None:
                weights[i] = 1.0
            elif hi is None or hi > group.lo:
                return None
            continue
        inside = min(group.hi, hi if hi is not None else group.hi) - max(group.lo, lo)
        weights[i] = max(inside, 0) / (group.hi - group.lo)
    covered = axis.first <= lo and (axis.is_open or (hi is not None and hi <= _end(axis)))
    return weights if covered else None


def _end(axis: AgeAxis) -> int:
    return axis.groups[-1].hi or 0


def _fine(axis: AgeAxis, weights: Floats, reducer: str) -> bool:
    """Whether the chosen groups are single years (an open last group where that does no harm)."""
    for group, weight in zip(axis.groups, weights, strict=True):
        if weight == 0 or group.hi == group.lo + 1:
            continue
        if group.hi is not None or (reducer == "mean_age" and group.lo < OPEN_AGE_FOR_MEAN):
            return False
    return True


def _bounds(axis: AgeAxis) -> tuple[Floats, Floats]:
    """First year and width of each group; an open group has the width of the one before it."""
    lows = axis.lows.astype(np.float64)
    widths = np.array([1.0 if g.hi is None else float(g.hi - g.lo) for g in axis.groups])
    if axis.is_open and len(axis) > 1:
        widths[-1] = widths[-2]
    return lows, widths


def mean_age(cells: Cube, placement: Placement, absent: Absent, interpolated: bool) -> Grid:
    """Σ (a + 0.5)·P[a] / P. ``cells`` has area, date and age. Nobody there: not applicable."""
    if cells.ages is None:
        raise ValueError("mean age needs ages")
    lows, widths = _bounds(cells.ages)
    counts = add_up_cells(cells, placement, absent)
    total = counts.values.sum(axis=2)
    with np.errstate(all="ignore"):
        values = counts.values @ (lows + widths / 2) / total
    return _finish(values, counts.status.max(axis=2), total <= 0, cells.ages, interpolated)


def median_age(cells: Cube, placement: Placement, absent: Absent, interpolated: bool) -> Grid:
    """Age that half of the people have not reached, linear inside the year of age.

    A median inside an open last group cannot be told: not applicable.
    """
    if cells.ages is None:
        raise ValueError("median age needs ages")
    lows, widths = _bounds(cells.ages)
    counts = add_up_cells(cells, placement, absent)
    sums = np.cumsum(counts.values, axis=2)
    total = sums[:, :, -1]
    half = total / 2
    place = np.minimum((sums < half[:, :, None]).sum(axis=2), len(lows) - 1)
    inside = np.take_along_axis(counts.values, place[:, :, None], axis=2)[:, :, 0]
    below = np.take_along_axis(sums, place[:, :, None], axis=2)[:, :, 0] - inside
    with np.errstate(all="ignore"):
        values = lows[place] + widths[place] * (half - below) / inside
    undecided = (total <= 0) | (cells.ages.is_open & (place == len(lows) - 1))
    return _finish(values, counts.status.max(axis=2), undecided, cells.ages, interpolated)


def _finish(values: Floats, status: object, undecided: object, axis: AgeAxis,
            interpolated: bool) -> Grid:  # fmt: skip
    codes = np.asarray(status, dtype=np.uint8)
    grid = Grid(np.where(codes < Status.MISSING, values, np.nan), codes)
    grid = grid.without(np.asarray(undecided, dtype=np.bool_), Status.NOT_APPLICABLE)
    coarse = any(g.hi is not None and g.hi > g.lo + 1 for g in axis.groups)
    return grid.at_least(Status.ESTIMATED) if coarse and interpolated else grid
