"""Moves between areas of the town, seen from larger areas: what stays inside is no arrival."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent, Kind
from monitor_app.core.status import Status, has_value
from monitor_app.indicators.aggregate import Placement
from monitor_app.indicators.grid import Bools, Codes, Floats

#: Kinds of data sets that answer an input besides its own kind: a table of origins and
#: destinations has the margins in it; moves inside an area are those with both ends in it.
ALSO_FROM: dict[Kind, tuple[Kind, ...]] = {
    Kind.ARRIVALS_WITHIN: (Kind.MOVES_WITHIN,),
    Kind.DEPARTURES_WITHIN: (Kind.MOVES_WITHIN,),
    Kind.MOVES_WITHIN: (Kind.MOVES_SAME_AREA,),
}
MARGINS = (Kind.ARRIVALS_WITHIN, Kind.DEPARTURES_WITHIN)


def from_pairs(
    cube: Cube, origins: Placement, destinations: Placement, wanted: Kind, absent: Absent
) -> Cube:
    """Arrivals, departures or moves inside, for the areas of the target level.

    ``cube`` has area (origin), date, partner (destination, an area key of the same level) and
    perhaps age. ``destinations`` places the partners. Moves from or to an area that lies in no
    target area (address unknown) count as crossing the border.
    """
    values = np.where(has_value(cube.status), cube.values, 0.0)
    pick = _PICKS[wanted]
    shape = (len(origins.targets), *cube.values.shape[1:2], *cube.values.shape[3:])
    total, code = np.zeros(shape), np.zeros(shape, dtype=np.uint8)
    incomplete = absent is Absent.MISSING and bool(origins.required)
    for row in range(len(origins.targets)):
        chosen = pick(origins.rows == row, destinations.rows == row)
        _sum_pairs(values, cube.status, chosen, total, code, row)
    if incomplete:
        # An area that the table does not list could be either end of any move.
        code[:] = np.maximum(code, np.uint8(Status.MISSING))
    dims = tuple(d for d in cube.dims if d != "partner")
    labels = {d: cube.labels[d] for d in dims} | {"area": origins.targets}
    total = np.where(has_value(code), total, np.nan)
    return Cube(dims, labels, total, code, cube.unit, cube.ages)


def _sum_pairs(
    values: Floats, status: Codes, chosen: list[tuple[Bools, Bools]], total: Floats, code: Codes,
    row: int,
) -> None:  # fmt: skip
    """Add the blocks (origins × destinations) of one target area to its row."""
    for rows, columns in chosen:
        if not rows.any() or not columns.any():
            continue
        block = np.ix_(rows, np.ones(values.shape[1], dtype=np.bool_), columns)
        total[row] += values[block].sum(axis=(0, 2))
        code[row] = np.maximum(code[row], status[block].max(axis=(0, 2)))


_Pick = Callable[[NDArray[np.bool_], NDArray[np.bool_]], list[tuple[Bools, Bools]]]
_PICKS: dict[Kind, _Pick] = {
    Kind.ARRIVALS_WITHIN: lambda origin, goal: [(~origin, goal)],
    Kind.DEPARTURES_WITHIN: lambda origin, goal: [(origin, ~goal)],
    Kind.MOVES_WITHIN: lambda origin, goal: [(origin, goal)],
}
