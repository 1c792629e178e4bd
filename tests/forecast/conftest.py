"""A small made-up city for the tests of the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from monitor_app.core.ages import AgeAxis
from monitor_app.forecast.moves import MoveModel, OriginDestination, Pool
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.state import Array, Layout


@dataclass(frozen=True)
class City:
    layout: Layout
    stock: Array
    rates: StepRates


def make_city(areas: int = 5, moves: str = "pool", seed: int = 3) -> City:
    """Two sexes, two groups, ages 0..60+, every rate different in every area."""
    random = np.random.default_rng(seed)
    layout = Layout(
        ("f", "m"), ("de", "nd"), AgeAxis.single_years(60), tuple(f"{i:03d}" for i in range(areas))
    )
    n = layout.shape[2]
    fertility = np.zeros((2, n, areas))
    fertility[:, 15:50] = random.uniform(0.02, 0.09, (2, 35, areas))
    naturalise = np.zeros((2, 2, n, areas))
    naturalise[:, 1] = random.uniform(0.0, 0.03, (2, n, areas))
    types = np.broadcast_to((np.arange(n) // 16)[None, None], (2, 2, n))
    model: MoveModel = Pool(random.uniform(0.5, 2.0, areas))
    if moves != "pool":
        matrices = random.uniform(0.0, 1.0, (4, areas, areas))
        model = OriginDestination(matrices, types, full=moves == "od_full")
    stock = random.uniform(0.0, 40.0, layout.shape)
    stock[..., -1] = 0.0  # an area without people
    rates = StepRates(
        death=random.uniform(0.0, 0.05, layout.shape),
        fertility=fertility,
        child_group=np.array([[1.0, 0.0], [0.3, 0.7]]),
        arrivals=random.uniform(0.0, 2.0, layout.shape),
        departure=random.uniform(0.0, 1.5, layout.shape),
        move=random.uniform(0.0, 1.5, layout.shape),
        move_model=model,
        naturalise=naturalise,
    )
    return City(layout, stock, rates)


@pytest.fixture
def city() -> City:
    return make_city()


@pytest.fixture
def city_maker() -> Callable[..., City]:
    return make_city
