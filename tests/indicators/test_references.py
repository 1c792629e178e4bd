"""Reference values, and cases that no area shows."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from towns import DAY, FakeSource, catalogue, stock, town

from monitor_app.core.areas import CITY
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status
from monitor_app.indicators.engine import Engine
from monitor_app.indicators.reference import Reference, load_reference
from monitor_app.indicators.unlocated import unlocated

KEYS = ["11", "12", "21", "00", "01"]
VIERTEL: dict[str, str | None] = {"11": "1", "12": "1", "21": "2", "00": None, "01": None}


def engine(**formulas: str | dict[str, str]) -> Engine:
    counts = [[10, 60, 30], [10, 70, 20], [20, 60, 20], [1, 5, 4], [0, 8, 2]]
    return Engine(town(VIERTEL), FakeSource().add("p", stock(KEYS, counts)), catalogue(**formulas))


def test_cases_that_no_area_shows_are_in_the_total() -> None:
    one = engine(x="pop()")
    for level in ("viertel", "bezirk"):
        table = one.compute("x", level)
        rest = unlocated(one, "x", level)
        assert rest is not None
        assert rest.values.tolist() == [[20]]
        assert np.nansum(table.values) + 20 == table.city_values[0] == 320
        assert "00" not in table.areas


def test_their_rate_is_computed_from_their_own_counts() -> None:
    rest = unlocated(engine(x="100 * pop(age >= 65) / pop()"), "x", "viertel")
    assert rest is not None
    assert rest.values[0, 0] == pytest.approx(100 * 6 / 20)
    mean = {"formula": "pop()", "aggregation": "none"}
    assert unlocated(engine(x=mean), "x", "viertel") is None


def test_where_every_area_is_shown_there_are_none() -> None:
    source = FakeSource().add("p", stock(["11"], [[1, 2, 3]]))
    whole = Engine(town({"11": "1"}), source, catalogue(x="pop()"))
    assert unlocated(whole, "x", "viertel") is None
    assert unlocated(engine(x="pop()"), "x", CITY) is None


def test_missing_among_them_is_not_zero() -> None:
    status = np.zeros((5, 1, 3), dtype=np.uint8)
    status[3] = Status.SECRET
    cube = stock(KEYS, np.where(status, np.nan, 1.0), status=status)
    hidden = Engine(town(VIERTEL), FakeSource().add("p", cube), catalogue(x="pop()"))
    rest = unlocated(hidden, "x", "viertel")
    assert rest is not None
    assert rest.status[0, 0] == Status.SECRET
    assert np.isnan(rest.values[0, 0])


def test_a_reference_survives_a_round_trip_and_grows() -> None:
    first = Reference.model_validate(
        {"indicator": "altenquotient", "name": {"de": "Niedersächsische Städte"}, "source": "LSN",
         "values": {date(2022, 12, 31): 36.5, DAY: 35.0}}
    )  # fmt: skip
    assert load_reference(first.dump()) == first
    assert first.key == "altenquotient.niedersachsische_stadte"
    assert list(first.values) == [DAY, date(2022, 12, 31)]
    later = first.model_copy(update={"values": {DAY: 35.1, date(2023, 12, 31): 37.0}})
    assert first.joined(later).values == {
        DAY: 35.1, date(2022, 12, 31): 36.5, date(2023, 12, 31): 37.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- 1",
        "{",
        "indicator: x",
        "indicator: x\nname: y\nvalues: {}",
        "indicator: x\nname: y\nvalues: {2020-12-31: .nan}",
    ],
)
def test_texts_that_are_no_reference_are_refused(text: str) -> None:
    with pytest.raises(UserError):
        load_reference(text)
