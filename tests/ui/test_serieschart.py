"""Gaps stay gaps, and ticks are told apart, whatever the numbers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from monitor_app.ui.serieschart import Series, SeriesChart
from monitor_app.ui.theme import Theme

DAYS = [date(2018 + i, 12, 31) for i in range(6)]


@pytest.fixture
def chart(qtbot: QtBot, theme: Theme) -> SeriesChart:
    made = SeriesChart(theme)
    qtbot.addWidget(made)
    made.resize(480, 220)
    made.show()
    return made


def test_a_line_does_not_bridge_what_is_missing(chart: SeriesChart) -> None:
    whole = Series("ganz", dict.fromkeys(DAYS, 0.5))
    gaps = Series("mit Lücken", {DAYS[0]: 0.1, DAYS[1]: 0.2, DAYS[2]: np.nan, DAYS[4]: 0.3})
    chart.show_series((whole, gaps))
    assert chart.runs(whole) == [DAYS]
    assert chart.runs(gaps) == [DAYS[:2], [DAYS[4]]]
    image = chart.grab().toImage()  # the gap is empty on the screen too
    ratio = image.devicePixelRatio()
    chart.show_series((whole, Series("mit Lücken", {DAYS[0]: 0.1, DAYS[1]: 0.2})))
    other = chart.grab().toImage()
    x = round((chart._x(DAYS[2]) + 4) * ratio)
    assert all(image.pixel(x, y) == other.pixel(x, y) for y in range(20, image.height() - 40))


@pytest.mark.parametrize("size", [1e-4, 3e-3, 0.04, 1.0, 250.0])
def test_ticks_are_told_apart(chart: SeriesChart, size: float) -> None:
    chart.show_series((Series("I", {d: -size * i for i, d in enumerate(DAYS)}),))
    ticks, digits = chart._ticks(), chart._tick_decimals()
    assert len(ticks) > 1
    assert len({round(t, digits) for t in ticks}) == len(ticks)


@pytest.mark.parametrize("values", [{}, {DAYS[0]: np.nan}, {DAYS[0]: 1.0}])
def test_nothing_known_is_no_error(chart: SeriesChart, values: dict[date, float]) -> None:
    chart.show_series((Series("leer", values),))
    chart.grab()
