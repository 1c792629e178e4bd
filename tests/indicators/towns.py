"""Small towns in memory for tests of the indicators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import (
    Absent,
    DatasetInfo,
    DatasetSpec,
    Kind,
    Origin,
    SourceFile,
    TimeReference,
)
from monitor_app.indicators.catalogue import Catalogue, Entry
from monitor_app.indicators.definitions import IndicatorDef

DAY = date(2020, 12, 31)
BROAD = AgeAxis.from_lows((0, 20, 65))


class FakeSource:
    """A source of cubes that tests can change."""

    def __init__(self) -> None:
        self._cubes: dict[str, Cube] = {}
        self._infos: dict[str, DatasetInfo] = {}
        self.reads = 0

    def add(
        self,
        key: str,
        cube: Cube,
        *,
        kind: Kind = Kind.POPULATION,
        level: str = "viertel",
        origin: Origin = Origin.OBSERVED,
        absent: Absent = Absent.MISSING,
        variable: str | None = None,
        aggregation: str = "sum",
        period: bool = False,
    ) -> FakeSource:
        spec = DatasetSpec(
            key,
            kind,
            f"Datensatz {key}",
            level,
            cube.unit,
            time=TimeReference.PERIOD if period else TimeReference.POINT,
            origin=origin,
            absent=absent,
            variable=variable,
            aggregation=aggregation,
            source="Datenquelle: Musterstadt",
        )
        axis = None if cube.ages is None else cube.ages.encode()
        file = SourceFile(f"{key}.csv", str(hash(cube.values.tobytes())), 1)
        self._cubes[key] = cube
        self._infos[key] = DatasetInfo(
            spec, cube.dims, cube.dates, cube.totals(), len(cube.areas), axis, (file,)
        )
        return self

    def drop(self, key: str) -> None:
        del self._cubes[key], self._infos[key]

    def datasets(self) -> tuple[DatasetInfo, ...]:
        return tuple(self._infos.values())

    def cube(self, key: str) -> Cube:
        self.reads += 1
        return self._cubes[key]


def town(viertel: dict[str, str | None], **known: Any) -> AreaSystem:
    """Viertel -> Bezirk (None: cannot be located). ``surface``: m² per Viertel."""
    surface: dict[str, float] = known.get("surface", {})
    bezirke = sorted({b for b in viertel.values() if b is not None})
    areas = [Area(i, "bezirk", key, f"Bezirk {key}", geometry="B") for i, key in enumerate(bezirke)]
    for i, (key, parent) in enumerate(viertel.items(), start=100):
        areas.append(
            Area(
                i,
                "viertel",
                key,
                "Mitte",  # equal names on purpose: links go by key
                parents={} if parent is None else {"bezirk": parent},
                geometry=None if parent is None else "V",
                surface_m2=surface.get(key),
            )
        )
    levels = (
        Level(CITY, "Stadt", 0),
        Level("bezirk", "Bezirk", 1),
        Level("viertel", "Viertel", 2, parents=("bezirk",)),
    )
    return AreaSystem(levels, tuple(areas))


def stock(
    areas: Sequence[str],
    counts: ArrayLike,
    *,
    ages: AgeAxis | None = BROAD,
    days: Sequence[date] = (DAY,),
    status: ArrayLike | None = None,
) -> Cube:
    """A cube of area, date and age (or area and date): ``counts`` in this order."""
    values = np.asarray(counts, dtype=np.float64)
    shape = (len(areas), len(days), *((len(ages),) if ages is not None else ()))
    codes = None if status is None else np.asarray(status, dtype=np.uint8).reshape(shape)
    return Cube.of({"area": areas, "date": days}, values.reshape(shape), ages=ages, status=codes)


def catalogue(**formulas: str | dict[str, Any]) -> Catalogue:
    """A catalogue of short definitions: id = formula, or further entries."""
    entries = []
    for key, given in formulas.items():
        more = {"formula": given} if isinstance(given, str) else given
        row = {"id": key, "name": {"de": key, "en": key}, "unit": "ratio", **more}
        entries.append(Entry(IndicatorDef.model_validate(row), "test.yaml"))
    return Catalogue(tuple(entries))
