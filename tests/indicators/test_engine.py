"""Values of small towns worked out by hand, and what must hold for every town."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from engine_parts import COUNTS, OLD_AGE, VIERTEL, engine_of, value
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from towns import BROAD, DAY, FakeSource, catalogue, stock, town

from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent, Kind
from monitor_app.core.status import Status

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
