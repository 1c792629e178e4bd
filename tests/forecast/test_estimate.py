"""From a register to rates and back: a made-up town whose true rates are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from monitor_app.core.ages import AgeAxis
from monitor_app.core.issues import UserError
from monitor_app.forecast.checks import check_rates
from monitor_app.forecast.estimate import (
    DISPERSION,
    Estimate,
    Options,
    Register,
    estimate,
    girls_among_births,
    levelled_rates,
)
from monitor_app.forecast.hazard import Prepared, Workspace, hazard_step
from monitor_app.forecast.moves import Pool
from monitor_app.forecast.projection import constant_rates, project
from monitor_app.forecast.rates import Scheme, StepRates
from monitor_app.forecast.state import Layout

AREAS = 24
#: A fixed smoothness saves the search for one.
QUICK = Options({}, {}, 10.0)


def town() -> tuple[Layout, np.ndarray, StepRates]:
    random = np.random.default_rng(12)
    layout = Layout(
        ("f", "m"),
        ("de", "nd"),
        AgeAxis.single_years(90),
        tuple(f"{i:02d}" for i in range(AREAS)),
    )
    x = np.arange(91.0)
    mobile = (0.02 + 0.12 * np.exp(-(((x - 25.0) / 8.0) ** 2)))[None, None, :, None]

    def level(spread: float) -> Any:
        return np.exp(random.normal(0.0, spread, (1, 1, 1, AREAS)))

    size = np.exp(random.normal(3.2, 0.7, (1, 1, 1, AREAS)))
    stock = size * np.interp(x, [0, 25, 60, 90], [1.0, 1.4, 1.1, 0.1])[None, None, :, None]
    stock = stock * np.array([1.0, 0.4])[None, :, None, None] * np.ones((2, 1, 1, 1))
    fertility = np.zeros((2, 91, AREAS))
    fertility[:, 15:50] = 0.1 * np.exp(-(((x[15:50] - 31.0) / 6.0) ** 2))[None, :, None]
    naturalise = np.zeros((1, 2, 91, 1))
    naturalise[:, 1] = 0.02
    rates = StepRates(
        death=(0.0003 * np.exp(0.085 * x))[None, None, :, None] * np.ones((2, 2, 1, 1)),
        fertility=fertility * level(0.15)[0],
        arrivals=0.6 * stock * mobile * level(0.3),
        departure=0.6 * mobile * level(0.3),
        move=mobile * level(0.2),
        move_model=Pool(size.ravel() * random.uniform(0.7, 1.3, AREAS)),
        naturalise=naturalise,
    )
    return layout, stock, rates


def register_of(years: int, noisy: bool) -> tuple[Register, StepRates, np.ndarray]:
    """Run the town and write down what a register would; the last stock is the launch."""
    layout, stock, rates = town()
    random = np.random.default_rng(13)
    prepared, work = Prepared.of(layout, rates), Workspace(layout)
    stocks: list[np.ndarray] = [stock]
    names = ("deaths", "departures", "moves_out", "moves_in", "arrivals", "naturalised_out")
    events: dict[str, list[np.ndarray]] = {name: [] for name in (*names, "births")}
    for _ in range(years):
        step = hazard_step(stocks[-1], prepared, work)
        assert step.births_by_mother is not None
        found = {name: np.array(getattr(step.flows, name)) for name in names}
        births = np.zeros((2, 91, AREAS))
        births[:, prepared.fertile] = step.births_by_mother
        found["births"] = births
        for name, values in found.items():
            events[name].append(random.poisson(values).astype(float) if noisy else values)
        stocks.append(step.end)
    made = {name: np.array(values) for name, values in events.items()}
    made["naturalised"] = made.pop("naturalised_out")
    return Register(layout, np.array(stocks), **made), rates, stocks[-1]


def ahead(layout: Layout, launch: np.ndarray, rates: StepRates) -> np.ndarray:
    return project(layout, launch, constant_rates(rates), 5).totals[-1]


def test_a_register_without_noise_leads_back_to_the_town() -> None:
    register, truth, launch = register_of(4, noisy=False)
    exact = dict.fromkeys(DISPERSION, 1e-6)  # these counts have no noise to be shrunk away
    found = estimate(register, Options({}, {}, 0.01, exact))
    assert check_rates(register.layout, found.rates, Scheme.HAZARD) == []
    expected = ahead(register.layout, launch, truth)
    got = ahead(register.layout, launch, found.rates)
    np.testing.assert_allclose(got.sum(), expected.sum(), rtol=0.005)
    np.testing.assert_allclose(got, expected, rtol=0.025)


def test_a_noisy_register_still_beats_rates_of_the_city_alone() -> None:
    register, truth, launch = register_of(6, noisy=True)
    expected = ahead(register.layout, launch, truth)
    local = estimate(register, QUICK)
    flat = _without_levels(local, register)
    errors = [
        np.abs(ahead(register.layout, launch, r) / expected - 1.0).mean()
        for r in (local.rates, flat)
    ]
    assert errors[0] < 0.6 * errors[1]
    assert errors[0] < 0.03


def _without_levels(found: Estimate, register: Register) -> StepRates:
    one = {
        name: replace(table, level=np.ones_like(table.level)).expand()
        for name, table in found.tables.items()
    }
    assert found.rates.arrivals is not None
    stock = register.stocks[-1]
    share = stock / stock.sum(axis=3, keepdims=True)
    return replace(
        found.rates,
        death=one["deaths"],
        departure=one["departures"],
        move=one["moves_out"],
        fertility=one["births"][0],
        arrivals=found.rates.arrivals.sum(axis=3, keepdims=True) * share,
    )


def test_arrivals_of_the_city_are_the_mean_of_the_years_that_count() -> None:
    register, _truth, _launch = register_of(4, noisy=True)
    assert register.arrivals is not None
    weights = np.array([0.0, 1.0, 1.0, 0.0])
    found = estimate(register, Options({"arrivals": weights}, {}, 10.0)).rates
    assert found.arrivals is not None
    mean = register.arrivals[1:3].sum(axis=(1, 2, 3, 4)).mean()
    assert found.arrivals.sum() == pytest.approx(mean, rel=1e-9)


def test_a_town_without_deaths_by_area_takes_the_rates_that_are_given() -> None:
    register, truth, _launch = register_of(3, noisy=False)
    found = estimate(replace(register, deaths=None), QUICK, truth.death)
    np.testing.assert_array_equal(found.rates.death, truth.death)


def test_what_no_rates_can_be_made_of_is_told_with_its_repair() -> None:
    register, _truth, _launch = register_of(1, noisy=False)
    for name in ("deaths", "births"):
        with pytest.raises(UserError) as told:
            estimate(replace(register, **{name: None}), QUICK)
        issue = told.value.issues[0]
        assert (issue.code, issue.column) == (f"estimate-{name}", name)
        assert issue.repair


def test_the_share_of_girls_is_that_of_the_town_as_far_as_chance_lets_it_tell() -> None:
    register, _truth, _launch = register_of(1, noisy=False)
    usual = Options({}, {}, 10.0, girls=0.487)
    assert estimate(register, usual).rates.girls == 0.487
    some = np.array([[400.0, 600.0], [np.nan, np.nan]])
    found = estimate(replace(register, births_by_sex=some), usual)
    # Posterior mean of a beta prior with standard deviation 0.0025.
    prior = 0.487 * 0.513 / 0.0025**2
    expected = (400.0 + 0.487 * prior) / (1000.0 + prior)
    assert found.rates.girls == pytest.approx(expected, rel=1e-12)
    assert found.girls.own == pytest.approx(0.4)
    many = girls_among_births(np.array([[4.9e6, 5.1e6]]), 0.487)
    assert many.share == pytest.approx(0.49, abs=2e-5)


def test_types_of_areas_may_differ_from_one_component_to_the_next() -> None:
    register, _truth, _launch = register_of(3, noisy=True)
    types = np.arange(AREAS) % 3
    found = estimate(register, Options({}, {"departures": types}, 10.0))
    plain = estimate(register, QUICK)
    assert not np.allclose(found.tables["departures"].level, plain.tables["departures"].level)
    np.testing.assert_allclose(found.tables["moves_out"].level, plain.tables["moves_out"].level)


def test_levels_multiply_the_city_profile() -> None:
    random = np.random.default_rng(1)
    exposure = np.full((1, 1, 1, 40, 2), 500.0)
    truth = np.array([0.5, 1.5])
    events = random.poisson(exposure * 0.1 * truth).astype(float)
    found = levelled_rates(events, exposure, bands=(0, 20))
    assert found.expand().shape == (1, 1, 40, 2)
    np.testing.assert_allclose(found.level[:, 0], np.tile(truth, (2, 1)), rtol=0.05)
    np.testing.assert_allclose(found.city, 0.1, rtol=0.1)
