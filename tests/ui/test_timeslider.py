"""The time axis keeps real distances and never leaves its dates."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt

from monitor_app.ui import timeslider
from monitor_app.ui.theme import Theme
from monitor_app.ui.timeslider import TimeSlider, short_label

UNEVEN = (date(2002, 12, 31), date(2003, 12, 31), date(2011, 12, 31), date(2012, 6, 30))


@pytest.fixture
def slider(qtbot, theme: Theme) -> TimeSlider:
    made = TimeSlider(theme)
    qtbot.addWidget(made)
    made.resize(800, 60)
    made.set_dates(UNEVEN, 3)
    made.show()
    return made


def test_gaps_keep_their_length(slider: TimeSlider):
    x = [slider.axis.x_of(i) for i in range(4)]
    assert (x[2] - x[1]) / (x[1] - x[0]) == pytest.approx(2922 / 365)  # days between the dates


def test_click_takes_the_nearest_date(qtbot, slider: TimeSlider):
    axis = slider.axis
    with qtbot.waitSignal(slider.moved) as told:
        qtbot.mouseClick(axis, Qt.MouseButton.LeftButton, pos=QPoint(round(axis.x_of(1)) + 6, 16))
    assert told.args == [1]


def test_keys_step_and_stop_at_the_ends(qtbot, slider: TimeSlider):
    axis = slider.axis
    qtbot.keyClick(axis, Qt.Key.Key_Right)
    assert axis.index == 3
    qtbot.keyClick(axis, Qt.Key.Key_Left)
    assert axis.index == 2
    qtbot.keyClick(axis, Qt.Key.Key_Home)
    assert axis.index == 0
    qtbot.keyClick(axis, Qt.Key.Key_Left)
    assert axis.index == 0
    assert "31.12.2002" in axis.accessibleName()


def test_buttons_are_off_at_the_ends(qtbot, slider: TimeSlider):
    assert not slider.forward.isEnabled()
    for _step in range(3):
        qtbot.mouseClick(slider.back, Qt.MouseButton.LeftButton)
    assert slider.axis.index == 0
    assert not slider.back.isEnabled()


def test_play_starts_over_and_stops_at_the_end(qtbot, slider: TimeSlider, monkeypatch):
    seen: list[int] = []
    slider.moved.connect(seen.append)
    slider._timer.setInterval(1)
    qtbot.mouseClick(slider.play, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not slider.play.isChecked())
    assert seen == [0, 1, 2, 3]


def test_hiding_stops_playing(qtbot, slider: TimeSlider):
    slider.axis.set_index(0)
    qtbot.mouseClick(slider.play, Qt.MouseButton.LeftButton)
    slider.hide()
    assert not slider._timer.isActive()


def test_second_handle_is_dragged_apart_from_the_first(qtbot, slider: TimeSlider):
    axis = slider.axis
    axis.set_other(0)
    told: list[int] = []
    slider.compared.connect(told.append)
    qtbot.mousePress(axis, Qt.MouseButton.LeftButton, pos=QPoint(round(axis.x_of(0)), 16))
    qtbot.mouseMove(axis, QPoint(round(axis.x_of(1)), 16))
    qtbot.mouseRelease(axis, Qt.MouseButton.LeftButton, pos=QPoint(round(axis.x_of(1)), 16))
    assert (axis.index, axis.other, told) == (3, 1, [1])


def test_labels_never_touch(slider: TimeSlider):
    many = [date(y, 12, 31) for y in range(1960, 2041)]
    for width in (200, 400, 1600):
        slider.resize(width, 60)
        slider.set_dates(many, 5)
        axis = slider.axis
        axis.resize(width - 120, 48)
        metrics = axis.fontMetrics()
        spans = [
            (axis.x_of(i) - metrics.horizontalAdvance(short_label(many[i])) / 2,
             axis.x_of(i) + metrics.horizontalAdvance(short_label(many[i])) / 2)
            for i in axis.labelled()
        ]  # fmt: skip
        assert all(a[1] < b[0] for a, b in pairwise(spans))
        assert {0, len(many) - 1} <= set(axis.labelled()) or width == 200


@pytest.mark.parametrize("dates", [(), (date(2024, 12, 31),)])
def test_no_date_and_one_date_are_harmless(qtbot, slider: TimeSlider, dates):
    slider.set_dates(dates, 0)
    slider.axis.set_index(7)
    slider.grab()
    assert slider.axis.index == len(dates) - 1
    assert not slider.play.isEnabled()


def test_year_ends_are_written_as_years():
    assert short_label(date(2024, 12, 31)) == "2024"
    assert short_label(date(2024, 1, 1)) == "2024"
    assert short_label(date(2024, 6, 30)) == "06/2024"
    assert timeslider.PLAY_MS > 200
