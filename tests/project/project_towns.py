"""Small towns to test with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import numpy as np
import shapely
from numpy.typing import NDArray

from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import Level
from monitor_app.core.batch import AreaTable, FactTable, ImportBatch, PointTable
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent, DatasetSpec, Kind, SourceFile
from monitor_app.core.status import Status

QUARTER = Level("viertel", "Stadtviertel", 2, 3, ("bezirk",))
DISTRICT = Level("bezirk", "Stadtbezirk", 1, 2)
AGES = AgeAxis.from_lows((0, 3, 6, 18, 65))
SOURCE = SourceFile(
    "bevoelkerung_2024.csv", "ab" * 32, 1234, datetime(2025, 1, 7, 9, 30, tzinfo=UTC), None
)
POPULATION = DatasetSpec(
    "population", Kind.POPULATION, "Bevölkerung", "viertel", absent=Absent.ZERO,
    source="Musterstadt, Melderegister",
)  # fmt: skip
INCOME = DatasetSpec(
    "variable_income", Kind.VARIABLE, "Einkommen", "bezirk", unit="EUR", variable="income",
    aggregation="mean:population",
)  # fmt: skip
KITAS = DatasetSpec("kitas", Kind.FACILITIES, "Kindertagesstätten", "viertel")


def squares(count: int, side: float = 100.0, columns: int = 4) -> tuple[shapely.Polygon, ...]:
    x0, y0 = 500_000.0, 5_700_000.0
    return tuple(
        shapely.box(
            x0 + i % columns * side, y0 + i // columns * side,
            x0 + (i % columns + 1) * side, y0 + (i // columns + 1) * side,
        )
        for i in range(count)
    )  # fmt: skip


def quarters(count: int = 8, *, crs: str = "EPSG:25832", suffix: str = "") -> AreaTable:
    return AreaTable(
        level=QUARTER,
        keys=tuple(f"{i:03d}" for i in range(count)),
        names=tuple(f"Viertel Süd {i}{suffix}" for i in range(count)),
        geometries=squares(count),
        crs=crs,
        parents=tuple({"bezirk": f"{i // 4:02d}"} for i in range(count)),
    )


def districts(count: int = 2) -> AreaTable:
    return AreaTable(
        level=DISTRICT,
        keys=tuple(f"{i:02d}" for i in range(count)),
        names=tuple(f"Bezirk {i}" for i in range(count)),
        geometries=squares(count, side=400.0, columns=1),
        crs="EPSG:25832",
    )


def population(
    years: Sequence[int] = (2023, 2024),
    *,
    areas: int = 8,
    seed: int = 1,
    spec: DatasetSpec = POPULATION,
) -> FactTable:
    rng = np.random.default_rng(seed)
    shape = (areas, len(years), 2, len(AGES))
    values = rng.integers(0, 400, shape).astype(float)
    status = np.zeros(shape, dtype=np.uint8)
    status[0, 0, 0, 1] = Status.SECRET
    values[0, 0, 0, 1] = np.nan
    status[1, 0, 1, 2] = Status.ESTIMATED
    cube = Cube.of(
        {
            "area": [f"{i:03d}" for i in range(areas)],
            "date": [date(y, 12, 31) for y in years],
            "sex": ["m", "f"],
        },
        values,
        ages=AGES,
        status=status,
    )
    return FactTable(spec, cube)


def income(values: Sequence[float] = (24_500.25, 31_000.5)) -> FactTable:
    numbers: NDArray[np.float64] = np.array(values, dtype=float).reshape(-1, 1)
    labels = {"area": [f"{i:02d}" for i in range(len(values))], "date": [date(2024, 12, 31)]}
    return FactTable(INCOME, Cube.of(labels, numbers, unit="EUR"))


def kitas(places: Sequence[int | None] = (25, 60, None)) -> PointTable:
    count = len(places)
    return PointTable(
        KITAS,
        x=np.array([500_050.0 + 100 * i for i in range(count)]),
        y=np.array([5_700_050.0] * (count - 1) + [np.nan]),
        crs="EPSG:25832",
        attributes={
            "name": tuple(f"Kita Löwenzahn {i}" for i in range(count)),
            "Plätze": tuple(places),
        },
    )


def batch(
    *tables: AreaTable | FactTable | PointTable, label: str = "Import", recipe: str = ""
) -> ImportBatch:
    return ImportBatch(
        label=label,
        sources=(SOURCE,),
        recipes={"recipe_1": recipe} if recipe else {},
        areas=tuple(t for t in tables if isinstance(t, AreaTable)),
        facts=tuple(t for t in tables if isinstance(t, FactTable)),
        points=tuple(t for t in tables if isinstance(t, PointTable)),
    )


def whole_town() -> ImportBatch:
    return batch(districts(), quarters(), population(), income(), kitas(), recipe="id: recipe_1\n")
