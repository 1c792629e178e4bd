"""Probable ranges of single cells: each age and sex of an area, from the fan of its age group.

A fan tells by how much an age group of both sexes may miss. A cell inside of it shares what makes
the group miss, and has more of chance, because it is smaller: its variance is that of the group
without the group's own chance, plus that of the cell (``noise``). A cell is never narrower than its
group, and one that is the whole group has the group's range. Where data know age groups only, who
passes from one group to the next is an estimate: that adds to the cells of both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor_app.core.ages import AgeAxis
from monitor_app.forecast.state import Array

#: Half width of 80 per cent in standard deviations.
Z80 = 1.2816
#: By how much single years of age differ from the smooth curve through their groups of five, as a
#: share: registers with single years, Aargau 2025 and Konstanz 2009 to 2025, ages 0 to 79.
UNEVEN = 0.05


@dataclass(frozen=True, eq=False)
class GroupRange:
    """Range of 80 per cent of age groups: ``low``, ``middle``, ``high`` (groups,) in persons."""

    ages: AgeAxis
    low: Array
    middle: Array
    high: Array


def passing(ages: AgeAxis, years: int) -> Array:
    """Relative variance (age,) of cells of age groups by who passes from one to the next.

    Zero for single years, and after as many years as a group is wide: then everybody in it comes
    from one group that is known. Before, k of its w single years do: with deviations ``UNEVEN``
    that add up to zero within a group, ``2 UNEVEN² k (w - k) / w³`` (those who come, who go).
    """
    width = np.diff(np.append(ages.lows, ages.lows[-1] + 5)).astype(np.float64)
    if len(width) > 1:
        width[-1] = width[-2]
    past = np.mod(years, width)
    return np.asarray(2.0 * UNEVEN**2 * past * (width - past) / width**3)


def cell_range(
    people: Array, ages: AgeAxis, chance: Array, around: GroupRange, years: int
) -> tuple[Array, Array]:
    """Lower and upper bound of 80 per cent (sex, age) of ``people`` (sex, age) in persons, so many
    ``years`` ahead.

    ``chance`` (sex, age): variance by chance over persons. NaN where the group of a cell has no
    range; 0 where nobody is expected.
    """
    group = np.searchsorted(around.ages.lows, ages.lows, side="right") - 1
    size, noise = np.zeros(len(around.ages)), np.zeros(len(around.ages))
    own = people * chance + people**2 * passing(ages, years)
    np.add.at(size, group, people.sum(axis=0))
    np.add.at(noise, group, own.sum(axis=0))
    shared = np.divide(noise, size**2, out=np.zeros_like(size), where=size > 0)
    alone = np.divide(own, people**2, out=np.zeros_like(people), where=people > 0)
    more = Z80**2 * np.maximum(alone - shared[group], 0.0)
    known = (around.middle > 0) & (around.low > 0)
    safe = np.where(known, around.middle, 1.0)
    below = np.where(known, safe / np.where(known, around.low, 1.0) - 1.0, np.nan)
    above = np.where(known, around.high / safe - 1.0, np.nan)
    low = people / (1.0 + np.sqrt(np.maximum(below, 0.0)[group] ** 2 + more))
    high = people * (1.0 + np.sqrt(np.maximum(above, 0.0)[group] ** 2 + more))
    empty = people <= 0
    return np.where(empty, 0.0, low), np.where(empty, 0.0, high)


def regrouped(chance: Array, people: Array, ages: AgeAxis, target: AgeAxis) -> Array:
    """Chance (sex, age) in coarser age groups: variances of cells add up."""
    place = np.searchsorted(target.lows, ages.lows, side="right") - 1
    noise = np.zeros((len(chance), len(target)))
    size = np.zeros_like(noise)
    for row in range(len(chance)):
        np.add.at(noise[row], place, (chance * people)[row])
        np.add.at(size[row], place, people[row])
    return np.divide(noise, size, out=np.zeros_like(noise), where=size > 0)
