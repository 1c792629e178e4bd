"""A small town in memory: three areas in two districts, single ages, stocks only or with events."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import Area, AreaSystem, Level
from monitor_app.core.batch import AreaTable, FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetInfo, DatasetSpec, Kind, TimeReference

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


def counted(values: Floats, first: int = 2008) -> Source:
    """A town whose migration is counted by area, sex and age: what explains its stocks, a usual
    turnover, and moves between its areas."""
    found = source(values, first)
    old, new = values[:, :-1], values[:, 1:]
    change = np.zeros_like(new)
    change[..., 1:] = new[..., 1:] - old[..., :-1]
    change[..., -1] -= old[..., -1]
    mobile = 0.02 + 0.12 * np.exp(-(((np.arange(91) - 26) / 9.0) ** 2))
    turnover, inside = mobile * new, 0.6 * mobile * new
    into = inside.sum(axis=0) * np.array([0.5, 0.3, 0.2])[:, None, None, None]
    days = tuple(date(first + n, 12, 31) for n in range(1, values.shape[1]))
    for kind, counts in (
        (Kind.MOVES_IN, turnover + np.maximum(change, 0.0) + np.maximum(inside - into, 0.0)),
        (Kind.MOVES_OUT, turnover + np.maximum(-change, 0.0) + np.maximum(into - inside, 0.0)),
        (Kind.ARRIVALS_WITHIN, into),
        (Kind.DEPARTURES_WITHIN, inside),
    ):
        cube = Cube.of({"area": KEYS, "date": days, "sex": ("m", "f")}, counts, ages=AGES)
        spec = DatasetSpec(kind.value, kind, kind.value, "quarter", time=TimeReference.PERIOD)
        found.add(spec, cube)
    return found


def session_with(folder: Path, areas: AreaSystem, data: Source) -> Session:
    """A session with a project of these areas, without boundaries, and data."""
    tables = tuple(
        AreaTable(level, areas.keys(level.key), areas.keys(level.key),
                  (None,) * len(areas.keys(level.key)), None,
                  tuple(a.parents for a in areas.at(level.key)))
        for level in areas.levels if level.key != "city"
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MONITOR_APP_HOME", str(folder))
        session = Session(Settings(), folder / "work")
        session.create(folder / "stadt.gpkg")
    facts = tuple(FactTable(spec, cube) for spec, cube in data.cubes.values())
    session.apply(ImportBatch("daten", (), areas=tables, facts=facts))
    return session
