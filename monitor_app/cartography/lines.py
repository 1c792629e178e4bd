"""Where area borders cross the middle of pixel rows and columns, to a fraction of a pixel.

A line between two areas is drawn as short bars through these places. That takes time by the
length of all borders, not by the number of pixels, and needs no finer raster.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor_app.cartography.raster import IndexRaster
from monitor_app.cartography.shapes import Edges

#: Steps between no and full cover of a pixel.
LEVELS = 8
#: A bar along the grid is at most this much longer than the line is wide.
SLANT = 1.42

Flat = NDArray[np.int64]
Single = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars along one axis: ``line`` (row or column), centre ``at`` (pixels along it), ``slant``
    (length per width), and the area numbers on both sides (0 outside)."""

    line: Flat
    at: Single
    slant: Single
    one: NDArray[np.intp]
    other: NDArray[np.intp]
    upright: bool  # along a column

    def between(self, group: NDArray[Any], inner: bool) -> Bars:
        """Bars on borders between groups (``group``: number per area number)."""
        # −1 (beyond the picture) looks like nothing at all.
        one, other = group[np.maximum(self.one, 0)], group[np.maximum(self.other, 0)]
        beyond = (self.one < 0) | (self.other < 0)
        return self.where(apart(one, other, inner) & ~beyond)

    def where(self, kept: NDArray[np.bool_]) -> Bars:
        return Bars(
            self.line[kept], self.at[kept], self.slant[kept],
            self.one[kept], self.other[kept], self.upright,
        )  # fmt: skip


def apart(one: NDArray[Any], other: NDArray[Any], inner: bool) -> NDArray[np.bool_]:
    """Where groups differ; with ``inner`` not where one of them is group 0."""
    differ = one != other
    if inner:
        differ &= (one > 0) & (other > 0)
    return np.asarray(differ)


def bars_of(raster: IndexRaster, edges: Edges) -> tuple[Bars, Bars]:
    """Bars along rows and along columns for all crossings of ``edges`` in view. ``edges`` must
    hold all edges of every area whose border is wanted."""
    return _bars(raster, edges, upright=False), _bars(raster, edges, upright=True)


def _bars(raster: IndexRaster, edges: Edges, *, upright: bool) -> Bars:
    view, ids = raster.view, raster.ids
    height, width = ids.shape
    lines, cells = (width, height) if upright else (height, width)
    scale = view.scale * (width / view.width if view.width else view.dpr)
    # What is counted (rows, or columns) lies across, what is measured along.
    across, along = (0, 1) if upright else (1, 0)
    turn = (scale, -scale)
    shift = (width / 2 - view.x * scale, height / 2 + view.y * scale)
    begin = edges.lo[:, across] * turn[across] + (shift[across] - 0.5)
    end = edges.hi[:, across] * turn[across] + (shift[across] - 0.5)
    low = np.ceil(np.minimum(begin, end) if upright else end)
    high = np.ceil(np.maximum(begin, end) if upright else begin)
    kept = np.flatnonzero((high > low) & (high > 0) & (low < lines))
    low, high = np.maximum(low[kept], 0), np.minimum(high[kept], lines)
    begin, end = begin[kept] + 0.5, end[kept] + 0.5
    start, count = low.astype(np.int64), (high - low).astype(np.int64)
    origin = edges.lo[kept, along] * turn[along] + shift[along]
    slope = (edges.hi[kept, along] * turn[along] + shift[along] - origin) / (end - begin)
    edge = np.repeat(np.arange(len(kept)), count)
    line = np.arange(len(edge)) + np.repeat(start - (np.cumsum(count) - count), count)
    base = origin - begin * slope
    at = base[edge] + (line + 0.5) * slope[edge]
    seen = (at > -3) & (at < cells + 3)
    if not seen.all():
        edge, line, at = edge[seen], line[seen], at[seen]
    cell = np.ceil(at - 0.5).astype(np.int64)
    flat = ids.reshape(-1)
    step = width if upright else 1
    place = line + cell * width if upright else line * width + cell
    inside, behind = (cell >= 0) & (cell < cells), (cell >= 1) & (cell <= cells)
    one = np.where(behind, flat[np.where(behind, place - step, 0)], -1)
    other = np.where(inside, flat[np.where(inside, place, 0)], -1)
    slant = np.minimum(np.sqrt(1 + slope * slope), SLANT)[edge]
    found = Bars(line, at.astype(np.float32), slant.astype(np.float32), one, other, upright)
    if not raster.shapes.is_coverage:
        return found
    # Neighbours both bring the edge between them: that of the first in the order of pixels is
    # enough, unless nobody is before it.
    first_of_pair = edges.weight[kept] > 0
    if upright:  # the area left of a rising edge is above it where the edge runs to the right
        first_of_pair = first_of_pair == (end > begin)
    return found.where(first_of_pair[edge] | (one <= 0))


def stamp(bars: Bars, width: float, shape: tuple[int, int]) -> tuple[Flat, NDArray[np.uint8]]:
    """Pixels (flat) that bars of a line of ``width`` pixels cover, and how much: 1…``LEVELS``."""
    rows, columns = shape
    cells = rows if bars.upright else columns
    reach = bars.slant * np.float32(width / 2)
    low, high = bars.at - reach, bars.at + reach
    first = np.floor(low)
    places: list[Flat] = []
    levels: list[NDArray[np.uint8]] = []
    for k in range(int(np.ceil(width * SLANT)) + 1):
        cell = first + np.float32(k)
        cover = np.minimum(high, cell + 1) - np.maximum(low, cell)
        level = np.round(np.clip(cover, 0, 1) * LEVELS).astype(np.uint8)
        kept = (level > 0) & (cell >= 0) & (cell < cells)
        at, line = cell[kept].astype(np.int64), bars.line[kept]
        places.append(at * columns + line if bars.upright else line * columns + at)
        levels.append(level[kept])
    return np.concatenate(places), np.concatenate(levels)


def cover_of(bars: tuple[Bars, ...], width: float, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Cover 0…``LEVELS`` of every pixel (flat); where bars meet, the strongest counts."""
    cover = np.zeros(shape[0] * shape[1], dtype=np.uint8)
    for some in bars:
        np.maximum.at(cover, *stamp(some, width, shape))
    return cover
