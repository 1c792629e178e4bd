"""A small made-up town for drawing tests."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import shapely

from monitor_app.cartography.classify import Method, classify
from monitor_app.cartography.mapspec import MapSpec, borders_for
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.status import Status
from monitor_app.core.values import IndicatorTable

#: Somewhere in EPSG:25832, so that tests meet large coordinates.
EAST, NORTH = 560_000.0, 5_930_000.0


def voronoi(n: int, seed: int = 1, size: float = 10_000.0) -> list[Any]:
    """A coverage of ``n`` polygons without gaps."""
    rng = np.random.default_rng(seed)
    points = np.add(rng.uniform(0, size, (n, 2)), (EAST, NORTH))
    frame = shapely.box(EAST, NORTH, EAST + size, NORTH + size)
    cells = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=frame, ordered=True)
    # Cut on a grid, so that neighbours get identical corners at the frame.
    cut = shapely.intersection(shapely.get_parts(cells), frame, grid_size=0.01)
    return list(shapely.set_precision(cut, 0.01))


def shapes(n: int = 40, seed: int = 1) -> AreaShapes:
    cells = voronoi(n, seed)
    groups = tuple("west" if c.centroid.x < EAST + 5_000 else "east" for c in cells)
    return AreaShapes(tuple(f"{i:03d}" for i in range(n)), cells, {"district": groups})


def spec(drawn: AreaShapes, **changes: Any) -> MapSpec:
    """A map with values 0, 1, 2, … and one area of each state that has none."""
    n = len(drawn)
    status = np.zeros(n, dtype=np.uint8)
    for i, state in enumerate(
        (Status.MISSING, Status.SECRET, Status.BELOW_BASE, Status.NOT_APPLICABLE)
    ):
        if n > 10:
            status[i] = state
    values = np.where(status == 0, np.arange(n, dtype=float), np.nan)
    fields: dict[str, Any] = {
        "keys": drawn.keys,
        "names": tuple(f"Viertel {k}" for k in drawn.keys),
        "values": values,
        "status": status,
        "classification": classify(values, status, Method.QUANTILES, 5),
        "title": "Anteil der unter 18-Jährigen",
        "unit": "%",
        "level_name": "Stadtviertel",
        "day": date(2024, 12, 31),
        "source": "Einwohnermelderegister, Größenklassen",
        "borders": borders_for(("district",)),
        "city_value": 17.25,
    }
    return MapSpec(**(fields | changes))


DAYS = (date(2020, 12, 31), date(2021, 12, 31), date(2024, 12, 31))


def area_system(n: int = 12) -> AreaSystem:
    cells = voronoi(n)
    quarters = [
        Area(i, "quarter", f"{i:03d}", f"Viertel {i}", {"district": f"{i % 3}"}, geometry=c)
        for i, c in enumerate(cells)
    ]
    quarters.append(Area(900, "quarter", "999", "nicht zuordenbar"))
    districts = [
        Area(100 + i, "district", str(i), f"Bezirk {i}", geometry=shapely.union_all(cells[i::3]))
        for i in range(3)
    ]
    levels = (
        Level(CITY, "Stadt", 0),
        Level("district", "Bezirk", 1),
        Level("quarter", "Viertel", 2, parents=("district",)),
    )
    return AreaSystem(levels, (*districts, *quarters), "EPSG:25832")


def table(n: int = 12) -> IndicatorTable:
    """Values i + 10 × date for area i; the areas come in reverse order and one is missing."""
    keys = tuple(f"{i:03d}" for i in reversed(range(n - 1)))
    values = np.array([[int(k) + 10.0 * j for j in range(3)] for k in keys])
    return IndicatorTable(
        "youth", "quarter", keys, DAYS, values, np.zeros(values.shape, np.uint8),
        np.array([5.0, 15.0, 25.0]), np.zeros(3, np.uint8), "%", 1,
    )  # fmt: skip
