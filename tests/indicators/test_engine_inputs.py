"""Which data set answers, and what ages can and cannot be answered exactly."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from engine_parts import COUNTS, engine_of, value
from towns import DAY, FakeSource, catalogue, stock

from monitor_app.core.ages import AgeAxis
from monitor_app.core.cube import Cube
from monitor_app.core.datasets import Origin
from monitor_app.core.status import Status

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
