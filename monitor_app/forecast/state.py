"""The state of the engine: stocks by sex, group, age and area, and what its axes mean.

Ages are ages reached at the end of a step ("year of birth" ages), as registers count them on
31 December. Areas lie innermost, so that ageing is a block copy and one rate row meets all areas.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.ages import AgeAxis

Array = NDArray[np.float64]

#: Positions of the axes of every stock, rate and flow.
SEX, GROUP, AGE, AREA = range(4)


@dataclass(frozen=True)
class Layout:
    """Labels of the axes ``[sex, group, age, area]``.

    ``ages``: groups of one width (the length of a step in years), the last one open. ``sexes`` as
    in ``core.cube.SEXES``; with both ``m`` and ``f`` births are split, with ``f`` alone only girls
    are born into the state, any other single sex takes all births.
    """

    sexes: tuple[str, ...]
    groups: tuple[str, ...]
    ages: AgeAxis
    areas: tuple[str, ...]

    def __post_init__(self) -> None:
        widths = {g.hi - g.lo for g in self.ages.groups if g.hi is not None}
        if len(widths) != 1 or not self.ages.is_open or self.ages.first != 0:
            raise ValueError("a state needs age groups of one width from 0 on, the last one open")
        if len(self.sexes) > 1 and set(self.sexes) != {"m", "f"}:
            raise ValueError(f"sexes must be m and f or a single one, not {self.sexes}")

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return len(self.sexes), len(self.groups), len(self.ages), len(self.areas)

    @cached_property
    def step(self) -> int:
        """Years per step: the width of the age groups."""
        first = self.ages.groups[0]
        return (first.hi or 0) - first.lo

    @property
    def mothers(self) -> int:
        """Position of the sex that gives birth (women, or everybody where sexes are unknown)."""
        return self.sexes.index("f") if "f" in self.sexes else 0

    def split_births(self, girls: float) -> Array:
        """Share of all births that enters each sex of the state, given the share of girls."""
        if len(self.sexes) == 2:
            return np.array([girls if sex == "f" else 1.0 - girls for sex in self.sexes])
        return np.array([girls if self.sexes[0] == "f" else 1.0])


def girls_share(sex_ratio: float) -> float:
    """Share of girls among births, from boys per girl (1.05: 100/205)."""
    return 1.0 / (1.0 + sex_ratio)


def age_on(stock: Array) -> Array:
    """Everybody one age group older, nobody in the first: (…, age, area), a new array."""
    older = np.empty_like(stock)
    older[..., 0, :] = 0.0
    older[..., 1:, :] = stock[..., :-1, :]
    older[..., -1, :] += stock[..., -1, :]
    return older


def arrays_like(count: int, shape: tuple[int, ...]) -> Array:
    """``count`` uninitialised arrays of one shape, as one block (count, …).

    One large block gets huge pages from the system: touching it for the first time is twenty times
    cheaper than touching as many arrays of a megabyte each.
    """
    return np.empty((count, *shape), dtype=np.float64)
