"""Defects known from other software (numbers of the list in the specification) must not return.

Each test would fail against the behaviour described there.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from towns import DAY, FakeSource, catalogue, stock, town

from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Kind
from monitor_app.core.status import Status
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.engine import Engine
from monitor_app.indicators.grid import Grid, minmax, rank, zscore

KEYS = ["11", "12", "21"]
VIERTEL: dict[str, str | None] = {"11": "1", "12": "1", "21": "2"}


def variable(values: list[float], aggregation: str = "sum") -> FakeSource:
    cube = Cube.of({"area": KEYS, "date": [DAY]}, np.array(values)[:, None])
    return FakeSource().add("v", cube, kind=Kind.VARIABLE, variable="v", aggregation=aggregation)


def table(source: FakeSource, formula: str, level: str = "viertel") -> IndicatorTable:
    return Engine(town(VIERTEL), source, catalogue(x=formula)).compute("x", level)


def column(values: list[float]) -> Grid:
    array = np.array(values, dtype=np.float64)[:, None]
    status = np.where(np.isnan(array), Status.MISSING, Status.OK).astype(np.uint8)
    return Grid(array, status)


def test_7_and_9_missing_areas_neither_count_as_zero_nor_in_a_mean() -> None:
    scores = zscore(column([2.0, np.nan, 4.0]))
    assert scores.values[[0, 2], 0].tolist() == [-1.0, 1.0]
    assert scores.status[1, 0] == Status.MISSING
    assert minmax(column([2.0, np.nan, 4.0])).values[[0, 2], 0].tolist() == [0.0, 1.0]
    assert rank(column([2.0, np.nan, 4.0])).values[[0, 2], 0].tolist() == [2.0, 1.0]


def test_8_a_zero_is_a_value() -> None:
    found = table(variable([0.0, 3.0, 5.0]), "zscore(v)")
    assert (found.status[:, 0] == Status.OK).all()
    assert found.values[:, 0].sum() == pytest.approx(0.0)


def test_10_the_city_value_is_no_mean_of_its_areas() -> None:
    source = FakeSource().add("p", stock(KEYS, [[0, 100, 100], [0, 1000, 10], [0, 1000, 10]]))
    found = table(source, "100 * pop(age >= 65) / pop(age 20..64)")
    assert found.values[:, 0].tolist() == [100.0, 1.0, 1.0]
    assert found.city_values[0] == pytest.approx(100 * 120 / 2100)
    assert found.city_values[0] != pytest.approx(34.0)


def test_11_the_highest_of_negative_numbers_is_found() -> None:
    assert minmax(column([-5.0, -3.0, -1.0])).values[:, 0].tolist() == [0.0, 0.5, 1.0]
    assert rank(column([-5.0, -3.0, -1.0])).values[:, 0].tolist() == [3.0, 2.0, 1.0]


def test_13_areas_of_equal_name_are_kept_apart() -> None:
    source = FakeSource().add("p", stock(KEYS, [[1, 1, 1], [2, 2, 2], [3, 3, 3]]))
    assert table(source, "pop()").values[:, 0].tolist() == [3.0, 6.0, 9.0]


@pytest.mark.parametrize("formula", ["100 * v / pop()", "share(v, pop())", "per_1000(v, pop())",
                                     "v / pop()"])  # fmt: skip
def test_15_nothing_by_nothing_is_not_applicable_and_not_zero(formula: str) -> None:
    source = variable([0.0, 7.0, 5.0])
    source.add("p", stock(KEYS, [[0, 0, 0], [0, 0, 0], [10, 10, 0]]))
    found = table(source, formula)
    assert found.status[:, 0].tolist() == [Status.NOT_APPLICABLE, Status.NOT_APPLICABLE, Status.OK]
    assert np.isnan(found.values[:2, 0]).all()
    # 7 by 0 is told, 0 by 0 is normal.
    assert [(i.code, i.count) for i in found.issues] == [("division-by-zero", 1)]


def test_16_a_rate_of_a_larger_area_is_not_weighted_by_itself() -> None:
    source = FakeSource().add("p", stock(KEYS, [[0, 100, 50], [0, 300, 30], [0, 1, 1]]))
    found = table(source, "pop(age >= 65) / pop(age 20..64)", "bezirk")
    assert found.values[0, 0] == 80 / 400
    assert found.values[0, 0] != pytest.approx((0.5**2 + 0.1**2) / (0.5 + 0.1))


def test_17_an_index_is_not_summed_over_areas() -> None:
    source = FakeSource().add("p", stock(KEYS, [[0, 100, 50], [0, 300, 30], [0, 400, 100]]))
    known = catalogue(aq="pop(age >= 65) / pop(age 20..64)", index="minmax(aq)")
    engine = Engine(town(VIERTEL), source, known)
    # Normalised among the Bezirke themselves, from their own rates 0.2 and 0.25.
    assert engine.compute("index", "bezirk").values[:, 0].tolist() == [0.0, 1.0]
    assert engine.compute("index", "viertel").values[:, 0].tolist() == pytest.approx(
        [1.0, 0.0, 0.375]
    )


def test_18_time_runs_forward() -> None:
    days = [date(2018, 12, 31), date(2019, 12, 31), DAY]
    cube = Cube.of({"area": KEYS, "date": days}, np.array([[1.0, 2.0, 4.0]] * 3))
    source = FakeSource().add("p", cube)
    assert table(source, "change(pop(), 1)").values[0].tolist() == [1.0, 2.0]
    assert table(source, "lag(pop(), 2)").values[0].tolist() == [1.0]


def test_19_zeros_are_not_left_out_of_a_series() -> None:
    days = [date(2017 + i, 12, 31) for i in range(4)]
    cube = Cube.of({"area": KEYS, "date": days}, np.array([[4.0, 0.0, 0.0, 0.0]] * 3))
    source = FakeSource().add("p", cube)
    assert table(source, "mean_years(pop(), 4)").values[0].tolist() == [1.0]


def test_20_numbers_keep_64_bits() -> None:
    exact = [594321.57, 16777217.0, 0.1]
    found = table(variable(exact), "v")
    assert found.values.dtype == np.float64
    assert found.values[:, 0].tolist() == exact


def test_24_nothing_to_average_is_no_zero() -> None:
    counts = np.zeros((3, 1, 3))
    source = FakeSource().add("p", stock(KEYS, counts))
    found = table(source, "interpolate(mean_age())")
    assert found.status[:, 0].tolist() == [Status.NOT_APPLICABLE] * 3
    assert np.isnan(found.values).all()


def test_10_values_are_not_rounded_before_they_are_used() -> None:
    source = variable([0.4, 0.4, 0.4])
    known = catalogue(v1={"formula": "v", "precision": 0, "aggregation": "sum"}, x="10 * v1")
    one = Engine(town(VIERTEL), source, known)
    assert one.compute("v1", "viertel").values[:, 0].tolist() == [0.4] * 3
    assert one.compute("x", "viertel").values[:, 0].tolist() == [4.0] * 3
    assert one.compute("v1", "viertel").city_values[0] == pytest.approx(1.2)


def test_12_time_is_the_calendar_and_not_the_place_in_the_list() -> None:
    days = [date(2015, 12, 31), date(2019, 12, 31), DAY]
    cube = Cube.of({"area": KEYS, "date": days}, np.array([[1.0, 5.0, 6.0]] * 3))
    source = FakeSource().add("p", cube)
    found = table(source, "change(pop(), 1)")
    # 2019 has no year before it; four years earlier is not "one step back".
    assert found.dates == (DAY,)
    assert found.values[0].tolist() == [1.0]
    assert table(source, "change(pop(), 4)").values[0].tolist() == [4.0]
    assert table(source, "change(pop(), 5)").values[0].tolist() == [5.0]


def test_22_an_area_counts_on_its_last_day_and_on_no_day_after() -> None:
    last, after = date(2019, 12, 31), DAY
    system = town(VIERTEL)
    areas = tuple(replace(a, valid_to=last) if a.key == "12" else a for a in system.areas)
    cube = Cube.of({"area": KEYS, "date": [last, after]}, np.array([[1, 1], [2, np.nan], [3, 3]]))
    source = FakeSource().add("p", cube)
    one = Engine(replace(system, areas=areas), source, catalogue(x="pop()"))
    found = one.compute("x", "viertel")
    assert found.values[1, 0] == 2.0
    assert found.status[1].tolist() == [Status.OK, Status.MISSING]
    # On its last day it is in the sums; afterwards its gap is no gap of the Bezirk or the town.
    assert one.compute("x", "bezirk").values.tolist() == [[3.0, 1.0], [3.0, 3.0]]
    assert found.city_values.tolist() == [6.0, 4.0]
    assert [a.key for a in one.areas.at("viertel", last)] == ["11", "12", "21"]
    assert [a.key for a in one.areas.at("viertel", after)] == ["11", "21"]


def test_23_computations_at_the_same_time_do_not_meet() -> None:
    formulas = {f"x{n}": f"{n} * pop(age >= 65) / pop()" for n in range(1, 9)}
    numbers = [[10, 60, 30], [20, 60, 20], [30, 60, 10]]
    alone = {
        name: Engine(town(VIERTEL), FakeSource().add("p", stock(KEYS, numbers)), catalogue(
            **formulas)).compute(name, "bezirk").values.tolist()
        for name in formulas
    }  # fmt: skip
    one = Engine(town(VIERTEL), FakeSource().add("p", stock(KEYS, numbers)), catalogue(**formulas))
    with ThreadPoolExecutor(max_workers=8) as pool:
        for _round in range(5):
            one.invalidate()
            found = pool.map(lambda name: one.compute(name, "bezirk").values.tolist(), formulas)
            assert dict(zip(formulas, found, strict=True)) == alone


def test_equal_values_have_no_scale() -> None:
    found = table(variable([3.0, 3.0, 3.0]), "zscore(v)")
    assert found.status[:, 0].tolist() == [Status.NOT_APPLICABLE] * 3
    assert np.isnan(found.values).all()


def test_choice_keeps_missing_apart() -> None:
    source = variable([np.nan, 2.0, 3.0])
    source.add("p", stock(KEYS, [[1, 1, 1]] * 3))
    assert table(source, "coalesce(v, pop())").values[:, 0].tolist() == [3.0, 2.0, 3.0]
    assert table(source, 'coalesce(variable("none"), pop())').values[:, 0].tolist() == [3.0] * 3
    chosen = table(source, "where(v > 2, v, 0)")
    assert chosen.status[:, 0].tolist() == [Status.MISSING, Status.OK, Status.OK]
    assert chosen.values[1:, 0].tolist() == [0.0, 3.0]
    assert table(source, "where(pop() > 2 and not v == 2, 1, 2)").values[1:, 0].tolist() == [2, 1]


def test_roots_and_logarithms_outside_their_range_are_not_applicable() -> None:
    found = table(variable([-4.0, 0.0, 4.0]), "sqrt(v)")
    assert found.status[:, 0].tolist() == [Status.NOT_APPLICABLE, Status.OK, Status.OK]
    assert table(variable([-4.0, 0.0, 4.0]), "ln(v)").status[:, 0].tolist() == [
        Status.NOT_APPLICABLE, Status.NOT_APPLICABLE, Status.OK,
    ]  # fmt: skip
    assert table(variable([1e300, 1.0, 2.0]), "v ** 4").status[0, 0] == Status.NOT_APPLICABLE
