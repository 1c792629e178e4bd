"""Spatial statistics on grids with known neighbours; esda's own numbers as a check."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import shapely

from monitor_app.core.issues import UserError
from monitor_app.indicators.spatial import (
    Cluster,
    hot_spots,
    lisa,
    moran,
    moran_of_rates,
    neighbours,
)

SIDE = 7
GRID = [shapely.box(i, j, i + 1, j + 1) for j in range(SIDE) for i in range(SIDE)]
SLOPE = np.array([i + j for j in range(SIDE) for i in range(SIDE)], dtype=np.float64)
CHESS = np.array([(i + j) % 2 for j in range(SIDE) for i in range(SIDE)], dtype=np.float64)


@pytest.fixture(scope="module")
def near():
    return neighbours(GRID)


def test_queen_neighbours_of_a_grid(near) -> None:
    counts = sorted({len(row) for row in near.lists})
    assert counts == [3, 5, 8]
    assert near.lists[0].tolist() == [1, SIDE, SIDE + 1]
    assert not near.islands


def test_a_tolerance_bridges_gaps_between_borders() -> None:
    apart = [shapely.transform(g, lambda c: c * 1.001) for g in GRID]
    moved = [
        shapely.box(*(np.array(g.bounds) + np.array([0.001, 0.001, -0.001, -0.001]))) for g in GRID
    ]
    assert len(neighbours(moved).islands) == len(GRID)
    bridged = neighbours(moved, tolerance=0.005)
    assert [row.tolist() for row in bridged.lists] == [
        row.tolist() for row in neighbours(GRID).lists
    ]
    assert not neighbours(apart).islands


def test_islands_are_linked_to_the_nearest_and_unlocated_areas_take_no_part() -> None:
    shapes = [*GRID, shapely.box(20, 20, 21, 21), None]
    near = neighbours(shapes)
    assert near.islands == (len(GRID),)
    assert near.unlocated == (len(GRID) + 1,)
    assert near.lists[len(GRID)].tolist() == [len(GRID) - 1]
    assert len(GRID) in near.lists[len(GRID) - 1]
    values = np.append(SLOPE, [3.0, 999.0])
    result = moran(values, near, permutations=19)
    assert (result.areas, result.left_out) == (len(GRID) + 1, 1)


def test_an_area_that_loses_its_neighbours_is_linked_again(near) -> None:
    used = np.ones(len(GRID), dtype=bool)
    used[near.lists[0]] = False
    weights = near.weights(used)
    assert not weights.islands
    assert weights.n == used.sum()


def test_moran_by_hand(near) -> None:
    z = SLOPE - SLOPE.mean()
    by_hand = np.mean([z[i] * np.mean(z[row]) for i, row in enumerate(near.lists)]) / np.mean(z**2)
    result = moran(SLOPE, near, permutations=199)
    assert result.value == pytest.approx(by_hand)
    assert result.expected == pytest.approx(-1 / (len(GRID) - 1))
    assert result.p == pytest.approx(2 / 200)
    assert result.z > 5


def test_a_chess_board_is_no_cluster(near) -> None:
    result = moran(CHESS, near)
    assert result.value < result.expected or result.p > 0.05
    rook = moran(np.random.default_rng(1).normal(size=len(GRID)), near)
    assert rook.p > 0.01
    assert rook.in_words() != moran(SLOPE, near).in_words()


def test_probability_agrees_with_the_analytic_one(near) -> None:
    from esda.moran import Moran as EsdaMoran

    values = SLOPE + 5 * np.random.default_rng(2).normal(size=len(GRID))
    result = moran(values, near, permutations=1999)
    oracle = EsdaMoran(values, near.weights(np.ones(len(GRID), dtype=bool)), permutations=0)
    assert result.z == pytest.approx(oracle.z_rand, rel=0.1)


def test_seeds_make_it_reproducible_and_leave_numpy_alone(near) -> None:
    values = SLOPE + 3 * np.random.default_rng(2).normal(size=len(GRID))
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    assert moran(values, near, seed=4) == moran(values, near, seed=4)
    first, second = lisa(values, near, seed=4), lisa(values, near, seed=4)
    assert np.array_equal(first.p, second.p)
    assert not np.array_equal(first.p, lisa(values, near, seed=5).p)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_lisa_by_hand_and_its_clusters(near) -> None:
    z = (SLOPE - SLOPE.mean()) / SLOPE.std()
    n = len(GRID)
    by_hand = [(n - 1) / n * z[i] * np.mean(z[row]) for i, row in enumerate(near.lists)]
    result = lisa(SLOPE, near)
    assert result.value == pytest.approx(by_hand)
    assert result.cluster[0] == Cluster.LOW_LOW
    assert result.cluster[-1] == Cluster.HIGH_HIGH
    assert set(result.cluster[~result.significant]) == {Cluster.NONE}


def test_false_discoveries_are_held_down(near) -> None:
    found = plain = 0
    for seed in range(10):
        values = np.random.default_rng(seed).normal(size=len(GRID))
        result = lisa(values, near, permutations=499, seed=seed + 1)
        found += int(result.significant.sum())
        plain += int((result.p <= 0.05).sum())
    assert found <= 3
    assert plain > found


def test_hot_spots_of_a_peak(near) -> None:
    values = np.random.default_rng(3).normal(size=len(GRID))
    for i, j in ((1, 1), (1, 2), (2, 1), (2, 2), (0, 1), (1, 0), (0, 0), (2, 0), (0, 2)):
        values[j * SIDE + i] += 8
    result = hot_spots(values, near)
    assert result.cluster[SIDE + 1] == Cluster.HIGH_HIGH
    assert result.cluster[-1] == Cluster.NONE
    chosen = [SIDE + 1, *near.lists[SIDE + 1].tolist()]
    n, mean, sd = len(values), values.mean(), values.std()
    count = len(chosen)
    z = (values[chosen].sum() - count * mean) / (sd * np.sqrt((n * count - count**2) / (n - 1)))
    assert result.value[SIDE + 1] == pytest.approx(z)


def test_rates_of_small_areas_do_not_make_a_pattern(near) -> None:
    rng = np.random.default_rng(5)
    people = np.where(SLOPE < 6, 15, 5000)
    events = rng.poisson(people * 0.05)
    result = moran_of_rates(events, people, near)
    assert result.areas == len(GRID)
    assert result.p > 0.01
    with_gap = people.copy()
    with_gap[0] = 0
    assert moran_of_rates(events, with_gap, near, permutations=19).left_out == 1


def test_bad_input_has_a_clear_message(near) -> None:
    same = np.ones(len(GRID))
    few = np.full(len(GRID), np.nan)
    few[:4] = 1.0, 2.0, 3.0, 4.0
    for values, code in ((same, "one-value"), (few, "few-areas")):
        for call in (moran, lisa, hot_spots):
            with pytest.raises(UserError) as error:
                call(values, near)
            assert error.value.issues[0].code == code
    with pytest.raises(UserError):
        moran_of_rates(-same, same, near)
    with pytest.raises(UserError):
        moran_of_rates(0 * same, same, near)


def test_heavy_libraries_are_loaded_when_needed_only() -> None:
    code = (
        "import sys, monitor_app.indicators.spatial as s;"
        "assert not {'libpysal', 'esda', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
