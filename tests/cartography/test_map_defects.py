"""Mistakes found in another system: each must be impossible here (numbers as in its list)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from matplotlib.figure import Figure

from monitor_app.cartography.charts import draw_time_line
from monitor_app.cartography.chartspec import date_label, ranking_spec, time_line_spec
from monitor_app.cartography.classify import classify, classify_series
from monitor_app.cartography.kinds import deviation_spec, outliers, threshold_spec
from monitor_app.cartography.mapspec import MapStyle, change_spec, value_spec
from monitor_app.cartography.profilespec import radar_spec
from monitor_app.cartography.relationspec import correlation_spec, regress, scatter_spec
from monitor_app.core.selection import Selection
from monitor_app.core.status import Status
from tests.cartography.town import DAYS, area_system, shapes, spec, table


def test_1_quantiles_count_every_area_not_every_distinct_value() -> None:
    # Sixty areas share one value: with distinct values the classes would hold 61 and 39.
    values = np.concatenate([np.full(60, 1.0), np.arange(2, 42, dtype=float)])
    found = classify(values, None, "quantiles", 5)
    assert sum(found.counts) == 100
    assert found.counts == (60, 20, 20)
    even = classify(np.arange(100.0), None, "quantiles", 4)
    assert even.counts == (25, 25, 25, 25)


def test_2_breaks_of_the_series_do_not_move_with_the_date() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(20, 3, (60, 4))
    values[7, 2] = 900.0  # an outlier on one date only
    made = [classify_series(values, None, i) for i in range(4)]
    assert len({found.breaks for found in made}) == 1


def test_3_outliers_come_from_all_values_of_the_series() -> None:
    base = np.tile([[10.0], [10.0], [10.0], [10.0], [11.0], [12.0], [13.0]], (1, 3))
    base[6, 2] = 40.0
    found = outliers(base)
    assert found.sum() == 1
    assert found[6, 2]
    # Repeated values count as often as they occur: quartiles 10 and 12, not those of {10, …, 13}.
    flat = np.array([10.0] * 9 + [11.0, 20.0])
    assert outliers(flat).tolist() == [False] * 9 + [True, True]
    assert not outliers([np.nan, np.inf]).any()


def test_4_no_value_falls_outside_of_all_classes_by_rounding() -> None:
    values = np.array([0.04, 0.049, 0.051, 0.14, 0.149, 0.151, 9.96, 9.999])
    for method in ("quantiles", "equal_interval", "jenks", "pretty", "std_deviation"):
        found = classify(values, None, method, 4, precision=1)
        assert (found.classes >= 0).all()
        assert sum(found.counts) == len(values)


def test_5_a_target_stays_when_the_date_changes() -> None:
    areas, data = area_system(), table()
    made = [threshold_spec(data, areas, day, 14.5) for day in DAYS]
    assert {m.reference for m in made} == {14.5}
    assert {m.classification.midpoint for m in made} == {14.5}
    for m in made:
        split, classes = m.classification.split, m.classification.classes
        good = classes >= 0
        assert ((m.values[good] >= 14.5) == (classes[good] >= split)).all()


def test_6_a_change_does_not_alter_how_values_are_classed() -> None:
    areas, data = area_system(), table()
    style = MapStyle(whole_series=True)
    before = value_spec(data, areas, DAYS[1], style)
    change_spec(data, areas, DAYS[0], DAYS[2])
    after = value_spec(data, areas, DAYS[1], style)
    assert style.whole_series
    assert before.classification.breaks == after.classification.breaks


def test_8_areas_with_zero_stay_in_regression_and_ranking() -> None:
    drawn = shapes(40)
    first = spec(drawn)
    values = first.values.copy()
    values[10], values[11] = 0.0, 0.0
    other = replace(first, values=values, classification=classify(values, first.status))
    made = scatter_spec(first, other)
    assert {"010", "011"} <= set(made.keys)
    assert made.line is not None
    assert made.line.n == len(made.keys) == 36
    zeros = np.where(values == 0, np.uint8(Status.MISSING), first.status)
    own = replace(other, true_zero=True, classification=classify(values, zeros))
    assert {"010", "011"} <= {bar.key for bar in ranking_spec(own).bars}


def test_9_a_missing_value_is_no_point_of_a_radar_and_no_part_of_a_mean() -> None:
    data = np.array([[1.0, 2.0, np.nan], [4.0, np.nan, 8.0], [0.0, 5.0, 10.0]])
    made = radar_spec(("a", "b", "c"), data, [("x", 0), ("y", 1)], city=[1.5, 6.0, 5.0])
    assert made.low.tolist() == [1.0, 4.0, 0.0]
    assert made.high.tolist() == [2.0, 8.0, 10.0]
    assert np.isnan(made.lines[2].shares[1])
    assert made.lines[0].shares.tolist() == [0.5, 0.5, 0.5]
    assert correlation_spec(("a", "b"), data[:2]).n[0, 1] == 1


def test_10_the_city_value_is_not_the_mean_of_its_areas() -> None:
    areas = area_system()
    # Rates: the town's own numerator over its own denominator, far from the mean of areas.
    data = replace(table(), city_values=np.array([7.0, 18.25, 31.0]))
    assert data.city_values[1] != pytest.approx(np.nanmean(data.values[:, 1]))
    assert value_spec(data, areas, DAYS[1]).city_value == 18.25
    town = time_line_spec(data, {}).lines[0]
    assert town.values.tolist() == data.city_values.tolist()
    away = deviation_spec(data, areas, DAYS[1])
    assert away.reference == 18.25
    # A point with value v lies v − 18.25 from the town, unrounded.
    shown = value_spec(data, areas, DAYS[1])
    np.testing.assert_array_equal(away.values, shown.values - 18.25)


def test_11_the_largest_of_negative_values_is_negative() -> None:
    values = np.array([-9.0, -5.0, -1.5, -3.0])
    found = classify(values, None, "equal_interval", 3)
    assert (found.lower, found.upper) == (-9.0, -1.5)
    data = table()
    below = replace(data, values=data.values - 1000)
    made = time_line_spec(below, {})
    assert (made.high < 0).all()


def test_12_lines_over_time_are_drawn_over_time_not_over_positions() -> None:
    made = time_line_spec(table(), {})
    axes = draw_time_line(Figure(), made)
    x = axes.lines[-1].get_xdata() if len(axes.lines[-1].get_xdata()) == 3 else None
    drawn = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 3]
    assert drawn or x is not None
    for places in drawn:
        assert places[2] - places[1] == pytest.approx(3 * (places[1] - places[0]), rel=0.01)
    # A trend through uneven dates has its slope per day.
    days = np.array([d.toordinal() for d in DAYS], dtype=float)
    line = regress(days, 0.5 * days)
    assert line is not None
    assert line.slope == pytest.approx(0.5)


def test_13_areas_of_the_same_name_are_told_apart() -> None:
    drawn = shapes(40)
    twins = replace(spec(drawn), names=("Neustadt",) * 40)
    chosen = [bar.key for bar in ranking_spec(twins, ["020"]).bars if bar.selected]
    assert chosen == ["020"]
    selection = Selection()
    selection.toggle("020")
    assert "021" not in selection.keys
    made = scatter_spec(twins, twins, selected=["020"])
    assert len(set(made.keys)) == len(made.keys) == 36


@pytest.mark.parametrize(
    ("month", "quarter"), [(1, 1), (3, 1), (4, 2), (6, 2), (7, 3), (9, 3), (10, 4), (12, 4)]
)
def test_14_april_is_in_the_second_quarter(month, quarter) -> None:
    assert date_label(date(2024, month, 1), "quarter") == f"{quarter}. Quartal 2024"
    assert date_label(date(2024, month, 1), "year") == "2024"
    assert date_label(date(2024, month, 1), "month") == f"{month:02d}/2024"
