"""Series across territorial reforms: counts carried by shares, rates computed anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from towns import BROAD, FakeSource, catalogue

from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.bridges import Bridge, BridgeRow
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent, Kind
from monitor_app.core.status import Status
from monitor_app.core.values import IndicatorTable
from monitor_app.indicators.engine import Engine

BEFORE, AFTER = date(2017, 12, 31), date(2018, 12, 31)
REFORM, EVE = date(2018, 1, 1), date(2017, 12, 31)
KEYS = ["a", "m1", "m2", "s", "m", "s1", "s2"]  # a stays, m1 + m2 become m, s becomes s1 and s2
MERGE = [("a", "a", 1.0), ("m1", "m", 1.0), ("m2", "m", 1.0)]
SPLIT = [("s", "s1", 0.7), ("s", "s2", 0.3)]


def bridge(rows: list[tuple[str, str, float]], day: date = REFORM) -> Bridge:
    pairs = tuple(
        BridgeRow(old, new, {"pop": w, "dwellings": 1 - w if 0 < w < 1 else w})
        for old, new, w in rows
    )
    return Bridge("viertel", day, pairs)


def system(*bridges: Bridge, parents: dict[str, str] | None = None) -> AreaSystem:
    """s1 and s2 lie in one Bezirk unless ``parents`` says otherwise."""
    spans = {"m1": (None, EVE), "m2": (None, EVE), "s": (None, EVE),
             "m": (REFORM, None), "s1": (REFORM, None), "s2": (REFORM, None)}  # fmt: skip
    above = {"a": "1", "m1": "1", "m2": "1", "m": "1", "s": "2", "s1": "2", "s2": "2"}
    above |= parents or {}
    areas = [Area(i, "bezirk", key, key, geometry="B") for i, key in enumerate(("1", "2"))]
    for i, key in enumerate(KEYS, start=10):
        start, end = spans.get(key, (None, None))
        own = {"bezirk": above[key]}
        areas.append(Area(i, "viertel", key, key, own, start, end, "V", surface_m2=1e6))
    levels = (Level(CITY, "Stadt", 0), Level("bezirk", "Bezirk", 1),
              Level("viertel", "Viertel", 2, parents=("bezirk",)))  # fmt: skip
    return AreaSystem(levels, tuple(areas), bridges=bridges)


def counts(before: dict[str, list[float]], after: dict[str, list[float]]) -> Cube:
    """Counts by broad age; areas that a date does not name have no value."""
    values = np.full((len(KEYS), 2, 3), np.nan)
    for j, named in enumerate((before, after)):
        for key, numbers in named.items():
            values[KEYS.index(key), j] = numbers
    return Cube.of({"area": KEYS, "date": [BEFORE, AFTER]}, values, ages=BROAD)


TOWN = counts(
    {"a": [10, 50, 40], "m1": [1, 6, 3], "m2": [2, 10, 8], "s": [20, 60, 20]},
    {"a": [11, 49, 41], "m": [3, 15, 12], "s1": [15, 41, 14], "s2": [6, 18, 7]},
)
REFORM_2018 = bridge(MERGE + SPLIT)


def computed(
    formula: str, level: str = "viertel", *, source: FakeSource | None = None,
    areas: AreaSystem | None = None, carried: bool = True,
) -> IndicatorTable:  # fmt: skip
    source = source or FakeSource().add("p", TOWN)
    engine = Engine(areas or system(REFORM_2018), source, catalogue(x=formula))
    return engine.compute("x", level, carried=carried)


def row(table: IndicatorTable, key: str) -> list[float]:
    return table.values[table.areas.index(key)].tolist()


def codes(table: IndicatorTable, key: str) -> list[int]:
    return table.status[table.areas.index(key)].tolist()


def test_without_carrying_each_area_has_values_in_its_own_time_only() -> None:
    table = computed("pop()", carried=False)
    assert table.areas == tuple(KEYS)
    assert row(table, "s")[0] == 100
    assert codes(table, "s") == [Status.OK, Status.MISSING]
    assert codes(table, "s1") == [Status.MISSING, Status.OK]
    assert table.breaks == (REFORM,)
    assert not table.carried


def test_counts_are_carried_and_areas_that_were_given_up_are_gone() -> None:
    table = computed("pop()")
    assert table.areas == ("a", "m", "s1", "s2")
    assert [row(table, k) for k in table.areas] == [
        [100, 101], [30, 30], [pytest.approx(70), 70], [pytest.approx(30), 31]
    ]  # fmt: skip
    assert table.carried
    assert table.breaks == (REFORM,)


def test_only_split_areas_are_estimates_and_mergers_stay_exact() -> None:
    table = computed("pop()")
    assert codes(table, "a") == [Status.OK, Status.OK]
    assert codes(table, "m") == [Status.OK, Status.OK]
    assert codes(table, "s1") == [Status.ESTIMATED, Status.OK]
    assert codes(table, "s2") == [Status.ESTIMATED, Status.OK]


def test_rates_are_computed_from_what_was_carried() -> None:
    table = computed("100 * pop(age >= 65) / pop(age 20..64)")
    # (3 + 8) / (6 + 10), not a mean of 50 % and 80 %, weighted or not.
    assert row(table, "m")[0] == pytest.approx(100 * 11 / 16)
    assert row(table, "s1")[0] == pytest.approx(100 * 20 / 60)


def test_the_city_and_untouched_districts_keep_their_exact_value() -> None:
    for level in (CITY, "bezirk"):
        carried, plain = computed("pop()", level), computed("pop()", level, carried=False)
        assert carried.values.tolist() == plain.values.tolist()
        assert (carried.status == Status.OK).all()
    table = computed("pop()")
    assert table.city_values.tolist() == [230, 232]
    assert table.city_status.tolist() == [Status.OK, Status.OK]
    assert computed("pop()", "bezirk").breaks == ()


def test_a_reform_across_the_border_of_a_district_is_carried_there_too() -> None:
    areas = system(REFORM_2018, parents={"s2": "1"})
    table = computed("pop()", "bezirk", areas=areas)
    assert [row(table, k)[0] for k in ("1", "2")] == [pytest.approx(160), pytest.approx(70)]
    assert codes(table, "1")[0] == Status.ESTIMATED
    assert table.city_values[0] == 230


def test_a_change_over_the_reform_compares_the_same_area() -> None:
    table = computed("change(pop(), 1)")
    assert row(table, "m") == [0]
    assert row(table, "s2") == [pytest.approx(1)]
    assert codes(table, "s2") == [Status.ESTIMATED]
    assert computed("change(pop(), 1)", carried=False).dates == (AFTER,)
    assert codes(computed("change(pop(), 1)", carried=False), "s2") == [Status.MISSING]


def test_secret_and_missing_numbers_stay_so() -> None:
    status = TOWN.status.copy()
    status[KEYS.index("m2"), 0] = Status.SECRET
    values = np.where(status >= Status.MISSING, np.nan, TOWN.values)
    source = FakeSource().add("p", replace(TOWN, values=values, status=status))
    table = computed("pop()", source=source)
    assert codes(table, "m") == [Status.SECRET, Status.OK]
    assert np.isnan(row(table, "m")[0])
    lacking = counts({"a": [1, 1, 1], "m1": [1, 1, 1], "m2": [1, 1, 1]}, {"a": [1, 1, 1]})
    table = computed("pop()", source=FakeSource().add("p", lacking))
    assert codes(table, "s1")[0] == Status.MISSING
    assert row(table, "m")[0] == 6


def test_data_that_were_counted_anew_are_left_as_they_are() -> None:
    anew = counts({"a": [1, 1, 1], "m": [9, 9, 9], "s1": [5, 5, 5], "s2": [0, 0, 0]}, {})
    table = computed("pop()", source=FakeSource().add("p", anew))
    assert [row(table, k)[0] for k in table.areas] == [3, 27, 15, 0]
    assert (table.status[:, 0] == Status.OK).all()


def test_tables_filled_with_zeros_are_carried_too() -> None:
    filled = replace(TOWN, values=np.nan_to_num(TOWN.values), status=np.zeros_like(TOWN.status))
    table = computed("pop()", source=FakeSource().add("p", filled, absent=Absent.ZERO))
    assert row(table, "s1") == [pytest.approx(70), 70]
    assert row(table, "m") == [30, 30]


def test_means_are_weighted_by_the_carried_cases_and_need_them() -> None:
    values = np.array([[20.0], [30.0], [36.0], [40.0]])
    income = Cube.of({"area": KEYS[:4], "date": [BEFORE]}, values)
    source = FakeSource().add("p", TOWN)
    source.add("i", income, kind=Kind.VARIABLE, variable="v", aggregation="mean:population")
    table = computed("v", source=source)
    assert row(table, "m")[0] == pytest.approx((30 * 10 + 36 * 20) / 30)
    assert row(table, "s1")[0] == 40.0
    assert [codes(table, k)[0] for k in ("a", "m", "s1")] == [
        Status.OK,
        Status.OK,
        Status.ESTIMATED,
    ]
    alone = FakeSource().add("i", income, kind=Kind.VARIABLE, variable="v", aggregation="none")
    table = computed("v", source=alone)
    assert codes(table, "m")[0] == Status.MISSING  # nothing says how such values add up
    assert codes(table, "a")[0] == Status.OK


def test_dwellings_follow_the_dwellings() -> None:
    flats = Cube.of({"area": ["s"], "date": [BEFORE]}, np.array([[100.0]]), unit="dwellings")
    source = FakeSource().add("d", flats, kind=Kind.VARIABLE, variable="dwellings")
    table = computed("dwellings", source=source)
    assert row(table, "s1") == [pytest.approx(30)]


def test_moves_between_areas_that_merged_are_moves_inside() -> None:
    keys = ["a", "m1", "m2", "s"]
    values = np.zeros((4, 1, 4))
    values[1, 0, 2], values[2, 0, 1], values[1, 0, 0], values[3, 0, 2] = 5, 4, 3, 10
    cube = Cube.of({"area": keys, "date": [BEFORE], "partner": keys}, values)
    source = FakeSource().add("w", cube, kind=Kind.MOVES_WITHIN, period=True)
    assert row(computed("moves_within()", source=source), "m") == [9]
    assert row(computed("arrivals_within()", source=source), "m") == [10]
    assert row(computed("departures_within()", source=source), "m") == [3]
    left = computed("departures_within()", source=source)
    assert row(left, "s1") == [pytest.approx(7)]
    assert codes(left, "s1") == [Status.ESTIMATED]


def test_arrivals_known_only_as_margins_are_estimates_after_a_merger() -> None:
    cube = Cube.of({"area": KEYS[:4], "date": [BEFORE]}, np.array([[1.0], [5.0], [4.0], [3.0]]))
    source = FakeSource().add("w", cube, kind=Kind.ARRIVALS_WITHIN, period=True)
    assert codes(computed("arrivals_within()", source=source), "m") == [Status.ESTIMATED]


def test_two_reforms_in_a_row() -> None:
    later = Bridge("viertel", date(2018, 7, 1), (
        BridgeRow("s1", "s1", {"pop": 0.5}), BridgeRow("s1", "s2", {"pop": 0.5}),
        BridgeRow("s2", "s2", {"pop": 1.0}),
    ))  # fmt: skip
    table = computed("pop()", areas=system(REFORM_2018, later))
    assert row(table, "s1")[0] == pytest.approx(35)
    assert row(table, "s2")[0] == pytest.approx(65)
    assert table.breaks == (REFORM, later.day)
    assert table.values[:, 0].sum() == pytest.approx(230)


def test_a_trace_of_a_carried_value_names_the_carried_number() -> None:
    engine = Engine(system(REFORM_2018), FakeSource().add("p", TOWN), catalogue(x="pop()"))
    trace = engine.trace("x", "viertel", "s1", BEFORE, carried=True)
    assert trace.value == pytest.approx(70)
    assert trace.status is Status.ESTIMATED
    assert trace.inputs[0].value == pytest.approx(70)


def test_carrying_without_a_bridge_changes_nothing() -> None:
    table = computed("pop()", areas=system())
    assert table.areas == tuple(KEYS)
    assert not table.carried


@given(
    st.lists(st.lists(st.floats(0, 1e6), min_size=3, max_size=3), min_size=4, max_size=4),
    st.lists(st.integers(1, 1000), min_size=3, max_size=3),
)
def test_nobody_is_lost_or_won(numbers: list[list[float]], parts: list[int]) -> None:
    shares = [p / sum(parts) for p in parts]
    rows = [*MERGE, *zip(["s"] * 3, ["s1", "s2", "a"], shares, strict=True)]
    source = FakeSource().add("p", counts(dict(zip(KEYS, numbers, strict=False)), {}))
    table = computed("pop()", source=source, areas=system(bridge(rows)))
    total = sum(sum(n) for n in numbers)
    assert table.values[:, 0].sum() == pytest.approx(total, rel=1e-9, abs=1e-6)
    assert table.city_values[0] == pytest.approx(total, rel=1e-12, abs=1e-9)
