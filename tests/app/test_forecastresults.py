"""Stored forecasts read again: sums, fans from summed draws, comparison, tables, presets, words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from forecasting_towns import session_with, source, stocks, system

from monitor_app.app import forecasting
from monitor_app.app import forecasting_run as runs
from monitor_app.app import forecasting_store as store
from monitor_app.app import forecastspecs as specs
from monitor_app.app.forecastcharts import (
    components_of,
    fan_of_areas,
    fan_of_scenarios,
    pyramid_of,
)
from monitor_app.app.forecastexport import (
    all_tables,
    compare,
    component_table,
    year_table,
)
from monitor_app.app.forecasting_fans import FAN_LEVELS, planning_axis
from monitor_app.app.forecastresults import Results, read_results, stored_forecasts
from monitor_app.app.session import Session
from monitor_app.core.ages import AgeAxis
from monitor_app.core.issues import UserError
from monitor_app.exchange.export_table import ValueColumn
from monitor_app.forecast.spec import make_spec, three_scenarios

DRAWS = 40


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, runs.Forecast]]:
    """A session with a stored forecast of five years, three scenarios and forty draws."""
    folder = tmp_path_factory.mktemp("prognose")
    areas, data = system(), source(stocks(12))
    session = session_with(folder, areas, data)
    overlays = [s.model_dump() for s in three_scenarios()]
    wanted = make_spec({"level": "quarter", "years": 5, "draws": DRAWS, "scenarios": overlays})
    done = runs.make_forecast(session.project, session.areas, wanted)
    session.apply(store.batch_of(done, session.project.datasets()))
    yield session, done
    session.close(discard=True)


@pytest.fixture(scope="module")
def results(kept: tuple[Session, runs.Forecast]) -> Results:
    return read_results(kept[0], "main")


def test_what_is_read_is_what_was_computed(
    kept: tuple[Session, runs.Forecast], results: Results
) -> None:
    session, done = kept
    assert stored_forecasts(session) == {"main": "Prognose"}
    assert [s.key for s in results.scenarios] == ["lower", "middle", "upper"]
    assert results.main.key == "middle"
    assert results.years == done.years[1:]
    assert np.array_equal(results.seen("quarter"), stocks(12).sum(axis=(2, 3)).T)
    for result in done.results:
        exact = result.projection.totals[1:]
        read = results.ahead(result.scenario.key, "quarter")
        assert np.abs(read - exact).max() < 1
        assert np.array_equal(results.ahead(result.scenario.key, "district")[:, 0],
                              read[:, :2].sum(axis=1))  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"age_step": "five", "years": 15, "draws": 0},
        {"scenarios": [{"key": "other"}, {"key": "middle", "label": "Mitte"}]},
        {"special": [{"name": "Heim", "area": "a1", "persons": 40, "ages": {"20-29": 1}}]},
    ],
)
def test_assumptions_changed_since_leave_stored_results_readable(
    kept: tuple[Session, runs.Forecast], results: Results, changes: dict[str, Any]
) -> None:
    session, done = kept
    specs.keep_spec(session, specs.changed(done.spec, **changes))
    try:
        read = read_results(session, "main")
    finally:
        specs.keep_spec(session, done.spec)
    assert (read.base, read.years, read.observed_years) == (
        results.base, results.years, results.observed_years,
    )  # fmt: skip
    for group in range(1 + len(results.groups)):
        assert np.array_equal(read.seen("quarter", group), results.seen("quarter", group))
        for scenario in (s.key for s in read.scenarios):
            assert np.array_equal(read.ahead(scenario, "district", group),
                                  results.ahead(scenario, "district", group))  # fmt: skip
    fan = read.fan("middle", "city", "city")
    assert fan is not None


@pytest.mark.parametrize("years", [5, 15])
@pytest.mark.parametrize("step", ["five", "single"])
def test_five_year_steps_are_shown_whatever_the_step_is_now(
    kept: tuple[Session, runs.Forecast], step: str, years: int
) -> None:
    session = kept[0]
    wanted = make_spec({"id": "steps", "level": "quarter", "years": years, "age_step": "five"})
    done = runs.make_forecast(session.project, session.areas, wanted)
    session.apply(store.batch_of(done, session.project.datasets()))
    try:
        specs.keep_spec(session, specs.changed(wanted, age_step=step))
        read = read_results(session, "steps")
    finally:
        specs.remove_forecast(session, wanted)
    assert (read.base, *read.years) == done.years
    exact = done.results[0].projection.totals[1:]
    assert np.abs(read.ahead(read.main.key, "quarter") - exact).max() < 1
    assert np.array_equal(read.seen("quarter"), stocks(12).sum(axis=(2, 3)).T)
    key = read.main.key
    parts = [read.ahead(key, "quarter", g + 1) for g in range(len(read.groups))]
    assert np.array_equal(sum(parts), read.ahead(key, "quarter"))
    seen = [read.seen("quarter", g + 1) for g in range(len(read.groups))]
    assert np.array_equal(sum(seen), read.seen("quarter"))


def test_age_groups_make_up_all_ages(results: Results) -> None:
    for ask in (lambda g: results.seen("district", g),
                lambda g: results.ahead("upper", "district", g)):  # fmt: skip
        parts = sum(ask(g) for g in range(1, len(results.groups) + 1))
        assert np.array_equal(parts, ask(0))


def test_components_explain_the_change(results: Results) -> None:
    for level in ("city", "district", "quarter"):
        for key in ("lower", "middle"):
            path = np.concatenate([results.seen(level)[-1:], results.ahead(key, level)])
            assert np.array_equal(
                np.diff(path, axis=0), sum(results.components(key, level).values())
            )
    spec = components_of(results, "middle", "quarter", "a2")
    assert np.array_equal(spec.balance, np.diff(np.concatenate(
        [results.seen("quarter")[-1:, 1], results.ahead("middle", "quarter")[:, 1]])))  # fmt: skip


@pytest.mark.parametrize("group", range(9))
def test_quantiles_are_ordered_and_widen(results: Results, group: int) -> None:
    for level, unit in (("city", "city"), ("district", "b"), ("quarter", "a1")):
        fan = results.fan("middle", level, unit, group)
        assert fan is not None
        assert fan.levels == FAN_LEVELS
        assert (np.diff(fan.values, axis=0) >= 0).all()
        low, high = fan.band(0.8)
        assert low[0] == high[0]
        assert high[-1] - low[-1] > high[1] - low[1]


def test_a_district_of_one_quarter_has_the_fan_of_the_quarter(results: Results) -> None:
    """District b is quarter b1: sums of one area are that area, in every group."""
    for group in range(9):
        one, other = (results.fan("middle", *place, group)
                      for place in (("district", "b"), ("quarter", "b1")))  # fmt: skip
        assert one is not None
        assert other is not None
        assert np.array_equal(one.values, other.values)


def test_quantiles_of_sums_are_no_sums_of_quantiles(results: Results) -> None:
    whole = results.fan("middle", "city", "city")
    parts = [results.fan("middle", "quarter", u) for u in ("a1", "a2", "b1")]
    assert whole is not None
    low, high = whole.band(0.8)
    summed = sum(p.band(0.8)[1] - p.band(0.8)[0] for p in parts if p is not None)
    assert 0 < high[-1] - low[-1] < summed[-1]


def test_the_fan_of_the_total_is_that_of_the_intervals(
    kept: tuple[Session, runs.Forecast],
) -> None:
    """The same draws give the same 80 per cent, whichever way they are stored."""
    ranges = kept[1].results[1].intervals
    assert ranges is not None
    assert ranges.fans is not None
    fan = ranges.fans.by_level["quarter"].values
    for mine, theirs in ((0.1, 0.1), (0.9, 0.9)):
        ours = fan[FAN_LEVELS.index(mine), :, 0]
        assert np.allclose(ours, ranges.areas[ranges.levels.index(theirs), :, 0], rtol=1e-5)


def test_planning_groups_are_those_the_data_can_tell() -> None:
    assert planning_axis(None).labels == (
        "0–2", "3–5", "6–9", "10–17", "18–29", "30–64", "65–79", "80+",
    )  # fmt: skip
    five = AgeAxis.from_lows(tuple(range(0, 90, 5)))
    assert planning_axis(five).labels == (
        "0–4", "5–9", "10–19", "20–29", "30–64", "65–79", "80+",
    )  # fmt: skip


def test_scenarios_are_compared_with_the_main_one(results: Results) -> None:
    rows = {(r.scenario, r.unit): r for r in compare(results, "quarter", results.years[-1])}
    assert len(rows) == 9
    for unit in ("a1", "a2", "b1"):
        middle, upper = rows["middle", unit], rows["upper", unit]
        assert middle.against == 0
        assert upper.against == upper.then - middle.then > 0
        assert upper.against_percent == pytest.approx(100 * upper.against / middle.then)
        assert middle.change_percent == pytest.approx(100 * (middle.then / middle.before - 1))
        assert middle.low is not None
        assert middle.high is not None
        assert middle.low <= middle.then <= middle.high


def test_tables_add_up(results: Results) -> None:
    table = year_table(results, "middle", "quarter", 2)
    numbers = [c for c in table.columns if isinstance(c, ValueColumn)]
    assert len(numbers) == len(results.observed_years) + len(results.years)
    for column in numbers:
        assert column.values[:3].sum() == column.values[3]
        assert (column.values == np.rint(column.values)).all()
    parts = component_table(results, "middle", "district")
    values = np.array([c.values for c in parts.columns if isinstance(c, ValueColumn)])
    assert np.array_equal(values[:-1].sum(axis=0), values[-1])
    assert [t.name for t in all_tables(results, "middle", "district", 2022)][1:] == [
        "Szenarien", "Komponenten", "Pyramide",
    ]  # fmt: skip


def test_charts_show_the_numbers_of_the_results(results: Results) -> None:
    fan = fan_of_scenarios(results, "district", "a", 0, ("middle", "lower", "upper"))
    assert [len(c.bands) for c in fan.courses] == [3, 0, 0]
    assert fan.courses[0].ahead[-1] == results.ahead("middle", "district")[-1, 0]
    assert fan.base == results.day(results.base)
    areas = fan_of_areas(results, "upper", "quarter", ("b1", "a1"), 1)
    assert [c.key for c in areas.courses] == ["b1", "a1"]
    assert areas.courses[1].ahead[-1] == results.ahead("upper", "quarter", 1)[-1, 0]
    ages = pyramid_of(results, "middle", "city", "city", results.years[-1])
    both = ages.pyramid.overlay
    assert both is not None
    assert both.men.sum() + both.women.sum() == results.ahead("middle", "city")[-1, 0]
    assert ages.interval is not None
    for low, middle, high in zip(
        *((s.men, s.women) for s in (ages.interval[0], both, ages.interval[1])), strict=True
    ):
        assert ((low <= middle) & (middle <= high)).all()  # fmt: skip


def test_another_forecast_stays_when_one_is_computed_anew(
    kept: tuple[Session, runs.Forecast],
) -> None:
    """Keys of ``main_2`` begin like those of ``main``."""
    session, done = kept
    second = replace(done, spec=done.spec.model_copy(update={"id": "main_2"}))
    forecasting.keep(session, second)
    assert set(stored_forecasts(session)) == {"main", "main_2"}
    before = {s.key: s.datasets for s in session.scenarios()}
    forecasting.keep(session, done)
    assert {s.key: s.datasets for s in session.scenarios()} == before
    specs.remove_forecast(session, done.spec)
    assert set(stored_forecasts(session)) == {"main_2"}
    for _step in range(4):
        session.undo()
    assert set(stored_forecasts(session)) == {"main"}


def test_an_unknown_forecast_is_told(kept: tuple[Session, runs.Forecast], results: Results) -> None:
    with pytest.raises(UserError) as error:
        read_results(kept[0], "nothing")
    assert error.value.issues[0].code == "no-forecast"
    with pytest.raises(UserError) as error:
        results.scenario("nothing")
    assert "middle" in (error.value.issues[0].repair or "")


# -- what a planner decides ------------------------------------------------------------------------


def test_every_preset_is_a_specification_that_can_be_kept() -> None:
    base = make_spec({"level": "quarter"})
    years = range(2012, 2024)
    found = specs.presets(years)
    assert {p.key for p in found} == {"three", "middle", "no_housing", "natural", "usual"}
    for preset in found:
        made = specs.changed(base, **preset.changes)
        assert made.level == "quarter"
    usual = specs.changed(base, **found[-1].changes)
    assert usual.base_years["arrivals"] == [2012, 2013, 2014, 2017, 2018, 2019, 2023]
    assert "usual" not in {p.key for p in specs.presets([2017, 2018])}


def test_assumptions_are_told_in_words() -> None:
    spec = make_spec(
        {
            "level": "quarter",
            "housing": [{"name": "x", "area": "a1", "dwellings": {2026: 10}}],
            "scenarios": [{"key": "a", "housing": False,
                           "factors": {"births": 0.925, "arrivals": {2026: 1.0, 2030: 0.9}}}],
        }
    )  # fmt: skip
    text = specs.scenario_words(spec, spec.scenarios[0])
    assert "92,5 %" in text
    assert "ab 2030 90 %" in text
    assert "ohne Neubauprojekte" in text


def test_parts_of_a_town_with_stocks_only(kept: tuple[Session, runs.Forecast]) -> None:
    found = {p.component: p.grade for p in specs.parts_found(kept[1].town)}
    assert found == {"births": 2, "deaths": 1, "net_migration": 2}
    assert specs.offered_levels(kept[0]) == ("city", "district", "quarter")


def test_results_are_read_though_the_level_was_changed_since(
    kept: tuple[Session, runs.Forecast], results: Results
) -> None:
    session, done = kept
    specs.keep_spec(session, specs.changed(done.spec, level="district"))
    try:
        again = read_results(session, "main")
    finally:
        specs.keep_spec(session, done.spec)
    assert [level.key for level in again.levels] == [level.key for level in results.levels]
    assert np.array_equal(again.ahead("middle", "quarter"), results.ahead("middle", "quarter"))
    assert np.array_equal(again.seen("quarter"), results.seen("quarter"))
