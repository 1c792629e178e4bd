"""Weights follow from what is known, stay near the usual choice where little is, and add up."""

from __future__ import annotations

import numpy as np
import pytest

from monitor_app.forecast import combine


def errors(levels: list[float], origins: int, steps: int, seed: int = 1) -> np.ndarray:
    """(members, origins, steps): mean absolute errors around a level of each member."""
    random = np.random.default_rng(seed)
    noise = np.exp(random.normal(0.0, 0.2, (1, origins, steps)))
    return np.array(levels)[:, None, None] * noise


def known_until(values: np.ndarray, now: int) -> np.ndarray:
    """Only what had come true when stock ``now`` was the newest; origins count from 0."""
    found = values.copy()
    for origin in range(values.shape[1]):
        found[:, origin, max(now - origin, 0) :] = np.nan
    return found


def test_without_a_past_the_usual_choice_stands_alone() -> None:
    nothing = np.full((3, 4, 5), np.nan)
    weights, strength = combine.learned_weights(nothing, [0.0, 1.0, 0.0])
    assert np.array_equal(weights, np.tile([[0.0], [1.0], [0.0]], len(combine.KNOTS)))
    assert (strength == 0).all()


def test_weights_of_two_members_are_those_of_the_formula() -> None:
    # One horizon, nine origins, errors of 2 and 1 per cent: nine independent errors.
    past = np.broadcast_to(np.array([0.02, 0.01])[:, None, None], (2, 9, 1))
    weights, strength = combine.learned_weights(past, [1.0, 0.0], horizons=(1,))
    learned = 2.0**-9 / (1.0 + 2.0**-9)
    assert strength[0] == 9.0
    assert weights[0, 0] == pytest.approx(9 / 12 * learned + 3 / 12, abs=6e-4)
    assert weights.sum() == pytest.approx(1.0)


def test_overlapping_forecasts_count_once() -> None:
    # Ten origins in a row over ten years span nineteen years: not even two windows.
    assert combine.independent(10, 10) == pytest.approx(1.9)
    assert combine.independent(10, 1) == 10.0
    assert combine.independent(0, 3) == 0.0


def test_the_best_member_wins_with_a_long_past_and_hardly_with_a_short_one() -> None:
    past = errors([0.02, 0.005, 0.03], 30, 5)
    usual = [1.0, 0.0, 0.0]
    long = combine.learned_weights(past, usual)[0][1]
    short = combine.learned_weights(known_until(past, 2), usual)[0][1]
    assert long[0] > 0.85
    assert short[0] < 0.45
    # Beyond what was tested the usual choice rules again.
    assert combine.learned_weights(past, usual)[0][0, -1] > 0.6


def test_many_areas_tell_more_than_one() -> None:
    past = known_until(errors([0.02, 0.01], 8, 5), 8)
    one = combine.learned_weights(past, [1.0, 0.0])[0][1]
    many = combine.learned_weights(past, [1.0, 0.0], areas=100)[0][1]
    assert (many >= one).all()
    assert many[0] > one[0]


def test_what_is_kept_in_a_specification_is_what_was_tested() -> None:
    weights = combine.learned_weights(errors([0.02, 0.01, 0.012], 12, 8), [0.0, 0.0, 1.0])[0]
    names = ("a", "b", "c")
    again = combine.of_table(combine.as_table(names, weights), names, 18)
    straight = [np.interp(np.arange(1, 19), combine.KNOTS, row) for row in weights]
    assert np.allclose(again, straight, atol=1e-12)
    assert np.allclose(again.sum(axis=0), 1.0)
    # Half way between two knots: half of both.
    assert again[0, 3] == pytest.approx(0.5 * (again[0, 2] + again[0, 4]))


def test_an_area_that_empties_decides_nothing() -> None:
    said = np.array([100.0, 100.0, 5000.0])
    came = np.array([100.0, 110.0, 10.0])
    assert combine.absolute_errors(said, came) == pytest.approx((0 + 10 / 110 + 1.0) / 3)
    assert np.isnan(combine.absolute_errors(said, [np.nan, np.nan, 0.0]))


def test_age_groups_add_up_to_the_total_and_those_who_move_carry_the_rest() -> None:
    said = np.array([[1100.0, 80.0], [200.0, 40.0], [300.0, 0.0], [500.0, 60.0]])
    found = combine.raked(said, np.array([1.0, 3.0, 1.0]))
    assert np.allclose(found[0], said[0])
    assert np.allclose(found[1:].sum(axis=0), found[0])
    growth = found[1:, 0] / said[1:, 0] - 1.0
    assert growth[1] == pytest.approx(3 * growth[0])
    assert (combine.raked(np.array([[0.0], [5.0], [5.0]]), np.ones(2)) == 0).all()
