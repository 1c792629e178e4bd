"""Usual building is in the rates already: only completions beyond it bring people."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from forecasting_towns import KEYS, Source, counted, source, stocks, system

from monitor_app.app import forecasting_run as runs
from monitor_app.app.forecasting_assumptions import assumed_rates
from monitor_app.app.forecasting_draws import DrawInputs, drawn_paths
from monitor_app.app.forecasting_housing import Planned
from monitor_app.app.forecasting_rates import town_rates
from monitor_app.app.forecasting_usual import housing_note, housing_words
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind, TimeReference
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Progress
from monitor_app.core.status import Status
from monitor_app.forecast.dwellings import UsualBuilding
from monitor_app.forecast.projection import Projection
from monitor_app.forecast.spec import dump_spec, load_spec, make_spec

#: 2.5 people in each dwelling, all from outside the town.
BASE: dict[str, Any] = {"level": "quarter", "years": 4, "control": 0.0}
FIELD = {"name": "Feld", "area": "a1", "dwellings": {2020: 40, 2021: 40, 2022: 10},
         "persons_per_dwelling": 2.5, "share_from_town": 0.0}  # fmt: skip
MEADOW = {**FIELD, "name": "Aue", "area": "b1", "dwellings": {2020: 20}}


def run(data: Source | None = None, **entry: Any) -> Projection:
    done = runs.make_forecast(data or source(stocks(12)), system(), make_spec({**BASE, **entry}))
    return done.results[0].projection


def more(data: Source | None = None, **entry: Any) -> np.ndarray:
    """People (years, areas) whom housing brings in the years of its completion: what the first
    year has more than without, by area."""
    return np.asarray(run(data, **entry).totals - run(data).totals)


# -- worked by hand --------------------------------------------------------------------------------


def test_only_dwellings_beyond_the_usual_of_an_area_bring_people() -> None:
    first = more(housing=[FIELD], usual_housing={"a1": 15})[1]
    assert first == pytest.approx([(40 - 15) * 2.5, 0, 0], abs=1e-8)
    assert more(housing=[FIELD])[1] == pytest.approx([100, 0, 0], abs=1e-8)  # as before without it
    assert more(housing=[FIELD], usual_housing={"b1": 15})[1] == pytest.approx(
        [100, 0, 0], abs=1e-8
    )


def test_the_usual_of_the_town_is_shared_by_what_is_planned() -> None:
    first = more(housing=[FIELD, MEADOW], usual_housing={"all": 30})[1]
    assert first == pytest.approx([40 * 2.5 / 2, 0, 20 * 2.5 / 2], abs=1e-8)  # 30 of 60 are usual
    own = more(housing=[FIELD, MEADOW], usual_housing={"all": 5, "a1": 30})[1]
    assert own == pytest.approx([10 * 2.5, 0, 15 * 2.5], abs=1e-8)


def test_what_is_compared_is_expected_after_delay_and_chance() -> None:
    unsure = {**FIELD, "probability": 0.5, "delay": 1}
    found = more(housing=[unsure], usual_housing={"a1": 15})
    assert found[1] == pytest.approx(np.zeros(3), abs=1e-8)
    assert found[2] == pytest.approx([(20 - 15) * 2.5, 0, 0], abs=1e-8)


def test_fewer_dwellings_than_usual_take_nobody_away() -> None:
    assert np.array_equal(
        run(housing=[FIELD], usual_housing={"a1": 40}).totals, run().totals
    )  # fmt: skip


def test_asked_for_fewer_dwellings_than_usual_do_take_people_away() -> None:
    data = counted(stocks(12))
    small = {**FIELD, "dwellings": {2020: 10}}
    given: dict[str, Any] = {"housing": [small], "housing_shortfall": True}
    built = run(data, **given, usual_housing={"a1": 15})
    first = built.totals[1] - run(data).totals[1]
    # Five dwellings of 2.1 people: four in ten do not arrive, the others stay where they are.
    usual = run(data).components
    change = {name: built.components[name][0] - usual[name][0] for name in usual}
    assert change["arrivals"] == pytest.approx([-4.2, 0, 0], abs=1e-9)
    assert change["moves_in"] == pytest.approx([-6.3, 0, 0], abs=1e-9)
    assert change["moves_out"].sum() == pytest.approx(-6.3)
    assert (change["moves_out"] < 0).all()
    assert first.sum() == pytest.approx(-4.2)
    assert built.imbalance < 1e-8
    parts = built.components
    assert (parts["moves_in"] - parts["moves_out"]).sum(axis=1) == pytest.approx(0.0, abs=1e-8)
    spread = run(data, **given, usual_housing={"all": 30}).totals[1] - run(data).totals[1]
    assert spread.sum() == pytest.approx(-20 * 2.1 * 0.4, rel=1e-6)
    assert (spread < 0).any()


def test_a_scenario_without_housing_has_no_shortfall_either() -> None:
    data = counted(stocks(12))
    off = run(data, housing_shortfall=True, usual_housing={"all": 30},
              scenarios=[{"key": "middle", "housing": False}])  # fmt: skip
    assert np.array_equal(off.totals, run(data).totals)


def test_each_area_is_compared_by_itself() -> None:
    usual = UsualBuilding(np.array([10.0, np.nan, np.nan]), 30.0)
    planned = np.array([[20.0, 40.0, 20.0], [5.0, 0.0, 15.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(
        usual.beyond(planned), [[0.5, 0.5, 0.5], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    )
    np.testing.assert_allclose(
        usual.short(planned, np.array([9.0, 1.0, 2.0])),
        [[0.0, 0.0, 0.0], [5.0, 5.0, 10.0], [10.0, 10.0, 20.0]],
    )


# -- in draws --------------------------------------------------------------------------------------


def test_draws_build_what_is_beyond_the_usual() -> None:
    def paths(homes: float, **entry: Any) -> np.ndarray:
        spec = make_spec({**BASE, "draws": 20, **entry})
        town = runs.read(source(stocks(12)), system(), spec)
        rates = assumed_rates(spec, town, town_rates(town, runs.method_of(spec)), spec.scenarios[0])
        own = make_spec({**BASE, "housing": [{**FIELD, "dwellings": {2021: homes}}]}).housing[0]
        inputs = DrawInputs((Planned("Feld", own),))
        return drawn_paths(spec, town, rates, [slice(0, None)], None, inputs, Progress())

    half = paths(40, usual_housing={"a1": 20})
    np.testing.assert_allclose(half, paths(20), rtol=1e-6)
    assert not np.allclose(half, paths(40), rtol=1e-4)


# -- from completed dwellings ----------------------------------------------------------------------


def built(values: np.ndarray, level: str = "quarter", keys: tuple[str, ...] = KEYS) -> Source:
    """The town with completed dwellings (areas, years 2012 on, two types of house)."""
    found = source(stocks(12))
    days = tuple(date(2012 + n, 12, 31) for n in range(values.shape[1]))
    status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.uint8)
    cube = Cube.of({"area": keys, "date": days, "group": ("small", "large")}, values, status=status)
    spec = DatasetSpec("done", Kind.COMPLETIONS, "Fertigstellungen", level,
                       time=TimeReference.PERIOD)  # fmt: skip
    found.add(spec, cube)
    return found


def test_completions_of_the_base_years_are_usual() -> None:
    values = np.zeros((3, 8, 2))
    values[0, :, 0], values[0, :, 1] = 10.0, np.arange(8.0)  # 2012 to 2019
    data = built(values)
    years = {"arrivals": {2016: 1, 2018: 3}}
    # (1 (10 + 4) + 3 (10 + 6)) / 4 = 15.5
    found = more(data, housing=[FIELD], usual_housing="completions", base_years=years)
    plain = more(data, housing=[FIELD], base_years=years)
    assert (plain - found)[1] == pytest.approx([15.5 * 2.5, 0, 0], abs=1e-8)


def test_a_missing_year_is_left_out_and_told() -> None:
    values = np.full((3, 8, 2), 5.0)
    values[0, 7] = np.nan  # 2019
    data = built(values[:, :7])
    spec = make_spec({**BASE, "housing": [FIELD], "usual_housing": "completions",
                      "base_years": {"all": [2018, 2019]}})  # fmt: skip
    done = runs.make_forecast(data, system(), spec)
    told = {i.code: i.message for i in done.issues}
    assert "2019" in told["usual-housing-years"]
    # 40, 40 and 10 are planned, ten a year are usual.
    assert "60" in told["usual-housing-effect"]
    assert done.spec.usual_housing == "completions"  # kept as it was asked for
    whole = more(built(values), housing=[FIELD], usual_housing="completions",
                 base_years={"all": [2018, 2019]})  # fmt: skip
    gone = more(built(values), housing=[FIELD], base_years={"all": [2018, 2019]})
    assert (gone - whole)[1] == pytest.approx([10 * 2.5, 0, 0], abs=1e-8)


def test_completions_of_the_town_alone_are_shared() -> None:
    values = np.full((1, 8, 2), 15.0)
    data = built(values, "city", ("city",))
    found = more(data, housing=[FIELD, MEADOW], usual_housing="completions")
    assert found[1] == pytest.approx([50.0, 0, 25.0], abs=1e-8)


def test_without_completed_dwellings_nothing_runs() -> None:
    with pytest.raises(UserError) as refused:
        run(housing=[FIELD], usual_housing="completions")
    assert [i.code for i in refused.value.issues] == ["spec-usual-housing"]


def test_unknown_areas_and_negative_numbers_are_refused() -> None:
    with pytest.raises(UserError) as refused:
        run(usual_housing={"a9": 4})
    assert refused.value.issues[0].column == "usual_housing"
    with pytest.raises(UserError):
        make_spec({**BASE, "usual_housing": {"a1": -1}})
    with pytest.raises(UserError):
        make_spec({**BASE, "usual_housing": "sometimes"})


def test_the_specification_is_kept_and_said_in_words() -> None:
    spec = make_spec({**BASE, "usual_housing": {"all": 120, "a1": 2.5}, "housing_shortfall": True})
    assert load_spec(dump_spec(spec)) == spec
    assert "122.5" in housing_words(spec).replace(",", ".")
    assert "122.5" in housing_note(spec).replace(",", ".")
    assert housing_note(make_spec({**BASE, "usual_housing": "completions"}))
    assert housing_note(make_spec(BASE)) == ""
    assert housing_words(make_spec(BASE)) == ""
    assert "usual_housing" not in dump_spec(make_spec(BASE))
