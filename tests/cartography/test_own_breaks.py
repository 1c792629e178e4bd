"""Limits that a hand moves: the same classes as a map that was made with them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor_app.cartography.classify import classify
from monitor_app.cartography.decor import decor_overlay, placed_labels
from monitor_app.cartography.layers import Labels, Layers, Symbols
from monitor_app.cartography.legend import round_samples
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.ownbreaks import can_have_own_breaks, rounded_break, with_breaks
from monitor_app.cartography.raster import View
from monitor_app.core.formats import parse_number
from monitor_app.core.issues import UserError
from tests.ui.maps import grid_shapes, spec_for


def made(values: list[float], midpoint: float | None = None, **given) -> MapSpec:
    numbers = np.array(values, dtype=float)
    n = len(values)
    status = np.where(np.isnan(numbers), 10, 0).astype(np.uint8)
    found = classify(numbers, status, midpoint=midpoint, **given)
    keys = tuple(str(i) for i in range(n))
    return MapSpec(keys, keys, numbers, status, found, palette="puor" if midpoint else "blues")


@given(
    st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=30),
    st.sets(st.integers(-60, 60), max_size=6),
    st.sampled_from([None, 0.0, 7.5]),
)
def test_moved_limits_give_the_classes_of_a_map_made_with_them(values, limits, midpoint):
    moved = with_breaks(made(values, midpoint), sorted(limits))
    fresh = made(values, midpoint, method="manual", breaks=sorted(limits))
    assert np.array_equal(moved.classification.classes, fresh.classification.classes)
    assert moved.classification.counts == fresh.classification.counts
    assert moved.classification.split == fresh.classification.split
    assert moved.class_colours == fresh.class_colours


def test_too_many_limits_or_none_numbers_are_refused():
    spec = made([1, 2, 3, 4])
    for limits in ([1, 2, 3, 4, 5, 6, 7], [float("nan")], [float("inf")]):
        with pytest.raises(UserError):
            with_breaks(spec, limits)


def test_maps_without_values_have_no_limits_to_move():
    assert not can_have_own_breaks(made([float("nan")] * 3))
    assert can_have_own_breaks(made([1.0, 2.0]))


@pytest.mark.parametrize(
    ("value", "span", "pixels", "precision", "rounded"),
    [
        (12.3456, 100, 200, 1, 12.3),
        (12.3456, 0.1, 200, 1, 12.346),
        (51234.5, 100_000, 200, 0, 51200),
        (12.6, 10, 200, 0, 12.6),
        (3.4, 0, 200, 0, 3.4),
    ],
)
def test_dragged_limits_are_as_round_as_a_pixel_allows(value, span, pixels, precision, rounded):
    found = rounded_break(value, span, pixels, precision)
    assert found == pytest.approx(rounded)
    assert abs(found - value) <= max(1.5 * span / pixels, 1e-6)


@pytest.mark.parametrize(
    ("text", "number"),
    [("24,5", 24.5), ("24.5", 24.5), ("1.234,5", 1234.5), ("1.234", 1234.0), (" −3 ", -3.0),
     ("+2,5", 2.5), ("0", 0.0), ("1234567", 1234567.0), ("12.34.567", None), ("viel", None),
     ("", None), ("inf", None), ("nan", None), ("1_000", None), ("1,2,3", None)],
)  # fmt: skip
def test_numbers_as_typed(text: str, number: float | None):
    if number is None:
        with pytest.raises(ValueError, match=r"."):
            parse_number(text)
    else:
        assert parse_number(text) == number


@given(st.lists(st.integers(1, 10**7), min_size=1, max_size=6), st.integers(5, 60))
def test_numbers_of_the_key_of_circles_stand_apart(values, largest):
    symbols = Symbols("x", np.array(values), largest=largest)
    sizes = [symbols.diameter(v) for v in round_samples(symbols, 15.0)]
    assert sizes
    assert all(a - b >= 15.0 for a, b in pairwise(sizes))
    assert max(sizes) <= largest * (1 + 1e-9)


def test_labels_of_a_window_are_inside_of_it_and_of_areas_that_can_hold_them():
    shapes = grid_shapes(30, 30, 100.0)
    spec = spec_for(shapes)
    labels = Labels(names=True, values=True)
    window = (500.0, 500.0, 1500.0, 1500.0)
    found = placed_labels(spec, labels, shapes, 1.0, window)
    assert found
    for label in found:
        row, column = divmod(label.position, 30)
        assert column * 100 < 1500
        assert (column + 1) * 100 > 500
        assert row * 100 < 1500
        assert (row + 1) * 100 > 500
    # every label that is placed without a window and lies well inside of it is there
    everywhere = placed_labels(spec, labels, shapes, 1.0)
    assert {p.position for p in found} <= {p.position for p in everywhere}
    # areas of 100 m are 2 pixels high at 50 m per pixel
    assert placed_labels(spec, labels, shapes, 50.0) == ()


def test_circles_are_as_large_as_their_values_say():
    """Measured on the picture: the share of coloured pixels grows with the values."""
    shapes = grid_shapes(4, 1, 100.0)
    values = np.array([100.0, 25.0, np.nan, -100.0])
    spec = spec_for(shapes, layers=Layers(symbols=Symbols("x", values, largest=44.0)))
    view = View.fit(shapes.extent, 400, 100, margin=0)
    drawn = decor_overlay(spec, shapes, view)
    assert drawn is not None
    pixels = drawn.view(np.uint8).reshape(*drawn.shape, 4)
    full = (pixels[..., 3] > 128).reshape(100, 4, 100).sum(axis=(0, 2))
    assert full[2] == 0
    assert full[0] == pytest.approx(full[3], rel=0.02)
    # the rim of 1.2 pixels belongs to both, so the ratio is a little below 4
    assert 3.2 < full[0] / full[1] < 4.0
    assert full[0] == pytest.approx(np.pi / 4 * 45.2**2, rel=0.05)
