"""How a value came about: the trace shows every number that went in, and where it is from."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from towns import DAY, FakeSource, catalogue, stock, town

from monitor_app.core.areas import CITY
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Kind
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status
from monitor_app.indicators.engine import Engine

VIERTEL: dict[str, str | None] = {"11": "1", "12": "1", "21": "2"}
COUNTS = [[300, 500, 200], [0, 20, 60], [100, 100, 10]]


def test_the_inputs_of_a_trace_give_the_value() -> None:
    source = FakeSource().add("p", stock(["11", "12", "21"], COUNTS))
    known = catalogue(aq={"formula": "100 * pop(age >= 65) / pop(age 20..64)", "minimum_base": 10})
    trace = Engine(town(VIERTEL), source, known).trace("aq", "bezirk", "1", DAY)
    old, middle = trace.inputs
    assert (old.text, old.value) == ("pop(age >= 65)", 260.0)
    assert (middle.text, middle.value) == ("pop(age 20..64)", 520.0)
    assert trace.value == 100 * old.value / middle.value == 50.0
    assert trace.formula == "100 * pop(age >= 65) / pop(age 20..64)"
    assert (trace.base, trace.minimum_base) == (520.0, 10)
    assert (old.dataset, old.dataset_name, old.dataset_level) == ("p", "Datensatz p", "viertel")
    assert old.source == "Datenquelle: Musterstadt"
    assert old.files == ("p.csv",)
    assert old.day == DAY
    assert old.meaning == "Bevölkerung"


def test_a_trace_goes_back_in_time_and_over_to_the_city() -> None:
    days = [date(2020, 1, 1), date(2021, 1, 1)]
    source = FakeSource().add(
        "p", Cube.of({"area": ["11", "12", "21"], "date": days}, np.array([[900.0, 1100]] * 3))
    )
    births = Cube.of({"area": ["11", "12", "21"], "date": [DAY]}, np.full((3, 1), 12.0))
    source.add("b", births, kind=Kind.BIRTHS, period=True)
    known = catalogue(cbr="1000 * births() / mean_pop()", c="change(pop(), 1) / city(pop())")
    engine = Engine(town(VIERTEL), source, known)
    rate = engine.trace("cbr", "viertel", "11", DAY)
    assert [(i.text, i.day, i.value) for i in rate.inputs] == [
        ("births()", DAY, 12.0), ("pop()", days[0], 900.0), ("pop()", days[1], 1100.0),
    ]  # fmt: skip
    change = engine.trace("c", "viertel", "11", days[1])
    assert [(i.area, i.day, i.value) for i in change.inputs] == [
        ("11", days[0], 900.0), ("11", days[1], 1100.0), (CITY, days[1], 3300.0),
    ]  # fmt: skip
    assert change.value == pytest.approx(200 / 3300)


def test_a_trace_follows_other_indicators() -> None:
    source = FakeSource().add("p", stock(["11", "12", "21"], COUNTS))
    known = catalogue(n="pop()", half="n / 2 + pop(age < 20)")
    trace = Engine(town(VIERTEL), source, known).trace("half", "viertel", "11", DAY)
    assert trace.value == 800.0
    assert [(t.indicator, t.value) for t in trace.indicators] == [("n", 1000.0)]
    assert [i.value for i in trace.inputs] == [300.0]
    assert [i.value for i in trace.indicators[0].inputs] == [1000.0]


def test_a_trace_shows_why_there_is_no_value() -> None:
    counts = np.array(COUNTS, dtype=np.float64)
    counts[0, 2] = np.nan
    counts[2] = 0
    source = FakeSource().add("p", stock(["11", "12", "21"], counts))
    known = catalogue(aq="pop(age >= 65) / pop(age 20..64)")
    engine = Engine(town(VIERTEL), source, known)
    missing = engine.trace("aq", "viertel", "11", DAY)
    assert missing.status is Status.MISSING
    assert [i.status for i in missing.inputs] == [Status.MISSING, Status.OK]
    nobody = engine.trace("aq", "viertel", "21", DAY)
    assert nobody.status is Status.NOT_APPLICABLE
    assert [i.value for i in nobody.inputs] == [0.0, 0.0]


def test_no_such_area_or_day_is_an_error_for_the_user() -> None:
    source = FakeSource().add("p", stock(["11", "12", "21"], COUNTS))
    engine = Engine(town(VIERTEL), source, catalogue(n="pop()"))
    with pytest.raises(UserError, match="99"):
        engine.trace("n", "viertel", "99", DAY)
    with pytest.raises(UserError, match=r"01\.07\.1999"):
        engine.trace("n", "viertel", "11", date(1999, 7, 1))
