"""Forecast years join the observed series; everything shown follows the chosen scenario."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from monitor_app.app import forecasting
from monitor_app.app.explain import explain
from monitor_app.app.maps import map_spec
from monitor_app.app.scenarios import joined
from monitor_app.app.session import Session
from monitor_app.app.settings import Settings
from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import Level
from monitor_app.core.batch import AreaTable, FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status
from monitor_app.forecast.spec import ForecastSpec, Scenario

YEARS = tuple(range(2015, 2025))
KEYS = ("01", "02")


def town() -> ImportBatch:
    ages = AgeAxis.single_years(100)
    days = tuple(date(y, 12, 31) for y in YEARS)
    people = np.full((2, len(days), 2, len(ages.groups)), 12.0)
    people[1] *= 3
    squares = tuple(shapely.box(i * 1000, 0, i * 1000 + 1000, 1000) for i in range(2))
    areas = AreaTable(Level("teil", "Stadtteil", 10), KEYS, ("Nord", "Süd"), squares, "EPSG:25832")
    cube = Cube.of({"area": KEYS, "date": days, "sex": ("m", "f")}, people, ages=ages)
    spec = DatasetSpec("population", Kind.POPULATION, "Bevölkerung", "teil")
    return ImportBatch("Town", (), areas=(areas,), facts=(FactTable(spec, cube),))


LOW = Scenario(key="low", factors={"births": 0.5})
SPEC = ForecastSpec(
    level="teil",
    years=3,
    country="DE",
    scenarios=[
        Scenario(key="middle", label="Mittel"),
        Scenario(key="low", factors={"births": 0.5}),
    ],
)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    session = Session(Settings(), tmp_path / "working")
    session.create(tmp_path / "town.gpkg", "Kleinstadt")
    session.apply(town())
    forecasting.keep(session, forecasting.run(session, SPEC))
    yield session
    session.close(discard=True)


def test_series_goes_on_with_the_chosen_scenario(session: Session) -> None:
    observed = session.compute("einwohner", "teil")
    found = session.series("einwohner", "teil", scenario="main/middle")
    assert observed.dates[-1] == date(2024, 12, 31)
    assert observed.forecast_from is None
    assert found.forecast_from == date(2025, 12, 31)
    assert [d.year for d in found.dates] == [*YEARS, 2025, 2026, 2027]
    assert np.array_equal(found.values[:, : len(YEARS)], observed.values)
    stored = session.project.cube("forecast_main_middle_population")
    sums = stored.values.reshape(2, 3, -1).sum(axis=2)
    assert np.array_equal(found.values[:, len(YEARS) :], sums)
    assert (found.status[:, len(YEARS) :] == Status.FORECAST).all()
    assert np.allclose(found.city_values[len(YEARS) :], sums.sum(axis=0))


def test_map_of_a_forecast_year_says_so(session: Session) -> None:
    assert [s.key for s in session.scenarios()] == ["main/middle", "main/low"]
    session.set_view(scenario="main/low", indicator="einwohner", day=date(2027, 12, 31))
    spec = map_spec(session)
    assert spec.is_forecast
    assert spec.day == date(2027, 12, 31)
    low = spec.values.sum()
    session.set_view(scenario="main/middle")
    assert map_spec(session).values.sum() > low  # fewer births, fewer people


def test_without_its_forecast_a_view_returns_to_the_observed(session: Session) -> None:
    session.set_view(scenario="main/middle", day=date(2027, 12, 31))
    session.undo()
    assert session.view.scenario == ""
    assert session.view.day == date(2024, 12, 31)
    with pytest.raises(UserError) as caught:
        session.series("einwohner", "teil", scenario="main/middle")
    assert caught.value.issues[0].repair


def test_forecast_value_can_be_explained(session: Session) -> None:
    day = date(2026, 12, 31)
    table = session.series("einwohner", "teil", scenario="main/middle")
    trace = explain(session, "einwohner", "teil", "02", day, scenario="main/middle")
    assert trace.value == table.values[1, table.dates.index(day)]
    assert trace.inputs[0].dataset == "forecast_main_middle_population"
    past = explain(session, "einwohner", "teil", "02", date(2020, 12, 31), scenario="main/middle")
    assert past.inputs[0].dataset == "population"


def test_areas_without_a_forecast_have_no_value(session: Session) -> None:
    observed = session.compute("einwohner", "teil")
    ahead = session.series("einwohner", "teil", scenario="main/middle")
    only = replace(
        ahead,
        areas=("02",),
        values=ahead.values[1:],
        status=ahead.status[1:],
        base=None,
    )
    found = joined(observed, only)
    assert (found.status[0, len(YEARS) :] == Status.MISSING).all()
    assert np.isnan(found.values[0, len(YEARS) :]).all()
    assert np.array_equal(found.values[1], ahead.values[1])
