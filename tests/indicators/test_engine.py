"""Values of small towns worked out by hand, and what must hold for every town."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from towns import BROAD, DAY, FakeSource, catalogue, stock, town

from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent, Kind, Origin
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.indicators.engine import Engine

OLD_AGE = "100 * pop(age >= 65) / pop(age 20..64)"
VIERTEL: dict[str, str | None] = {"11": "1", "12": "1", "21": "2"}
#: Viertel 11: 300/500/200, 12: 0/20/60, 21: 100/100/10
COUNTS = [[300, 500, 200], [0, 20, 60], [100, 100, 10]]


def engine_of(source: FakeSource, known: Catalogue, areas: AreaSystem | None = None) -> Engine:
    return Engine(areas or town(VIERTEL), source, known)


def value(engine: Engine, indicator: str, level: str, area: str, day: date = DAY) -> float:
    table = engine.compute(indicator, level)
    return float(table.values[table.areas.index(area), table.dates.index(day)])


# -- levels -----------------------------------------------------------------------------------


def test_rates_of_larger_areas_come_from_their_own_counts() -> None:
    engine = engine_of(FakeSource().add("p", stock(["11", "12", "21"], COUNTS)),
                       catalogue(aq=OLD_AGE))  # fmt: skip
    viertel = engine.compute("aq", "viertel")
    assert viertel.values[:, 0].tolist() == [40.0, 300.0, 10.0]
    bezirk = engine.compute("aq", "bezirk")
    # 100 * 260 / 520, not the mean of 40 and 300
    assert bezirk.values[:, 0].tolist() == [50.0, 10.0]
    # 100 * 270 / 620
    assert bezirk.city_values[0] == pytest.approx(43.548387096774)
    assert viertel.city_values[0] == bezirk.city_values[0]
    assert engine.compute("aq", CITY).values[0, 0] == bezirk.city_values[0]
    assert viertel.base is not None
    assert viertel.base[:, 0].tolist() == [500.0, 20.0, 100.0]


def test_areas_that_cannot_be_located_count_in_the_city_only() -> None:
    areas = town({**VIERTEL, "99": None})
    source = FakeSource().add("p", stock(["11", "12", "21", "99"], [*COUNTS, [1, 2, 3]]))
    engine = engine_of(source, catalogue(n="pop()"), areas)
    table = engine.compute("n", "viertel")
    assert table.areas == ("11", "12", "21")
    assert table.values[:, 0].tolist() == [1000.0, 80.0, 210.0]
    assert table.city_values[0] == 1296.0
    assert engine.compute("n", "bezirk").values[:, 0].tolist() == [1080.0, 210.0]


def test_a_missing_part_makes_sums_missing_and_never_zero() -> None:
    counts = np.array(COUNTS, dtype=np.float64)
    counts[1, 0] = np.nan
    engine = engine_of(FakeSource().add("p", stock(["11", "12", "21"], counts)),
                       catalogue(n="pop()", aq=OLD_AGE))  # fmt: skip
    table = engine.compute("n", "bezirk")
    assert table.status[:, 0].tolist() == [Status.MISSING, Status.OK]
    assert np.isnan(table.values[0, 0])
    assert table.city_status[0] == Status.MISSING
    # The ratio does not need the children and stays known.
    assert engine.compute("aq", "bezirk").values[0, 0] == 50.0


def test_an_area_that_the_delivery_does_not_list_is_missing() -> None:
    cube = stock(["11", "21"], [COUNTS[0], COUNTS[2]])
    engine = engine_of(FakeSource().add("p", cube), catalogue(n="pop()"))
    table = engine.compute("n", "viertel")
    assert table.status[:, 0].tolist() == [Status.OK, Status.MISSING, Status.OK]
    assert engine.compute("n", "bezirk").status[:, 0].tolist() == [Status.MISSING, Status.OK]
    assert table.city_status[0] == Status.MISSING


def test_an_unlisted_area_is_zero_where_the_delivery_says_so() -> None:
    cube = stock(["11", "21"], [COUNTS[0], COUNTS[2]])
    engine = engine_of(FakeSource().add("p", cube, absent=Absent.ZERO), catalogue(n="pop()"))
    assert engine.compute("n", "viertel").values[:, 0].tolist() == [1000.0, 0.0, 210.0]
    assert engine.compute("n", "bezirk").values[0, 0] == 1000.0


def test_an_area_that_did_not_exist_yet_is_no_gap() -> None:
    days = [date(2019, 12, 31), DAY]
    areas = town(VIERTEL)
    born = [
        Area(a.id, a.level, a.key, a.name, a.parents, date(2020, 1, 1), None, a.geometry)
        if a.key == "12"
        else a
        for a in areas.areas
    ]
    counts = [[[1000.0], [900.0]], [[np.nan], [100.0]], [[210.0], [210.0]]]
    source = FakeSource().add(
        "p", Cube.of({"area": ["11", "12", "21"], "date": days}, np.array(counts)[:, :, 0])
    )
    engine = engine_of(source, catalogue(n="pop()"), AreaSystem(areas.levels, tuple(born)))
    table = engine.compute("n", "bezirk")
    assert table.values.tolist() == [[1000.0, 1000.0], [210.0, 210.0]]
    assert table.city_values.tolist() == [1210.0, 1210.0]


def test_filled_up_zeros_of_an_area_that_did_not_exist_are_no_value() -> None:
    days = [date(2019, 12, 31), DAY]
    areas = town(VIERTEL)
    born = [
        Area(a.id, a.level, a.key, a.name, a.parents, date(2020, 1, 1), None, a.geometry)
        if a.key == "12"
        else a
        for a in areas.areas
    ]
    counts = np.array([[1000.0, 900.0], [0.0, 100.0], [210.0, 210.0]])
    cube = Cube.of({"area": ["11", "12", "21"], "date": days}, counts)
    source = FakeSource().add("p", cube, absent=Absent.ZERO)
    known = catalogue(n="pop()", c="change_percent(pop(), 1)")
    engine = engine_of(source, known, AreaSystem(areas.levels, tuple(born)))
    table = engine.compute("n", "viertel")
    assert table.status.tolist() == [[0, 0], [Status.MISSING, 0], [0, 0]]
    assert engine.compute("n", "bezirk").values.tolist() == [[1000.0, 1000.0], [210.0, 210.0]]
    assert table.city_values.tolist() == [1210.0, 1210.0]
    change = engine.compute("c", "viertel")
    assert change.status[:, 0].tolist() == [0, Status.MISSING, 0]
    assert change.issues == ()


def test_the_last_day_of_an_area_counts() -> None:
    """An area valid to 31 December is there on 31 December, in stocks and in yearly counts."""
    areas = AreaSystem(
        (Level(CITY, "Stadt", 0), Level("viertel", "Viertel", 1)),
        (Area(1, "viertel", "a", "a", valid_to=DAY, geometry="V"),),
    )
    source = FakeSource().add("p", stock(["a"], [[1, 2, 3]]))
    births = Cube.of({"area": ["a"], "date": [DAY]}, np.array([[7.0]]))
    source.add("b", births, kind=Kind.BIRTHS, period=True)
    engine = engine_of(source, catalogue(n="pop()", b="births()"), areas)
    assert value(engine, "n", "viertel", "a") == 6.0
    assert value(engine, "b", "viertel", "a") == 7.0


def test_secret_cells_stay_secret_through_sums_and_ratios() -> None:
    status = np.zeros((3, 1, 3), dtype=np.uint8)
    counts = np.array(COUNTS, dtype=np.float64)
    counts[1, 2], status[1, 0, 2] = np.nan, Status.SECRET
    engine = engine_of(
        FakeSource().add("p", stock(["11", "12", "21"], counts, status=status)),
        catalogue(aq=OLD_AGE),
    )
    assert engine.compute("aq", "viertel").status[:, 0].tolist() == [0, Status.SECRET, 0]
    assert engine.compute("aq", "bezirk").status[:, 0].tolist() == [Status.SECRET, 0]


# -- properties -------------------------------------------------------------------------------

small_counts = arrays(np.float64, (5, 3), elements=st.integers(0, 400).map(float))
assignment = st.lists(st.sampled_from(["1", "2", "3"]), min_size=5, max_size=5)


@settings(max_examples=60, deadline=None)
@given(small_counts, assignment)
def test_merging_areas_adds_counts_and_recomputes_rates(
    counts: np.ndarray, parents: list[str]
) -> None:
    keys = [f"k{i}" for i in range(5)]
    areas = town(dict(zip(keys, parents, strict=True)))
    source = FakeSource().add("p", stock(keys, counts))
    engine = engine_of(source, catalogue(n="pop()", aq=OLD_AGE), areas)
    total, ratio = engine.compute("n", "bezirk"), engine.compute("aq", "bezirk")
    for i, bezirk in enumerate(total.areas):
        merged = counts[[p == bezirk for p in parents]].sum(axis=0)
        assert total.values[i, 0] == merged.sum()
        if merged[1] == 0:
            assert ratio.status[i, 0] == Status.NOT_APPLICABLE
            assert np.isnan(ratio.values[i, 0])
        else:
            assert ratio.values[i, 0] == pytest.approx(100 * merged[2] / merged[1], rel=1e-12)
    assert total.city_values[0] == counts.sum()


@settings(max_examples=40, deadline=None)
@given(small_counts, st.permutations(range(5)))
def test_the_order_of_areas_does_not_matter(counts: np.ndarray, order: list[int]) -> None:
    keys = [f"k{i}" for i in range(5)]
    areas = town(dict.fromkeys(keys, "1"))
    known = catalogue(aq=OLD_AGE, z="zscore(pop())", r="rank(pop())", m="minmax(pop())")
    first = engine_of(FakeSource().add("p", stock(keys, counts)), known, areas)
    second = engine_of(
        FakeSource().add("p", stock([keys[i] for i in order], counts[order])), known, areas
    )
    for key in known.ids:
        a, b = first.compute(key, "viertel"), second.compute(key, "viertel")
        assert a.areas == b.areas
        np.testing.assert_array_equal(a.status, b.status)
        np.testing.assert_allclose(a.values, b.values, rtol=1e-9, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(small_counts, arrays(np.bool_, (5, 3)))
def test_missing_cells_never_become_numbers(counts: np.ndarray, gone: np.ndarray) -> None:
    keys = [f"k{i}" for i in range(5)]
    areas = town(dict.fromkeys(keys, "1"))
    holes = np.where(gone, np.nan, counts)
    known = catalogue(n="pop()", aq=OLD_AGE, s="sum(pop(age < 20), pop(age >= 65))",
                      z="zscore(pop())")  # fmt: skip
    engine = engine_of(FakeSource().add("p", stock(keys, holes)), known, areas)
    needs = {"n": gone.any(axis=1), "aq": gone[:, 1:].any(axis=1), "s": gone[:, [0, 2]].any(axis=1)}
    for key, missing in needs.items():
        table = engine.compute(key, "viertel")
        if not table.dates:
            assert missing.all()
            continue
        assert (table.status[missing, 0] == Status.MISSING).all()
        assert np.isnan(table.values[missing, 0]).all()
        assert (table.status[~missing, 0] != Status.MISSING).all()
        assert (np.isnan(table.city_values[0])) == bool(missing.any() or (
            key == "aq" and counts[:, 1].sum() == 0))  # fmt: skip


# -- ages -------------------------------------------------------------------------------------


def test_age_groups_that_do_not_fit_are_told_and_never_approximated() -> None:
    engine = engine_of(
        FakeSource().add("p", stock(["11", "12", "21"], COUNTS)),
        catalogue(x="pop(age >= 67)", y="mean_age()", z="pop(age 20..80)"),
    )
    for key in ("x", "y", "z"):
        table = engine.compute(key, "viertel")
        assert table.dates == ()
        assert table.values.shape == (3, 0)
        assert "Altersgruppen" in table.missing_inputs[0]
        assert "0–19, 20–64, 65+" in table.missing_inputs[0]
        assert engine.availability(key) == table.missing_inputs


def test_interpolation_is_explicit_and_marked_as_estimated() -> None:
    ages = AgeAxis.from_lows((0, 20, 40, 60, 100))
    source = FakeSource().add("p", stock(["11", "12", "21"], [[10, 20, 40, 80, 0]] * 3, ages=ages))
    engine = engine_of(source, catalogue(x="interpolate(pop(age 30..49))", y="pop(age 20..59)",
                                         z="interpolate(pop(age 20..59))"))  # fmt: skip
    x = engine.compute("x", "viertel")
    assert x.values[0, 0] == 30.0  # half of 20 and half of 40
    assert x.status[0, 0] == Status.ESTIMATED
    # Groups that fit are counted, not estimated, with or without leave to interpolate.
    assert engine.compute("y", "viertel").values[0, 0] == 60.0
    assert engine.compute("z", "viertel").status[0, 0] == Status.OK


def test_an_open_group_is_never_split() -> None:
    engine = engine_of(
        FakeSource().add("p", stock(["11", "12", "21"], COUNTS)),
        catalogue(x="interpolate(pop(age >= 80))", y="interpolate(pop(age 60..79))"),
    )
    assert engine.availability("x")
    assert engine.availability("y")


def test_a_data_set_that_leaves_ages_out_is_no_total() -> None:
    ages = AgeAxis.from_lows((0, 3, 6), end=10)
    source = FakeSource().add("kids", stock(["11", "12", "21"], [[1, 2, 3]] * 3, ages=ages))
    engine = engine_of(source, catalogue(n="pop()", k="pop(age < 3)"))
    assert engine.availability("n")
    assert value(engine, "k", "viertel", "11") == 1.0


def test_mean_and_median_age_from_single_years() -> None:
    counts = np.zeros((3, 101))
    counts[0, 10], counts[0, 70] = 60, 40
    counts[1, 30], counts[1, 50] = 30, 10
    source = FakeSource().add("p", stock(["11", "12", "21"], counts, ages=AgeAxis.single_years()))
    engine = engine_of(source, catalogue(mean="mean_age()", median="median_age()"))
    mean, median = engine.compute("mean", "viertel"), engine.compute("median", "viertel")
    assert mean.values[:2, 0].tolist() == [34.5, 35.5]
    assert median.values[0, 0] == pytest.approx(10 + 50 / 60)
    assert median.values[1, 0] == pytest.approx(30 + 20 / 30)
    assert mean.status[2, 0] == median.status[2, 0] == Status.NOT_APPLICABLE
    # Bezirk 1: (60·10.5 + 40·70.5 + 30·30.5 + 10·50.5) / 140
    assert engine.compute("mean", "bezirk").values[0, 0] == pytest.approx(4870 / 140)


# -- choice of data sets ----------------------------------------------------------------------


def test_the_data_set_that_answers_everything_is_taken_for_both() -> None:
    fine = stock(["11", "12", "21"], COUNTS)
    total = stock(["11", "12", "21"], [[1100], [90], [230]], ages=None)
    source = FakeSource().add("a_total", total).add("b_fine", fine)
    engine = engine_of(source, catalogue(share="100 * pop(age >= 65) / pop()", n="pop()"))
    table = engine.compute("share", "viertel")
    assert table.datasets == ("b_fine",)
    assert table.values[0, 0] == 20.0
    assert table.issues == ()


def test_inputs_from_two_data_sets_are_said() -> None:
    ages = stock(["11", "12", "21"], COUNTS)
    sexes = Cube.of(
        {"area": ["11", "12", "21"], "date": [DAY], "sex": ["m", "f"]}, np.full((3, 1, 2), 500.0)
    )
    source = FakeSource().add("ages", ages).add("sexes", sexes)
    engine = engine_of(source, catalogue(x="pop(age >= 65) / pop(sex == f)"))
    table = engine.compute("x", "viertel")
    assert table.values[0, 0] == 0.4
    assert [i.code for i in table.issues] == ["mixed-datasets"]


def test_the_nearest_level_is_preferred_and_finer_ones_are_summed_where_it_ends() -> None:
    days = [date(2019, 12, 31), DAY]
    fine = Cube.of({"area": ["11", "12", "21"], "date": days}, np.full((3, 2), 10.0))
    own = Cube.of({"area": ["1", "2"], "date": [DAY]}, np.array([[25.0], [10.0]]))
    source = FakeSource().add("fine", fine).add("own", own, level="bezirk")
    engine = engine_of(source, catalogue(n="pop()"))
    table = engine.compute("n", "bezirk")
    assert table.dates == tuple(days)
    assert table.values.tolist() == [[20.0, 25.0], [10.0, 10.0]]


def test_larger_areas_are_never_spread_over_smaller_ones() -> None:
    own = Cube.of({"area": ["1", "2"], "date": [DAY]}, np.array([[25.0], [10.0]]))
    engine = engine_of(FakeSource().add("own", own, level="bezirk"), catalogue(n="pop()"))
    assert engine.compute("n", "viertel").dates == ()
    assert "gebietsebene" in engine.availability("n", "viertel")[0].lower()
    assert engine.availability("n", "bezirk") == ()


def test_a_forecast_is_never_mixed_into_what_was_observed() -> None:
    later = date(2030, 12, 31)
    source = FakeSource().add("p", stock(["11", "12", "21"], COUNTS))
    source.add("f", stock(["11", "12", "21"], COUNTS, days=[later]), origin=Origin.FORECAST)
    engine = engine_of(source, catalogue(n="pop()"))
    assert engine.compute("n", "viertel").dates == (DAY,)
    forecast = engine.compute("n", "viertel", origin=Origin.FORECAST)
    assert forecast.dates == (later,)
    assert (forecast.status == Status.FORECAST).all()
    assert engine.compute("n", "viertel", datasets=["other"]).dates == ()


def test_group_words_follow_the_codes_of_the_data() -> None:
    labels = {"area": ["11", "12", "21"], "date": [DAY]}
    vienna = Cube.of({**labels, "group": ["AUT", "EEA", "TCN"]}, np.array([[[7.0, 2, 1]]] * 3))
    known = catalogue(f="pop(group == foreign)", n="pop(group == national)", e="pop(group == eu)",
                      q="pop(group == XYZ)", d='pop(group != "AUT")')  # fmt: skip
    engine = engine_of(FakeSource().add("p", vienna), known)
    found = {k: value(engine, k, "viertel", "11") for k in "fned"}
    assert found == {"f": 3.0, "n": 7.0, "e": 2.0, "d": 3.0}
    assert "XYZ" in engine.availability("q")[0]
    odd = Cube.of({**labels, "group": ["g1", "g2"]}, np.ones((3, 1, 2)))
    assert engine_of(FakeSource().add("p", odd), known).availability("f")


# -- time -------------------------------------------------------------------------------------


def test_events_are_held_against_the_mean_population_of_their_year() -> None:
    for days in ([date(2019, 12, 31), date(2020, 12, 31)], [date(2020, 1, 1), date(2021, 1, 1)]):
        source = FakeSource().add(
            "p", Cube.of({"area": ["11", "12", "21"], "date": days}, np.array([[900.0, 1100]] * 3))
        )
        births = Cube.of({"area": ["11", "12", "21"], "date": [DAY]}, np.full((3, 1), 12.0))
        source.add("b", births, kind=Kind.BIRTHS, period=True)
        engine = engine_of(source, catalogue(cbr="1000 * births() / mean_pop()"))
        table = engine.compute("cbr", "viertel")
        assert table.dates == (DAY,)
        assert table.values[:, 0].tolist() == [12.0] * 3
        assert table.city_values[0] == 12.0
        assert table.base is not None
        assert table.base[0, 0] == 1000.0


def test_stocks_keep_the_day_of_their_data_set() -> None:
    days = [date(2020, 1, 1), date(2021, 1, 1)]
    source = FakeSource().add(
        "p", Cube.of({"area": ["11", "12", "21"], "date": days}, np.array([[100.0, 150]] * 3))
    )
    known = catalogue(n="pop()", c="change(pop(), 1)", p="change_percent(pop(), 1)",
                      l="lag(pop(), 1)", m="mean_years(pop(), 2)",
                      s="sum_years(pop(), 2)")  # fmt: skip
    engine = engine_of(source, known)
    assert engine.dates("n", "viertel") == tuple(days)
    # The first year has nothing to be compared with: no date of the series.
    assert engine.dates("c", "viertel") == (days[1],)
    found = {k: value(engine, k, "viertel", "11", days[1]) for k in "cplms"}
    assert found == {"c": 50.0, "p": 50.0, "l": 100.0, "m": 125.0, "s": 250.0}


def test_dated_formulas_change_on_their_day() -> None:
    days = [date(2019, 12, 31), DAY]
    source = FakeSource().add(
        "p", Cube.of({"area": ["11", "12", "21"], "date": days}, np.full((3, 2), 10.0))
    )
    dated = [{"formula": "pop()"}, {"from": "2020-06-01", "formula": "2 * pop()"}]
    engine = engine_of(source, catalogue(x={"formula": dated}))
    assert engine.compute("x", "viertel").values[0].tolist() == [10.0, 20.0]


# -- variables, surfaces, references ----------------------------------------------------------


def test_variables_follow_their_aggregation_rule() -> None:
    keys = ["11", "12", "21"]
    rent = Cube.of({"area": keys, "date": [DAY]}, np.array([[10.0], [20.0], [8.0]]), unit="€/m²")
    source = FakeSource().add("p", stock(keys, [[300], [100], [50]], ages=None))
    source.add("rent", rent, kind=Kind.VARIABLE, variable="rent", aggregation="mean:population")
    source.add("level", rent, kind=Kind.VARIABLE, variable="own", aggregation="none")
    source.add("units", rent, kind=Kind.VARIABLE, variable="units")
    engine = engine_of(source, catalogue(r="rent", o='variable("own")', u="units", q="nothing"))
    assert engine.compute("r", "viertel").values[:, 0].tolist() == [10.0, 20.0, 8.0]
    assert engine.compute("r", "bezirk").values[:, 0].tolist() == [12.5, 8.0]
    assert engine.compute("r", "bezirk").city_values[0] == pytest.approx(5400 / 450)
    assert engine.compute("u", "bezirk").values[0, 0] == 30.0
    assert engine.compute("o", "bezirk").dates == ()
    assert engine.compute("o", "viertel").city_status.tolist() == [Status.MISSING]
    assert "nothing" in engine.availability("q")[0]


def test_variables_take_filters_and_means_are_not_added_up() -> None:
    keys = ["11", "12", "21"]
    labels = {"area": keys, "date": [DAY], "sex": ["m", "f"]}
    ages = AgeAxis.from_lows((0, 18))
    kids = Cube.of(labels, np.full((3, 1, 2, 2), 5.0), ages=ages)
    income = Cube.of(labels, np.array([[[2000.0, 1000.0]]] * 3))
    source = FakeSource().add("k", kids, kind=Kind.VARIABLE, variable="naturalised")
    source.add("i", income, kind=Kind.VARIABLE, variable="income", aggregation="none")
    known = catalogue(a='variable("naturalised", age < 18, sex == f)', b="naturalised",
                      i="income", f='variable("income", sex == f)')  # fmt: skip
    engine = engine_of(source, known)
    assert value(engine, "a", "viertel", "11") == 5.0
    assert value(engine, "a", "bezirk", "1") == 10.0
    assert value(engine, "b", "viertel", "11") == 20.0
    assert value(engine, "f", "viertel", "11") == 1000.0
    assert engine.compute("i", "viertel").dates == ()
    assert "Geschlecht" in engine.availability("i", "viertel")[0]


@pytest.mark.parametrize(("unit", "expected"), [("m²", 0.04), ("1000 m²", 40.0), ("ha", 400.0)])
def test_variables_are_brought_to_the_unit_of_the_formulas(unit: str, expected: float) -> None:
    keys = ["11", "12", "21"]
    floor = Cube.of({"area": keys, "date": [DAY]}, np.full((3, 1), 40.0), unit=unit)
    source = FakeSource().add("p", stock(keys, [[1000]] * 3, ages=None))
    source.add("f", floor, kind=Kind.VARIABLE, variable="floor_area")
    engine = engine_of(source, catalogue(x='variable("floor_area") / pop()'))
    assert value(engine, "x", "viertel", "11") == pytest.approx(expected)


def test_a_unit_that_is_not_understood_is_told() -> None:
    keys = ["11", "12", "21"]
    floor = Cube.of({"area": keys, "date": [DAY]}, np.full((3, 1), 40.0), unit="Morgen")
    source = FakeSource().add("f", floor, kind=Kind.VARIABLE, variable="floor_area")
    engine = engine_of(source, catalogue(x='variable("floor_area")'))
    assert "Morgen" in engine.availability("x", "viertel")[0]


def test_an_indicator_may_be_weighted_by_a_count() -> None:
    keys = ["11", "12", "21"]
    source = FakeSource().add("p", stock(keys, [[300], [100], [50]], ages=None))
    rent = Cube.of({"area": keys, "date": [DAY]}, np.array([[10.0], [20.0], [8.0]]))
    source.add("rent", rent, kind=Kind.VARIABLE, variable="rent", aggregation="none")
    known = catalogue(r={"formula": "rent", "aggregation": "weighted", "weight": "pop()"})
    engine = engine_of(source, known)
    assert engine.compute("r", "viertel").values[:, 0].tolist() == [10.0, 20.0, 8.0]
    assert engine.compute("r", "bezirk").values[:, 0].tolist() == [12.5, 8.0]
    assert engine.compute("r", "bezirk").city_values[0] == pytest.approx(12.0)


def test_density_uses_the_surface_of_the_area_and_of_the_town() -> None:
    areas = town(VIERTEL, surface={"11": 2e6, "12": 1e6, "21": 0.5e6})
    source = FakeSource().add("p", stock(["11", "12", "21"], COUNTS))
    engine = engine_of(source, catalogue(d="pop() / surface(km2)", h="pop() / surface(ha)"), areas)
    table = engine.compute("d", "viertel")
    assert table.values[:, 0].tolist() == [500.0, 80.0, 420.0]
    assert table.city_values[0] == pytest.approx(1290 / 3.5)
    assert value(engine, "h", "viertel", "11") == 5.0
    # Bezirke have no surface of their own here: missing, not zero and not infinite.
    assert engine.compute("d", "bezirk").status[:, 0].tolist() == [Status.MISSING] * 2


def test_an_area_founded_on_new_years_day_has_its_surface_then() -> None:
    """The stock of 1 January belongs to the turn of the year, the area to the day itself."""
    areas = AreaSystem(
        (Level(CITY, "Stadt", 0), Level("viertel", "Viertel", 1)),
        (Area(1, "viertel", "a", "a", valid_from=date(2021, 1, 1), geometry="V", surface_m2=2e6),),
    )
    source = FakeSource().add("p", stock(["a"], [[1, 2, 3]], days=[date(2021, 1, 1)]))
    engine = engine_of(source, catalogue(d="pop() / surface(km2)"), areas)
    table = engine.compute("d", "viertel")
    assert table.values[0, 0] == 3.0
    assert table.city_values[0] == 3.0


def test_data_sets_that_no_shown_value_read_are_not_named() -> None:
    keys, early = ["11", "12", "21"], [date(1990, 12, 31), date(1991, 12, 31)]
    long = Cube.of({"area": keys, "date": early}, np.full((3, 2), 5.0))
    source = FakeSource().add("long", long).add("fine", stock(keys, COUNTS))
    engine = engine_of(source, catalogue(s="100 * pop(age >= 65) / pop()", n="pop()"))
    table = engine.compute("s", "viertel")
    assert table.dates == (DAY,)
    assert table.datasets == ("fine",)
    assert set(engine.compute("n", "viertel").datasets) == {"long", "fine"}


def test_the_nearest_miss_is_told_first() -> None:
    total = stock(["11", "12", "21"], [[1], [2], [3]], ages=None)
    source = FakeSource().add("total", total).add("fine", stock(["11", "12", "21"], COUNTS))
    text = engine_of(source, catalogue(x="pop(age >= 67)")).availability("x", "viertel")[0]
    assert text.index("fine") < text.index("total")


def test_references_between_indicators_and_the_city() -> None:
    source = FakeSource().add("p", stock(["11", "12", "21"], COUNTS))
    known = catalogue(aq=OLD_AGE, double="2 * aq", lq="aq / city(aq)", r="rank(aq)")
    engine = engine_of(source, known)
    assert engine.compute("double", "viertel").values[:, 0].tolist() == [80.0, 600.0, 20.0]
    assert engine.compute("double", "bezirk").values[0, 0] == 100.0
    lq = engine.compute("lq", "viertel")
    assert lq.values[0, 0] == pytest.approx(40 / (100 * 270 / 620))
    assert lq.city_values[0] == 1.0
    rank = engine.compute("r", "viertel")
    assert rank.values[:, 0].tolist() == [2.0, 1.0, 3.0]
    assert rank.city_status[0] == Status.NOT_APPLICABLE


def test_a_circle_is_an_error_that_names_it() -> None:
    engine = engine_of(FakeSource(), catalogue(a="b + 1", b="c", c="a"))
    with pytest.raises(UserError, match="a → b → c → a"):
        engine.compute("a", "viertel")


def test_unknown_indicator_and_level_are_told_with_a_suggestion() -> None:
    engine = engine_of(FakeSource(), catalogue(altenquotient=OLD_AGE))
    with pytest.raises(UserError) as caught:
        engine.compute("altenquotent", "viertel")
    assert "altenquotient" in str(caught.value.issues[0].repair)
    with pytest.raises(UserError, match="stadtteil"):
        engine.compute("altenquotient", "stadtteil")


# -- small numbers ----------------------------------------------------------------------------


def test_values_below_the_minimum_base_are_not_shown() -> None:
    known = catalogue(aq={"formula": OLD_AGE, "minimum_base": 50})
    engine = engine_of(FakeSource().add("p", stock(["11", "12", "21"], COUNTS)), known)
    table = engine.compute("aq", "viertel")
    assert table.status[:, 0].tolist() == [0, Status.BELOW_BASE, 0]
    assert np.isnan(table.values[1, 0])
    assert engine.compute("aq", "bezirk").values[0, 0] == 50.0


def test_the_base_reaches_through_references_and_can_be_given() -> None:
    known = catalogue(
        aq=OLD_AGE,
        same={"formula": "aq", "minimum_base": 50},
        given={"formula": "aq + aq", "minimum_base": 100, "base": "pop()"},
    )
    engine = engine_of(FakeSource().add("p", stock(["11", "12", "21"], COUNTS)), known)
    assert engine.compute("same", "viertel").status[:, 0].tolist() == [0, Status.BELOW_BASE, 0]
    assert engine.compute("given", "viertel").status[:, 0].tolist() == [0, Status.BELOW_BASE, 0]


# -- keeping results --------------------------------------------------------------------------


def test_only_what_is_stale_is_computed_again() -> None:
    keys = ["11", "12", "21"]
    rent = Cube.of({"area": keys, "date": [DAY]}, np.array([[10.0], [20.0], [8.0]]))
    source = FakeSource().add("p", stock(keys, COUNTS))
    source.add("rent", rent, kind=Kind.VARIABLE, variable="rent")
    known = catalogue(aq=OLD_AGE, double="2 * aq", rent2="2 * rent")
    engine = engine_of(source, known)
    for key in known.ids:
        engine.compute(key, "viertel")
    done = engine.evaluations
    for key in known.ids:
        engine.compute(key, "viertel")
    assert engine.evaluations == done

    source.add("p", stock(keys, np.array(COUNTS) * [1, 1, 2]))
    assert engine.compute("double", "viertel").values[0, 0] == 160.0
    assert engine.evaluations == done + 4  # aq and double, for the level and for the town
    engine.compute("rent2", "viertel")
    assert engine.evaluations == done + 4

    engine.catalogue = catalogue(aq=OLD_AGE, double="3 * aq", rent2="2 * rent")
    assert engine.compute("double", "viertel").values[0, 0] == 240.0
    assert engine.evaluations == done + 6

    source.drop("p")
    assert engine.compute("aq", "viertel").dates == ()


def test_results_do_not_depend_on_what_was_asked_before() -> None:
    keys = ["11", "12", "21"]
    source = FakeSource().add("p", stock(keys, COUNTS))
    known = catalogue(aq=OLD_AGE, lq="aq / city(aq)")
    warm = engine_of(source, known)
    for level in ("bezirk", CITY, "viertel"):
        warm.compute("aq", level)
    cold = engine_of(source, known).compute("lq", "viertel")
    np.testing.assert_array_equal(warm.compute("lq", "viertel").values, cold.values)


def test_a_project_without_areas_shows_those_of_its_data() -> None:
    areas = AreaSystem((Level(CITY, "Stadt", 0), Level("viertel", "Viertel", 1)), ())
    source = FakeSource().add("p", stock(["b", "a"], [[1, 2, 3], [4, 5, 6]]))
    engine = engine_of(source, catalogue(n="pop()"), areas)
    table = engine.compute("n", "viertel")
    assert dict(zip(table.areas, table.values[:, 0].tolist(), strict=True)) == {"b": 6.0, "a": 15.0}
    assert BROAD.labels == ("0–19", "20–64", "65+")
