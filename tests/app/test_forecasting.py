"""From cubes to forecasts: what is allotted, bridged, detected, stored, and known at an origin."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from forecasting_towns import source, stocks, system

from monitor_app.app import forecasting_axes as axes
from monitor_app.app import forecasting_run as runs
from monitor_app.app import forecasting_store as store
from monitor_app.app.forecasting_backtest import ENGINE, backtest, forecast_series
from monitor_app.app.forecasting_candidates import series
from monitor_app.app.forecasting_engine import run
from monitor_app.app.forecasting_events import Source as How
from monitor_app.app.forecasting_rates import Method
from monitor_app.app.forecasting_report import numbers, report
from monitor_app.app.forecasting_town import read_town
from monitor_app.core.ages import AgeAxis
from monitor_app.core.batch import AreaTable, FactTable, ImportBatch
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import DatasetSpec, Kind, Origin, TimeReference
from monitor_app.core.issues import UserError
from monitor_app.core.progress import Cancelled, CancelToken, Progress
from monitor_app.core.status import Status
from monitor_app.forecast.spec import dump_spec, load_spec, make_spec, three_scenarios
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.engine import Engine
from monitor_app.project.project import Project


def codes(error: pytest.ExceptionInfo[UserError]) -> list[str]:
    return [i.code for i in error.value.issues]


def town(years: int = 14, **options: object):  # type: ignore[no-untyped-def]
    return read_town(source(stocks(years)), system(), "quarter", **options)  # type: ignore[arg-type]


# -- axes ------------------------------------------------------------------------------------------


def test_allotted_counts_keep_their_totals() -> None:
    rng = np.random.default_rng(1)
    weights = rng.random((2, 4, 3))
    counts = rng.random((2, 2, 1))
    found = axes.allot(counts, weights, [None, np.array([0, 0, 1, 1]), np.zeros(3, dtype=int)])
    assert np.allclose(found[:, :2].sum(axis=(1, 2)), counts[:, 0, 0])
    assert np.allclose(found[:, 2:].sum(axis=(1, 2)), counts[:, 1, 0])
    assert np.allclose(found[0, 0] / found[0, 1], weights[0, 0] / weights[0, 1])


def test_counts_of_positions_that_are_nobodys_stay_away() -> None:
    found = axes.allot(np.array([6.0]), np.ones(3), [np.array([0, -1, 0])])
    assert found.tolist() == [3.0, 0.0, 3.0]


def test_single_years_keep_the_totals_of_their_groups() -> None:
    axis = AgeAxis.decode("0,5,10,20,65,80+")
    groups = np.array([[40.0, 55.0, 90.0, 700.0, 210.0, 60.0], [0.0, 0.0, 3.0, 9.0, 0.0, 1.0]])
    survivors = np.exp(-np.linspace(0, 5, 101))
    years = axes.single_years(groups, axis, survivors)
    bounds = [0, 5, 10, 20, 65, 80, 101]
    for n in range(6):
        assert np.allclose(years[:, bounds[n] : bounds[n + 1]].sum(axis=1), groups[:, n])
    assert (years >= 0).all()
    assert (np.diff(years[0, 80:]) < 0).all()


# -- reading ---------------------------------------------------------------------------------------


def test_a_town_with_stocks_only_is_told_its_methods() -> None:
    found = town()
    assert found.sources["arrivals"] is How.RESIDUAL
    assert found.sources["births"] is How.COUNTED_BACK
    assert found.sources["deaths"] is How.DEFAULT
    told = {i.code for i in found.issues}
    assert {"method-births", "method-arrivals", "method-deaths", "forecast-data"} <= told


def test_quarters_can_be_forecast_as_districts_and_as_the_city() -> None:
    data, areas = source(stocks(10)), system()
    quarters = read_town(data, areas, "quarter").register.stocks
    districts = read_town(data, areas, "district").register.stocks
    city = read_town(data, areas, "city").register.stocks
    assert np.allclose(districts[..., 0], quarters[..., :2].sum(axis=-1))
    assert np.allclose(city[..., 0], quarters.sum(axis=-1))


def test_a_changed_way_of_counting_ends_the_history_before_it() -> None:
    values = stocks(16)
    values[:, :6] *= 0.92
    found = read_town(source(values), system(), "quarter")
    assert found.years[0] == 2014
    assert [i.code for i in found.issues].count("series-break") == 1


def test_one_odd_year_is_no_change_of_counting() -> None:
    values = stocks(16)
    values[:, 7] *= 0.95
    found = read_town(source(values), system(), "quarter")
    assert found.years[0] == 2008


def test_new_areas_take_over_the_past_of_those_they_replaced() -> None:
    keys = ("a1", "a2", "b1", "a3")
    values = np.concatenate([stocks(12), np.zeros((1, 12, 2, 91))])
    # a2 becomes a3 at the end of 2014, the seventh stock.
    values[3, 6:], values[1, 6:] = values[1, 6:].copy(), 0.0
    areas = system({"a2": date(2013, 12, 31)}, {"a3": date(2014, 1, 1)}, keys)
    found = read_town(source(values, keys=keys), areas, "quarter")
    assert found.layout.areas == ("a1", "b1", "a3")
    assert np.allclose(found.register.stocks.sum(axis=(1, 2, 3, 4)), values.sum(axis=(0, 2, 3)))
    assert "areas-bridged" in {i.code for i in found.issues}


def test_negative_counts_are_refused_with_their_areas() -> None:
    values = stocks(10)
    values[1, 3, 0, 5] = -2
    with pytest.raises(UserError) as error:
        read_town(source(values), system(), "quarter")
    assert codes(error) == ["stock-negative"]
    assert error.value.issues[0].column == "a2"


def test_a_missing_year_shortens_the_history_and_is_told() -> None:
    data = source(stocks(14))
    spec, cube = data.cubes["population"]
    data.cubes["population"] = (spec, cube.take("date", [0, 1, 2, *range(4, 14)]))
    found = read_town(data, system(), "quarter")
    assert found.years[0] == 2012
    assert any(i.code == "year-missing" and "2011" in i.message for i in found.issues)


def test_too_short_a_history_is_refused() -> None:
    with pytest.raises(UserError) as error:
        read_town(source(stocks(2)), system(), "quarter")
    assert codes(error) == ["forecast-history"]


# -- running ---------------------------------------------------------------------------------------


def test_every_cell_balances_and_the_control_leaves_the_town_alone() -> None:
    known = town()
    free, _none = run(known, Method(control=0.0), 6)
    held, _none = run(known, Method(control=1.0), 6)
    assert held.imbalance < 1e-8
    assert np.allclose(held.totals.sum(axis=1), free.totals.sum(axis=1))
    assert not np.allclose(held.totals, free.totals)


def test_without_migration_only_births_and_deaths_change_the_town() -> None:
    spec = make_spec({"level": "quarter", "years": 5, "variant": "natural"})
    done = runs.make_forecast(source(stocks(12)), system(), spec).results[0].projection
    change = np.diff(done.totals, axis=0)
    assert np.allclose(change, done.components["births"] - done.components["deaths"])
    assert done.components["arrivals"].sum() == 0


def test_a_growing_town_is_forecast_to_grow_at_its_pace() -> None:
    spec = make_spec({"level": "quarter", "years": 10})
    done = runs.make_forecast(source(stocks(16, 0.02)), system(), spec).results[0].projection
    yearly = np.diff(np.log(done.totals.sum(axis=1)))
    assert yearly[0] == pytest.approx(0.02, abs=0.006)
    assert (yearly > 0.005).all()


def test_new_dwellings_targets_and_bounds_are_met() -> None:
    base = {"level": "quarter", "years": 4}
    data, areas = source(stocks(12)), system()
    plain = runs.make_forecast(data, areas, make_spec(base)).results[0].projection.totals
    project = {
        "name": "Nordfeld", "area": "b1", "dwellings": {2020: 50}, "persons_per_dwelling": 2.0,
        "share_from_town": 0.4, "probability": 0.5, "delay": 1,
    }  # fmt: skip
    built = runs.make_forecast(data, areas, make_spec({**base, "housing": [project]}))
    totals = built.results[0].projection.totals
    assert np.allclose(totals[1], plain[1])
    # Fifty people come; twenty of them from the town, some of these from the area itself.
    assert 45.0 < totals[2, 2] - plain[2, 2] < 50.0
    assert (totals[2, :2] < plain[2, :2]).all()
    assert totals[2].sum() - plain[2].sum() == pytest.approx(30.0, abs=1e-6)
    assert built.results[0].projection.imbalance < 1e-8

    goal = {"year": 2022, "what": "population", "value": 15_000.0}
    aimed = runs.make_forecast(data, areas, make_spec({**base, "targets": [goal]}))
    assert aimed.results[0].projection.totals[3].sum() == pytest.approx(15_000.0)

    held = runs.make_forecast(data, areas, make_spec({**base, "bounds": {"a1": {"upper": 3000}}}))
    assert held.results[0].projection.totals[1:, 0].max() <= 3000 + 1e-6


@pytest.mark.slow
def test_same_seed_same_ranges_and_the_middle_is_the_scenario() -> None:
    spec = make_spec({"level": "quarter", "years": 3, "draws": 60, "seed": 7})
    data, areas = source(stocks(12)), system()
    one, two = (runs.make_forecast(data, areas, spec).results[0] for _n in range(2))
    assert one.intervals is not None
    assert two.intervals is not None
    assert np.array_equal(one.intervals.areas, two.intervals.areas)
    middle = one.intervals.levels.index(0.5)
    assert np.allclose(one.intervals.city[middle, :, 0], one.projection.totals.sum(axis=1))
    low, high = (one.intervals.levels.index(q) for q in (0.1, 0.9))
    widths = one.intervals.areas[high, :, 0] - one.intervals.areas[low, :, 0]
    # Quantiles of sixty draws waver; over the years ranges get wider all the same.
    assert (widths[0] == 0).all()
    assert (widths[1:] > 0).all()
    assert (widths[3] > widths[1]).all()
    other = runs.make_forecast(data, areas, spec.model_copy(update={"seed": 8})).results[0]
    assert other.intervals is not None
    assert not np.array_equal(one.intervals.areas, other.intervals.areas)


def test_three_scenarios_lie_in_their_order() -> None:
    overlays = [s.model_dump() for s in three_scenarios()]
    spec = make_spec({"level": "quarter", "years": 5, "scenarios": overlays})
    found = runs.make_forecast(source(stocks(12)), system(), spec)
    last = [r.projection.totals[-1].sum() for r in found.results]
    assert last[0] < last[1] < last[2]


def test_a_cancelled_run_ends_with_nothing() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        runs.make_forecast(
            source(stocks(12)), system(), make_spec({"level": "quarter"}), Progress(token=token)
        )


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"seed": "one"}, "spec-seed"),
        ({"seed": 1.5}, "spec-seed"),
        ({"years": 0}, "spec-entry"),
        ({"yeers": 5}, "spec-entry"),
        ({"bounds": {"a1": {"lower": 9, "upper": 3}}}, "spec-entry"),
        ({"bounds": {"zz": {"upper": 3}}}, "spec-area"),
        ({"base": 1990}, "spec-base"),
        ({"base_years": {"arrivals": [1970]}}, "spec-base-years"),
        ({"targets": [{"year": 2090, "what": "births", "value": 1}]}, "spec-target"),
        ({"targets": [{"year": 2020, "what": "births", "value": -1}]}, "spec-entry"),
        (
            {"targets": [{"year": 2020, "what": w, "value": 1} for w in (
                "population", "net_migration")]},
            "spec-target-twice",
        ),
        (
            {"bounds": {"a1": {"upper": 5}},
             "targets": [{"year": 2020, "what": "population", "value": 9, "area": "a1"}]},
            "spec-target-bound",
        ),
        ({"country": "XX"}, "forecast-country"),
        ({"dataset": "nothing"}, "forecast-population"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_before_the_run(entry: dict[str, object], code: str) -> None:
    with pytest.raises(UserError) as error:
        runs.make_forecast(
            source(stocks(12)), system(), make_spec({"level": "quarter", "years": 5, **entry})
        )
    assert code in codes(error)
    assert all(i.repair for i in error.value.issues)


def test_a_specification_survives_as_text() -> None:
    spec = make_spec(
        {"level": "quarter", "scenarios": [s.model_dump() for s in three_scenarios()],
         "bounds": {"a1": {"upper": 10}}, "base_years": {"arrivals": {2015: 0.0, 2016: 1.0}}}
    )  # fmt: skip
    assert load_spec(dump_spec(spec)) == spec
    with pytest.raises(UserError) as error:
        load_spec("level: [")
    assert codes(error) == ["spec-yaml"]


# -- storing ---------------------------------------------------------------------------------------


def test_rounded_numbers_add_up() -> None:
    rng = np.random.default_rng(3)
    exact = rng.random((2, 2, 3, 91, 4)) * 9
    whole = store.rounded_stocks(exact)
    assert (whole == np.rint(whole)).all()
    by_area = exact.sum(axis=(1, 2, 3))
    assert np.abs(whole.sum(axis=(1, 2, 3)) - by_area).max() < 1
    by_age = exact.sum(axis=(1, 2))
    assert np.abs(whole.sum(axis=(1, 2)) - by_age).max() < 1


@pytest.mark.slow
def test_a_stored_forecast_is_one_step_of_undo_and_feeds_indicators(tmp_path: Path) -> None:
    areas, data = system(), source(stocks(12))
    spec, cube = data.cubes["population"]
    tables = tuple(
        AreaTable(level, areas.keys(level.key), areas.keys(level.key),
                  (None,) * len(areas.keys(level.key)), None,
                  tuple(a.parents for a in areas.at(level.key)))
        for level in areas.levels if level.key != "city"
    )  # fmt: skip
    with Project.create(tmp_path / "p.gpkg", working_dir=tmp_path / "w") as project:
        project.apply(ImportBatch("daten", (), areas=tables, facts=(FactTable(spec, cube),)))
        before, steps = project.content_hash(), len(project.revisions())
        wanted = make_spec({"level": "quarter", "years": 4, "draws": 20})
        done = runs.make_forecast(project, project.areas(), wanted)
        project.apply(store.batch_of(done, project.datasets()))
        assert len(project.revisions()) == steps + 1
        assert load_spec(project.document("forecast", "main") or "") == wanted
        # A shorter run replaces the longer one altogether.
        short = runs.make_forecast(
            project, project.areas(), wanted.model_copy(update={"years": 2, "draws": 0})
        )
        project.apply(store.batch_of(short, project.datasets()))
        made = [d for d in project.datasets() if d.spec.origin is Origin.FORECAST]
        assert {d.spec.key.rsplit("_", 1)[1] for d in made} == {
            "population", "births", "deaths", "migration",
        }  # fmt: skip
        people = project.cube(store.dataset_key(wanted, "middle", "population"))
        assert people.dates == (date(2020, 12, 31), date(2021, 12, 31))
        assert (people.status == Status.FORECAST).all()
        parts = {
            k: project.cube(store.dataset_key(wanted, "middle", k)).values
            for k in ("births", "deaths", "net_migration")
        }
        totals = people.sum("sex", "age").values
        change = parts["births"] - parts["deaths"] + parts["net_migration"]
        assert np.array_equal(np.diff(totals, axis=1), change[:, 1:])
        engine = Engine(project.areas(), project, Catalogue.shipped())
        table = engine.compute("einwohner", "quarter", origin=Origin.FORECAST)
        assert np.array_equal(table.values, totals)
        assert (table.status == Status.FORECAST).all()
        project.undo()
        project.undo()
        assert project.content_hash() == before


# -- backtest --------------------------------------------------------------------------------------


def test_an_origin_knows_nothing_of_later_years() -> None:
    values = stocks(14)
    later = values.copy()
    later[:, 10:] *= 3.0
    bands = ((0, 6), (65, None))
    said = [
        forecast_series(
            read_town(source(v), system(), "quarter", first_year=2008).until(9), Method(), 4, bands
        )
        for v in (values, later)
    ]
    assert np.array_equal(said[0], said[1])


@pytest.mark.slow
def test_a_backtest_scores_every_method_on_what_came() -> None:
    known = town(16)
    test = backtest(known, Method(), horizons=(1, 3), origins=[2015, 2018])
    assert test.years == (2015, 2018)
    observed = series(known.register.stocks, test.bands)
    assert np.array_equal(test.areas.observed[0, 1], observed[10])
    assert np.isfinite(test.areas.forecasts[ENGINE]).all()
    lower, upper = test.areas.intervals[ENGINE]
    assert (lower < upper).all()
    data = numbers(test)
    assert {r["method"] for r in data["scores"]} >= {"engine", "constant", "mean_of_five"}
    assert set(data["beats_best_naive"]) == {"1", "3"}
    text = report(test, "Kleinstadt")
    assert text.startswith("# Kleinstadt")
    assert data["verdict"][0] in text
    with pytest.raises(UserError) as error:
        backtest(known, Method(), origins=[1990])
    assert codes(error) == ["backtest-origin"]


def test_counted_deaths_decide_where_migration_is_not_counted() -> None:
    data, areas = source(stocks(14)), system()
    spec = make_spec({"level": "quarter", "years": 3})
    usual = runs.make_forecast(data, areas, spec).results[0].projection.components["deaths"]
    days = tuple(date(2009 + n, 12, 31) for n in range(13))
    counted = float(usual[0].sum()) * 1.6 * np.ones((1, len(days)))
    cube = Cube.of({"area": ("city",), "date": days}, counted)
    data.add(DatasetSpec("deaths", Kind.DEATHS, "Sterbefälle", "city", time=TimeReference.PERIOD),
             cube)  # fmt: skip
    known = read_town(data, areas, "quarter")
    assert known.residual
    assert known.sources["deaths"] is How.ALLOTTED
    more = runs.make_forecast(data, areas, spec).results[0].projection
    assert more.components["deaths"][0].sum() == pytest.approx(counted[0, 0], rel=0.1)
    # The people are the same: what deaths take away, net migration has to have brought.
    plain = runs.make_forecast(source(stocks(14)), areas, spec).results[0].projection
    assert more.totals[1].sum() == pytest.approx(plain.totals[1].sum(), rel=0.005)
