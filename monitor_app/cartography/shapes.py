"""Polygons of a map as flat edge arrays, made once per data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from monitor_app.core.areas import AreaSystem

FloatArray = NDArray[np.float64]
POLYGONS = (3, 6)  # shapely type ids of polygon and multipolygon


@dataclass(frozen=True, eq=False)
class Edges:
    """All edges of some length, sorted by area. ``lo``/``hi`` (m, 2): lower and upper
    end, so that neighbours compute identical numbers; ``weight``: the area's number 1…n, negative
    for edges that go down in a counter-clockwise ring; ``start`` (n+1,): first edge per area."""

    lo: FloatArray
    hi: FloatArray
    weight: NDArray[np.int32]
    start: NDArray[np.int64]

    def of(self, areas: NDArray[np.int64]) -> Edges:
        """The edges of some areas (positions from 0), numbered 1…len(areas) in their order."""
        first, count = self.start[areas], np.diff(self.start)[areas]
        ends = np.cumsum(count)
        at = np.arange(int(ends[-1]) if len(ends) else 0)
        at += np.repeat(first - (ends - count), count)
        number = np.repeat(np.arange(1, len(areas) + 1), count).astype(np.int32)
        weight = np.where(self.weight[at] > 0, number, -number).astype(np.int32)
        return Edges(self.lo[at], self.hi[at], weight, np.concatenate([[0], ends]))


@dataclass(frozen=True, eq=False)
class AreaShapes:
    """Areas to draw: ``keys`` and shapely polygons or multipolygons (None or empty: an area that
    cannot be drawn) in one metric CRS. ``groups``: for coarser levels the key of the area of that
    level each area lies in (None: in none), for stronger borders."""

    keys: tuple[str, ...]
    geometries: Sequence[Any]
    groups: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.keys) != len(self.geometries):
            raise ValueError("one geometry per key is needed")

    @classmethod
    def of_level(cls, areas: AreaSystem, level: str, day: date | None = None) -> AreaShapes:
        """Located areas of a level, those valid on ``day``; in the order of ``value_spec``."""
        shown = [a for a in areas.at(level, day) if a.located]
        groups = {}
        for other in areas.levels:
            if 0 < other.rank < areas.level(level).rank:
                upper = areas.ancestor(level, other.key)
                if upper:
                    groups[other.key] = tuple(upper.get(a.key) for a in shown)
        return cls(tuple(a.key for a in shown), tuple(a.geometry for a in shown), groups)

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def polygons(self) -> NDArray[Any]:
        """Two-dimensional polygons only, counter-clockwise outside; empty where there is none."""
        found = np.empty(len(self.keys), dtype=object)
        found[:] = [shapely.Polygon() if g is None else g for g in self.geometries]
        if not len(found):
            return found
        found = shapely.force_2d(found)
        for i in np.flatnonzero(~np.isin(shapely.get_type_id(found), POLYGONS)):
            parts = shapely.get_parts(found[i])
            parts = parts[np.isin(shapely.get_type_id(parts), POLYGONS)]
            found[i] = shapely.multipolygons(shapely.get_parts(parts))
        return np.asarray(shapely.orient_polygons(found, exterior_cw=False))

    @cached_property
    def invalid(self) -> tuple[str, ...]:
        """Keys of areas whose polygon crosses itself; they are filled by the even-odd rule."""
        bad = ~shapely.is_valid(self.polygons) if len(self) else np.zeros(0, bool)
        return tuple(key for key, is_bad in zip(self.keys, bad, strict=True) if is_bad)

    @cached_property
    def is_coverage(self) -> bool:
        """Whether the polygons share their borders exactly and overlap nowhere."""
        return not self.invalid and bool(shapely.coverage_is_valid(self.polygons))

    @cached_property
    def bounds(self) -> FloatArray:
        """West, south, east, north per area, shape (n, 4); NaN for empty ones."""
        return np.asarray(shapely.bounds(self.polygons), dtype=np.float64).reshape(-1, 4)

    @cached_property
    def extent(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north of everything, None where there is nothing to draw."""
        return self.extent_of(range(len(self)))

    def extent_of(self, places: Sequence[int]) -> tuple[float, float, float, float] | None:
        """West, south, east, north of some areas, None where none of them can be drawn."""
        boxes = self.bounds[np.asarray(places, dtype=np.intp)]
        known = boxes[np.isfinite(boxes).all(axis=1)]
        if not len(known):
            return None
        west, south = known[:, :2].min(axis=0)
        east, north = known[:, 2:].max(axis=0)
        return float(west), float(south), float(east), float(north)

    @cached_property
    def median_surface(self) -> float:
        """Median size of the areas in square units of the CRS."""
        sizes = shapely.area(self.polygons)
        sizes = sizes[sizes > 0]
        return float(np.median(sizes)) if len(sizes) else 0.0

    @cached_property
    def edges(self) -> Edges:
        """Edges of all rings."""
        n = len(self)
        if not n or bool(shapely.is_empty(self.polygons).all()):
            none = np.empty((0, 2))
            return Edges(none, none, np.empty(0, np.int32), np.zeros(n + 1, np.int64))
        # A mix of polygons and multipolygons comes out as multipolygons.
        as_multi = np.array([shapely.MultiPolygon()], dtype=object)
        geometries = np.concatenate([self.polygons, as_multi])
        kind, points, offsets = shapely.to_ragged_array(geometries)
        if kind is not shapely.GeometryType.MULTIPOLYGON:
            raise AssertionError("areas are polygons")
        rings, parts, areas = offsets
        per_area = np.diff(rings[parts[areas]])[:n]
        owner = np.repeat(np.arange(1, n + 1), per_area)
        inside_ring = np.ones(len(points) - 1, dtype=bool)
        inside_ring[rings[1:-1] - 1] = False
        at = np.flatnonzero(inside_ring & (points[1:] != points[:-1]).any(axis=1))
        begin, end, number = points[at], points[at + 1], owner[at]
        up = end[:, 1] > begin[:, 1]
        # Column by column in memory: all passes over edges are over one coordinate.
        lo = np.asfortranarray(np.where(up[:, None], begin, end))
        hi = np.asfortranarray(np.where(up[:, None], end, begin))
        weight = np.where(up, number, -number).astype(np.int32)
        start = np.searchsorted(number, np.arange(1, n + 2))
        return Edges(lo, hi, weight, start.astype(np.int64))

    def group_numbers(self, level: str) -> NDArray[np.int32]:
        """Per raster number (0 outside, 1…n areas) the number of its group, 0 for none."""
        keys = self.groups.get(level, (None,) * len(self))
        known = {
            key: i + 1 for i, key in enumerate(dict.fromkeys(k for k in keys if k is not None))
        }
        return np.array([0, *(0 if k is None else known[k] for k in keys)], dtype=np.int32)
