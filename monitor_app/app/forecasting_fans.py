"""Fans for planning: quantiles of age groups in areas, in every level above, and in the town.

Sums are made inside each draw, so that what areas have in common stays common; quantiles of areas
do not add up to those of the town, and are not meant to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.forecasting_town import Town
from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY, AreaSystem
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

Band = tuple[int, int | None]
#: Paths (draws, areas) from drawn ones, the main variant, and half widths of areas and town.
Spread = Callable[[Array, Array, Array, float], Array]


@dataclass(frozen=True, eq=False)
class FanLevel:
    """Quantiles (levels, years + 1, total and age groups, units) in persons."""

    units: tuple[str, ...]
    values: Array


@dataclass(frozen=True, eq=False)
class Fans:
    """Fans of one scenario: level key -> quantiles; ``ages`` the groups after the total."""

    levels: tuple[float, ...]
    ages: AgeAxis
    by_level: dict[str, FanLevel]


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
    spread: Spread,
) -> Fans:
    """Fans from draws.

    ``stocks`` (years + 1, sex, group, age, area) of the scenario; ``drawn`` (years + 1, draws,
    1 + bands + planning groups, areas); ``widths`` of total and ``bands`` as expected from past
    errors; ``spread`` stretches draws to them. A group inside a band takes the band's width, times
    how much more or less the draws of the group spread, plus the noise of being smaller.
    """
    ages = planning_axis(town.source_ages)
    groups: list[Band] = [(0, None), *((g.lo, g.hi) for g in ages.groups)]
    known: list[Band] = [(0, None), *bands]
    years = len(stocks)
    members = _members(areas, town)
    found = {
        level: np.empty((len(FAN_LEVELS), years, len(groups), len(table)))
        for level, (_units, table) in members.items()
    }
    for v, group in enumerate(groups):
        main = stocks[:, :, :, group[0] : group[1]].sum(axis=(1, 2, 3))
        outer = max(range(len(known)), key=lambda n: _overlap(known[n], group))
        lo, hi = known[outer]
        around = stocks[:, :, :, lo:hi].sum(axis=(1, 2, 3))
        own = 0 if v == 0 else len(known) + v - 1
        for year in range(years):
            if year == 0:
                paths = main[:1]
            else:
                half, whole = widths[outer]
                target = _target(
                    drawn[year, :, own], drawn[year, :, outer], main[year], around[year],
                    half[year - 1], float(whole[year - 1, 0]), year,
                )  # fmt: skip
                paths = spread(drawn[year, :, own].astype(np.float64), main[year], *target)
            for level, (_units, member) in members.items():
                found[level][:, year, v] = _quantiles(paths @ member.T, member @ main[year])
    return Fans(
        FAN_LEVELS, ages, {k: FanLevel(units, found[k]) for k, (units, _m) in members.items()}
    )


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


def _target(
    drawn: NDArray[np.float32], outer: NDArray[np.float32], main: Array, around: Array,
    half: Array, whole: float, horizon: int,
) -> tuple[Array, float]:  # fmt: skip
    """Half widths of areas and town for a group inside of a band that has ``half``, ``whole``."""
    mine, local = _sizes(drawn, main)
    band, band_local = _sizes(outer, around)
    ratio = float(np.clip(mine / band, 0.3, 3.0)) if band > 0 else 1.0
    ratios = np.divide(local, band_local, out=np.ones_like(local), where=band_local > 0)
    common = whole * ratio
    renewed = min(TURNOVER * horizon, 1.0)
    noise = 1.0 / np.maximum(main, 1.0) - 1.0 / np.maximum(around, 1.0)
    own = np.maximum(half**2 - whole**2, 0.0) * np.clip(ratios, 0.3, 3.0) ** 2
    own = own + _Z80**2 * renewed * np.maximum(noise, 0.0)
    return np.minimum(np.sqrt(common**2 + own), 0.95), min(common, 0.95)


def _sizes(drawn: NDArray[np.float32], main: Array) -> tuple[float, Array]:
    """80 per cent sizes of what draws have in common and of each area's own (areas,)."""
    values = np.maximum(drawn.astype(np.float64), 1e-9)
    logs = np.log(values / np.maximum(np.median(values, axis=0), 1e-9))
    town = logs @ (main / max(float(main.sum()), 1e-9))
    own = logs - town[:, None]
    own -= np.median(own, axis=0)
    size = float(np.quantile(np.abs(town - np.median(town)), _PROBABILITY))
    return size, np.quantile(np.abs(own), _PROBABILITY, axis=0)


def _quantiles(paths: Array, main: Array) -> Array:
    """Quantiles (levels, units) of paths (draws, units), moved so that the median is ``main``."""
    ordered = np.sort(np.ascontiguousarray(paths.T), axis=1)
    spots = np.asarray(FAN_LEVELS) * (ordered.shape[1] - 1)
    low = np.floor(spots).astype(np.int64)
    high = np.minimum(low + 1, ordered.shape[1] - 1)
    found = ordered[:, low] + (ordered[:, high] - ordered[:, low]) * (spots - low)
    middle = np.maximum(found[:, FAN_LEVELS.index(0.5)], 1e-9)
    return np.asarray((found * (main / middle)[:, None]).T)
