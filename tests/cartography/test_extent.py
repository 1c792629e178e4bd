"""Extents of some areas, of all, and of none that can be drawn."""

from __future__ import annotations

import shapely

from monitor_app.cartography.shapes import AreaShapes

SHAPES = AreaShapes(
    ("a", "b", "empty"), (shapely.box(0, 0, 2, 1), shapely.box(5, -3, 6, 4), shapely.Polygon())
)


def test_extent_of_some_areas_is_that_of_their_union() -> None:
    assert SHAPES.extent_of([1]) == (5, -3, 6, 4)
    union = shapely.union_all(SHAPES.polygons[:2]).bounds
    assert SHAPES.extent_of([0, 1]) == union
    assert SHAPES.extent == union


def test_nothing_to_draw_has_no_extent() -> None:
    assert SHAPES.extent_of([]) is None
    assert SHAPES.extent_of([2]) is None
    assert AreaShapes((), ()).extent is None
