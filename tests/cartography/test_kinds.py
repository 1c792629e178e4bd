"""Map kinds and the layers over them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from monitor_app.cartography.classify import Method, classify
from monitor_app.cartography.colour import smallest_distance
from monitor_app.cartography.decor import anchors, decor_overlay, placed_labels
from monitor_app.cartography.kinds import (
    CATEGORY_COLOURS,
    bivariate_colours,
    bivariate_spec,
    category_spec,
    deviation_spec,
    shared_specs,
    threshold_spec,
)
from monitor_app.cartography.layers import (
    Background,
    Ground,
    Labels,
    Layers,
    Overlay,
    PointLayer,
    Symbols,
)
from monitor_app.cartography.legend import EntryKind, legend_entries
from monitor_app.cartography.lines import LEVELS, bars_of, cover_of
from monitor_app.cartography.mapspec import AREAS, OUTLINE, Border, MapStyle
from monitor_app.cartography.paint import paint
from monitor_app.cartography.palettes import palette
from monitor_app.cartography.raster import View, rasterise
from monitor_app.cartography.shapes import AreaShapes
from monitor_app.core.issues import UserError
from tests.cartography.town import DAYS, EAST, NORTH, area_system, shapes, spec, table


def test_legend_counts_of_every_kind_add_up() -> None:
    drawn = shapes(40)
    plain = spec(drawn)
    values = np.where(np.arange(40) % 7 == 5, 0.0, plain.values)
    zeros = np.where(values == 0, np.uint8(10), plain.status).astype(np.uint8)
    kinds = [
        replace(plain, classification=classify(plain.values, plain.status, Method.UNCLASSED)),
        category_spec(plain, ["alt", "neu", None, "alt"] * 10),
        bivariate_spec(plain, replace(plain, values=plain.values[::-1].copy(),
                                      status=plain.status[::-1].copy())),
        replace(plain, values=values, true_zero=True, classification=classify(values, zeros)),
    ]  # fmt: skip
    for made in kinds:
        assert sum(entry.count for entry in legend_entries(made)) == 40


def test_a_deviation_keeps_the_palette_of_the_user_around_zero() -> None:
    made = deviation_spec(
        table(), area_system(), DAYS[1], reference=14.0, style=MapStyle(palette="rdbu", k=4)
    )
    assert made.palette == "rdbu"
    assert made.classification.midpoint == 0.0
    split = made.classification.split
    assert split is not None
    good = made.classification.classes >= 0
    below = made.values[good] < 0
    assert (below == (made.classification.classes[good] < split)).all()
    middle = palette("rdbu").colours_by_count[7][3]
    assert middle not in made.class_colours or made.classification.k == 1


def test_a_deviation_in_per_cent() -> None:
    made = deviation_spec(table(), area_system(), DAYS[1], reference=20.0, relative=True)
    position = made.keys.index("003")
    assert made.values[position] == pytest.approx(100 * (13 - 20) / 20)
    assert made.unit == "%"
    with pytest.raises(UserError):
        deviation_spec(table(), area_system(), DAYS[1], reference=0.0, relative=True)


def test_all_areas_above_a_target_have_colours_of_one_side() -> None:
    made = threshold_spec(table(), area_system(), DAYS[2], -5.0, MapStyle(palette="puor"))
    colours = palette("puor").colours_by_count[7]
    assert made.classification.split == 0
    assert made.class_colours[-1] == colours[6]


def test_types_keep_their_colours_and_are_few() -> None:
    plain = spec(shapes(40))
    made = category_spec(plain, ["b", "a"] * 20, {"b": "#123456"})
    assert made.classification.names == ("b", "a")
    assert made.class_colours[0] == "#123456"
    assert made.classification.classes[11] == 1
    with pytest.raises(UserError):
        category_spec(plain, [f"t{i}" for i in range(40)])
    assert len(set(CATEGORY_COLOURS)) == 12


def test_nine_colours_of_two_measures_are_told_apart() -> None:
    colours = bivariate_colours()
    assert len(colours) == 9
    assert smallest_distance(colours) > 10
    assert smallest_distance(colours, "deuteranopia") > 5


def test_two_measures_lie_in_the_right_square() -> None:
    drawn = shapes(9)
    a = spec(drawn, values=np.arange(9.0), status=np.zeros(9, np.uint8),
             classification=classify(np.arange(9.0)))  # fmt: skip
    made = bivariate_spec(a, replace(a, values=np.arange(9.0)[::-1].copy()))
    assert made.classification.classes.tolist() == [6, 6, 6, 4, 4, 4, 2, 2, 2]


def test_compared_maps_share_their_breaks() -> None:
    drawn = shapes(40)
    first = spec(drawn)
    values = first.values * 3
    other = replace(first, values=values, classification=classify(values, first.status))
    made = shared_specs([first, other])
    assert made[0].classification.breaks == made[1].classification.breaks
    assert sum(made[0].classification.counts) + sum(made[1].classification.counts) == 72


def test_a_map_without_classes_has_many_shades_and_a_short_legend() -> None:
    drawn = shapes(40)
    plain = spec(drawn)
    made = replace(plain, classification=classify(plain.values, plain.status, "unclassed"))
    assert len(set(made.class_colours)) > 40
    shown = [e for e in legend_entries(made) if e.kind is EntryKind.CLASS]
    assert len(shown) == 5
    around = classify(np.linspace(-10, 30, 50), None, "unclassed", midpoint=0.0)
    assert 0.0 in around.breaks
    assert (np.linspace(-10, 30, 50)[around.classes < around.split] < 0).all()


def test_a_true_zero_takes_no_part_in_the_breaks() -> None:
    data = table()
    made = value_of(data, MapStyle(true_zero=True, whole_series=False))
    place = made.keys.index("000")
    assert made.values[place] == 0
    assert made.classification.classes[place] == -1
    assert made.valued[place]
    assert made.classification.lower > 0
    assert [e.count for e in legend_entries(made) if e.kind is EntryKind.ZERO] == [1]


def value_of(data, style):
    from monitor_app.cartography.mapspec import value_spec

    return value_spec(data, area_system(), DAYS[0], style)


def test_symbols_compare_by_their_surface() -> None:
    symbols = Symbols("Kinder", np.array([400.0, 100.0, np.nan, 0.0]), largest=40)
    assert symbols.diameter(400) == 40
    assert symbols.diameter(100) == 20
    assert symbols.samples() == (200.0, 100.0, 20.0)
    assert Symbols("", np.array([np.nan])).samples() == ()


def test_labels_do_not_meet_and_lie_in_their_area() -> None:
    drawn = shapes(40)
    made = spec(drawn)
    points = PointLayer("Kitas", anchors(drawn)[:5], ("a",) * 5)
    made = replace(made, layers=Layers(points=(points,)))
    pixel = 10_000 / 700
    placed = placed_labels(made, Labels(True, True, 10), drawn, pixel)
    assert 5 < len(placed) <= 40
    for i, one in enumerate(placed):
        assert not any(one.meets(other) for other in placed[i + 1 :])
        assert drawn.polygons[one.position].contains(shapely.Point(one.x, one.y))
    for x, y in points.places:
        assert not any(abs(p.x - x) * 2 < p.width and abs(p.y - y) * 2 < p.height for p in placed)


def test_layers_reach_the_picture_at_their_places() -> None:
    drawn = shapes(40)
    plain = spec(drawn)
    view = View.fit(drawn.extent, 300, 300)
    lake = shapely.box(EAST + 4000, NORTH + 4000, EAST + 6000, NORTH + 6000)
    tram = shapely.LineString([(EAST + 1000, NORTH + 1000), (EAST + 9000, NORTH + 1000)])
    layers = Layers(
        (Background(Ground.WATER, [lake]),), (Overlay("Tram", [tram, None]),),
        Symbols("n", np.arange(40.0)), (PointLayer("K", anchors(drawn)[:2], ("x", "y")),), Labels(),
    )  # fmt: skip
    only = replace(plain, layers=Layers((Background(Ground.WATER, [lake]),)))
    overlay = decor_overlay(only, drawn, view)
    assert overlay is not None
    x, y = (int(v) for v in view.to_pixel(EAST + 5000, NORTH + 5000))
    assert overlay[y, x] != 0
    assert overlay[y - 50, x] == 0
    raster = rasterise(drawn, view)
    assert (paint(replace(plain, layers=layers), raster) != paint(plain, raster)).any()
    assert decor_overlay(plain, drawn, view) is None
    assert not Layers()


def test_every_border_is_stamped_once_and_to_its_width() -> None:
    # One straight border between two squares, at a quarter of a pixel.
    left, right = shapely.box(0, 0, 10.25, 20), shapely.box(10.25, 0, 20, 20)
    drawn = AreaShapes(("a", "b"), (left, right))
    raster = rasterise(drawn, View(10, 10, 1.0, 20, 20))
    bars = bars_of(raster, drawn.edges)
    inside = tuple(b.between(np.array([0, 1, 2]), True) for b in bars)
    assert len(inside[0].line) == 20
    assert len(inside[1].line) == 0
    cover = cover_of(inside, 1.0, (20, 20)).reshape(20, 20)
    # From 9.75 to 10.75: a quarter of pixel 9, three quarters of pixel 10.
    assert (cover[:, 9] == LEVELS / 4).all()
    assert (cover[:, 10] == LEVELS * 3 / 4).all()
    assert not cover[:, :9].any()
    assert not cover[:, 11:].any()


def test_an_outline_runs_all_around_and_a_hole_has_one_line() -> None:
    from monitor_app.cartography.borders import border_overlay

    hole = shapely.box(8, 8, 12, 12)
    ring = shapely.box(2, 2, 18, 18).difference(hole)
    drawn = AreaShapes(("ring", "hole"), (ring, hole))
    raster = rasterise(drawn, View(10, 10, 10.0, 200, 200))
    rim = border_overlay(raster, (Border(OUTLINE, 2, "#000000"),)) != 0
    assert rim[20, 100]
    assert rim[180, 100]
    assert rim[100, 20]
    assert rim[100, 180]
    assert not rim[60:140, 60:140].any()
    inner = border_overlay(raster, (Border(AREAS, 2, "#000000"),)) != 0
    assert inner[80, 100]
    assert inner[119, 100] or inner[120, 100]
    assert inner[100, 60:100].sum() == 2
