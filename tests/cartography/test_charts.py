"""Charts: read off the artists what a reader would see."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from monitor_app.cartography.charts import (
    chosen_dates,
    date_texts,
    draw_pyramid,
    draw_ranking,
    draw_time_line,
    spread,
    tick_texts,
)
from monitor_app.cartography.chartspec import (
    PyramidSide,
    PyramidSpec,
    Role,
    ranking_spec,
    time_line_spec,
)
from monitor_app.core.status import Status
from tests.cartography.town import DAYS, shapes, spec, table


def rendered(figure: Figure) -> Figure:
    figure.canvas.draw()
    return figure


def texts_of(axes) -> list[str]:
    return [t.get_text() for t in axes.texts]


def test_lines_stand_at_their_real_dates() -> None:
    made = time_line_spec(table(), {"003": "Nord"}, selected=["003", "nowhere"], day=DAYS[1])
    figure = Figure(figsize=(6, 3))
    axes = draw_time_line(figure, made)
    rendered(figure)
    x = axes.lines[1].get_xdata()
    assert np.diff(x).tolist() == [365, 1096]  # 2020 → 2021 → 2024
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2020", "2021", "2024"]
    assert texts_of(axes) == ["Stadt insgesamt", "Nord"]


def test_the_band_is_the_range_of_all_areas() -> None:
    data = table()
    data.values[0, 1] = np.nan
    data.status[0, 1] = Status.MISSING
    made = time_line_spec(data, {})
    expected = [np.nanmin(data.values[:, j]) for j in range(3)]
    assert made.low.tolist() == expected
    assert made.high[1] == 19.0  # the highest area has no value at this date
    axes = draw_time_line(Figure(figsize=(6, 3)), made)
    band = next(c for c in axes.collections if isinstance(c, PolyCollection))
    assert band.get_paths()[0].vertices[:, 1].min() == min(expected)


def test_gaps_stay_gaps_and_forecasts_are_dashed() -> None:
    data = table()
    status = data.status.copy()
    status[3, 0] = Status.SECRET
    status[:, 2] = Status.FORECAST
    city = np.array([0, 0, Status.FORECAST], np.uint8)
    made = time_line_spec(
        replace(data, status=status, city_status=city), {}, selected=[data.areas[3]]
    )
    assert made.forecast_from == 2
    axes = draw_time_line(Figure(figsize=(6, 3)), made)
    dashed = [line for line in axes.lines if line.is_dashed()]
    assert len(dashed) == 2
    # The dashed part joins the last observed value.
    assert np.isfinite(dashed[0].get_ydata()).tolist() == [False, True, True]
    assert made.lines[1].role is Role.SELECTION
    assert np.isnan(made.lines[1].shown[0])


def test_a_chart_without_values_is_empty_but_drawn() -> None:
    data = table()
    status = np.full(data.status.shape, Status.MISSING, np.uint8)
    made = time_line_spec(
        replace(data, status=status, city_status=status[0]), {}, hovered=data.areas[0]
    )
    assert np.isnan(made.low).all()
    rendered_axes = draw_time_line(Figure(figsize=(6, 3)), made)
    rendered(rendered_axes.figure)
    none = replace(data, areas=(), values=np.empty((0, 3)), status=np.empty((0, 3), np.uint8))
    rendered(draw_time_line(Figure(figsize=(2, 1)), time_line_spec(none, {})).figure)
    no_dates = replace(
        data, dates=(), values=np.empty((11, 0)), status=np.empty((11, 0), np.uint8),
        city_values=np.empty(0), city_status=np.empty(0, np.uint8),
    )  # fmt: skip
    rendered(draw_time_line(Figure(figsize=(4, 2)), time_line_spec(no_dates, {})).figure)


def test_the_ranking_has_the_colours_of_the_map() -> None:
    made = spec(shapes(30))
    ranked = ranking_spec(made, ["010"])
    assert [b.rank for b in ranked.bars] == list(range(1, 27))
    assert ranked.without == 4
    assert ranked.bars[0].value == 29.0
    axes = draw_ranking(Figure(figsize=(5, 6)), ranked)
    assert [to_hex(p.get_facecolor()) for p in axes.patches] == [b.colour for b in ranked.bars]
    by_key = dict(zip(made.keys, made.classification.classes, strict=True))
    for bar in ranked.bars:
        assert bar.colour == made.class_colours[by_key[bar.key]]
    assert "Stadt insgesamt: 17,2" in texts_of(axes) or "Stadt insgesamt: 17,3" in texts_of(axes)
    assert "29,0" in texts_of(axes)
    rendered(axes.figure)


def test_equal_values_share_a_rank() -> None:
    drawn = shapes(5)
    values = np.array([5.0, 7.0, 7.0, 1.0, 5.0])
    made = spec(drawn, values=values, classification=spec(drawn).classification.apply(values))
    assert [(b.key, b.rank) for b in ranking_spec(made).bars] == [
        ("001", 1), ("002", 1), ("000", 3), ("004", 3), ("003", 5),
    ]  # fmt: skip


@pytest.mark.parametrize("n", [0, 1, 200])
def test_rankings_of_any_length(n) -> None:
    drawn = shapes(200)
    made = spec(drawn)
    ranked = ranking_spec(made)
    some = replace(ranked, bars=ranked.bars[:n])
    axes = draw_ranking(Figure(figsize=(3, 3)), some)
    assert len(axes.patches) == len(some.bars)
    rendered(axes.figure)


def test_a_pyramid_counts_per_year_of_age() -> None:
    lows, highs = np.array([0, 5, 65]), np.array([5, 65, 100])
    base = PyramidSide("A", np.array([50.0, 600.0, 35.0]), np.array([55.0, 660.0, 70.0]))
    made = PyramidSpec(
        lows, highs, base, PyramidSide("B", base.men * 2, base.women * 2), share=True
    )
    men, women = made.lengths(base)
    # Shares of the total, per single year: they integrate to 100 per cent.
    assert ((men + women) * (highs - lows)).sum() == pytest.approx(100)
    np.testing.assert_allclose(made.lengths(made.overlay)[0], men)  # type: ignore[arg-type]
    axes = draw_pyramid(Figure(figsize=(4, 4)), made)
    widths = [p.get_width() for p in axes.patches]
    np.testing.assert_allclose(widths[:3], -men)
    np.testing.assert_allclose(widths[3:6], women)
    assert all("−" not in t.get_text() for t in axes.get_xticklabels())
    rendered(axes.figure)
    none = PyramidSide("", np.zeros(3), np.zeros(3))
    rendered(draw_pyramid(Figure(figsize=(3, 3)), PyramidSpec(lows, highs, none)).figure)


def test_numbers_beside_axes_are_german() -> None:
    assert tick_texts([0, 500, 1000, 1500]) == ["0", "500", "1.000", "1.500"]
    assert tick_texts([0, 0.25, 0.5]) == ["0,00", "0,25", "0,50"]
    assert tick_texts([-2.5, 0, 2.5], signed=True) == ["−2,5", "0,0", "+2,5"]
    assert tick_texts([7.0]) == ["7"]


def test_dates_beside_axes() -> None:
    assert date_texts([date(2020, 12, 31), date(2021, 12, 31)]) == ["2020", "2021"]
    assert date_texts([date(2020, 6, 30), date(2021, 12, 31)]) == ["06/2020", "12/2021"]
    assert chosen_dates(np.arange(50.0), 100.0, 25.0)[-1] == 49
    assert chosen_dates(np.empty(0), 100.0, 25.0) == []


@given(st.lists(st.floats(0, 100), max_size=8))
def test_labels_do_not_overlap(places) -> None:
    moved = spread(places, 5.0, 0.0, 100.0)
    order = np.argsort(places, kind="stable")
    gaps = np.diff(np.array(moved)[order])
    assert (gaps >= 5.0 - 0.1).all()
    assert all(-0.1 <= m <= 100.1 for m in moved)
