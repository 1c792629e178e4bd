"""Bounds that nearly empty an area: whoever cannot leave does not leave, and nobody is invented."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from monitor_app.forecast.hazard import Prepared, Workspace, hazard_step
from monitor_app.forecast.targets import Targets, hit


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3, 0.6, 3.0])
def test_the_balance_holds_in_areas_that_are_held_far_below_their_people(
    city: Any, share: float
) -> None:
    step = hazard_step(city.stock, Prepared.of(city.layout, city.rates), Workspace(city.layout))
    wanted = step.end.sum(axis=(0, 1, 2))
    wanted[0] *= share
    found, gaps = hit(step, Targets(population=wanted))
    assert (found.end >= 0).all()
    assert found.flows.imbalance(found.end) < 1e-9
    reached = found.end.sum(axis=(0, 1, 2))
    if not gaps:
        assert reached == pytest.approx(wanted, rel=1e-6)
    assert reached[1:] == pytest.approx(wanted[1:], rel=1e-6)
    assert np.abs(reached[0] - wanted[0]) <= np.abs(step.end.sum(axis=(0, 1, 2))[0] - wanted[0])


def test_those_who_died_after_arriving_still_arrive(city: Any) -> None:
    stock = city.stock.copy()
    stock[:, :, -12:, 0] = 0.0  # nobody old lives in the first area, but some move there
    step = hazard_step(stock, Prepared.of(city.layout, city.rates), Workspace(city.layout))
    wanted = step.end.sum(axis=(0, 1, 2))
    wanted[0] *= 0.05
    found, _gaps = hit(step, Targets(population=wanted))
    assert found.flows.imbalance(found.end) < 1e-9
