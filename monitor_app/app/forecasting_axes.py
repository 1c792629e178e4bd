"""From the axes of a data set to those of a forecast: single ages, areas of a level, groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.ages import AgeAxis, AgeGroup
from monitor_app.core.areas import AreaSystem
from monitor_app.core.cube import Cube
from monitor_app.forecast.state import Array

Integers = NDArray[np.int64]
OPEN_AGE = 100
#: Years of age of a group up to which single years follow a smooth curve.
WIDEST_CURVE = 20


def is_single(ages: AgeAxis) -> bool:
    """Whether all groups but the last are single years that begin at 0."""
    return ages.first == 0 and all(g.hi == g.lo + 1 for g in ages.groups[:-1])


def open_age(ages: AgeAxis) -> int:
    """Oldest age of a forecast from this axis: its own where single years end early."""
    return min(OPEN_AGE, ages.groups[-1].lo) if is_single(ages) else OPEN_AGE


def at_level(cube: Cube, areas: AreaSystem, level: str, target: str) -> Cube:
    """The cube with its areas added up to those of ``target``; areas outside of it are dropped.

    Missing parts are left out of a sum; a sum without any part is missing (NaN).
    """
    if level == target:
        return cube
    parent = areas.ancestor(level, target)
    keys = tuple(dict.fromkeys(parent[a] for a in cube.areas if a in parent))
    keys = tuple(k for k in (areas.keys(target) or keys) if k in set(keys)) or keys
    row = {key: i for i, key in enumerate(keys)}
    values = np.zeros((len(keys), *cube.values.shape[1:]))
    known = np.zeros(values.shape, dtype=bool)
    for position, area in enumerate(cube.areas):
        if area in parent:
            part = cube.values[position]
            values[row[parent[area]]] += np.nan_to_num(part)
            known[row[parent[area]]] |= np.isfinite(part)
    labels: dict[str, Sequence[Any]] = {}
    labels.update({d: v for d, v in cube.labels.items() if d != "age"})
    labels["area"] = keys
    return Cube.of(labels, np.where(known, values, np.nan), ages=cube.ages, unit=cube.unit)


def ordered(cube: Cube, dims: Sequence[str]) -> Array:
    """Values with the axes ``dims``; an axis that the cube lacks has length 1."""
    present = [d for d in dims if cube.has(d)]
    values = np.transpose(cube.values, [cube.axis(d) for d in present])
    shape = [len(cube.labels[d]) if d in present else 1 for d in dims]
    return np.asarray(values.reshape(shape), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class AgeMap:
    """Which position of another age axis each single year belongs to, (ages,); -1: none."""

    position: Integers

    @classmethod
    def of(cls, source: AgeAxis, ages: int) -> AgeMap:
        found = np.full(ages, -1, dtype=np.int64)
        for i, group in enumerate(source.groups):
            last = ages if group.hi is None else min(group.hi, ages)
            found[min(group.lo, ages) : last] = i
        # What the source counts above our open age belongs to it.
        return cls(found)


def fold_open(values: Array, source: AgeAxis, ages: int, axis: int) -> Array:
    """Single years of a longer axis, everybody above our open age added to it."""
    last = ages - 1
    if not is_single(source) or len(source) <= ages:
        return values
    head = np.take(values, np.arange(last), axis=axis)
    tail = np.take(values, np.arange(last, len(source)), axis=axis)
    return np.concatenate([head, tail.sum(axis=axis, keepdims=True)], axis=axis)


def fold_top(values: Array, source: AgeAxis, ages: int, axis: int) -> tuple[Array, AgeAxis]:
    """Groups that reach beyond our open age added into one open group, with the axis that is left.

    Without this, events above the open age would belong to no age of ours and be lost.
    """
    kept = [g for g in source.groups if g.hi is not None and g.hi <= ages - 1]
    if len(source) - len(kept) < 2:
        return values, source
    head = np.take(values, np.arange(len(kept)), axis=axis)
    tail = np.take(values, np.arange(len(kept), len(source)), axis=axis)
    folded = np.concatenate([head, tail.sum(axis=axis, keepdims=True)], axis=axis)
    last = AgeGroup(source.groups[len(kept)].lo, None)
    return folded, AgeAxis((*kept, last))


@cache
def _spreader(lows: tuple[int, ...], end: int) -> Array:
    """Matrix (years, groups): the smoothest single-year curve with the given group totals."""
    n, bounds = end, [*lows, end]
    sums = np.zeros((len(lows), n))
    for row in range(len(lows)):
        sums[row, bounds[row] : bounds[row + 1]] = 1.0
    rough = np.diff(np.eye(n), 2, axis=0)
    system = np.block([[rough.T @ rough, sums.T], [sums, np.zeros((len(lows), len(lows)))]])
    right = np.concatenate([np.zeros((n, len(lows))), np.eye(len(lows))])
    return np.asarray(np.linalg.lstsq(system, right, rcond=None)[0][:n], dtype=np.float64)


def single_years(groups: Array, source: AgeAxis, survivors: Array) -> Array:
    """Stocks (…, groups) in single years (…, ages), group totals kept.

    Closed groups by the smoothest curve (see ``smoothing.disaggregate``), the youngest evenly
    (a curve would have to guess its slope), the open one in proportion to ``survivors`` (ages,)
    of a stationary population, as are groups wider than ``WIDEST_CURVE``. An estimate.
    """
    ages = len(survivors)
    lows = tuple(g.lo for g in source.groups)
    top = lows[-1] if source.is_open else source.groups[-1].hi or ages
    closed = groups[..., :-1] if source.is_open else groups
    spread = _spreader(lows[:-1] if source.is_open else lows, top)
    curve = np.maximum(closed @ spread.T, 0.0)
    found = np.zeros((*groups.shape[:-1], ages))
    for i, group in enumerate(source.groups):
        hi = ages if group.hi is None else group.hi
        # In a wide group the curve swings with its neighbours from year to year; cohorts would
        # come and go by it.
        steady = group.hi is None or hi - group.lo > WIDEST_CURVE
        weight = survivors[group.lo : hi] if steady else curve[..., group.lo : hi]
        weight = np.ones(hi) if group.lo == 0 and group.hi is not None else weight
        weight = np.broadcast_to(weight, (*groups.shape[:-1], hi - group.lo))
        total = weight.sum(axis=-1, keepdims=True)
        even = np.full_like(weight, 1.0 / (hi - group.lo))
        share = np.where(total > 0, weight / np.where(total > 0, total, 1.0), even)
        found[..., group.lo : hi] = share * groups[..., i : i + 1]
    return found


def allot(counts: Array, weights: Array, maps: Sequence[Integers | None]) -> Array:
    """Counts of coarser cells dealt out to finer ones in proportion to ``weights``.

    ``counts`` and ``weights`` have the same number of axes; ``maps[i]`` tells the position in
    ``counts`` of each position in ``weights`` along axis i (-1: none), None where they are the
    same. Totals are kept wherever a coarse cell has any finer one; NaN stays NaN.
    """
    safe = np.maximum(weights, 0.0) + 1e-12
    sums, index, of_sums = safe, [], []
    for axis, positions in enumerate(maps):
        same = np.arange(weights.shape[axis])
        if positions is None:
            index.append(same)
            of_sums.append(same)
            continue
        used = positions >= 0
        index.append(np.where(used, positions, 0))
        if len(set(positions[used].tolist())) == used.sum():
            # Cells that are not divided: a sum of one. With many areas the product with a matrix
            # of zeros and ones would take longer than all the rest.
            of_sums.append(same)
            continue
        member = np.zeros((counts.shape[axis], weights.shape[axis]))
        member[positions[used], np.flatnonzero(used)] = 1.0
        sums = np.moveaxis(np.tensordot(member, sums, axes=(1, axis)), 0, axis)
        of_sums.append(index[-1])
    coarse = safe if sums is safe else sums[np.ix_(*of_sums)]
    found = np.divide(safe, coarse, out=np.zeros_like(safe), where=coarse > 0)
    found *= counts[np.ix_(*index)]
    for axis, positions in enumerate(maps):
        if positions is not None and (positions < 0).any():
            shape = [1] * weights.ndim
            shape[axis] = -1
            found = np.where((positions >= 0).reshape(shape), found, 0.0)
    return np.asarray(found, dtype=np.float64)


def by_groups(values: Array, groups: AgeAxis, axis: int) -> Array:
    """Single years of age added up to ``groups`` along ``axis``; the last group is open."""
    edges = [*groups.lows.tolist(), values.shape[axis]]
    return np.asarray(np.add.reduceat(values, edges[:-1], axis=axis), dtype=np.float64)
