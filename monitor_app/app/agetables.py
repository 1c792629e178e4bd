"""Persons by sex and age of all areas of a level, as pyramids and profiles show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitor_app.app.session import Session
from monitor_app.core.ages import AgeAxis
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetInfo
from monitor_app.indicators.aggregate import Placement, add_up_cells
from monitor_app.indicators.carry import Carrier, present_areas

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AgeTable:
    """``men``, ``women`` (areas, ages): persons of one day, NaN where a part is missing or
    secret, or where the data tell nothing of a sex."""

    areas: tuple[str, ...]
    axis: AgeAxis
    men: FloatArray
    women: FloatArray

    def of(self, keys: Sequence[str]) -> tuple[FloatArray, FloatArray] | None:
        """Men and women of areas taken together; None where one is not in the table."""
        place = {key: i for i, key in enumerate(self.areas)}
        if not keys or any(key not in place for key in keys):
            return None
        rows = [place[key] for key in keys]
        return self.men[rows].sum(axis=0), self.women[rows].sum(axis=0)


def age_table(
    session: Session, info: DatasetInfo, level: str, day: date, *, carried: bool = False
) -> AgeTable:
    """*Slow.* A date of a data set with sex and age, added up to a level (``CITY``: the town with
    those whom no area shows). ``carried``: numbers from before reforms on the present areas."""
    cube = session.project.cube(info.spec.key)
    cube = cube.take("date", [cube.date_index[day]])
    system = session.areas
    if carried and system.bridges:
        present = present_areas(system)
        carrier = Carrier(system, present, session.project.cube)
        if carrier.touches(info.spec.level, level):
            cube, system = carrier.carry(cube, info.spec), present
    placement = Placement.of(system, info.spec.level, level, cube.areas, cube.areas)
    assert cube.ages is not None
    men, women = (_by_age(cube, sex, placement, info) for sex in ("m", "f"))
    return AgeTable(placement.targets, cube.ages, men, women)


def _by_age(cube: Cube, sex: str, placement: Placement, info: DatasetInfo) -> FloatArray:
    """(targets, ages) of one sex."""
    if sex not in cube.labels["sex"]:
        assert cube.ages is not None
        return np.full((len(placement.targets), len(cube.ages)), np.nan)
    part = cube.take("sex", [cube.labels["sex"].index(sex)])
    part = part.sum(*(d for d in part.dims if d not in ("area", "date", "age")))
    return np.asarray(add_up_cells(part, placement, info.spec.absent).values[:, 0])
