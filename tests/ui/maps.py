"""Small synthetic maps for the tests of the window."""

from __future__ import annotations

from datetime import date

import numpy as np
import shapely

from monitor_app.cartography.classify import classify
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.status import Status


def grid_shapes(columns: int = 5, rows: int = 4, size: float = 1000.0) -> AreaShapes:
    """Squares with keys ``r0c0`` (lower left) to ``r3c4``."""
    keys, boxes = [], []
    for r in range(rows):
        for c in range(columns):
            keys.append(f"r{r}c{c}")
            boxes.append(shapely.box(c * size, r * size, (c + 1) * size, (r + 1) * size))
    return AreaShapes(tuple(keys), tuple(boxes))


def spec_for(shapes: AreaShapes, shift: float = 0.0, k: int = 5, **fields) -> MapSpec:
    """Values 0, 1, 2, … plus ``shift``; the last area has none."""
    n = len(shapes)
    values = np.arange(n, dtype=float) + shift
    status = np.zeros(n, dtype=np.uint8)
    if n:
        values[-1], status[-1] = np.nan, Status.SECRET
    found = classify(values, status, "equal_interval", k, reference=np.arange(100.0))
    names = tuple(f"Viertel {key}" for key in shapes.keys)
    settings = {
        "title": "Altenquotient", "unit": "je 100", "level_name": "Stadtviertel",
        "day": date(2024, 12, 31),
    } | fields  # fmt: skip
    return MapSpec(shapes.keys, names, values, status, found, **settings)
