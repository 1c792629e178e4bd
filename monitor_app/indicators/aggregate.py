"""From the areas of one level to those of another: counts add up, means are weighted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.areas import CITY, Area, AreaSystem
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent
from monitor_app.core.status import Status, has_value
from monitor_app.indicators.grid import Bools, Codes, Floats, Grid


@dataclass(frozen=True)
class Placement:
    """Which target area each area of a data set lies in.

    ``rows[i]`` is the row of the target of the data set's area i, −1 where it has none on this
    level (an area that cannot be located counts in the city only). ``required`` are areas of the
    data set's level that the data set does not list, with the rows of their targets.
    """

    system: AreaSystem
    level: str
    target: str
    keys: tuple[str, ...]
    targets: tuple[str, ...]
    rows: NDArray[np.intp]
    required: tuple[tuple[str, int], ...]

    @classmethod
    def of(
        cls,
        system: AreaSystem,
        level: str,
        target: str,
        keys: Iterable[str],
        spare: Iterable[str] = (),
    ) -> Placement:
        """``spare``: keys of the target where the project has no areas for it yet."""
        keys = tuple(keys)
        targets = shown_keys(system, target) or tuple(dict.fromkeys(spare))
        index = {key: i for i, key in enumerate(targets)}
        known = {lv.key for lv in system.levels}
        if target == CITY:
            parents = dict.fromkeys((*keys, *system.keys(level)), CITY)
        elif level == target:
            parents = {key: key for key in (*keys, *system.keys(level))}
        else:
            parents = system.ancestor(level, target) if level in known else {}
        rows = np.array([index.get(parents.get(k, ""), -1) for k in keys], dtype=np.intp)
        listed = set(keys)
        required = tuple(
            (key, index[parents[key]])
            for key in shown_keys(system, level)
            if key not in listed and parents.get(key) in index and level != CITY
        )
        return cls(system, level, target, keys, targets, rows, required)

    @property
    def reaches(self) -> bool:
        """Whether any area of the data set lies in an area of the target."""
        return bool((self.rows >= 0).any())

    def exists(self, days: Sequence[date]) -> Bools:
        """(areas, dates): whether the area of the data set is valid on the day; an area that the
        project does not know counts as valid."""
        return _valid(self.system, self.level, self.keys, days)

    def targets_exist(self, days: Sequence[date]) -> Bools:
        """(targets, dates): whether the target area is valid on the day."""
        return _valid(self.system, self.target, self.targets, days)


def _valid(system: AreaSystem, level: str, keys: Sequence[str], days: Sequence[date]) -> Bools:
    versions: dict[str, list[Area]] = {}
    for area in system.at(level):
        versions.setdefault(area.key, []).append(area)
    valid = np.ones((len(keys), len(days)), dtype=np.bool_)
    for i, key in enumerate(keys):
        if key in versions and not any(_always(area) for area in versions[key]):
            valid[i] = [any(area.valid_on(day) for area in versions[key]) for day in days]
    return valid


def _always(area: Area) -> bool:
    return area.valid_from is None and area.valid_to is None


@dataclass(frozen=True)
class Counts:
    """Counts by target area, date and age."""

    values: Floats
    status: Codes


def shown_keys(system: AreaSystem, level: str) -> tuple[str, ...]:
    """Keys of a level that a map or table shows: located ones, all where no area is located."""
    if level == CITY:
        return (CITY,)
    if level not in {lv.key for lv in system.levels}:
        return ()
    located = tuple(dict.fromkeys(a.key for a in system.at(level) if a.located))
    return located or system.keys(level)


def add_up(cells: Cube, placement: Placement, absent: Absent) -> Grid:
    """Sums per target area and date of a cube with area and date."""
    values, status = _add(cells.values, cells.status, cells, placement, absent)
    return Grid(values, status)


def add_up_cells(cells: Cube, placement: Placement, absent: Absent) -> Counts:
    """Sums per target area, date and age of a cube with area, date and age."""
    values, status = _add(cells.values, cells.status, cells, placement, absent)
    return Counts(values, status)


def _add(
    values: Floats, status: Codes, cells: Cube, placement: Placement, absent: Absent
) -> tuple[Floats, Codes]:
    """One missing part makes a sum missing, unless the part does not exist on that day."""
    shape = (len(placement.targets), *values.shape[1:])
    total, code = np.zeros(shape), np.zeros(shape, dtype=np.uint8)
    parts = np.zeros(shape[:2], dtype=np.int64)
    known = has_value(status)
    gone = ~placement.exists(cells.dates)
    # A cell without a value of an area that is not there on this day is no gap.
    counted = ~(gone.reshape(gone.shape + (1,) * (values.ndim - 2)) & ~known)
    inside = placement.rows >= 0
    rows = placement.rows[inside]
    np.add.at(total, rows, np.where(known & counted, values, 0.0)[inside])
    np.maximum.at(code, rows, np.where(counted, status, 0).astype(np.uint8)[inside])
    present = counted.any(axis=tuple(range(2, counted.ndim))) if counted.ndim > 2 else counted
    np.add.at(parts, rows, np.asarray(present)[inside].astype(np.int64))
    there = placement.targets_exist(cells.dates)
    if absent is Absent.MISSING:
        _mark_unlisted(code, parts, cells.dates, placement)
    else:
        parts[there] += 1
    # A table filled up with zeros says nothing about an area that is not there on the day.
    counted_any = np.asarray((total != 0).reshape(*shape[:2], -1).any(axis=2))
    parts[~there & ~counted_any] = 0
    code[parts == 0] = Status.MISSING
    return np.where(has_value(code), total, np.nan), code


def _mark_unlisted(
    code: Codes, parts: NDArray[np.int64], days: Sequence[date], placement: Placement
) -> None:
    """Areas that the data set does not list although they exist make their target missing."""
    for key, row in placement.required:
        versions = [a for a in placement.system.at(placement.level) if a.key == key]
        for j, day in enumerate(days):
            if any(a.valid_on(day) for a in versions):
                code[row, j] = np.maximum(code[row, j], np.uint8(Status.MISSING))
                parts[row, j] += 1


def weighted_mean(cells: Cube, weights: Floats, placement: Placement) -> Grid:
    """Σ w·x / Σ w per target area of a cube with area and date. ``weights`` (areas, dates), NaN
    where unknown.

    Parts of weight zero do not count; a part that counts and has no value or no weight makes the
    mean missing; no weight at all is not applicable.
    """
    grid, _base = _mean(cells.values, cells.status, weights, placement, cells.dates)
    return grid


def weighted_grid(
    grid: Grid, weights: Grid, placement: Placement, days: Sequence[date]
) -> tuple[Grid, Floats]:
    """As ``weighted_mean`` for a grid whose rows are the areas of the placement, with Σ w."""
    return _mean(grid.values, grid.status, weights.values, placement, days)


def _mean(
    values: Floats, status: Codes, weights: Floats, placement: Placement, days: Sequence[date]
) -> tuple[Grid, Floats]:
    shape = (len(placement.targets), len(days))
    top, bottom = np.zeros(shape), np.zeros(shape)
    code = np.zeros(shape, dtype=np.uint8)
    parts = np.zeros(shape, dtype=np.int64)
    known = has_value(status)
    there = placement.exists(days) | known
    counted = there & ~(weights == 0)
    use = counted & known & ~np.isnan(weights)
    status = np.where(known & np.isnan(weights), Status.MISSING, status).astype(np.uint8)
    inside = placement.rows >= 0
    rows = placement.rows[inside]
    np.add.at(top, rows, np.where(use, weights * values, 0.0)[inside])
    np.add.at(bottom, rows, np.where(use, weights, 0.0)[inside])
    np.maximum.at(code, rows, np.where(counted, status, 0).astype(np.uint8)[inside])
    np.add.at(parts, rows, there[inside].astype(np.int64))
    _mark_unlisted(code, parts, days, placement)
    code[parts == 0] = Status.MISSING
    with np.errstate(all="ignore"):
        mean = np.where(has_value(code), top / bottom, np.nan)
    return Grid(mean, code).without(bottom <= 0, Status.NOT_APPLICABLE), bottom
