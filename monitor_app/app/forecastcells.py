"""Probable ranges of single cells: each age and sex of an area, from the fan of its age group.

A fan tells by how much an age group of both sexes may miss. A cell inside of it shares what makes
the group miss, and has more of chance, because it is smaller: its variance is that of the group
without the group's own chance, plus that of the cell (``noise``). A cell is never narrower than its
group, and one that is the whole group has the group's range.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitor_app.core.ages import AgeAxis
from monitor_app.forecast.state import Array

#: Half width of 80 per cent in standard deviations.
Z80 = 1.2816


@dataclass(frozen=True, eq=False)
class GroupRange:
    """Range of 80 per cent of age groups: ``low``, ``middle``, ``high`` (groups,) in persons."""

    ages: AgeAxis
    low: Array
    middle: Array
    high: Array


def cell_range(
    people: Array, ages: AgeAxis, chance: Array, around: GroupRange
) -> tuple[Array, Array]:
    """Lower and upper bound of 80 per cent (sex, age) of ``people`` (sex, age) in persons.

    ``chance`` (sex, age): variance by chance over persons. NaN where the group of a cell has no
    range; 0 where nobody is expected.
    """
    group = np.searchsorted(around.ages.lows, ages.lows, side="right") - 1
    size, noise = np.zeros(len(around.ages)), np.zeros(len(around.ages))
    np.add.at(size, group, people.sum(axis=0))
    np.add.at(noise, group, (people * chance).sum(axis=0))
    shared = np.divide(noise, size**2, out=np.zeros_like(size), where=size > 0)
    alone = np.divide(chance, people, out=np.zeros_like(people), where=people > 0)
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
