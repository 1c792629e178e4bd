"""The composite index against hand calculation and its own laws."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from index_parts import DAYS, parts, table
from scipy import stats

from monitor_app.core.issues import UserError
from monitor_app.core.status import Status
from monitor_app.indicators.composite import Part, Rules, change_table, prepare
from monitor_app.indicators.normalise import Normalisation, fit
from monitor_app.indicators.whatif import (
    class_index,
    quantile_limits,
    rank_change,
    ranks,
    shares,
)

DAY = DAYS[0]
nan = float("nan")

grids = hnp.arrays(
    np.float64,
    st.tuples(st.integers(4, 12), st.integers(2, 5)),
    # Whole numbers, so that a shift or a factor of two is exact.
    elements=st.integers(-1000, 1000).map(float),
)


def index_of(*columns, weights=None, rules=None, signs=None, inhabitants=None):
    made = prepare(parts(*columns, signs=signs), rules or Rules(), inhabitants)
    return made.at(DAY).index(weights or [1.0] * len(columns))


# -- hand calculations ------------------------------------------------------------------------


def test_z_scores_by_hand() -> None:
    # a: 1 2 3 -> μ 2, σ √(2/3); b: 10 10 40 -> μ 20, σ √200. Weights 3 : 1.
    found = index_of([1, 2, 3], [10, 10, 40], weights=[3, 1])
    za = [-1.2247448713915892, 0.0, 1.2247448713915892]
    zb = [-0.7071067811865475, -0.7071067811865475, 1.4142135623730951]
    assert found == pytest.approx([0.75 * a + 0.25 * b for a, b in zip(za, zb, strict=True)])


def test_z_scores_weighted_by_inhabitants() -> None:
    people = table("people", [100, 300, 600])
    found = index_of([10, 20, 30], rules=Rules(Normalisation.ZSCORE_WEIGHTED), inhabitants=people)
    # μ = 1 + 6 + 18 = 25; σ² = 0.1·225 + 0.3·25 + 0.6·25 = 45
    assert found == pytest.approx(np.array([-15, -5, 5]) / np.sqrt(45))


def test_min_max_with_direction() -> None:
    rules = Rules(Normalisation.MINMAX)
    assert index_of([5, 10, 15], rules=rules) == pytest.approx([0, 50, 100])
    assert index_of([5, 10, 15], rules=rules, signs=[-1]) == pytest.approx([100, 50, 0])


def test_ranks_and_percentiles_share_ties() -> None:
    # ranks from below 1, 2.5, 2.5, 4 -> (r − 1) / 3; percentile (r − 0.5) / 4
    rank = index_of([1, 7, 7, 9], rules=Rules(Normalisation.RANK))
    assert rank == pytest.approx([0, 50, 50, 100])
    percentile = index_of([1, 7, 7, 9], rules=Rules(Normalisation.PERCENTILE))
    assert percentile == pytest.approx([12.5, 50, 50, 87.5])
    oracle = stats.percentileofscore([1, 7, 7, 9], [1, 7, 7, 9], kind="mean")
    assert percentile == pytest.approx(oracle)


def test_geometric_mean_by_hand() -> None:
    rules = Rules(Normalisation.MINMAX, aggregation="geometric")
    # scales 0/50/100 and 100/0/100 become 1/50.5/100 and 100/1/100
    found = index_of([0, 5, 10], [8, 4, 8], rules=rules)
    assert found == pytest.approx([10.0, np.sqrt(50.5), 100.0])


def test_geometric_mean_forgives_less_than_the_arithmetic() -> None:
    even, uneven = [0, 50, 100, 50], [0, 50, 100, 50]
    other = [0, 50, 100, 100]
    arithmetic = index_of(even, other, rules=Rules(Normalisation.MINMAX))
    geometric = index_of(uneven, other, rules=Rules(Normalisation.MINMAX, aggregation="geometric"))
    assert geometric[1] == pytest.approx(50.5)  # equal parts: the mean itself, on 1..100
    assert geometric[3] < 1 + 0.99 * arithmetic[3]


# -- frozen base ------------------------------------------------------------------------------


def test_a_frozen_base_date_makes_years_comparable() -> None:
    series = table("a", [[1, 3], [2, 4], [3, 5]])
    free = prepare([Part(series)]).table([1])
    assert free.values[:, 0] == pytest.approx(free.values[:, 1])  # the rise is invisible
    frozen = prepare([Part(series)], Rules(base_date=DAYS[0])).table([1])
    assert frozen.values[:, 1] - frozen.values[:, 0] == pytest.approx(2 / np.sqrt(2 / 3))


@pytest.mark.parametrize("method", list(Normalisation))
def test_the_base_date_itself_is_scaled_the_same_way(method: Normalisation) -> None:
    series = table("a", [[1, 3], [2, 4], [5, 5]])
    people = table("people", [[10, 10], [20, 20], [30, 30]])
    free = prepare([Part(series)], Rules(method), people)
    frozen = prepare([Part(series)], Rules(method, base_date=DAYS[0]), people)
    assert frozen.at(DAYS[0]).index([1]) == pytest.approx(free.at(DAYS[0]).index([1]))


def test_restandardising_uses_the_base_date_too() -> None:
    a, b = table("a", [[1, 3], [2, 4], [3, 5]]), table("b", [[5, 1], [1, 1], [3, 9]])
    made = prepare([Part(a), Part(b)], Rules(base_date=DAYS[0], restandardise=True))
    first = made.at(DAYS[0]).index([1, 1])
    assert first.mean() == pytest.approx(0)
    assert first.std() == pytest.approx(1)
    plain = prepare([Part(a), Part(b)], Rules(base_date=DAYS[0]))
    p0, p1 = (plain.at(d).index([1, 1]) for d in DAYS[:2])
    assert made.at(DAYS[1]).index([1, 1]) == pytest.approx((p1 - p0.mean()) / p0.std())


# -- missing and left out ---------------------------------------------------------------------


def test_a_missing_value_makes_the_index_missing_and_says_why() -> None:
    a = table("a", [1, 2, 3, nan], status=[[0], [0], [0], [Status.SECRET]])
    made = prepare([Part(a), Part(table("b", [4, 5, 6, 7]))])
    result = made.table([1, 1])
    assert np.isnan(result.values[3, 0])
    assert result.status[3, 0] == Status.SECRET
    assert made.at(DAY).lacking([1, 1]) == {"003": ("a",)}
    # Without weight the gap does not matter.
    assert result.status[0, 0] == Status.OK
    assert made.at(DAY).lacking([0, 1]) == {}
    assert np.isfinite(made.at(DAY).index([0, 1])).all()


def test_renormalising_is_explicit_and_marked() -> None:
    columns = ([1, 2, 3, nan], [4, 5, 6, 7])
    made = prepare(parts(*columns), Rules(missing="renormalise"))
    result = made.table([1, 3])
    z = (7 - 5.5) / np.std([4, 5, 6, 7])
    assert result.values[3, 0] == pytest.approx(z)  # the whole weight on what is there
    assert result.status[3, 0] == Status.ESTIMATED
    assert result.status[0, 0] == Status.OK


def test_small_areas_are_left_out_of_scale_and_index() -> None:
    people = table("people", [1000, 1000, 1000, 20])
    rules = Rules(minimum_inhabitants=300)
    made = prepare(parts([1, 2, 3, 500]), rules, people)
    assert made.at(DAY).index([1])[:3] == pytest.approx(index_of([1, 2, 3]))
    result = made.table([1])
    assert result.status[3, 0] == Status.BELOW_BASE
    assert np.isnan(result.values[3, 0])


def test_values_present_are_never_invented_where_inhabitants_are_unknown() -> None:
    people = table("people", [1000, 1000, 1000, nan])
    made = prepare(parts([1, 2, 3, 4]), Rules(minimum_inhabitants=300), people)
    assert np.isnan(made.at(DAY).index([1])[3])


def test_the_city_is_placed_on_the_same_scale() -> None:
    made = prepare([Part(table("a", [1, 2, 3], city=[2.5]))])
    assert made.table([1]).city_values[0] == pytest.approx(0.5 / np.sqrt(2 / 3))


# -- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [[0, 0], [-1, 2], [nan, 1], [float("inf"), 1]])
def test_impossible_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(UserError) as error:
        shares(weights)
    assert error.value.issues[0].repair


def test_an_indicator_with_one_value_is_told_and_counts_nothing() -> None:
    made = prepare(parts([5, 5, 5], [1, 2, 3]))
    assert [i.code for i in made.issues] == ["one-value"]
    assert made.at(DAY).index([1, 1]) == pytest.approx(0.5 * index_of([1, 2, 3]))
    left_out = prepare(parts([5, 5, 5], [1, 2, 3]), Rules(constant="exclude"))
    assert left_out.at(DAY).index([1, 1]) == pytest.approx(index_of([1, 2, 3]))
    assert [i.code for i in left_out.issues] == ["one-value"]


def test_only_flat_indicators_left_is_an_error() -> None:
    with pytest.raises(UserError, match=r"unterscheidet|differs"):
        prepare(parts([5, 5, 5]), Rules(constant="exclude"))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: prepare([]), "no-indicators"),
        (lambda: prepare(parts([nan, nan], [1, 2])), "missing-inputs"),
        (
            lambda: prepare([Part(table("a", [1, 2])), Part(table("b", [1, 2], days=DAYS[1:]))]),
            "no-common-date",
        ),
        (lambda: prepare(parts([1, 2]), Rules(base_date=date(1999, 1, 1))), "base-date"),
        (lambda: prepare(parts([1, 2]), Rules(minimum_inhabitants=300)), "no-inhabitants"),
        (lambda: prepare(parts([1, 2]), Rules(Normalisation.ZSCORE_WEIGHTED)), "no-inhabitants"),
        (lambda: prepare(parts([1, 2]), Rules(aggregation="geometric")), "geometric"),
    ],
)
def test_bad_input_has_a_clear_message(make, code: str) -> None:
    with pytest.raises(UserError) as error:
        make()
    assert error.value.issues[0].code == code
    assert error.value.issues[0].message


# -- laws -------------------------------------------------------------------------------------


@given(grids, st.randoms(use_true_random=False))
def test_the_order_of_areas_does_not_matter(grid, random) -> None:
    order = list(range(len(grid)))
    random.shuffle(order)
    straight = index_of(*grid.T)
    mixed = index_of(*grid[order].T)
    assert mixed == pytest.approx(straight[order], abs=1e-9)


@given(grids, st.sampled_from(list(Normalisation)))
def test_units_do_not_matter(grid, method) -> None:
    people = table("people", np.arange(1, len(grid) + 1))
    rules = Rules(method)
    changed = 4.0 * grid + 32.0
    before = index_of(*grid.T, rules=rules, inhabitants=people)
    after = index_of(*changed.T, rules=rules, inhabitants=people)
    assert after == pytest.approx(before, abs=1e-7)


@given(grids, st.floats(0.01, 100))
def test_only_shares_of_weights_matter(grid, factor) -> None:
    weights = np.arange(1.0, grid.shape[1] + 1)
    made = prepare(parts(*grid.T)).at(DAY)
    assert made.index(weights * factor) == pytest.approx(made.index(weights), abs=1e-9)


@given(grids, st.sampled_from(list(Normalisation)))
def test_turning_all_directions_turns_the_index(grid, method) -> None:
    people = table("people", np.ones(len(grid)))
    up = index_of(*grid.T, rules=Rules(method), inhabitants=people)
    down = index_of(*grid.T, rules=Rules(method), inhabitants=people, signs=[-1] * grid.shape[1])
    middle = 50.0 if method.bounded else 0.0
    assert up - middle == pytest.approx(middle - down, abs=1e-9)


@given(grids)
def test_missing_never_becomes_a_number(grid) -> None:
    grid = grid.copy()
    grid[0, 0] = np.nan
    if np.isnan(grid[:, 0]).all():
        return
    result = prepare(parts(*grid.T)).table(np.ones(grid.shape[1]))
    assert np.isnan(result.values[0, 0])
    assert result.status[0, 0] >= Status.MISSING
    assert np.isfinite(result.values[1:]).all()


@given(grids)
def test_the_fast_path_is_the_table(grid) -> None:
    made = prepare(parts(*grid.T))
    weights = np.arange(1.0, grid.shape[1] + 1)
    assert np.array_equal(made.table(weights).values[:, 0], made.at(DAY).index(weights))


# -- ranks and classes ------------------------------------------------------------------------


def test_ranks_start_with_the_highest_and_share_ties() -> None:
    index = np.array([1.0, 5.0, 5.0, nan, -2.0])
    assert ranks(index).tolist() == [3, 1, 1, 0, 4]
    known = ~np.isnan(index)
    assert ranks(index)[known].tolist() == stats.rankdata(-index[known], "min").tolist()


def test_rank_changes_between_two_weightings() -> None:
    before, after = np.array([3.0, 2.0, 1.0, nan]), np.array([1.0, 2.0, 3.0, 4.0])
    change = rank_change(before, after)
    # Areas without an index in one weighting have no change, though the others moved.
    assert change[:3].tolist() == [1 - 4, 2 - 3, 3 - 2]
    assert np.isnan(change[3])


def test_berlin_classes_by_their_limits() -> None:
    index = np.array([-1.01, -1.0, 0.0, 0.99, 1.0, 1.49, 1.5, 9.0, nan])
    assert class_index(index, [-1, 1, 1.5]).tolist() == [0, 1, 1, 1, 2, 2, 3, 3, -1]


@given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-10, 10)))
def test_quantile_classes_cover_all_and_keep_ties_together(index) -> None:
    classes = class_index(index, quantile_limits(index, 5))
    assert (classes >= 0).all()
    order = np.argsort(index, kind="stable")
    assert (np.diff(classes[order]) >= 0).all()
    if len(np.unique(index)) == len(index) and len(index) >= 5:
        counts = np.bincount(classes, minlength=5)
        assert counts.max() - counts.min() <= 1


def test_change_needs_the_same_day_so_many_years_before() -> None:
    series = table("a", [[1, 3, 9], [2, 2, 2]], city=[1, 2, 4])
    change = change_table(series, 2)
    assert change.dates == (DAYS[2],)
    assert change.values.tolist() == [[8.0], [0.0]]
    assert change.city_values.tolist() == [3.0]
    assert change_table(series, 7).dates == ()
    leap = replace(series, dates=(date(2019, 2, 28), date(2020, 2, 29), date(2021, 2, 28)))
    assert change_table(leap, 1).dates == (date(2020, 2, 29),)


def test_a_scale_without_values_is_none() -> None:
    assert fit(np.array([nan, nan]), Normalisation.ZSCORE) is None
