"""Weights of base years: what the table shows, what it writes, and that the engine follows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from forecasting_towns import counted, source, stocks, system

from monitor_app.app import forecasting_run as runs
from monitor_app.app.forecasting_base_years import (
    base_year_words,
    usual_weights,
    usual_words,
    with_weights,
    without_rates,
    year_table,
    years_words,
)
from monitor_app.app.forecasting_rates import town_rates
from monitor_app.app.forecasting_town import Town
from monitor_app.forecast.spec import ForecastSpec, dump_spec, load_spec, make_spec


def spec_of(**more: Any) -> ForecastSpec:
    return make_spec({"level": "quarter", **more})


@pytest.fixture(scope="module")
def town() -> Town:
    return runs.read(source(stocks(12)), system(), spec_of())


def test_usual_years_are_those_the_engine_uses() -> None:
    spec = spec_of(base_period=4)
    years = tuple(range(2010, 2024))
    assert usual_weights(spec, "arrivals", years) == (0.0,) * 10 + (1.0,) * 4
    assert usual_weights(spec, "births", years) == (0.0,) * 11 + (1.0,) * 3
    every = spec_of(base_years={"all": [2011, 2012]})
    assert usual_weights(every, "deaths", years) == (0.0, 1.0, 1.0) + (0.0,) * 11


def test_a_town_with_stocks_only_has_one_column_for_all_moves(town: Town) -> None:
    table = year_table(spec_of(), town)
    assert town.residual
    assert list(table.titles) == ["births", "arrivals"]
    assert table.titles["arrivals"] == "Wanderungssaldo"
    assert table.years == town.years[1:]
    assert all(table.is_usual(c) for c in table.titles)


def test_what_is_written_is_shown_again_and_survives_as_text(town: Town) -> None:
    spec = spec_of()
    table = year_table(spec, town)
    weights = list(table.usual["arrivals"])
    weights[-2], weights[-1] = 0.0, 0.5
    given = with_weights(spec, table, {"arrivals": weights})
    assert list(given) == ["arrivals"]
    back = load_spec(dump_spec(spec_of(base_years=given)))
    again = year_table(back, town)
    assert again.weights["arrivals"] == tuple(weights)
    assert not again.is_usual("arrivals")
    assert with_weights(back, again, {"arrivals": again.usual["arrivals"]}) == {}


def test_whole_years_are_written_as_a_list_and_hidden_years_stay(town: Town) -> None:
    spec = spec_of(base_years={"arrivals": {1990: 0.5, town.years[-1]: 1.0}, "moves": [2001]})
    table = year_table(spec, town)
    ones = [1.0] * len(table.years)
    found = with_weights(spec, table, {"arrivals": ones})
    assert found["moves"] == [2001]  # nothing is lost that the table does not show
    assert found["arrivals"] == {1990: 0.5, **dict.fromkeys(table.years, 1.0)}
    births = with_weights(spec, table, {"births": ones})["births"]
    assert births == list(table.years)


def test_a_component_without_any_year_is_refused(town: Town) -> None:
    table = year_table(spec_of(), town)
    with pytest.raises(ValueError, match="births"):
        with_weights(spec_of(), table, {"births": [0.0] * len(table.years)})


def test_a_year_left_out_leaves_no_trace_in_the_net_migration() -> None:
    """Whatever happened in a year of weight 0 changes nothing; half weights lie between."""
    spec = spec_of()
    usual = stocks(12)
    odd = usual.copy()
    odd[-3:] *= 1.2  # many came in one year and stayed
    plain, other = (runs.read(source(s), system(), spec) for s in (usual, odd))
    year = other.years[-3]
    nets = []
    for weight in (1.0, 0.5, 0.0):
        weights = {y: weight if y == year else 1.0 for y in other.years[-9:]}
        method = runs.method_of(spec_of(base_years={"arrivals": weights}))
        nets.append([town_rates(t, method).net for t in (plain, other)])
    gaps = [
        float(np.abs(b.single - a.single).max())  # type: ignore[union-attr]
        for a, b in nets
    ]
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({2020: 1.0, 2021: 1.0}, "2020–2021"),
        (dict.fromkeys((2014, 2017, 2018, 2019, 2023), 1.0), "2014–2023 ohne 2015–2016, 2020–2022"),
        (dict.fromkeys((2001, 2019), 1.0), "2001, 2019"),
        ({2019: 1.0, 2020: 0.0, 2021: 0.5, 2022: 0.5, 2023: 1.0},
         "2019–2023 ohne 2020; 2021–2022 mit Gewicht 0,5"),
    ],
)  # fmt: skip
def test_years_are_told_in_words(weights: dict[int, float], words: str) -> None:
    assert years_words(weights) == words


def test_components_alike_share_a_sentence() -> None:
    years = [2018, 2019, 2023]
    spec = spec_of(base_years={"arrivals": years, "departures": years, "births": [2023]})
    assert base_year_words(spec) == (
        "Geburten: 2023",
        "Zuzüge von außen und Wegzüge aus der Stadt: 2018–2023 ohne 2020–2022",
    )
    assert base_year_words(spec_of()) == ()
    assert usual_words(spec_of()) == "die letzten 10 Jahre, bei Geburten die letzten 3"


@pytest.mark.parametrize("make", [source, counted])
def test_factors_on_components_without_rates_do_nothing(make: Any) -> None:
    """What the window switches off is what the engine does not look at, and nothing else."""
    data = make(stocks(12))
    plain = runs.make_forecast(data, system(), spec_of(years=3)).results[0].projection.stocks
    town = runs.read(data, system(), spec_of())
    idle = without_rates(town)
    assert idle == ({"moves", "naturalisation"} if make is source else {"naturalisation"})
    for component in ("births", "deaths", "arrivals", "departures", "moves", "naturalisation"):
        scenario = {"key": "x", "factors": {component: 0.5}}
        spec = spec_of(years=3, scenarios=[scenario])
        other = runs.make_forecast(data, system(), spec).results[0].projection.stocks
        assert np.array_equal(plain, other) == (component in idle), component
