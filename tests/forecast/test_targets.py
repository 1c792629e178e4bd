"""Given totals are hit by scaling flows; the balance holds in every cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor_app.forecast import control, housing, targets
from monitor_app.forecast.flows import Step
from monitor_app.forecast.hazard import Prepared, Workspace, hazard_step
from monitor_app.forecast.projection import constant_rates, project
from monitor_app.forecast.targets import Targets, hit


def one_step(city: Any) -> Step:
    return hazard_step(city.stock, Prepared.of(city.layout, city.rates), Workspace(city.layout))


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(-1e6, 1e6, allow_subnormal=False))
def test_root_hits_the_net_and_keeps_the_product(i: float, o: float, net: float) -> None:
    a, b = control.flows_with_net(i, o, net)
    assert a >= 0
    assert b >= 0
    assert a - b == pytest.approx(net, rel=1e-9, abs=1e-9)
    assert a * b == pytest.approx(i * o, rel=1e-9, abs=1e-300)


def test_root_is_the_most_likely_pair_of_poisson_counts() -> None:
    # The discrete maximum of Poisson(in'|in) Poisson(out'|out) under in' - out' = net, by search.
    from scipy.stats import poisson

    for i, o, net in ((120.0, 100.0, -40.0), (30.0, 50.0, 60.0), (500.0, 480.0, 0.0)):
        outs = np.arange(max(0, -int(net)), 2000)
        likelihood = poisson.logpmf(outs + net, i) + poisson.logpmf(outs, o)
        best = outs[int(np.argmax(likelihood))]
        assert abs(float(control.flows_with_net(i, o, net)[1]) - best) <= 1.0


def test_plus_minus_scales_gains_and_losses_against_each_other() -> None:
    changes = np.array([10.0, 30.0, -20.0])
    found = control.plus_minus(changes, 35.0)
    assert found.sum() == pytest.approx(35.0)
    assert found[1] / found[0] == pytest.approx(3.0)
    assert found[0] > 10.0
    assert -20.0 < found[2] < 0.0
    np.testing.assert_allclose(control.plus_minus(changes, 20.0), changes)
    np.testing.assert_allclose(control.plus_minus(np.zeros(2), 6.0, [1.0, 2.0]), [2.0, 4.0])


@pytest.mark.parametrize(
    ("name", "component"),
    [("births", "births"), ("deaths", "deaths"), ("arrivals", "arrivals")],
)
@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_a_component_reaches_its_city_total(
    city: Any, name: str, component: str, factor: float
) -> None:
    step = one_step(city)
    wanted = factor * float(step.flows.by_area()[component].sum())
    found, missed = hit(step, Targets(**{name: wanted}))
    assert missed == ()
    assert found.flows.by_area()[component].sum() == pytest.approx(wanted, rel=1e-12)
    assert found.flows.imbalance(found.end) < 1e-12
    assert found.end.min() >= -1e-12
    moved = found.flows.by_area()
    assert moved["moves_in"].sum() == pytest.approx(moved["moves_out"].sum(), rel=1e-12)


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.1])
def test_population_of_the_city_is_hit(city: Any, factor: float) -> None:
    step = one_step(city)
    before = float(step.end.sum())
    found, missed = hit(step, Targets(population=factor * before))
    assert missed == ()
    assert found.end.sum() == pytest.approx(factor * before, rel=1e-12)
    assert found.flows.imbalance(found.end) < 1e-12
    assert found.end.min() >= 0.0
    if factor == 1.0:
        np.testing.assert_allclose(found.end, step.end, rtol=1e-12, atol=1e-12)
    else:
        # Arrivals and departures both give way, not just one of them.
        was, now = step.flows.by_area(), found.flows.by_area()
        assert (now["arrivals"].sum() > was["arrivals"].sum()) == (factor > 1)
        assert (now["departures"].sum() < was["departures"].sum()) == (factor > 1)


def test_population_of_each_area_is_hit(city: Any) -> None:
    step = one_step(city)
    wanted = step.end.sum(axis=(0, 1, 2)) * np.array([0.9, 1.2, 1.0, 1.05, 1.0])
    found, missed = hit(step, Targets(population=wanted))
    assert missed == ()
    np.testing.assert_allclose(found.end.sum(axis=(0, 1, 2)), wanted, rtol=1e-12)
    assert found.flows.imbalance(found.end) < 1e-12


def test_what_cannot_be_met_is_reported(city: Any) -> None:
    step = one_step(city)
    found, missed = hit(step, Targets(deaths=1e9))
    assert [m.target for m in missed] == ["deaths"]
    assert missed[0].wanted == 1e9
    assert missed[0].reached < 1e9
    assert found.end.min() >= 0.0


def test_two_targets_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="exclude"):
        Targets(population=1.0, net_migration=1.0)


def test_a_run_follows_a_path_of_city_totals(city: Any) -> None:
    path = [7000.0, 7100.0, 7050.0]

    def control_of(index: int, step: Step) -> Step:
        found, missed = hit(step, Targets(population=path[index]))
        assert missed == ()
        return found

    result = project(city.layout, city.stock, constant_rates(city.rates), 3, control=control_of)
    np.testing.assert_allclose(result.totals[1:].sum(axis=1), path, rtol=1e-12)
    assert result.imbalance < 1e-11


def test_limited_scaling_fills_up_and_then_turns_to_others() -> None:
    flow = np.array([1.0, 1.0, 2.0])
    limit = np.array([1.5, 10.0, 10.0])
    found = targets.capped_scale(flow, limit, 10.0, (0,))
    np.testing.assert_allclose(found, [1.5, 8.5 / 3.0, 17.0 / 3.0])


def test_bounds_keep_the_city_total_and_say_what_is_left() -> None:
    held, rest = targets.within_bounds([120, 80, 50], [1, 1, 3], [0, 0, 0], [100, 90, 500])
    np.testing.assert_allclose(held, [100, 85, 65])
    assert rest == 0.0
    held, rest = targets.within_bounds([120, 80], [1, 1], [0, 0], [100, 90])
    np.testing.assert_allclose(held, [100, 90])
    assert rest == pytest.approx(10.0)
    with pytest.raises(ValueError, match="bound"):
        targets.within_bounds([1.0], [1.0], [2.0], [1.0])


def test_new_dwellings_fill_from_the_city_and_from_outside(city: Any) -> None:
    step = one_step(city)
    occupants = np.zeros_like(step.end)
    occupants[:, :, 20:40, 2] = 3.0
    found = housing.move_in(step, occupants, 0.6)
    assert found.flows.imbalance(found.end) < 1e-12
    assert found.end.sum() == pytest.approx(step.end.sum() + 0.4 * occupants.sum(), rel=1e-12)
    was, now = step.flows.by_area(), found.flows.by_area()
    assert (now["moves_in"] - was["moves_in"]).sum() == pytest.approx(0.6 * occupants.sum())
    assert found.end.min() >= 0.0
    flows = found.flows
    assert flows.moves_in is not None
    assert flows.moves_out is not None
    np.testing.assert_allclose((flows.moves_in - flows.moves_out).sum(axis=3), 0.0, atol=1e-10)


def test_dwellings_cannot_take_more_people_from_the_city_than_live_there() -> None:
    inside = np.array([[0.0, 50.0]])
    losses, placed = housing.released(inside, np.array([[5.0, 0.0]]), np.array([[20.0, 4.0]]))
    assert losses.sum() == pytest.approx(24.0)
    assert placed.sum() == pytest.approx(24.0)
