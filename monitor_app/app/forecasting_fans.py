"""Fans for planning: quantiles of age groups in areas, in every level above, and in the town.

Sums are made inside each draw, so that what areas have in common stays common; quantiles of areas
do not add up to those of the town, and are not meant to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.forecasting_limits import Limits
from monitor_app.app.forecasting_rates import TownRates
from monitor_app.app.forecasting_town import Town
from monitor_app.core.ages import AgeAxis, AgeGroup
from monitor_app.core.areas import CITY, AreaSystem
from monitor_app.forecast.noise import renewed_cells
from monitor_app.forecast.state import Array

#: Edges of the bands of 50, 80 and 95 per cent, and the median.
FAN_LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
#: Lowest ages of the groups that are planned for: crèche, kindergarten, primary and secondary
#: school, training and first jobs, working age, old and very old.
PLANNING_LOWS = (0, 3, 6, 10, 18, 30, 65, 80)
#: Share of people who come or go within a year: how fast a group forgets its launch. A town with
#: births and deaths of 2 and moves of 20 per cent a year (practice.md, 7.4).
TURNOVER = 0.22
_PROBABILITY = 0.8
_Z80 = 1.2816
#: Largest factor of a path on the scenario, as a logarithm: finite in single precision.
_MOST = np.float32(30.0)

Band = tuple[int, int | None]


@dataclass(frozen=True, eq=False)
class FanLevel:
    """Quantiles (levels, years + 1, total and age groups, units) in persons."""

    units: tuple[str, ...]
    values: Array


@dataclass(frozen=True, eq=False)
class CellChance:
    """How much of each cell chance alone decides: variance over persons, (areas or town, years + 1,
    sex, age). ``sexes`` and ``ages`` are those that the forecast is kept in."""

    sexes: tuple[str, ...]
    ages: AgeAxis
    values: Array


@dataclass(frozen=True, eq=False)
class Fans:
    """Fans of one scenario: level key -> quantiles; ``ages`` the groups after the total;
    ``chance`` narrows them down to single cells, see ``forecastcells``."""

    levels: tuple[float, ...]
    ages: AgeAxis
    by_level: dict[str, FanLevel]
    chance: CellChance | None = None


def planning_axis(axis: AgeAxis | None) -> AgeAxis:
    """The planning groups, or the nearest ones that the groups of the data make up."""
    if axis is None:
        return AgeAxis.from_lows(PLANNING_LOWS)
    own = [g.lo for g in axis.groups]
    near = (min(own, key=lambda low: (abs(low - age), low)) for age in PLANNING_LOWS)
    return AgeAxis.from_lows(tuple(sorted(set(near))))


def planning_rows(axis: AgeAxis | None) -> list[slice]:
    """Age rows of the planning groups, for a kernel of draws."""
    return [slice(g.lo, g.hi) for g in planning_axis(axis).groups]


def make_fans(
    town: Town,
    areas: AreaSystem,
    stocks: Array,
    drawn: NDArray[np.float32],
    bands: Sequence[Band],
    widths: Sequence[tuple[Array, Array]],
    limits: Limits | None = None,
) -> Fans:
    """Fans from draws; in no draw an area leaves its ``limits``.

    ``stocks`` (years + 1, sex, group, age, area) of the scenario; ``drawn`` (years + 1, draws,
    1 + bands + planning groups, areas); ``widths`` of total and ``bands`` as expected from past
    errors. A group inside a band takes the band's width, times
    how much more or less the draws of the group spread, plus the noise of being smaller.
    """
    ages = planning_axis(town.source_ages)
    groups: list[Band] = [(0, None), *((g.lo, g.hi) for g in ages.groups)]
    known: list[Band] = [(0, None), *bands]
    people = [_people(stocks, band) for band in known]
    holders = [max(range(len(known)), key=lambda n: _overlap(known[n], g)) for g in groups]
    members = _members(areas, town)
    found = {
        level: np.empty((len(FAN_LEVELS), len(stocks), len(groups), len(table)))
        for level, (_units, table) in members.items()
    }
    mains = [_people(stocks, group) for group in groups]
    for year in range(len(stocks)):
        spreads = {} if year == 0 else {
            n: Spread.of(drawn[year, :, n], people[n][year]) for n in set(holders)
        }  # fmt: skip
        factor: Array | None = None
        for v, main in enumerate(mains):
            if year == 0:
                paths = main[0][:, None]
            else:
                outer = holders[v]
                own = spreads[outer]
                if groups[v] != known[outer]:
                    own = Spread.of(drawn[year, :, len(known) + v - 1], main[year])
                half, whole = widths[outer]
                target = _target(
                    own, spreads[outer], main[year], people[outer][year], half[year - 1],
                    float(whole[year - 1, 0]), year,
                )  # fmt: skip
                paths = own.stretched(main[year], *target)
                if limits is not None and v == 0:
                    factor = limits.factor(paths.T.astype(np.float64), year)
                if factor is not None:
                    paths = paths * factor.T
            for level, (_units, member) in members.items():
                summed = paths if level == town.level else _added(paths, member)
                found[level][:, year, v] = _quantiles(summed, member @ main[year])
            if limits is not None:
                own_level = found[town.level]
                own_level[:, year, v] = limits.clipped(own_level[:, year, v], year, part=v > 0)
    return Fans(
        FAN_LEVELS, ages, {k: FanLevel(units, found[k]) for k, (units, _m) in members.items()}
    )


def cell_chance(town: Town, rates: TownRates, years: int) -> CellChance:
    """Chance in each cell, for areas and for the town, in the ages that the forecast is kept in.

    One ratio for all areas: kept for each of them it would be twice the size of the forecast.
    """
    ages = kept_ages(town)
    launch, starts = np.ascontiguousarray(town.register.stocks[-1]), ages.lows
    found = []
    for inside in (False, True):
        cells = renewed_cells(town.layout, launch, rates.of_step, years, inside=inside)
        mean, variance = (np.add.reduceat(part, starts, axis=2) for part in cells)
        found.append(np.divide(variance, mean, out=np.zeros_like(mean), where=mean > 0))
    return CellChance(town.layout.sexes, ages, np.stack(found))


def kept_ages(town: Town) -> AgeAxis:
    """Ages that a forecast is kept in: single years, or the groups of the data, the last open."""
    if not town.estimated_ages or town.source_ages is None:
        return town.layout.ages
    groups = town.source_ages.groups
    return AgeAxis((*groups[:-1], AgeGroup(groups[-1].lo, None)))


def _people(stocks: Array, band: Band) -> Array:
    """Persons (years + 1, areas) of an age band."""
    lo, hi = band
    return np.asarray(stocks[:, :, :, lo:hi].sum(axis=(1, 2, 3)))


@dataclass(frozen=True, eq=False)
class Spread:
    """Deviations of draws on the log scale: what the town has in ``common`` (draws,) and each
    area's ``own`` (areas, draws), both around their medians, with their 80 per cent sizes. One row
    per area in float32: sorting such rows is several times faster than any other way."""

    common: NDArray[np.float32]
    own: NDArray[np.float32]
    size: float
    sizes: Array

    @classmethod
    def of(cls, drawn: NDArray[np.float32], main: Array) -> Spread:
        """``drawn`` (draws, areas), ``main`` (areas,) persons of the main variant."""
        logs = np.log(np.maximum(np.ascontiguousarray(drawn.T), np.float32(1e-9)))
        logs -= _at(logs, 0.5)[:, None]
        weight = (main / max(float(main.sum()), 1e-9)).astype(np.float32)
        common = weight @ logs
        common -= np.median(common)
        logs -= common
        logs -= _at(logs, 0.5)[:, None]
        size = float(np.quantile(np.abs(common), _PROBABILITY))
        return cls(common, logs, size, _at(np.abs(logs), _PROBABILITY).astype(np.float64))

    def stretched(self, main: Array, half: Array, whole: float) -> NDArray[np.float32]:
        """Paths (areas, draws) that have the half widths ``half`` (areas,) and, of the town,
        ``whole`` (shares of the forecast), in the way of ``forecasting_intervals``."""
        common = self.common * np.float32(np.log1p(whole) / self.size if self.size > 0 else 0.0)
        left = np.sqrt(np.maximum(np.log1p(half) ** 2 - np.log1p(whole) ** 2, 0.05 * half**2))
        factor = np.divide(left, self.sizes, out=np.zeros_like(left), where=self.sizes > 0)
        if len(main) == 1:
            factor = np.zeros_like(factor)
        paths = self.own * factor.astype(np.float32)[:, None]
        paths += common
        # An area of hardly anybody may be off by any factor; beyond this one is nothing but noise.
        np.clip(paths, -_MOST, _MOST, out=paths)
        np.exp(paths, out=paths)
        paths *= main.astype(np.float32)[:, None]
        if whole == 0.0:
            # The total of the town is given: what areas have of their own adds up to nothing.
            paths *= np.float32(main.sum()) / np.maximum(paths.sum(axis=0), np.float32(1e-9))
        return np.asarray(paths)


def _at(rows: NDArray[np.float32], level: float) -> NDArray[np.float32]:
    """A quantile of each row, linear between order statistics."""
    spot = level * (rows.shape[1] - 1)
    low = int(spot)
    high = min(low + 1, rows.shape[1] - 1)
    found = np.sort(rows, axis=1)  # faster than a partition at two places
    part = np.float32(spot - low)
    return np.asarray(found[:, low] + (found[:, high] - found[:, low]) * part)


def _members(areas: AreaSystem, town: Town) -> dict[str, tuple[tuple[str, ...], Array]]:
    """Level -> its units and which areas each one holds (units, areas), the own level first."""
    own = town.layout.areas
    found = {town.level: (own, np.eye(len(own)))}
    for level in areas.levels:
        if level.key in (town.level, CITY) or not areas.finer(town.level, level.key):
            continue
        above = areas.ancestor(town.level, level.key)
        if any(a not in above for a in own):
            continue
        units = tuple(dict.fromkeys(k for k in areas.keys(level.key) if k in set(above.values())))
        table = np.array([[float(above[a] == u) for a in own] for u in units])
        found[level.key] = (units, table)
    if town.level != CITY:
        found[CITY] = ((CITY,), np.ones((1, len(own))))
    return found


def _overlap(band: Band, group: Band) -> tuple[float, float]:
    """How much of a group lies in a band; the narrower of two equal ones counts more."""
    top = 110.0
    lo, hi = band[0], top if band[1] is None else float(band[1])
    low, high = group[0], top if group[1] is None else float(group[1])
    return max(min(hi, high) - max(lo, low), 0.0), -(hi - lo)


def _added(paths: NDArray[Any], member: Array) -> NDArray[Any]:
    """Sums inside each draw (units, draws); each area belongs to one unit."""
    unit = member.argmax(axis=0)
    order = np.argsort(unit, kind="stable")
    starts = np.searchsorted(unit[order], np.arange(len(member)))
    return np.asarray(np.add.reduceat(paths[order], starts, axis=0))


def _target(
    mine: Spread, band: Spread, main: Array, around: Array, half: Array, whole: float, horizon: int
) -> tuple[Array, float]:
    """Half widths of areas and town for a group inside of a band that has ``half``, ``whole``."""
    if mine is band:
        return half, whole
    ratio = float(np.clip(mine.size / band.size, 0.3, 3.0)) if band.size > 0 else 1.0
    ratios = np.divide(mine.sizes, band.sizes, out=np.ones_like(band.sizes), where=band.sizes > 0)
    common = whole * ratio
    renewed = min(TURNOVER * horizon, 1.0)
    noise = 1.0 / np.maximum(main, 1.0) - 1.0 / np.maximum(around, 1.0)
    own = np.maximum(half**2 - whole**2, 0.0) * np.clip(ratios, 0.3, 3.0) ** 2
    own = own + _Z80**2 * renewed * np.maximum(noise, 0.0)
    return np.minimum(np.sqrt(common**2 + own), 0.95), min(common, 0.95)


def _quantiles(paths: NDArray[Any], main: Array) -> Array:
    """Quantiles (levels, units) of paths (units, draws), moved so that the median is ``main``."""
    ordered = np.sort(paths, axis=1)
    spots = np.asarray(FAN_LEVELS) * (ordered.shape[1] - 1)
    low = np.floor(spots).astype(np.int64)
    high = np.minimum(low + 1, ordered.shape[1] - 1)
    lower = ordered[:, low].astype(np.float64)
    found = lower + (ordered[:, high] - lower) * (spots - low)
    middle = np.maximum(found[:, FAN_LEVELS.index(0.5)], 1e-9)
    return np.asarray((found * (main / middle)[:, None]).T)
