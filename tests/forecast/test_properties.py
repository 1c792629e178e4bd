"""What must hold for every city, whatever its rates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from monitor_app.core.ages import AgeAxis
from monitor_app.forecast import flows
from monitor_app.forecast.hazard import Prepared, Workspace, hazard_step
from monitor_app.forecast.moves import OriginDestination, Pool
from monitor_app.forecast.projection import Projection, constant_rates, project
from monitor_app.forecast.rates import BirthExposure, Scheme, StepRates
from monitor_app.forecast.state import Layout, age_on

MakeCity = Callable[..., Any]
MOVES = ["pool", "od_type", "od_full"]
PROBABILITY_SCHEMES = [Scheme.FSO, Scheme.GLA]


def run(city: Any, steps: int = 6, **options: Any) -> Projection:
    return project(city.layout, city.stock, constant_rates(city.rates), steps, **options)


def as_probabilities(city: Any) -> Any:
    """The same city with rates that a probability scheme can take."""
    rates = city.rates
    small = {n: getattr(rates, n) * 0.1 for n in ("death", "departure", "move", "naturalise")}
    return replace(city, rates=replace(rates, **small))


@pytest.mark.parametrize("moves", MOVES)
@pytest.mark.parametrize("exposure", list(BirthExposure))
def test_balance_holds_in_every_cell_and_nobody_is_negative(
    city_maker: MakeCity, moves: str, exposure: BirthExposure
) -> None:
    result = run(city_maker(moves=moves), exposure=exposure)
    assert result.imbalance < 1e-11
    assert result.stocks is not None
    assert result.stocks.min() >= 0.0
    assert np.isfinite(result.stocks).all()


@pytest.mark.parametrize("scheme", PROBABILITY_SCHEMES)
@pytest.mark.parametrize("moves", MOVES)
def test_balance_holds_in_published_schemes(
    city_maker: MakeCity, scheme: Scheme, moves: str
) -> None:
    result = run(as_probabilities(city_maker(moves=moves)), scheme=scheme)
    assert result.imbalance < 1e-11
    moved = result.components["moves_in"].sum(axis=1) - result.components["moves_out"].sum(axis=1)
    assert np.abs(moved).max() < 1e-10


@pytest.mark.parametrize("moves", MOVES)
def test_moves_inside_the_city_add_up_to_zero_in_every_cell(
    city_maker: MakeCity, moves: str
) -> None:
    city = city_maker(moves=moves)
    work = Workspace(city.layout)
    before = city.stock.copy()
    step = hazard_step(city.stock, Prepared.of(city.layout, city.rates), work)
    np.testing.assert_array_equal(city.stock, before)
    assert step.flows.moves_in is not None
    assert step.flows.moves_out is not None
    net = step.flows.moves_in - step.flows.moves_out
    assert step.flows.moves_out.sum() > 100.0
    assert np.abs(net.sum(axis=3)).max() < 1e-12


def test_naturalisation_only_changes_the_group(city: Any) -> None:
    work = Workspace(city.layout)
    step = hazard_step(city.stock, Prepared.of(city.layout, city.rates), work)
    gone, came = step.flows.naturalised_out, step.flows.naturalised_in
    assert gone is not None
    assert came is not None
    assert gone[:, 1].sum() > 1.0
    assert gone[:, 0].sum() == 0.0
    np.testing.assert_allclose(came[:, 0], gone[:, 1], rtol=1e-14)


@pytest.mark.parametrize("citywide", [False, True])
def test_area_sums_do_not_depend_on_keeping_cells(city: Any, citywide: bool) -> None:
    if citywide:  # the same mortality everywhere takes a shorter way through a pool
        city = replace(city, rates=replace(city.rates, death=city.rates.death[..., :1]))
    with_cells, without = run(city), run(city, check_cells=False)
    np.testing.assert_allclose(with_cells.final, without.final, rtol=1e-13)
    for name in flows.COMPONENTS:
        np.testing.assert_allclose(
            with_cells.components[name], without.components[name], rtol=1e-12, atol=1e-12
        )
    assert without.imbalance < 1e-10


@pytest.mark.parametrize("moves", MOVES)
def test_order_of_areas_does_not_matter(city_maker: MakeCity, moves: str) -> None:
    city = city_maker(moves=moves)
    order = np.array([3, 0, 4, 2, 1])
    rates = city.rates
    model = rates.move_model
    if isinstance(model, Pool):
        shuffled: Any = Pool(model.weights[:, order])
    else:
        assert isinstance(model, OriginDestination)
        shuffled = replace(model, matrix=model.matrix[:, order][:, :, order])
    arrays = ("death", "fertility", "arrivals", "departure", "move", "naturalise")
    mixed = replace(
        rates, move_model=shuffled, **{n: getattr(rates, n)[..., order] for n in arrays}
    )
    layout = replace(city.layout, areas=tuple(city.layout.areas[i] for i in order))
    other = project(layout, city.stock[..., order], constant_rates(mixed), 6)
    np.testing.assert_allclose(other.final, run(city).final[..., order], rtol=1e-12)


def test_areas_with_equal_rates_can_be_merged(city: Any) -> None:
    def shared(array: Any) -> Any:
        return array[..., :1]

    rates = city.rates
    weights = np.array([0.1, 0.2, 0.3, 0.3, 0.1])
    common = replace(
        rates,
        death=shared(rates.death),
        fertility=shared(rates.fertility),
        departure=shared(rates.departure),
        move=shared(rates.move),
        naturalise=shared(rates.naturalise),
        move_model=Pool(weights),
    )
    apart = project(city.layout, city.stock, constant_rates(common), 6).final.sum(axis=3)
    layout = replace(city.layout, areas=("all",))
    merged_rates = replace(
        common, move_model=Pool(np.ones(1)), arrivals=rates.arrivals.sum(axis=3, keepdims=True)
    )
    stock = city.stock.sum(axis=3, keepdims=True)
    merged = project(layout, stock, constant_rates(merged_rates), 6).final[..., 0]
    np.testing.assert_allclose(apart, merged, rtol=1e-12)


@pytest.mark.parametrize("moves", MOVES)
def test_twice_the_people_give_twice_the_result(city_maker: MakeCity, moves: str) -> None:
    city = city_maker(moves=moves)
    twice = replace(city.rates, arrivals=2.0 * city.rates.arrivals)
    doubled = project(city.layout, 2.0 * city.stock, constant_rates(twice), 6)
    np.testing.assert_allclose(doubled.final, 2.0 * run(city).final, rtol=1e-13)


@pytest.mark.parametrize("scheme", [Scheme.HAZARD, Scheme.FSO])
def test_a_run_can_be_continued(city: Any, scheme: Scheme) -> None:
    city = as_probabilities(city)
    by_step = [replace(city.rates, death=city.rates.death * 0.97**t) for t in range(25)]
    whole = project(city.layout, city.stock, by_step.__getitem__, 25, scheme=scheme)
    first = project(city.layout, city.stock, by_step.__getitem__, 10, scheme=scheme)
    rest = project(city.layout, first.final, by_step.__getitem__, 15, scheme=scheme, first_step=10)
    np.testing.assert_array_equal(rest.final, whole.final)


@pytest.mark.parametrize("scheme", list(Scheme))
def test_without_events_everybody_just_gets_older(city: Any, scheme: Scheme) -> None:
    nothing = StepRates(death=np.zeros((1, 1, 1, 1)), fertility=np.zeros((1, 61, 1)))
    final = project(city.layout, city.stock, constant_rates(nothing), 3, scheme=scheme).final
    np.testing.assert_array_equal(final, age_on(age_on(age_on(city.stock))))


@pytest.mark.parametrize("scheme", list(Scheme))
def test_equal_sexes_stay_equal_when_as_many_girls_as_boys_are_born(
    city: Any, scheme: Scheme
) -> None:
    city = as_probabilities(city)
    rates = city.rates
    both = {n: getattr(rates, n)[:1] for n in ("death", "arrivals", "departure", "move")}
    same = replace(rates, girls=0.5, naturalise=rates.naturalise[:1], **both)
    stock = np.repeat(city.stock[:1], 2, axis=0)
    final = project(city.layout, stock, constant_rates(same), 5, scheme=scheme).final
    np.testing.assert_allclose(final[0], final[1], rtol=1e-14)


def test_exits_follow_the_closed_form_of_competing_risks() -> None:
    layout = Layout(("t",), ("all",), AgeAxis.single_years(2), ("a",))
    stock = np.array([0.0, 1000.0, 0.0]).reshape(layout.shape)
    rates = StepRates(
        death=np.full((1, 1, 1, 1), 0.5),
        departure=np.full((1, 1, 1, 1), 1.5),
        fertility=np.zeros((1, 3, 1)),
    )
    result = project(layout, stock, constant_rates(rates), 1)
    gone = 1000.0 * (1.0 - np.exp(-2.0))
    assert result.components["deaths"][0, 0] == pytest.approx(0.25 * gone, rel=1e-14)
    assert result.components["departures"][0, 0] == pytest.approx(0.75 * gone, rel=1e-14)
    assert result.final[0, 0, 2, 0] == pytest.approx(1000.0 * np.exp(-2.0), rel=1e-14)


def test_newborns_and_arrivals_are_exposed_for_half_a_year() -> None:
    layout = Layout(("t",), ("all",), AgeAxis.single_years(2), ("a",))
    stock = np.array([0.0, 1000.0, 0.0]).reshape(layout.shape)
    fertility = np.array([0.0, 0.0, 0.1]).reshape(1, 3, 1)
    arrivals = np.array([0.0, 10.0, 0.0]).reshape(layout.shape)
    rates = StepRates(death=np.full((1, 1, 1, 1), 0.4), fertility=fertility, arrivals=arrivals)
    final = project(layout, stock, constant_rates(rates), 1).final[0, 0, :, 0]
    survivors = 1000.0 * np.exp(-0.4)
    births = 0.1 * survivors / 2.0  # nobody of age 2 at the start, the survivors at the end
    np.testing.assert_allclose(final, [births * np.exp(-0.2), 10.0 * np.exp(-0.2), survivors])


def test_blocks_of_any_size_give_the_same_result(
    city_maker: MakeCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = city_maker(moves="od_type")
    expected = run(city).final
    for cells in (1, 30, 10_000):
        monkeypatch.setattr("monitor_app.forecast.hazard._BLOCK_CELLS", cells)
        np.testing.assert_array_equal(run(city).final, expected)


def test_rates_out_of_any_measure_still_leave_nobody_negative(city: Any) -> None:
    wild = replace(city.rates, death=city.rates.death + 50.0, move=city.rates.move * 100.0)
    result = project(city.layout, city.stock, constant_rates(wild), 3)
    assert result.stocks is not None
    assert result.stocks.min() >= 0.0
    assert result.imbalance < 1e-9


def test_child_group_shares_are_applied_to_mothers(city: Any) -> None:
    foreign_only = city.stock.copy()
    foreign_only[:, 0] = 0.0
    quiet = replace(
        city.rates, arrivals=None, departure=None, move=None, move_model=None, naturalise=None
    )
    result = project(city.layout, foreign_only, constant_rates(quiet), 1)
    assert result.stocks is not None
    work = Workspace(city.layout)
    step = hazard_step(foreign_only, Prepared.of(city.layout, quiet), work)
    by_group = step.flows.births.sum(axis=(0, 2))
    assert by_group[0] / by_group.sum() == pytest.approx(0.3, rel=1e-12)
    girls = step.flows.births[0].sum() / step.flows.births.sum()
    assert girls == pytest.approx(1.0 / 2.05, rel=1e-12)
