"""Classes: every value in exactly one, breaks strictly increasing, counts that add up."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor_app.cartography.classify import (
    MAX_CLASSES,
    Method,
    classify,
    classify_series,
    inner_breaks,
)
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status

AUTOMATIC = [m for m in Method if m not in (Method.MANUAL, Method.UNCLASSED)]
FAST = [Method.QUANTILES, Method.EQUAL_INTERVAL, Method.STD_DEVIATION]

numbers = st.one_of(
    st.floats(-1e9, 1e9, allow_nan=False),
    st.integers(-5, 5).map(float),
    st.sampled_from([0.0, np.nan, np.inf, -np.inf]),
)
samples = st.lists(numbers, max_size=60)


def check(found, values, status) -> None:
    values, status = np.asarray(values, float), np.asarray(status)
    good = np.isfinite(values) & (status < Status.MISSING)
    assert list(found.breaks) == sorted(set(found.breaks))
    assert found.k <= MAX_CLASSES
    assert sum(found.counts) == good.sum()
    assert np.array_equal(found.classes >= 0, good)
    assert len(found.labels) == len(found.counts) == found.k
    for i in np.flatnonzero(good):
        inside = [
            c
            for c in range(found.k)
            if (c == 0 or found.breaks[c - 1] <= values[i])
            and (c == found.k - 1 or values[i] < found.breaks[c])
        ]
        assert inside == [found.classes[i]]
    for c, count in enumerate(found.counts):
        assert count == np.sum(found.classes == c)


@given(samples, st.sampled_from(FAST), st.integers(1, 9), st.randoms())
def test_every_value_is_in_exactly_one_class(values, method, k, random) -> None:
    status = [random.choice([0, 0, 0, 5, 10, 11]) for _ in values]
    found = classify(values, status, method, k)
    check(found, values, status)
    if found.k:
        assert found.counts[0] > 0
        assert found.counts[-1] > 0


@settings(max_examples=15, deadline=None)
@given(samples, st.sampled_from(AUTOMATIC), st.integers(1, 7))
def test_every_method_keeps_the_rules(values, method, k) -> None:
    check(classify(values, None, method, k), values, np.zeros(len(values)))


@given(samples, st.integers(2, 7), st.floats(-10, 10), st.sampled_from(FAST))
def test_a_midpoint_parts_the_values(values, k, midpoint, method) -> None:
    found = classify(values, None, method, k, midpoint=midpoint)
    check(found, values, np.zeros(len(values)))
    classes, numbers_ = found.classes, np.asarray(values, float)
    good = classes >= 0
    if good.any():
        assert found.split is not None
        assert np.array_equal(classes[good] < found.split, numbers_[good] < midpoint)


@settings(max_examples=30)
@given(samples, st.sampled_from(FAST), st.integers(1, 7), st.randoms())
def test_the_order_of_areas_does_not_matter(values, method, k, random) -> None:
    order = list(range(len(values)))
    random.shuffle(order)
    first = classify(values, None, method, k)
    second = classify([values[i] for i in order], None, method, k)
    assert first.breaks == second.breaks
    assert np.array_equal(first.classes[order], second.classes)


@pytest.fixture(scope="module")
def oracle():
    return pytest.importorskip("mapclassify")


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("k", [2, 4, 5, 7])
def test_quantiles_part_values_as_mapclassify_does(oracle, k, ties) -> None:
    rng = np.random.default_rng(k)
    values = rng.poisson(3, 200).astype(float) if ties else rng.lognormal(size=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = oracle.Quantiles(values, k=k)
    # Theirs may have a class that nobody is in; the same areas share a class.
    assert np.array_equal(
        np.unique(theirs.yb, return_inverse=True)[1], classify(values, k=k).classes
    )


def test_natural_breaks_part_values_as_mapclassify_does(oracle) -> None:
    values = np.random.default_rng(3).gamma(2, 10, 120).round(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = oracle.FisherJenks(values, k=5)
    found = classify(values, None, Method.JENKS, 5)
    assert np.array_equal(theirs.yb, found.classes)
    assert not found.approximate


@pytest.mark.parametrize("k", [2, 5, 7])
def test_equal_intervals_are_equal_and_those_of_mapclassify(oracle, k) -> None:
    values = np.random.default_rng(k).normal(50, 10, 99)
    found = classify(values, None, Method.EQUAL_INTERVAL, k)
    np.testing.assert_allclose(found.breaks, oracle.EqualInterval(values, k=k).bins[:-1])
    edges = [found.lower, *found.breaks, found.upper]
    np.testing.assert_allclose(np.diff(edges), (values.max() - values.min()) / k)


def test_quantiles_use_all_values_not_only_distinct_ones() -> None:
    # Defect 1 of the yardstick: classes made from distinct values are not equally filled.
    values = [1.0] * 10 + [2.0] * 10 + list(range(3, 23))
    assert classify(values, None, Method.QUANTILES, 4).counts == (10, 10, 10, 10)


def test_natural_breaks_of_many_values_are_marked_as_approximate() -> None:
    values = np.concatenate([np.linspace(a, a + 1, 600) for a in (0, 10, 20)])
    found = classify(values, None, Method.JENKS, 3)
    assert found.approximate
    assert found.counts == (600, 600, 600)


def test_breaks_are_not_rounded_before_classing() -> None:
    # 0.04 and 0.06 are both "0,1" or "0,0" with one decimal; they stay apart.
    found = classify([0.01, 0.04, 0.06, 0.09], None, Method.EQUAL_INTERVAL, 2, precision=1)
    assert found.breaks == (pytest.approx(0.05),)
    assert found.counts == (2, 2)
    assert len(set(found.labels)) == 2


def test_labels_are_german() -> None:
    found = classify([18.0, 20.0, 24.3, 1300.0], None, Method.MANUAL, breaks=(24.3, 1000))
    assert found.labels == ("18,0 bis unter 24,3", "24,3 bis unter 1.000,0", "1.000,0 bis 1.300,0")
    assert classify([-5.0, 5.0], None, Method.MANUAL, breaks=(0,), signed=True).labels == (
        "−5,0 bis unter 0,0",
        "0,0 bis +5,0",
    )


def test_own_breaks_outside_of_the_values_keep_their_classes() -> None:
    found = classify([5.0, 6.0], None, Method.MANUAL, breaks=(10, 1))
    assert found.breaks == (1.0, 10.0)
    assert found.counts == (0, 2, 0)
    assert found.labels == ("unter 1,0", "1,0 bis unter 10,0", "10,0 und mehr")


@pytest.mark.parametrize("breaks", [(1, float("nan")), tuple(range(12))])
def test_impossible_own_breaks_are_refused_with_a_repair(breaks) -> None:
    with pytest.raises(UserError) as error:
        classify([1.0, 2.0], None, Method.MANUAL, breaks=breaks)
    assert error.value.issues[0].repair


@pytest.mark.parametrize("method", AUTOMATIC)
def test_few_equal_and_absent_values(method) -> None:
    assert classify([], None, method).k == 0
    assert classify([np.nan, np.inf], None, method).counts == ()
    same = classify([3.0, 3.0, np.nan], None, method)
    assert (same.counts, same.labels) == ((2,), ("3,0",))
    two = classify([1.0, 1.0, 2.0], None, method)
    assert sum(two.counts) == 3
    assert two.k <= MAX_CLASSES


def test_the_whole_series_gives_breaks_that_do_not_move() -> None:
    values = np.arange(60, dtype=float).reshape(20, 3) ** 1.5
    status = np.zeros(values.shape, np.uint8)
    status[4, 0] = Status.SECRET
    found = [classify_series(values, status, j, k=4) for j in range(3)]
    assert found[0].breaks == found[1].breaks == found[2].breaks
    assert all(f.shared for f in found)
    assert found[0].classes[4] == -1
    single = classify_series(values, status, 1, k=4, whole_series=False)
    assert single.breaks != found[1].breaks
    assert not single.shared
    assert single.counts == (5, 5, 5, 5)


def test_apply_keeps_breaks_for_other_values() -> None:
    found = classify([1.0, 2.0, 3.0, 4.0], k=2)
    other = found.apply([100.0, -100.0, np.nan])
    assert other.breaks == found.breaks
    assert other.counts == (1, 1)
    assert list(other.classes) == [1, 0, -1]


def test_huge_values_do_not_overflow() -> None:
    assert classify([-9e149, 9e149, 0.0], None, Method.EQUAL_INTERVAL, 3).counts == (1, 1, 1)
    assert classify([1e200, 1.0, 2.0], None, Method.EQUAL_INTERVAL, 2).counts == (1, 1)


def test_inner_breaks_keep_first_and_last_class_filled() -> None:
    for method in AUTOMATIC:
        bounds, _ = inner_breaks(np.arange(30.0), method, 5)
        assert bounds
        assert bounds[0] > 0
        assert bounds[-1] <= 29
