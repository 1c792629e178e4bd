"""Damped trends of rates against the closed form, and that nothing changes without one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from forecasting_towns import counted, source, stocks, system

from monitor_app.app import forecasting_run as runs
from monitor_app.app.forecasting_rates import Method, town_rates
from monitor_app.app.forecasting_town import Town
from monitor_app.app.forecasting_trends import FASTEST, levels, offered, pace
from monitor_app.forecast.spec import make_spec

PACE = -0.02


def spec_of(**more: Any):
    return make_spec({"level": "quarter", **more})


def with_falling_births(town: Town, pace_of: float = PACE) -> Town:
    """Births by age that follow one schedule, changed by the same share each year."""
    register, layout = town.register, town.layout
    women = register.stocks[:, layout.mothers]
    exposed = (women[:-1] + women[1:]) / 2.0
    schedule = 0.1 * np.exp(-(((np.arange(layout.shape[2]) - 31) / 6.0) ** 2))
    schedule[:15] = schedule[50:] = 0.0
    years = np.arange(len(exposed))
    births = exposed * schedule[None, None, :, None] * np.exp(pace_of * years)[:, None, None, None]
    return replace(town, register=replace(register, births=births))


@pytest.fixture(scope="module")
def town() -> Town:
    return with_falling_births(runs.read(source(stocks(15)), system(), spec_of()))


def test_the_pace_is_that_of_the_rates_whatever_the_ages_do(town: Town) -> None:
    weights = np.ones(len(town.years) - 1)
    assert pace(town, "births", weights) == pytest.approx(PACE, abs=2e-3)
    some = weights.copy()
    some[[3, 7]] = 0.0
    odd = replace(town.register, births=town.register.births.copy())  # type: ignore[union-attr]
    odd.births[[3, 7]] *= 5.0  # type: ignore[index]
    assert pace(replace(town, register=odd), "births", some) == pytest.approx(PACE, abs=2e-3)


def test_levels_stay_at_one_where_rates_do() -> None:
    same = with_falling_births(runs.read(source(stocks(15)), system(), spec_of()), 0.0)
    assert levels(same, "births", np.ones(14)) == pytest.approx(np.ones(14), abs=1e-9)


def test_a_wild_trend_is_held_back() -> None:
    wild = with_falling_births(runs.read(source(stocks(15)), system(), spec_of()), -0.3)
    assert pace(wild, "births", np.ones(14)) == -FASTEST


@pytest.mark.parametrize("kept", [0.0, 0.6, 1.0])
def test_rates_follow_the_damped_line(town: Town, kept: float) -> None:
    plain, moved = town_rates(town, Method()), town_rates(town, Method(trends={"births": kept}))
    told = pace(town, "births", Method().trend_weights("births", town.years[1:]))
    for step in (0, 1, 9):
        # Fertility rests on three years, whose mean lies one year before the newest.
        years = 1.0 + sum(kept**k for k in range(step + 1))
        before, after = plain.of_step(step).fertility, moved.of_step(step).fertility
        assert after == pytest.approx(before * np.exp(told * years), rel=1e-12)
        assert moved.of_step(step).death is plain.of_step(step).death or np.array_equal(
            moved.of_step(step).death, plain.of_step(step).death
        )


def test_mortality_damped_as_usual_changes_nothing_and_without_damping_goes_on(
    town: Town,
) -> None:
    plain = town_rates(town, Method())
    usual = town_rates(town, Method(trends={"deaths": 0.9}))
    on = town_rates(town, Method(trends={"deaths": 1.0}))
    slope = town.default_rates(town.years[-1]).mortality_slope
    for step in (0, 5, 19):
        assert usual.of_step(step).death == pytest.approx(plain.of_step(step).death, rel=1e-12)
        ratio = on.of_step(step).death / plain.of_step(step).death
        ahead = step + 1 - (1 - 0.9 ** (step + 1)) / 0.1
        assert ratio == pytest.approx(np.full_like(ratio, np.exp(slope * ahead)), rel=1e-9)


def test_only_what_was_counted_has_a_trend(town: Town) -> None:
    assert offered(town) == ("births", "deaths")  # stocks only: moves are not told apart
    moving = runs.read(counted(stocks(15)), system(), spec_of())
    assert offered(moving) == ("births", "deaths", "arrivals", "departures", "moves")
    codes = {i.code for i in runs.check(spec_of(trends={"arrivals": 0.8}), town)}
    assert "spec-trend" in codes
    assert "spec-trend" not in {
        i.code for i in runs.check(spec_of(trends={"arrivals": 0.8}), moving)
    }


def test_a_trend_of_arrivals_reaches_the_town() -> None:
    """Arrivals that grew evenly go on to grow; the same forecast without a trend stays flat."""
    data = counted(stocks(15, growth=0.03))
    found = []
    for trends in ({}, {"arrivals": 0.9}):
        spec = spec_of(trends=trends, years=10, control=0.0)
        result = runs.make_forecast(data, system(), spec).results[0]
        found.append(result.projection.components["arrivals"].sum(axis=1))
    plain, grown = found
    assert (grown > plain).all()
    growth = np.diff(np.log(grown / plain))
    assert (growth > 0).all()
    assert (np.diff(growth) < 0).all()  # by less and less


def test_five_year_steps_say_that_they_look_at_no_trend() -> None:
    spec = spec_of(age_step="five", years=10, trends={"births": 0.8})
    town = runs.read(source(stocks(16)), system(), spec)
    (issue,) = (i for i in runs.check(spec, town) if i.code == "spec-five-unused")
    assert issue.severity.name == "WARNING"
