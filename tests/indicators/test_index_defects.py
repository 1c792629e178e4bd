"""Defects of a predecessor (KomMonitor, by number) that a composite index must not repeat."""

from __future__ import annotations

import numpy as np
import pytest
from index_parts import DAYS, parts, table

from monitor_app.core.status import Status
from monitor_app.indicators.composite import Part, Rules, prepare
from monitor_app.indicators.normalise import Normalisation
from monitor_app.indicators.smallnumbers import rate_interval, smooth, wilson
from monitor_app.indicators.whatif import class_index, quantile_limits

nan = float("nan")


def test_07_08_no_data_is_not_zero_and_zero_is_a_value() -> None:
    with_zero = prepare(parts([0, 1, 2])).table([1])
    assert np.isfinite(with_zero.values).all()
    with_gap = prepare(parts([nan, 1, 2])).table([1])
    assert np.isnan(with_gap.values[0, 0])
    assert with_gap.values[1:, 0] == pytest.approx([-1, 1])  # μ of 1 and 2, not of 0, 1 and 2


def test_09_gaps_do_not_lower_the_mean() -> None:
    few = prepare(parts([10, 20, nan, nan])).table([1])
    assert few.values[:2, 0].sum() == pytest.approx(0)


def test_10_17_the_city_has_its_own_value() -> None:
    # A small poor area and a large rich one: the town lies near the large one.
    made = prepare([Part(table("a", [50, 10], city=[11]))]).table([1])
    assert made.city_values[0] == pytest.approx((11 - 30) / 20)
    assert made.city_values[0] != pytest.approx(made.values.sum())
    assert made.city_values[0] != pytest.approx(made.values.mean())


def test_11_all_negative_values_have_their_own_maximum() -> None:
    found = prepare(parts([-5, -3, -1]), Rules(Normalisation.MINMAX)).at(DAYS[0]).index([1])
    assert found == pytest.approx([0, 50, 100])


def test_13_areas_are_joined_by_key_not_by_position() -> None:
    first = table("a", [1, 2, 3], areas=["x", "y", "z"])
    turned = table("b", [30, 20, 10], areas=["z", "y", "x"])
    joined = prepare([Part(first), Part(turned)]).at(DAYS[0]).index([1, 1])
    assert joined == pytest.approx(prepare([Part(first)]).at(DAYS[0]).index([1]))
    short = table("c", [5, 7], areas=["z", "x"])
    gap = prepare([Part(first), Part(short)]).table([1, 1])
    assert gap.status[1, 0] == Status.MISSING


def test_15_nobody_there_is_no_zero() -> None:
    assert np.isnan(wilson([0], [0]).low).all()
    assert np.isnan(rate_interval([0], [0]).high).all()
    assert np.isnan(smooth([0, 1], [0, 10]).rates[0])


def test_04_classes_are_cut_by_exact_values() -> None:
    index = np.array([0.1234, 0.1235, 0.1236, 0.1237])
    assert class_index(index, quantile_limits(index, 4)).tolist() == [0, 1, 2, 3]


def test_20_values_keep_their_64_bits() -> None:
    values = np.array([594321.57, 594321.5625, 594321.58])
    found = prepare(parts(values), Rules(Normalisation.RANK)).at(DAYS[0]).index([1])
    assert found.tolist() == [50.0, 0.0, 100.0]
