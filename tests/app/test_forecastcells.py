"""Ranges of single ages and sexes: closed forms by hand, microsimulation, draws, stored results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from forecasting_towns import counted, session_with, stocks, system

from monitor_app.app import chartpeople
from monitor_app.app import forecasting_run as runs
from monitor_app.app import forecasting_store as store
from monitor_app.app.chartpeople import Who
from monitor_app.app.forecastcells import UNEVEN, GroupRange, cell_range, passing, regrouped
from monitor_app.app.forecastcharts import pyramid_of
from monitor_app.app.forecastexport import pyramid_table
from monitor_app.app.forecastresults import Results, read_results
from monitor_app.app.session import Session
from monitor_app.core.ages import AgeAxis
from monitor_app.core.batch import ImportBatch
from monitor_app.core.datasets import Origin
from monitor_app.exchange.export_table import ValueColumn
from monitor_app.forecast.moves import Pool
from monitor_app.forecast.noise import demographic_variance, renewed_cells
from monitor_app.forecast.rates import StepRates
from monitor_app.forecast.spec import make_spec
from monitor_app.forecast.state import Layout

AGES = AgeAxis.from_lows((0, 1, 2, 3))
GROUPS = AgeAxis.from_lows((0, 2))


# -- from the group to its cells -------------------------------------------------------------------


def test_a_cell_has_what_its_group_shares_and_its_own_chance_worked_by_hand() -> None:
    people = np.array([[100.0, 300.0, 50.0, 0.0], [100.0, 500.0, 150.0, 200.0]])
    chance = np.full((2, 4), 0.5)
    around = GroupRange(GROUPS, np.array([800.0, 320.0]), np.array([1000.0, 400.0]),
                        np.array([1200.0, 500.0]))  # fmt: skip
    low, high = cell_range(people, AGES, chance, around, 3)
    # The first 100 men: group half widths 0.25 and 0.2; chance 0.5 / 100 less 0.5 / 1000.
    extra = 1.2816**2 * (0.5 / 100 - 0.5 / 1000)
    assert low[0, 0] == pytest.approx(100 / (1 + np.sqrt(0.25**2 + extra)))
    assert high[0, 0] == pytest.approx(100 * (1 + np.sqrt(0.2**2 + extra)))
    assert (low[0, 3], high[0, 3]) == (0.0, 0.0)  # nobody is expected
    width = (high - low) / np.where(people > 0, people, 1.0)
    assert width[0, 0] > width[0, 1] > width[1, 1]  # the smaller, the wider


def test_a_cell_that_is_the_whole_group_has_its_range() -> None:
    people = np.array([[40.0, 60.0]])
    around = GroupRange(GROUPS, np.array([30.0, 50.0]), np.array([40.0, 60.0]),
                        np.array([55.0, 66.0]))  # fmt: skip
    low, high = cell_range(people, GROUPS, np.array([[0.3, 0.9]]), around, 1)
    assert low[0] == pytest.approx([30, 50])
    assert high[0] == pytest.approx([55, 66])


def test_who_passes_between_estimated_ages_adds_to_both_groups() -> None:
    five = AgeAxis.from_lows((0, 5, 10, 15))
    assert passing(AGES, 3) == pytest.approx(np.zeros(4))  # single years are known
    assert passing(five, 10) == pytest.approx(np.zeros(4))  # whole groups have moved on
    # By random ages: five single years around their mean, two of them leave, two others come.
    rng = np.random.default_rng(1)
    groups = rng.normal(1.0, UNEVEN, (200_000, 2, 5))
    groups *= 5.0 / groups.sum(axis=2, keepdims=True)
    moved = groups[:, 0, 3:].sum(axis=1) + groups[:, 1, :3].sum(axis=1)
    assert (moved / 5).var() == pytest.approx(passing(five, 2)[1], rel=0.02)


def test_a_group_without_a_range_has_cells_without_one() -> None:
    around = GroupRange(GROUPS, np.array([0.0, 50.0]), np.array([0.0, 60.0]), np.array([0.0, 66.0]))
    low, high = cell_range(np.full((2, 4), 10.0), AGES, np.full((2, 4), 0.5), around, 1)
    assert np.isnan(low[:, :2]).all()
    assert np.isnan(high[:, :2]).all()
    assert np.isfinite(low[:, 2:]).all()


def test_chance_of_coarser_ages_is_that_of_their_people() -> None:
    chance, people = np.array([[1.0, 0.5, 0.2, 0.4]]), np.array([[10.0, 30.0, 0.0, 0.0]])
    found = regrouped(chance, people, AGES, GROUPS)
    assert found[0] == pytest.approx([(10 + 15) / 40, 0.0])


# -- what chance decides ---------------------------------------------------------------------------


def small() -> tuple[Layout, np.ndarray, StepRates]:
    rng = np.random.default_rng(3)
    layout = Layout(("m", "f"), ("all",), AgeAxis.single_years(5), ("a", "b"))
    rates = StepRates(
        death=rng.uniform(0.01, 0.05, layout.shape), fertility=np.zeros(layout.shape[1:]),
        departure=rng.uniform(0.05, 0.2, layout.shape), arrivals=rng.uniform(2, 6, layout.shape),
        move=rng.uniform(0.05, 0.2, layout.shape), move_model=Pool(np.array([[0.5, 0.5]])),
    )  # fmt: skip
    return layout, rng.integers(60, 160, layout.shape).astype(float), rates


def test_variances_of_cells_add_up_to_those_of_groups_and_areas() -> None:
    layout, launch, rates = small()
    mean, variance = renewed_cells(layout, launch, lambda _s: rates, 3)
    bands = [slice(0, 3), slice(3, 6)]
    people, noise = demographic_variance(layout, launch, lambda _s: rates, 3, bands)
    for band, whole, part in zip(bands, np.moveaxis(people, 1, 0), np.moveaxis(noise, 1, 0),
                                 strict=True):  # fmt: skip
        np.testing.assert_allclose(mean[:, :, band].sum(axis=(1, 2)), whole.sum(axis=1))
        np.testing.assert_allclose(variance[:, :, band].sum(axis=(1, 2)), part.sum(axis=1))
    assert (variance[0] == 0).all()
    np.testing.assert_allclose(variance[1:, :, 0], mean[1:, :, 0])  # the born: Poisson


def test_who_moves_inside_the_town_is_still_there_for_the_town() -> None:
    layout, launch, rates = small()
    _mean, areas = renewed_cells(layout, launch, lambda _s: rates, 3)
    mean, town = renewed_cells(layout, launch, lambda _s: rates, 3, inside=True)
    assert (town <= areas).all()
    assert (town[1, :, 1:] < areas[1, :, 1:]).all()
    # One year on, by hand: residents leave the town by death or over its border (hazards of the
    # age they reach), everybody else is Poisson.
    total = rates.death + rates.departure + rates.move
    here = 1 - (1 - np.exp(-total)) * (rates.death + rates.departure) / total
    stayed = (launch[:, :, :3] * here[:, :, 1:4] ** 2).sum(axis=(1, 3))
    np.testing.assert_allclose(town[1, :, 1:4], mean[1, :, 1:4] - stayed, rtol=1e-9)


# -- stored and shown ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, Results]]:
    folder: Path = tmp_path_factory.mktemp("zellen")
    areas, data = system(), counted(stocks(12))
    session = session_with(folder, areas, data)
    spec = make_spec({"level": "quarter", "years": 3, "draws": 40})
    done = runs.make_forecast(session.project, session.areas, spec)
    session.apply(store.batch_of(done, session.project.datasets()))
    yield session, read_results(session, "main")
    session.close(discard=True)


def test_every_age_and_sex_has_a_range_of_its_own(kept: tuple[Session, Results]) -> None:
    results = kept[1]
    for level, unit in (("quarter", "b1"), ("district", "a"), ("city", "city")):
        for year in results.years:
            people = results.pyramid(level, unit, year, "middle")
            bounds = results.pyramid_range(level, unit, year, "middle")
            assert bounds is not None
            assert ((bounds[0] <= people) & (people <= bounds[1])).all()
            assert (bounds[1] > bounds[0])[people > 0].all()
            assert not np.array_equal(bounds[1][0], bounds[1][1])


def test_a_cell_misses_more_than_its_group_and_a_small_area_more_than_the_town(
    kept: tuple[Session, Results],
) -> None:
    results, year = kept[1], kept[1].years[-1]

    def shares(level: str, unit: str) -> np.ndarray:
        bounds = results.pyramid_range(level, unit, year, "middle")
        assert bounds is not None
        people = results.pyramid(level, unit, year, "middle")
        return np.asarray((bounds[1] - people) / np.maximum(people, 1.0))

    rows = results.ages.select(30, 65)
    assert rows is not None
    fan = results.fan("middle", "quarter", "b1", 1 + results.groups.lows.tolist().index(30))
    assert fan is not None
    group = fan.band(0.8)[1][-1] / fan.values[fan.levels.index(0.5)][-1] - 1
    assert (shares("quarter", "b1")[:, rows] > group).all()
    assert shares("quarter", "b1")[:, rows].mean() > 1.3 * shares("city", "city")[:, rows].mean()


def test_the_chart_the_export_and_the_result_tell_the_same(kept: tuple[Session, Results]) -> None:
    session, results = kept
    year = results.years[-1]
    bounds = results.pyramid_range("quarter", "a2", year, "middle")
    assert bounds is not None
    ahead = pyramid_of(results, "middle", "quarter", "a2", year)
    assert ahead.interval is not None
    assert np.array_equal(ahead.interval[1].women, bounds[1][1])
    drawn = ahead.bounds()
    assert drawn is not None
    assert drawn[0][0] == pytest.approx(bounds[0][0] / (ahead.pyramid.highs - ahead.pyramid.lows))
    table = pyramid_table(results, "middle", "quarter", year)
    numbers = {c.name: c.values for c in table.columns if isinstance(c, ValueColumn)}
    place = slice(91, 182)  # the second area
    assert np.array_equal(numbers["Männer: 80 % von"][place], np.rint(bounds[0][0]))
    assert np.array_equal(numbers["Frauen: 80 % bis"][place], np.rint(bounds[1][1]))
    day = results.day(year)
    shown = chartpeople.pyramid(session, "quarter", [Who("a2", day)], scenario="main/middle")
    assert shown.interval is not None
    np.testing.assert_allclose(shown.interval[0].men, bounds[0][0])
    np.testing.assert_allclose(shown.interval[1].women, bounds[1][1])
    assert pyramid_of(results, "middle", "quarter", "a2", year, share=True).interval is None


def test_forecasts_stored_without_it_still_show_the_range_of_their_groups(
    kept: tuple[Session, Results],
) -> None:
    session, results = kept
    key = next(
        i.spec.key for i in session.project.datasets()
        if i.spec.origin is Origin.FORECAST and i.spec.key.endswith("_chance")
    )  # fmt: skip
    session.apply(ImportBatch("ohne", (), removed=(key,)))
    try:
        old = read_results(session, "main")
        year = old.years[-1]
        assert old.pyramid_range("quarter", "a2", year, "middle") is None
        assert len(pyramid_of(old, "middle", "quarter", "a2", year).ranges) == len(results.groups)
        shown = chartpeople.pyramid(
            session, "quarter", [Who("a2", old.day(year))], scenario="main/middle"
        )
        assert shown.interval is not None
    finally:
        session.undo()
