"""Time, variables, surfaces and references between indicators."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from engine_parts import COUNTS, OLD_AGE, VIERTEL, engine_of, value
from towns import DAY, FakeSource, catalogue, stock, town

from monitor_app.core.ages import AgeAxis
from monitor_app.core.areas import CITY, Area, AreaSystem, Level
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Kind
from monitor_app.core.issues import UserError
from monitor_app.core.status import Status

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
