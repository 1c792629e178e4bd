"""Values and status of one quantity by area and moment, and arithmetic that keeps both honest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.status import Status, combine, has_value

Floats = NDArray[np.float64]
Codes = NDArray[np.uint8]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Grid:
    """``values`` float64 and ``status`` uint8, both (areas, moments). No value: NaN."""

    values: Floats
    status: Codes

    @classmethod
    def full(cls, shape: tuple[int, int], value: float) -> Grid:
        return cls(np.full(shape, value), np.zeros(shape, dtype=np.uint8))

    @classmethod
    def missing(cls, shape: tuple[int, int]) -> Grid:
        return cls(np.full(shape, np.nan), np.full(shape, Status.MISSING, dtype=np.uint8))

    @property
    def known(self) -> Bools:
        return has_value(self.status)

    def without(self, cells: Bools, status: Status) -> Grid:
        """The grid where ``cells`` that have a value lose it to ``status``."""
        hit = cells & self.known
        return Grid(
            np.where(hit, np.nan, self.values),
            np.where(hit, np.uint8(status), self.status).astype(np.uint8),
        )

    def at_least(self, status: Status) -> Grid:
        """Values get at least this status (ESTIMATED, FORECAST); cells without stay as they are."""
        raised = np.maximum(self.status, np.uint8(status))
        return Grid(self.values, np.where(self.known, raised, self.status).astype(np.uint8))


def apply(operation: Callable[..., Floats], *grids: Grid) -> Grid:
    """An elementwise operation; the highest status wins; what is not finite is not applicable."""
    status = combine(*(g.status for g in grids))
    with np.errstate(all="ignore"):
        values = np.asarray(operation(*(g.values for g in grids)), dtype=np.float64)
    values, status = np.broadcast_arrays(values, status)
    known = has_value(status)
    lost = known & ~np.isfinite(values)
    return Grid(
        np.where(known & ~lost, values, np.nan),
        np.where(lost, np.uint8(Status.NOT_APPLICABLE), status).astype(np.uint8),
    )


def choose(condition: Grid, yes: Grid, no: Grid) -> Grid:
    """``yes`` where the condition holds, else ``no``; no condition, no value."""
    picked = np.where(condition.known, condition.values, 0.0) != 0
    status = np.maximum(condition.status, np.where(picked, yes.status, no.status))
    values = np.where(picked, yes.values, no.values)
    return Grid(np.where(has_value(status), values, np.nan), status.astype(np.uint8))


def coalesce(*grids: Grid) -> Grid:
    """The first that has a value; without any the status of the last."""
    result = grids[-1]
    for grid in reversed(grids[:-1]):
        known = grid.known
        result = Grid(
            np.where(known, grid.values, result.values),
            np.where(known, grid.status, result.status).astype(np.uint8),
        )
    return result


def rank(grid: Grid) -> Grid:
    """Rank among the areas with a value, per moment: 1 is the highest, ties share the better."""
    values = np.full(grid.values.shape, np.nan)
    for j in range(grid.values.shape[1]):
        column, known = grid.values[:, j], grid.known[:, j]
        ordered = np.sort(column[known])
        higher = len(ordered) - np.searchsorted(ordered, column[known], side="right")
        values[known, j] = higher + 1
    return Grid(values, grid.status)


def zscore(grid: Grid) -> Grid:
    """(x − mean) / standard deviation over the areas with a value (all of them: n, not n − 1)."""
    return _scaled(grid, lambda x: (float(x.mean()), float(x.std())))


def minmax(grid: Grid) -> Grid:
    """(x − lowest) / (highest − lowest) over the areas with a value."""
    return _scaled(grid, lambda x: (float(x.min()), float(np.ptp(x))))


def _scaled(grid: Grid, measure: Callable[[Floats], tuple[float, float]]) -> Grid:
    """Shift and scale per moment; where all values are equal there is no scale."""
    values, status = grid.values.copy(), grid.status.copy()
    for j in range(values.shape[1]):
        known = grid.known[:, j]
        if not known.any():
            continue
        column = values[known, j]
        middle, width = measure(column)
        # Equal values: rounding may leave a width of some 1e-16 instead of zero.
        if np.ptp(column) == 0 or width == 0:
            values[known, j] = np.nan
            status[known, j] = Status.NOT_APPLICABLE
        else:
            values[known, j] = (column - middle) / width
    return Grid(values, status)


def mixture(parts: Sequence[Grid], measure: str) -> Grid:
    """How evenly people spread over groups, from the counts of each group.

    ``entropy``: −Σ p ln p / ln k for the k groups of the data, 0 (one group) to 1 (all equal);
    ``simpson``: 1 − Σ p², the chance that two people drawn differ. Nobody: not applicable.
    """
    status = combine(*(part.status for part in parts))
    counts = np.stack([part.values for part in parts])
    total = counts.sum(axis=0)
    with np.errstate(all="ignore"):
        shares = counts / total
        if measure == "simpson":
            values = 1 - (shares**2).sum(axis=0)
        else:
            logs = np.where(shares > 0, shares * np.log(shares), 0.0)
            values = -logs.sum(axis=0) / np.log(max(len(parts), 2))
    known = has_value(status)
    grid = Grid(np.where(known, values, np.nan), status)
    return grid.without(~(total > 0), Status.NOT_APPLICABLE)
