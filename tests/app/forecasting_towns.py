"""A small town in memory: three areas in two districts, single ages, stocks only or with events."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import Area, AreaSystem, Level
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetInfo, DatasetSpec, Kind

Floats = NDArray[np.float64]
KEYS = ("a1", "a2", "b1")
AGES = AgeAxis.single_years(90)


def system(ended: dict[str, date] | None = None, begun: dict[str, date] | None = None,
           keys: tuple[str, ...] = KEYS) -> AreaSystem:  # fmt: skip
    levels = (
        Level("city", "Stadt", 0),
        Level("district", "Bezirk", 1),
        Level("quarter", "Viertel", 2, parents=("district",)),
    )
    districts = tuple(Area(n, "district", k, k.upper()) for n, k in enumerate(("a", "b")))
    quarters = tuple(
        Area(10 + n, "quarter", k, k.upper(), {"district": k[0]},
             valid_from=(begun or {}).get(k), valid_to=(ended or {}).get(k))
        for n, k in enumerate(keys)
    )  # fmt: skip
    return AreaSystem(levels, (*districts, *quarters))


@dataclass
class Source:
    """A ``CubeSource`` of cubes given by spec."""

    cubes: dict[str, tuple[DatasetSpec, Cube]] = field(default_factory=dict)

    def add(self, spec: DatasetSpec, cube: Cube) -> None:
        self.cubes[spec.key] = (spec, cube)

    def datasets(self) -> tuple[DatasetInfo, ...]:
        return tuple(
            DatasetInfo(s, c.dims, c.dates, c.totals(), len(c.areas),
                        None if c.ages is None else c.ages.encode())
            for s, c in self.cubes.values()
        )  # fmt: skip

    def cube(self, key: str) -> Cube:
        return self.cubes[key][1]


def stocks(years: int, growth: float = 0.01, seed: int = 5) -> Floats:
    """Counts (area, year, sex, age) that grow evenly with a little noise."""
    rng = np.random.default_rng(seed)
    ages = np.arange(91)
    shape = 60.0 * np.exp(-(((ages - 38) / 32.0) ** 2)) + 10
    shape = np.where(ages > 80, shape * 0.3, shape)
    size = np.array([1.0, 2.0, 0.6])[:, None, None, None]
    trend = np.exp(growth * np.arange(years))[None, :, None, None]
    counts = rng.poisson(size * trend * shape[None, None, None] * np.ones((1, 1, 2, 1)))
    return np.asarray(counts, dtype=np.float64)


def source(values: Floats, first: int = 2008, keys: tuple[str, ...] = KEYS,
           ages: AgeAxis = AGES) -> Source:  # fmt: skip
    days = tuple(date(first + n, 12, 31) for n in range(values.shape[1]))
    cube = Cube.of({"area": keys, "date": days, "sex": ("m", "f")}, values, ages=ages)
    found = Source()
    found.add(DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "quarter"), cube)
    return found
