"""The picture: colours, patterns, borders and outlines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from monitor_app.cartography.borders import (
    HOVERED,
    SELECTED,
    Steps,
    border_overlay,
    outline,
    stroke,
    visible,
)
from monitor_app.cartography.classify import classify
from monitor_app.cartography.colour import rgb_of
from monitor_app.cartography.looks import Pattern, State, Swatch
from monitor_app.cartography.mapspec import AREAS, OUTLINE, Border, borders_for
from monitor_app.cartography.paint import TRANSPARENT, Painter, paint, pattern_tile
from monitor_app.cartography.pixels import Order, over, packed
from monitor_app.cartography.raster import View, rasterise
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.status import Status
from tests.cartography.town import EAST, NORTH, shapes, spec


@pytest.fixture
def drawn() -> AreaShapes:
    return shapes(40)


@pytest.fixture
def raster(drawn):
    return rasterise(drawn, View.fit(drawn.extent, 300, 300))


def bytes_of(colour: str) -> list[int]:
    return [round(c * 255) for c in rgb_of(colour)] + [255]


def grown(mask: np.ndarray, steps: int) -> np.ndarray:
    """Pixels within so many steps along rows and columns."""
    for _ in range(steps):
        wider = mask.copy()
        wider[1:] |= mask[:-1]
        wider[:-1] |= mask[1:]
        wider[:, 1:] |= mask[:, :-1]
        wider[:, :-1] |= mask[:, 1:]
        mask = wider
    return mask


def test_every_pixel_has_the_colour_of_its_class(drawn, raster) -> None:
    made = spec(drawn)
    image = Painter(raster).fill(made).view(np.uint8).reshape(300, 300, 4)
    for i in range(len(drawn)):
        pixels = image[raster.ids == i + 1]
        swatch = made.swatches[made.codes[i]]
        if swatch.pattern is Pattern.NONE:
            assert (pixels == bytes_of(made.class_colours[made.classification.classes[i]])).all()
        else:
            assert len(np.unique(pixels, axis=0)) > 1
            assert bytes_of(swatch.colour) in pixels.tolist()
    assert (image[raster.ids == 0] == 255).all()


def test_qt_order_holds_the_same_colours(drawn, raster) -> None:
    made = spec(drawn)
    rgba = Painter(raster).fill(made).view(np.uint8).reshape(300, 300, 4)
    argb = Painter(raster, Order.ARGB32).fill(made)
    assert np.array_equal(argb >> 24 & 255, rgba[..., 3])
    assert np.array_equal(argb >> 16 & 255, rgba[..., 0])
    assert np.array_equal(argb & 255, rgba[..., 2])


def test_another_set_of_missing_areas_gets_new_patterns(drawn, raster) -> None:
    painter = Painter(raster)
    first = spec(drawn)
    painter.fill(first)
    status = first.status.copy()
    status[0], status[20] = Status.OK, Status.MISSING
    values = np.where(status == 0, 5.0, np.nan)
    second = spec(drawn, status=status, values=values, classification=classify(values, status))
    again = painter.fill(second).copy()
    assert np.array_equal(again, Painter(raster).fill(second))
    assert len(np.unique(again[raster.ids == 1])) == 1
    assert len(np.unique(again[raster.ids == 21])) > 1


def test_a_transparent_background_for_the_window(drawn, raster) -> None:
    image = Painter(raster, background=TRANSPARENT).fill(spec(drawn)).view(np.uint8)
    assert not image.reshape(300, 300, 4)[raster.ids == 0].any()


def test_states_differ_without_colour() -> None:
    # In grey, each state still has a pattern of its own.
    tiles = {}
    made = spec(shapes(12))
    for state in State:
        swatch = made.swatches[len(made.swatches) - len(State) + state]
        assert swatch.pattern is not Pattern.NONE
        tiles[swatch.pattern] = pattern_tile((swatch.pattern, swatch.spacing, swatch.width), 1.0)
    assert len(tiles) == len(State)
    for tile in tiles.values():
        assert 0.03 < (tile > 0).mean() < 0.7


@pytest.mark.parametrize("pattern", [p for p in Pattern if p is not Pattern.NONE])
@pytest.mark.parametrize("dpr", [1.0, 1.25, 2.0])
def test_patterns_join_at_their_edges(pattern, dpr) -> None:
    tile = pattern_tile((pattern, 7.0, 1.0), dpr)
    twice = np.tile(tile, (2, 2))
    n = tile.shape[0]
    # Every diagonal (or row) of the repeated tile is one unbroken line.
    if pattern is Pattern.HATCH:
        assert len({tuple(np.fliplr(twice).diagonal(k)[: n // 2]) for k in (0, n, -n)}) == 1
    assert np.array_equal(twice[:n, :n], twice[n:, n:])
    assert tile.max() > 0


def test_patterns_are_tied_to_the_map_not_to_the_window(drawn) -> None:
    view = View.fit(drawn.extent, 300, 300)
    moved = view.panned(5, 9)
    made = spec(drawn)
    one = Painter(rasterise(drawn, view)).fill(made).copy()
    two = Painter(rasterise(drawn, moved)).fill(made)
    assert (one[50:250, 50:250] == two[59:259, 55:255]).mean() > 0.99


def test_borders_lie_between_different_areas(drawn, raster) -> None:
    only = (Border(AREAS, 1.0, "#000000"),)
    overlay = border_overlay(raster, only).view(np.uint8).reshape(300, 300, 4)
    ids = raster.ids
    differs = np.zeros(ids.shape, bool)
    differs[:, :-1] |= ids[:, :-1] != ids[:, 1:]
    differs[:-1] |= ids[:-1] != ids[1:]
    drawn_pixels = overlay[..., 3] > 0
    # Nothing is drawn away from a border, and every border is drawn.
    assert not (drawn_pixels & ~grown(differs, 3)).any()
    assert not (differs & ~grown(drawn_pixels, 1)).any()
    # Smooth: not only full and empty pixels.
    assert len(np.unique(overlay[..., 3])) > 3


def test_quick_borders_come_from_the_raster_itself(drawn, raster) -> None:
    quick = border_overlay(raster, (Border(AREAS, 1.0, "#000000"),), smooth=False)
    ids = raster.ids
    differs = np.zeros(ids.shape, bool)
    differs[:, :-1] |= ids[:, :-1] != ids[:, 1:]
    differs[:-1] |= ids[:-1] != ids[1:]
    assert np.array_equal(quick != 0, differs)


def test_group_borders_and_outline_are_stronger(drawn, raster) -> None:
    borders = borders_for(("district",))
    image = border_overlay(raster, borders).view(np.uint8).reshape(300, 300, 4)
    alone = border_overlay(raster, borders[:1]).view(np.uint8).reshape(300, 300, 4)
    assert (image[..., 3] >= alone[..., 3]).all()
    assert image[..., 3].astype(int).sum() > alone[..., 3].astype(int).sum()
    unknown = border_overlay(raster, (Border("not there", 2, "#000000"),))
    assert not unknown.any()


def test_lines_have_their_width() -> None:
    numbers = np.zeros((9, 20), np.int32)
    numbers[:, 10:] = 1
    steps = Steps.between(numbers)
    for width in (1, 2, 3, 4, 5, 8):
        assert (stroke(numbers.shape, steps.pixels, width).sum(axis=1) == width).all()
    # Aslant a line is as wide as upright, to a pixel.
    y, x = np.mgrid[0:60, 0:60]
    aslant = Steps.between((x > y).astype(np.int32))
    for width in (2, 4, 6):
        across = stroke((60, 60), aslant.pixels, width)[30].sum()
        assert abs(across - width * np.sqrt(2)) <= 1.6


def test_borders_of_groups_are_found_among_those_of_areas() -> None:
    numbers = np.array([[1, 1, 2, 3], [1, 4, 4, 0]], np.int32)
    steps = Steps.between(numbers)
    group = np.array([0, 7, 7, 8, 7])
    assert sorted(steps.where(group, inner=True)) == [2]
    assert sorted(steps.where(group, inner=False)) == [2, 3, 6]
    assert len(steps.pixels) == 2 + 2 + 3


def test_borders_fade_where_areas_are_tiny(drawn) -> None:
    near, far = View.fit(drawn.extent, 600, 600), View.fit(drawn.extent, 20, 20, margin=0)
    borders = borders_for(("district",))
    assert visible(borders, drawn, near)[0] == borders[0]
    assert [b.level for b in visible(borders, drawn, far)] == ["district", "district", OUTLINE]


def test_outlines_surround_the_selected_areas_only(drawn, raster) -> None:
    patch = outline(raster, [5])
    assert patch is not None
    rows, columns = patch.colours.shape
    box = raster.ids[patch.y : patch.y + rows, patch.x : patch.x + columns] == 6
    assert box.sum() == (raster.ids == 6).sum()
    inked = patch.colours != 0
    # The middle of the area and pixels far from it stay free.
    middle = raster.view.to_pixel(*drawn.polygons[5].representative_point().coords[0])
    assert not inked[int(middle[1]) - patch.y, int(middle[0]) - patch.x]
    assert inked.any()
    assert outline(raster, []) is None
    assert outline(raster, [10_000]) is None
    away = rasterise(drawn, raster.view.panned(1e4, 0))
    assert outline(away, [5], HOVERED) is None


def test_the_whole_picture(drawn, raster) -> None:
    made = spec(drawn)
    plain = paint(made, raster)
    marked = paint(made, raster, selected=[5, 6], hovered=7)
    assert plain.shape == (300, 300, 4)
    assert (plain[..., 3] == 255).all()
    changed = (plain != marked).any(axis=-1)
    assert changed.any()
    allowed = np.isin(raster.ids, (6, 7, 8))
    reach = int(SELECTED.width / 2 + SELECTED.halo_width) + 2
    assert not (changed & ~grown(allowed, 2 * reach)).any()


def test_blending_is_that_of_premultiplied_colours() -> None:
    rng = np.random.default_rng(0)
    alpha = rng.integers(0, 256, (5, 5, 1))
    ink = (rng.integers(0, 256, (5, 5, 3)) * alpha // 255).astype(np.uint8)
    above = np.concatenate([ink, alpha.astype(np.uint8)], axis=-1)
    below = np.full((5, 5, 4), 200, np.uint8)
    below[..., 3] = 255
    expected = above.astype(float) + below * (1 - alpha / 255)
    over(below, above)
    np.testing.assert_allclose(below, expected, atol=1)


def test_packed_numbers() -> None:
    colour = np.array([[1.0, 0.5, 0.0, 1.0]])
    assert packed(colour, Order.ARGB32)[0] == 0xFFFF8000
    assert packed(colour, Order.RGBA).view(np.uint8).tolist() == [255, 128, 0, 255]


@pytest.mark.parametrize("n", [0, 1])
def test_no_area_and_one_area(n) -> None:
    square = shapely.box(EAST, NORTH, EAST + 9, NORTH + 9)
    drawn = AreaShapes(tuple("a" * n), (square,) * n)
    raster = rasterise(drawn, View.fit(drawn.extent, 64, 48))
    image = paint(spec(drawn), raster, selected=[0], hovered=0)
    assert image.shape == (48, 64, 4)
    assert ((image[..., :3] == 255).all()) == (n == 0)


def test_all_missing_is_hatched_everywhere(drawn, raster) -> None:
    values = np.full(len(drawn), np.nan)
    status = np.full(len(drawn), Status.MISSING, np.uint8)
    made = spec(drawn, values=values, status=status, classification=classify(values, status))
    image = Painter(raster).fill(made)
    assert len(np.unique(image[raster.ids > 0])) > 1
    assert made.state_count(State.MISSING) == len(drawn)


def test_forecasts_look_like_forecasts(drawn, raster) -> None:
    made = spec(drawn)
    ahead = replace(made, status=np.where(made.status == 0, Status.FORECAST, made.status))
    assert made.class_colours == ahead.class_colours
    area = raster.ids == 31
    assert len(np.unique(Painter(raster).fill(made)[area])) == 1
    assert len(np.unique(Painter(raster).fill(ahead)[area])) > 1
    assert isinstance(ahead.swatches[0], Swatch)
