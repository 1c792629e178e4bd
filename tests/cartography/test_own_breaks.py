"""Limits that a hand moves: the same classes as a map that was made with them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor_app.cartography.classify import classify
from monitor_app.cartography.layers import Symbols
from monitor_app.cartography.legend import round_samples
from monitor_app.cartography.mapspec import MapSpec
from monitor_app.cartography.ownbreaks import can_have_own_breaks, rounded_break, with_breaks
from monitor_app.core.formats import parse_number
from monitor_app.core.issues import UserError


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
