"""The index raster against point-in-polygon truth."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor_app.cartography.raster import View, accumulate, rasterise, spans
from monitor_app.cartography.shapes import AreaShapes
from tests.cartography.town import EAST, NORTH, shapes, voronoi


def truth(drawn: AreaShapes, view: View, rows, columns) -> np.ndarray:
    """Number of the last area that holds the centre of a pixel, by shapely."""
    scale = view.scale * view.dpr
    x = view.x + (columns + 0.5 - view.pixels[0] / 2) / scale
    y = view.y - (rows + 0.5 - view.pixels[1] / 2) / scale
    found = np.zeros(len(x), dtype=int)
    for i, polygon in enumerate(drawn.polygons):
        found[shapely.contains_xy(polygon, x, y)] = i + 1
    return found


def on_border(drawn: AreaShapes, view: View, rows, columns) -> np.ndarray:
    """Pixels whose centre is so near to a border that rounding decides."""
    scale = view.scale * view.dpr
    x = view.x + (columns + 0.5 - view.pixels[0] / 2) / scale
    y = view.y - (rows + 0.5 - view.pixels[1] / 2) / scale
    edge = shapely.union_all(shapely.boundary(drawn.polygons))
    return shapely.distance(shapely.points(x, y), edge) * scale < 1e-6


def assert_true(drawn: AreaShapes, view: View, ids: np.ndarray, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, ids.shape[0], 3000)
    columns = rng.integers(0, ids.shape[1], 3000)
    wrong = ids[rows, columns] != truth(drawn, view, rows, columns)
    assert wrong.mean() < 0.01
    if wrong.any():
        assert on_border(drawn, view, rows[wrong], columns[wrong]).all()


@pytest.mark.parametrize("zoom", [0.3, 1.0, 7.0, 60.0])
@pytest.mark.parametrize("dpr", [1.0, 1.5])
def test_pixels_belong_to_the_area_that_holds_their_centre(zoom, dpr) -> None:
    drawn = shapes(60)
    view = View.fit(drawn.extent, 400, 300, dpr=dpr).zoomed(zoom, 130, 110)
    assert drawn.is_coverage
    assert_true(drawn, view, rasterise(drawn, view).ids)


def test_both_ways_of_filling_give_the_same_raster() -> None:
    drawn = shapes(80, seed=5)
    view = View.fit(drawn.extent, 640, 480)
    width, height = view.pixels
    one = accumulate(drawn.edges, view, width, height)
    assert np.array_equal(one, spans(drawn.edges, view, width, height))
    band = accumulate(drawn.edges, view, width, height, (100, 170))
    assert np.array_equal(band, one[100:170])
    assert np.array_equal(spans(drawn.edges, view, width, height, (100, 170)), one[100:170])


def test_every_pixel_of_a_full_frame_is_covered_once() -> None:
    drawn = shapes(50)
    view = View(EAST + 5_000, NORTH + 5_000, 0.04, 400, 400)
    ids = rasterise(drawn, view).ids
    assert (ids > 0).all()
    # Each area has as many pixels as its size says, give or take its border.
    pixels = np.bincount(ids.ravel(), minlength=51)[1:]
    size = shapely.area(drawn.polygons) * 0.04**2
    border = shapely.length(drawn.polygons) * 0.04
    assert (np.abs(pixels - size) <= border).all()


def test_holes_and_islands() -> None:
    lake = shapely.box(EAST + 40, NORTH + 40, EAST + 60, NORTH + 60)
    island = shapely.box(EAST + 48, NORTH + 48, EAST + 52, NORTH + 52)
    land = shapely.box(EAST, NORTH, EAST + 100, NORTH + 100).difference(lake)
    far = shapely.box(EAST + 150, NORTH, EAST + 170, NORTH + 20)
    drawn = AreaShapes(("a", "b"), (shapely.multipolygons([land, far]), island))
    view = View.fit(drawn.extent, 340, 200, margin=0)
    raster = rasterise(drawn, view)
    assert_true(drawn, view, raster.ids)
    assert raster.key_at(*view.to_pixel(EAST + 45, NORTH + 45)) is None
    assert raster.key_at(*view.to_pixel(EAST + 50, NORTH + 50)) == "b"
    assert raster.key_at(*view.to_pixel(EAST + 160, NORTH + 10)) == "a"


def test_overlapping_polygons_show_the_later_one() -> None:
    one = shapely.box(EAST, NORTH, EAST + 60, NORTH + 60)
    two = shapely.box(EAST + 30, NORTH + 30, EAST + 90, NORTH + 90)
    drawn = AreaShapes(("1", "2"), (one, two))
    assert not drawn.is_coverage
    view = View.fit(drawn.extent, 200, 200)
    assert_true(drawn, view, rasterise(drawn, view).ids)


def test_many_overlaps_and_spikes_stay_in_range() -> None:
    rng = np.random.default_rng(2)
    polygons = [
        shapely.Polygon(np.add(rng.uniform(0, 1000, (7, 2)), (EAST, NORTH))) for _ in range(30)
    ]
    drawn = AreaShapes(tuple(str(i) for i in range(30)), polygons)
    assert drawn.invalid
    view = View.fit(drawn.extent, 300, 300)
    ids = rasterise(drawn, view).ids
    assert ids.min() >= 0
    assert ids.max() <= 30
    # Self-crossing areas follow the even-odd rule: held against a winding count by rays.
    rows, columns = rng.integers(0, 300, 400), rng.integers(0, 300, 400)
    x = view.x + (columns + 0.5 - 150) / view.scale
    y = view.y - (rows + 0.5 - 150) / view.scale
    expected = np.zeros(400, dtype=int)
    for i, polygon in enumerate(polygons):
        ring = shapely.get_coordinates(polygon)
        a, b = ring[:-1], ring[1:]
        crosses = (a[:, 1] <= y[:, None]) != (b[:, 1] <= y[:, None])
        at = a[:, 0] + (y[:, None] - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
        inside = (crosses & (at <= x[:, None])).sum(axis=1) % 2 == 1
        expected[inside] = i + 1
    assert np.array_equal(ids[rows, columns], expected)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(25)))
def test_the_order_of_areas_does_not_matter(order) -> None:
    cells = voronoi(25, seed=9)
    first = AreaShapes(tuple(map(str, range(25))), cells)
    second = AreaShapes(tuple(str(i) for i in order), [cells[i] for i in order])
    view = View.fit(first.extent, 120, 90)
    one, two = rasterise(first, view).ids, rasterise(second, view).ids
    numbers = np.array([0, *(i + 1 for i in order)])
    assert np.array_equal(one, numbers[two])


def test_one_area_no_area_and_areas_without_shape() -> None:
    nothing = AreaShapes((), ())
    assert nothing.extent is None
    assert not rasterise(nothing, View.fit(nothing.extent, 30, 20)).ids.any()
    blank = AreaShapes(("a", "b"), (None, shapely.Polygon()))
    assert not rasterise(blank, View.fit(blank.extent, 30, 20)).ids.any()
    square = shapely.box(EAST, NORTH, EAST + 1, NORTH + 1)
    mixed = AreaShapes(("a", "b"), (None, square))
    view = View.fit(mixed.extent, 40, 40, margin=5)
    ids = rasterise(mixed, view).ids
    assert (ids == 2).sum() == 900
    assert not (ids == 1).any()


def test_points_and_lines_inside_a_collection_are_ignored() -> None:
    square = shapely.box(EAST, NORTH, EAST + 1, NORTH + 1)
    other = shapely.LineString([(EAST, NORTH), (EAST + 3, NORTH + 3)])
    drawn = AreaShapes(("a",), (shapely.GeometryCollection([square, other]),))
    assert shapely.area(drawn.polygons[0]) == 1
    three = AreaShapes(("a",), (shapely.force_3d(square),))
    assert not shapely.has_z(three.polygons[0])


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 50), (3840, 2160), (200, 200)])
def test_windows_of_any_size(width, height) -> None:
    drawn = shapes(30)
    view = View.fit(drawn.extent, width, height)
    raster = rasterise(drawn, view)
    assert raster.ids.shape == (height, width)
    assert raster.ids.dtype == np.intp
    if width > 1:
        assert_true(drawn, view, raster.ids)


def test_far_away_and_deep_zoom() -> None:
    drawn = shapes(30)
    view = View.fit(drawn.extent, 300, 200)
    assert not rasterise(drawn, view.panned(1e5, 1e5)).ids.any()
    deep = view.zoomed(1e7, 150, 100)
    assert len(np.unique(rasterise(drawn, deep).ids)) == 1
    tiny = view.zoomed(1e-6, 150, 100)
    assert (rasterise(drawn, tiny).ids > 0).sum() <= 1


def test_zoom_keeps_the_point_under_the_hand_and_pan_follows_it() -> None:
    view = View(EAST, NORTH, 0.1, 300, 200, 1.5)
    at = view.to_map(70, 40)
    assert view.zoomed(3, 70, 40).to_map(70, 40) == pytest.approx(at)
    assert view.panned(12, -7).to_map(82, 33) == pytest.approx(at)
    assert view.to_pixel(*at) == pytest.approx((70, 40))
    assert view.pixels == (450, 300)


def test_hit_box_and_lasso() -> None:
    cells = [
        shapely.box(EAST + 10 * c, NORTH - 10 * r, EAST + 10 * c + 10, NORTH - 10 * r + 10)
        for r in range(3)
        for c in range(4)
    ]
    drawn = AreaShapes(tuple(f"{i // 4}{i % 4}" for i in range(12)), cells)
    view = View.fit(drawn.extent, 400, 300, dpr=2.0, margin=0)
    raster = rasterise(drawn, view)
    assert raster.key_at(50, 50) == "00"
    assert raster.key_at(399.9, 299.9) == "23"
    for outside in ((-1, 5), (5, -1), (400, 5), (5, 300)):
        assert raster.key_at(*outside) is None
    # Drawn from right to left: still a box.
    assert raster.in_box(250, 250, 150, 150) == (5, 6, 9, 10)
    assert raster.in_box(-50, -50, 20, 20) == (0,)
    assert raster.in_box(-50, -50, -20, -20) == ()
    assert raster.in_lasso([(10, 10), (190, 10), (10, 190)]) == (0, 1, 4)
    assert raster.in_lasso([(10, 10), (20, 20)]) == ()


def test_selected_edges_make_the_same_area() -> None:
    drawn = shapes(40)
    view = View.fit(drawn.extent, 200, 200)
    picked = np.array([7, 3, 30])
    ids = spans(drawn.edges.of(picked), view, 200, 200)
    full = rasterise(drawn, view).ids
    for number, area in enumerate(picked, start=1):
        assert np.array_equal(ids == number, full == area + 1)


@pytest.mark.realdata
def test_vienna_is_true_to_its_polygons(realdata) -> None:
    read = pytest.importorskip("pyogrio").read_dataframe
    frame = read(realdata / "wien" / "tidy" / "wien_gebiete.gpkg", layer="zaehlbezirk")
    drawn = AreaShapes(tuple(frame["zbz"]), tuple(frame.geometry))
    view = View.fit(drawn.extent, 500, 400)
    assert_true(drawn, view, rasterise(drawn, view).ids)
