"""Raking and rounding beyond the anchors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from monitor_app.forecast import control, rounding

TABLES = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.floats(0.0, 1e4)
)


def test_raking_names_the_margin_that_is_furthest_off() -> None:
    margins = [((0,), [10.0, 10.0]), ((1,), [5.0, 35.0])]  # the totals differ
    _, report = control.rake(np.ones((2, 2)), margins, max_cycles=500)
    assert not report.converged
    assert report.margin is not None
    assert report.gap > 1.0


def test_raking_keeps_odds_ratios_and_zeros() -> None:
    seed = np.array([[2.0, 3.0, 0.0], [4.0, 1.0, 5.0]])
    table, report = control.rake(seed, [((0,), [10.0, 20.0]), ((1,), [12.0, 8.0, 10.0])])
    assert report.converged
    assert table[0, 2] == 0.0
    odds = table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0])
    assert odds == pytest.approx(2.0 * 1.0 / (3.0 * 4.0), rel=1e-12)


def test_raking_refuses_a_margin_of_the_wrong_shape() -> None:
    with pytest.raises(ValueError, match="margin"):
        control.rake(np.ones((2, 3)), [((0,), [1.0, 2.0, 3.0])])


@given(hnp.arrays(np.float64, st.integers(1, 20), elements=st.floats(0.0, 1e5)))
def test_largest_remainder_adds_up_and_stays_within_one(values: np.ndarray) -> None:
    found = rounding.largest_remainder(values)
    assert found.sum() == np.rint(values.sum())
    assert np.abs(found - values).max() < 1.0 + 1e-8


def test_largest_remainder_works_on_stacks_of_rows() -> None:
    stack = np.random.default_rng(1).uniform(0.0, 5.0, (4, 7))
    whole = rounding.largest_remainder(stack)
    rows = np.array([rounding.largest_remainder(row) for row in stack])
    np.testing.assert_array_equal(whole, rows)


@settings(max_examples=40, deadline=None)
@given(TABLES)
def test_controlled_rounding_keeps_all_totals(table: np.ndarray) -> None:
    found = rounding.controlled_rounding(table)
    for axis in (0, 1, None):
        real, whole = np.asarray(table.sum(axis=axis)), np.asarray(found.sum(axis=axis))
        assert (np.abs(whole - real) < 1.0 + 1e-6).all()
    assert (np.abs(found - table) < 1.0 + 1e-6).all()


def test_controlled_rounding_takes_the_closest_table() -> None:
    # By exhaustion: no other additive 0/1 choice has a smaller sum of absolute differences.
    table = np.array([[0.2, 0.8], [0.7, 0.3]])
    found = rounding.controlled_rounding(table)
    np.testing.assert_array_equal(found, [[0, 1], [1, 0]])
