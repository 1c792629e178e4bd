"""Steps of five years beside marked disaggregation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from forecasting_towns import AGES, Floats, Source, source, stocks, system

from monitor_app.app import forecasting_run as runs
from monitor_app.app import forecasting_store as store
from monitor_app.app.forecasting_five import _net_rate, five_year_rates, interval_weights
from monitor_app.app.forecasting_rates import Method
from monitor_app.core.ages import AgeAxis
from monitor_app.core.issues import UserError
from monitor_app.forecast.spec import make_spec

FIVE = {"level": "quarter", "years": 15, "age_step": "five"}
LOWS = tuple(range(0, 90, 5))


def grouped(values: Floats, lows: tuple[int, ...] = LOWS) -> Source:
    """The same town known by age groups, the last one open."""
    sums = np.add.reduceat(values, lows, axis=3)
    return source(sums, ages=AgeAxis.from_lows(lows))


def run(entry: dict[str, Any], data: Source) -> runs.Forecast:
    return runs.make_forecast(data, system(), make_spec({**FIVE, **entry}))


def test_groups_stay_as_they_are_and_every_cell_balances() -> None:
    values = stocks(21)
    done = run({}, grouped(values))
    result = done.results[0].projection
    assert done.years == (2028, 2033, 2038, 2043)
    assert result.stocks is not None
    assert result.imbalance < 1e-8
    launch = np.add.reduceat(values[:, -1], LOWS, axis=2)
    np.testing.assert_allclose(result.stocks[0].sum(axis=1), np.moveaxis(launch, 0, -1))
    codes = {i.code for i in done.issues}
    assert "five-years" in codes
    assert "ages-estimated" not in codes
    single = runs.make_forecast(
        grouped(values), system(), make_spec({**FIVE, "age_step": "single"})
    )
    assert "ages-estimated" in {i.code for i in single.issues}


def test_without_migration_cohorts_follow_the_closed_form() -> None:
    done = run({"variant": "natural", "components": {"births": False}}, grouped(stocks(21)))
    result = done.results[0].projection
    rates = five_year_rates(done.town, Method())
    before = result.stocks
    assert before is not None
    death = np.broadcast_to(rates.of_step(0).death, before[0].shape)
    alive = before[0][:, :, :-1] * np.exp(-5.0 * death[:, :, 1:])
    alive[:, :, -1] += before[0][:, :, -1] * np.exp(-5.0 * death[:, :, -1])
    np.testing.assert_allclose(before[1][:, :, 1:], alive, rtol=1e-12)
    assert not before[1][:, :, 0].any()


def test_single_ages_and_groups_give_the_same_five_year_forecast() -> None:
    values = stocks(21)
    one, two = run({}, grouped(values)), run({}, source(values))
    np.testing.assert_allclose(
        one.results[0].projection.totals[:, 0], two.results[0].projection.totals[:, 0], rtol=0.01
    )


def test_both_steps_agree_where_little_happens() -> None:
    values = stocks(21, growth=0.004)
    five = run({"control": 0.0}, grouped(values)).results[0].projection.totals
    single = runs.make_forecast(
        grouped(values), system(), make_spec({**FIVE, "age_step": "single", "control": 0.0})
    ).results[0].projection.totals  # fmt: skip
    np.testing.assert_allclose(five.sum(axis=1), single[::5].sum(axis=1), rtol=0.03)


def test_dwellings_of_all_five_years_are_built() -> None:
    project = {"name": "Feld", "area": "b1", "dwellings": {2029: 10, 2031: 20, 2033: 30, 2034: 7},
               "persons_per_dwelling": 2.0, "share_from_town": 0.0}  # fmt: skip
    plain = run({"control": 0.0}, grouped(stocks(21))).results[0].projection.totals
    built = run({"control": 0.0, "housing": [project]}, grouped(stocks(21)))
    assert (built.results[0].projection.totals - plain)[1].sum() == pytest.approx(120.0)


def test_a_stored_five_year_forecast_has_its_own_years_and_groups() -> None:
    done = run({}, grouped(stocks(21)))
    population = store.batch_of(done, ()).facts[0]
    assert [d.year for d in population.cube.dates] == [2033, 2038, 2043]
    assert population.cube.ages is not None
    assert tuple(population.cube.ages.lows.tolist()) == LOWS
    total = done.results[0].projection.totals[1:].sum()
    assert float(np.nansum(population.cube.values)) == pytest.approx(total, abs=3)


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"years": 7}, "spec-five"),
        ({"draws": 10}, "spec-five"),
        ({"targets": [{"year": 2030, "what": "births", "value": 1}]}, "spec-five"),
        ({"age_step": "ten"}, "spec-entry"),
    ],
)
def test_what_five_year_steps_cannot_do_is_said(entry: dict[str, Any], code: str) -> None:
    with pytest.raises(UserError) as error:
        run(entry, grouped(stocks(21)))
    assert code in {i.code for i in error.value.issues}
    assert all(i.repair for i in error.value.issues)


def test_ages_that_do_not_nest_are_refused() -> None:
    with pytest.raises(UserError) as error:
        run({}, grouped(stocks(21), (0, 3, 6, 10, 16, 18, 25, 45, 65)))
    assert [i.code for i in error.value.issues] == ["ages-do-not-nest"]
    with pytest.raises(UserError) as error:
        run({}, source(stocks(5), ages=AGES))
    assert [i.code for i in error.value.issues] == ["five-history"]


def test_intervals_count_as_their_years_do() -> None:
    years = (2004, 2009, 2014, 2019, 2024)
    np.testing.assert_allclose(interval_weights(Method(), "arrivals", years), [0, 0, 1, 1])
    np.testing.assert_allclose(interval_weights(Method(), "births", years), [0, 0, 0, 0.6])
    given = Method(weights={"arrivals": {2011: 1.0, 2012: 0.5, 2023: 1.0}})
    np.testing.assert_allclose(interval_weights(given, "arrivals", years), [0, 0.3, 0, 0.2])


def test_a_town_gains_counts_and_loses_rates() -> None:
    # Cells: one that has doubled by moving in, one that loses a tenth; two areas.
    net = np.array([[[30.0, 10.0], [-8.0, -2.0]], [[50.0, 30.0], [-9.0, -1.0]]])[:, None, None]
    exposed = np.array([[[100.0, 50.0], [70.0, 30.0]], [[140.0, 90.0], [60.0, 40.0]]])
    launch = np.array([[180.0, 120.0], [50.0, 30.0]])
    rate = _net_rate(net, exposed[:, None, None], launch[None, None], np.array([1.0, 3.0]))[0, 0]
    moved = (rate * launch).sum(axis=1)
    # 40 and 80 came: (40 + 3 x 80) / 4; a tenth of 80 leaves.
    np.testing.assert_allclose(moved, [70.0, -8.0])
    # Areas differ as they did: the first gained more for its people.
    assert rate[0, 0] > rate[0, 1]
