"""The index raster: the number of the area under every pixel, made once per view.

Recolouring is then one table look-up. A pixel belongs to the area that its centre lies in; a
centre exactly on a border belongs to the area to its right (or below), so that the areas of a
coverage fill every pixel once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from monitor_app.cartography.shapes import AreaShapes, Edges

Index = NDArray[np.intp]
Numbers = NDArray[np.int32] | NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class View:
    """What part of the map is shown: ``x``/``y`` of the centre in the CRS of the shapes, ``scale``
    in logical pixels per unit, ``width``/``height`` in logical pixels, ``dpr`` device pixels per
    logical pixel (1.25, 1.5, … on scaled screens). North is up."""

    x: float
    y: float
    scale: float
    width: int
    height: int
    dpr: float = 1.0

    @classmethod
    def fit(
        cls,
        extent: tuple[float, float, float, float] | None,
        width: int,
        height: int,
        *,
        dpr: float = 1.0,
        margin: float = 16,
    ) -> View:
        """The view that shows ``extent`` (west, south, east, north) as large as possible."""
        if extent is None:
            return cls(0.0, 0.0, 1.0, width, height, dpr)
        west, south, east, north = extent
        room = (max(width - 2 * margin, 1), max(height - 2 * margin, 1))
        size = (max(east - west, 1e-9), max(north - south, 1e-9))
        scale = min(room[0] / size[0], room[1] / size[1])
        return cls((west + east) / 2, (south + north) / 2, scale, width, height, dpr)

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height in device pixels, at least one each."""
        return max(1, round(self.width * self.dpr)), max(1, round(self.height * self.dpr))

    def to_map(self, x: float, y: float) -> tuple[float, float]:
        """Map coordinates of a point in logical pixels from the upper left corner."""
        return (
            self.x + (x - self.width / 2) / self.scale,
            self.y - (y - self.height / 2) / self.scale,
        )

    def to_pixel(self, x: float, y: float) -> tuple[float, float]:
        """Logical pixel of a point of the map."""
        return (
            (x - self.x) * self.scale + self.width / 2,
            self.height / 2 - (y - self.y) * self.scale,
        )

    def zoomed(self, factor: float, x: float, y: float) -> View:
        """Zoomed so that the map point under pixel (x, y) stays where it is."""
        at = self.to_map(x, y)
        scale = self.scale * factor
        return replace(
            self,
            scale=scale,
            x=at[0] - (x - self.width / 2) / scale,
            y=at[1] + (y - self.height / 2) / scale,
        )

    def panned(self, dx: float, dy: float) -> View:
        """Moved by a drag of (dx, dy) logical pixels: the map follows the hand."""
        return replace(self, x=self.x - dx / self.scale, y=self.y + dy / self.scale)

    def resized(self, width: int, height: int, dpr: float | None = None) -> View:
        """Another window size around the same centre."""
        return replace(self, width=width, height=height, dpr=self.dpr if dpr is None else dpr)


@dataclass(frozen=True, eq=False)
class IndexRaster:
    """``ids`` (rows, columns) of device pixels: 0 outside, else position of the area + 1."""

    ids: Index
    view: View
    shapes: AreaShapes
    cache: dict[Any, Any] = field(default_factory=dict, repr=False)

    def at(self, x: float, y: float) -> int | None:
        """Position of the area under a logical pixel, None outside of all areas."""
        row, column = int(y * self.view.dpr), int(x * self.view.dpr)
        if x < 0 or y < 0 or row >= self.ids.shape[0] or column >= self.ids.shape[1]:
            return None
        number = int(self.ids[row, column])
        return number - 1 if number else None

    def key_at(self, x: float, y: float) -> str | None:
        """Key of the area under a logical pixel."""
        position = self.at(x, y)
        return None if position is None else self.shapes.keys[position]

    def in_box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[int, ...]:
        """Positions of all areas seen in a box of logical pixels, in map order."""
        dpr = self.view.dpr
        left, right = sorted((x0 * dpr, x1 * dpr))
        top, bottom = sorted((y0 * dpr, y1 * dpr))
        rows = slice(max(int(top), 0), max(int(np.ceil(bottom)), 0))
        columns = slice(max(int(left), 0), max(int(np.ceil(right)), 0))
        return self._positions(self.ids[rows, columns])

    def in_lasso(self, points: Sequence[tuple[float, float]]) -> tuple[int, ...]:
        """Positions of all areas seen inside a ring of logical pixels (even-odd rule)."""
        if len(points) < 3:
            return ()
        ring = shapely.Polygon([self.view.to_map(x, y) for x, y in points])
        drawn = AreaShapes(("lasso",), (ring,))
        inside = spans(drawn.edges, self.view, *self.view.pixels) > 0
        return self._positions(self.ids[inside])

    def _positions(self, numbers: Index) -> tuple[int, ...]:
        return tuple(int(i) - 1 for i in np.unique(numbers) if i)


def rasterise(shapes: AreaShapes, view: View) -> IndexRaster:
    """The index raster of a view. Overlapping or self-crossing areas are filled one by one (the
    later area wins); a clean coverage goes the faster way of summing signed crossings."""
    width, height = view.pixels
    ids = grid(shapes.edges, view, width, height, coverage=shapes.is_coverage, n=len(shapes))
    # Look-ups want the platform's index type: other types are converted at each call.
    return IndexRaster(ids.astype(np.intp, copy=False), view, shapes)


def grid(
    edges: Edges,
    view: View,
    width: int,
    height: int,
    *,
    coverage: bool,
    n: int,
    rows: tuple[int, int] | None = None,
) -> Numbers:
    """Numbers for a raster of ``width`` × ``height`` pixels over ``view``, or the band ``rows``
    (first, end) of it."""
    if coverage:
        ids = accumulate(edges, view, width, height, rows)
        # The sums are exact for a coverage; should one ever not be, a wrong number must not
        # reach a look-up.
        if ids.size == 0 or (ids.min() >= 0 and ids.max() <= n):
            return ids
    return spans(edges, view, width, height, rows)


def accumulate(
    edges: Edges, view: View, width: int, height: int, rows: tuple[int, int] | None = None
) -> Numbers:
    """Each edge adds or takes away its area's number right of where it crosses a pixel row;
    running sums along the rows are the numbers. Only for areas that do not overlap."""
    first, end = rows or (0, height)
    edge, row, column = _crossings(edges, view, width, height, first, end)
    inside = column < width  # right of the picture nothing is left to change
    steps = np.zeros((end - first) * width, dtype=np.intp)
    change = edges.weight[edge[inside]].astype(np.intp)  # of one type: else it is slow
    np.subtract.at(steps, (row * width + column)[inside], change)
    ids = steps.reshape(end - first, width)
    return np.cumsum(ids, axis=1, out=ids)


def spans(
    edges: Edges, view: View, width: int, height: int, rows: tuple[int, int] | None = None
) -> Numbers:
    """Fill each area's spans from row to row by the even-odd rule, later areas over earlier."""
    first, end = rows or (0, height)
    edge, row, column = _crossings(edges, view, width, height, first, end)
    area = np.abs(edges.weight[edge]).astype(np.int64)
    # One number per crossing that sorts by area, row and column.
    order = np.sort((area * (end - first) + row) * (width + 1) + column)
    line, at = np.divmod(order, width + 1)
    begin, stop, line = at[0::2], at[1::2], line[0::2]
    seen = stop > begin
    begin, count, line = begin[seen], (stop - begin)[seen], line[seen]
    number, line = np.divmod(line, end - first)
    ends = np.cumsum(count)
    pixel = np.arange(int(ends[-1]) if len(ends) else 0)
    pixel += np.repeat(line * width + begin - (ends - count), count)
    ids = np.zeros((end - first) * width, dtype=np.int32)
    ids[pixel] = np.repeat(number, count)
    return ids.reshape(end - first, width)


def _crossings(
    edges: Edges, view: View, width: int, height: int, first: int, end: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Where edges cross the centre lines of pixel rows: edge, row (from ``first``) and the first
    column (0…width) whose centre lies right of the crossing."""
    scale = view.scale * (width / view.width if view.width else view.dpr)
    top = height / 2 - (edges.hi[:, 1] - view.y) * scale
    bottom = height / 2 - (edges.lo[:, 1] - view.y) * scale
    begin, stop = np.ceil(top - 0.5), np.ceil(bottom - 0.5)
    kept = np.flatnonzero((stop > begin) & (stop > first) & (begin < end))
    begin, stop = np.maximum(begin[kept], first), np.minimum(stop[kept], end)
    top, bottom, count = top[kept], bottom[kept], (stop - begin).astype(np.int64)
    x = (edges.hi[kept, 0] - view.x) * scale + width / 2
    slope = ((edges.lo[kept, 0] - view.x) * scale + width / 2 - x) / (bottom - top)
    edge = np.repeat(np.arange(len(kept)), count)
    row = begin.astype(np.int64)[edge] + np.arange(len(edge))
    row -= (np.cumsum(count) - count)[edge]
    column = np.ceil(x[edge] + (row + 0.5 - top[edge]) * slope[edge] - 0.5)
    column = np.clip(column, 0, width).astype(np.int64)
    return kept[edge], row - first, column
