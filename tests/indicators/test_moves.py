"""Moves inside the town on every level, from pairs of areas and from margins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from towns import DAY, FakeSource, catalogue, town

from monitor_app.core.areas import CITY
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Absent, Kind
from monitor_app.core.status import Status
from monitor_app.indicators.engine import Engine

KEYS = ["11", "12", "21"]
VIERTEL: dict[str, str | None] = {"11": "1", "12": "1", "21": "2"}
#: From the row to the column; moves inside an area on the diagonal.
PAIRS = [[5, 7, 1], [2, 4, 3], [10, 20, 6]]
KNOWN = catalogue(
    arrivals="arrivals_within()", departures="departures_within()", inside="moves_within()",
    net="moves_in() + arrivals_within() - moves_out() - departures_within()",
)  # fmt: skip


def pairs(values: object, keys: list[str] = KEYS) -> Cube:
    cells = np.asarray(values, dtype=np.float64)[:, None, :]
    return Cube.of({"area": keys, "date": [DAY], "partner": keys}, cells)


def margin(values: list[float]) -> Cube:
    return Cube.of({"area": KEYS, "date": [DAY]}, np.array(values)[:, None])


def test_pairs_of_areas_give_arrivals_departures_and_moves_inside() -> None:
    source = FakeSource().add("od", pairs(PAIRS), kind=Kind.MOVES_WITHIN, period=True)
    engine = Engine(town(VIERTEL), source, KNOWN)
    assert engine.compute("arrivals", "viertel").values[:, 0].tolist() == [12.0, 27.0, 4.0]
    assert engine.compute("departures", "viertel").values[:, 0].tolist() == [8.0, 5.0, 30.0]
    assert engine.compute("inside", "viertel").values[:, 0].tolist() == [5.0, 4.0, 6.0]
    # Between 11 and 12 nobody crosses the border of Bezirk 1.
    assert engine.compute("arrivals", "bezirk").values[:, 0].tolist() == [30.0, 4.0]
    assert engine.compute("departures", "bezirk").values[:, 0].tolist() == [4.0, 30.0]
    assert engine.compute("inside", "bezirk").values[:, 0].tolist() == [18.0, 6.0]
    assert engine.compute("arrivals", CITY).values[0, 0] == 0.0
    assert engine.compute("inside", CITY).values[0, 0] == 58.0


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, (5, 5), elements=st.integers(0, 50).map(float)),
    st.lists(st.sampled_from(["1", "2", "3"]), min_size=5, max_size=5),
)
def test_arrivals_and_departures_balance_on_every_level(
    table: np.ndarray, parents: list[str]
) -> None:
    keys = [f"k{i}" for i in range(5)]
    source = FakeSource().add("od", pairs(table, keys), kind=Kind.MOVES_WITHIN, period=True)
    engine = Engine(town(dict(zip(keys, parents, strict=True))), source, KNOWN)
    for level in ("viertel", "bezirk", CITY):
        found = {k: engine.compute(k, level).values.sum() for k in KNOWN.ids[:3]}
        assert found["arrivals"] == found["departures"]
        assert found["arrivals"] + found["inside"] == table.sum()


def test_margins_answer_on_their_own_level_and_vanish_for_the_town() -> None:
    source = FakeSource()
    source.add("a", margin([12, 27, 4]), kind=Kind.ARRIVALS_WITHIN, period=True)
    source.add("d", margin([8, 5, 30]), kind=Kind.DEPARTURES_WITHIN, period=True)
    source.add("i", margin([100, 100, 100]), kind=Kind.MOVES_IN, period=True)
    source.add("o", margin([90, 90, 90]), kind=Kind.MOVES_OUT, period=True)
    engine = Engine(town(VIERTEL), source, KNOWN)
    net = engine.compute("net", "viertel")
    assert net.values[:, 0].tolist() == [14.0, 32.0, -16.0]
    assert net.city_values[0] == net.values.sum() == 30.0
    assert engine.compute("arrivals", "bezirk").dates == ()
    assert "zusammenfassen" in engine.availability("arrivals", "bezirk")[0]


def test_the_trace_names_the_table_of_pairs() -> None:
    source = FakeSource().add("od", pairs(PAIRS), kind=Kind.MOVES_WITHIN, period=True)
    engine = Engine(town(VIERTEL), source, KNOWN)
    assert engine.trace("arrivals", "bezirk", "1", DAY).inputs[0].dataset == "od"


def test_a_missing_pair_makes_only_what_it_could_change_missing() -> None:
    table = np.array(PAIRS, dtype=np.float64)
    table[0, 1] = np.nan  # from 11 to 12
    source = FakeSource().add("od", pairs(table), kind=Kind.MOVES_WITHIN, period=True)
    engine = Engine(town(VIERTEL), source, KNOWN)
    arrivals = engine.compute("arrivals", "viertel")
    assert arrivals.status[:, 0].tolist() == [Status.OK, Status.MISSING, Status.OK]
    assert engine.compute("arrivals", "bezirk").status[:, 0].tolist() == [Status.OK, Status.OK]
    inside = engine.compute("inside", "bezirk")
    assert inside.status[:, 0].tolist() == [Status.MISSING, Status.OK]


@pytest.mark.parametrize("absent", list(Absent))
def test_an_area_that_is_not_in_the_table(absent: Absent) -> None:
    cube = pairs([[5, 7], [2, 4]], ["11", "12"])
    source = FakeSource().add("od", cube, kind=Kind.MOVES_WITHIN, period=True, absent=absent)
    found = Engine(town(VIERTEL), source, KNOWN).compute("arrivals", "viertel")
    if absent is Absent.ZERO:
        assert found.values[:, 0].tolist() == [2.0, 7.0, 0.0]
    else:
        assert found.dates == ()
