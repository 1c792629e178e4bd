"""Probable ranges keep the bounds of areas, and the town keeps its total in every draw."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from forecasting_towns import counted, source, stocks, system

from monitor_app.app import forecasting_run as runs
from monitor_app.app.forecasting_fans import FAN_LEVELS
from monitor_app.app.forecasting_intervals import Intervals
from monitor_app.app.forecasting_limits import Limits
from monitor_app.forecast.spec import make_spec
from monitor_app.forecast.targets import held_within, within_bounds

BASE: dict[str, Any] = {"level": "quarter", "years": 4, "draws": 60, "seed": 3}


def ranges(data: Any = None, **entry: Any) -> tuple[Intervals, np.ndarray]:
    done = runs.make_forecast(data or source(stocks(12)), system(), make_spec({**BASE, **entry}))
    result = done.results[0]
    assert result.intervals is not None
    return result.intervals, result.projection.totals


@cache
def usual() -> tuple[Intervals, np.ndarray]:
    return ranges()


def fan(found: Intervals, level: str) -> np.ndarray:
    assert found.fans is not None
    return found.fans.by_level[level].values


def tight(totals: np.ndarray) -> dict[str, dict[str, float]]:
    """Bounds that the scenario keeps but many draws do not."""
    return {
        "a1": {"upper": float(totals[:, 0].max()) * 1.005},
        "b1": {"lower": float(totals[:, 2].min()) * 0.995},
    }


def test_no_quantile_lies_beyond_a_bound_and_the_median_stays_the_scenario() -> None:
    free, totals = usual()
    upper, lower = tight(totals)["a1"]["upper"], tight(totals)["b1"]["lower"]
    assert free.areas[:, 1:, 0, 0].max() > upper * 1.01  # the bounds do forbid something
    assert free.areas[:, 1:, 0, 2].min() < lower - 10
    held, same = ranges(bounds=tight(totals))
    assert np.array_equal(same, totals)  # the scenario itself was inside
    for values in (held.areas, fan(held, "quarter")):
        assert values[..., 0].max() <= upper
        assert values[:, :, 0, 2].min() >= lower
        assert values[:, 1:, 0, 0].max() == pytest.approx(upper)
        assert values[:, 1:, 0, 2].min() == pytest.approx(lower)
        assert (np.diff(values, axis=0) >= -1e-9).all()
    middle = FAN_LEVELS.index(0.5)
    np.testing.assert_allclose(fan(held, "quarter")[middle, :, 0], totals, rtol=1e-6)


def test_what_an_area_cannot_take_leaves_the_range_of_the_town_alone() -> None:
    free, totals = usual()
    held, _same = ranges(bounds=tight(totals))
    np.testing.assert_allclose(held.city[:, :, 0], free.city[:, :, 0], rtol=1e-9)
    np.testing.assert_allclose(
        fan(held, "city")[:, :, 0], fan(free, "city")[:, :, 0], rtol=1e-5
    )  # fmt: skip
    # Part of what does not fit leaves the district: its upper edge comes nearer.
    full = ranges(bounds={"a1": tight(totals)["a1"]})[0]
    above, before = fan(full, "district")[-1, 1:, 0, 0], fan(free, "district")[-1, 1:, 0, 0]
    assert (above < before).all()


def test_a_given_total_of_the_town_is_kept_in_the_ranges_as_well() -> None:
    _free, totals = ranges(counted(stocks(12)))
    goal = {"year": 2023, "what": "population", "value": float(totals[-1].sum()) * 1.01}
    held, reached = ranges(counted(stocks(12)), targets=[goal], bounds=tight(totals))
    assert reached[-1].sum() == pytest.approx(goal["value"])
    upper = tight(totals)["a1"]["upper"]
    assert held.areas[:, -1, 0, 0].max() == pytest.approx(upper)
    assert fan(held, "city")[:, -1, 0] == pytest.approx(goal["value"], rel=1e-5)
    assert held.city[:, -1, 0] == pytest.approx(np.full(len(held.levels), goal["value"]))


@pytest.mark.parametrize("bounds", [{}, {"a2": {"upper": 1e7}}, {"a2": {"lower": 0.0}}])
def test_bounds_that_no_draw_reaches_change_nothing(bounds: dict[str, Any]) -> None:
    free, _totals = usual()
    held, _same = ranges(bounds=bounds)
    assert np.array_equal(held.areas, free.areas)
    assert np.array_equal(held.city, free.city)
    for level in ("quarter", "district", "city"):
        assert np.array_equal(fan(held, level), fan(free, level))


def test_bounded_ranges_are_reproducible() -> None:
    _free, totals = usual()
    one, two = (ranges(bounds=tight(totals))[0] for _ in range(2))
    assert np.array_equal(one.areas, two.areas)
    assert np.array_equal(fan(one, "city"), fan(two, "city"))
    other = ranges(bounds=tight(totals), seed=4)[0]
    assert not np.array_equal(one.areas, other.areas)


def test_a_full_area_has_no_range_above_and_the_others_keep_theirs() -> None:
    _free, totals = usual()
    cap = float(totals[0, 0]) * 0.9  # fewer than live there today
    held, now = ranges(bounds={"a1": {"upper": cap}})
    assert now[1:, 0] == pytest.approx(np.full(4, cap))
    assert fan(held, "quarter")[FAN_LEVELS.index(0.5) :, 1:, 0, 0] == pytest.approx(cap)
    spread = fan(held, "quarter")[-1, -1, 0] - fan(held, "quarter")[0, -1, 0]
    assert (spread > 0).all()


def test_a_bound_that_the_scenario_cannot_keep_ends_the_range_at_the_scenario() -> None:
    bounds = {a: {"upper": 100.0} for a in ("a1", "a2", "b1")}
    spec = make_spec({**BASE, "bounds": bounds})
    done = runs.make_forecast(counted(stocks(12)), system(), spec)
    assert any(i.code for i in done.results[0].issues)
    found = done.results[0].intervals
    assert found is not None
    main = done.results[0].projection.totals
    assert (fan(found, "quarter")[:, :, 0] <= np.maximum(main, 100.0) * (1 + 1e-9)).all()


# -- the rule in each draw -------------------------------------------------------------------------


def test_many_courses_are_held_like_one_alone() -> None:
    rng = np.random.default_rng(8)
    wanted = rng.gamma(4.0, 50.0, (60, 7))
    pull = rng.gamma(1.0, 1.0, 7) * np.array([1, 1, 0, 1, 1, 1, 1])
    lower, upper = np.full(7, 120.0), np.array([180.0, 260, np.inf, 200, 240, np.inf, 300])
    held, rest = held_within(wanted, pull, lower, upper)
    assert (held >= lower).all()
    assert (held <= upper).all()
    np.testing.assert_allclose(held.sum(axis=1) + rest, wanted.sum(axis=1))
    for row in range(60):
        alone, left = within_bounds(wanted[row], pull, lower, upper)
        assert np.array_equal(alone, held[row])
        assert left == rest[row]
    # Somebody always has room; too few people for all lower bounds are told.
    assert rest == pytest.approx(np.minimum(wanted.sum(axis=1) - lower.sum(), 0.0))


def test_what_does_not_fit_goes_by_pull_worked_by_hand() -> None:
    # 60 too many in the first; the others take them 1 : 3, the third is full after 30.
    held, rest = held_within([[160.0, 80, 70]], [1, 1, 3], [0, 0, 0], [100, 500, 100])
    assert held[0] == pytest.approx([100, 110, 100])
    assert rest == pytest.approx([0.0])
    full, left = held_within([[160.0, 80]], [1, 1], [0, 0], [100, 90])
    assert full[0] == pytest.approx([100, 90])
    assert left == pytest.approx([50.0])


def test_draws_inside_the_bounds_are_not_touched() -> None:
    limits = Limits(np.zeros((2, 2)), np.full((2, 2), 100.0), np.ones((1, 2)))
    assert limits.factor(np.array([[90.0, 80.0], [100.0, 0.0]]), 1) is None
    factor = limits.factor(np.array([[90.0, 80.0], [110.0, 60.0]]), 1)
    assert factor is not None
    assert factor[0].tolist() == [1.0, 1.0]
    assert factor[1] == pytest.approx([100 / 110, 70 / 60])
