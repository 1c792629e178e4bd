"""Ages and trends in the window: clicks become a specification, words and a forecast."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from monitor_app.app.forecasting_run import method_of
from monitor_app.app.forecasting_trends import pace
from monitor_app.app.forecasting_words import pace_words, special_words
from monitor_app.forecast.spec import load_spec
from monitor_app.ui.window import MainWindow
from tests.ui.forecasttown import open_assumptions, ready

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def room(qtbot: QtBot, window: MainWindow, tmp_path: Path):
    found = open_assumptions(qtbot, window, tmp_path)
    found.inner.assume.deeper.head.setChecked(True)
    expert = found.inner.assume.expert
    expert.tabs.setCurrentWidget(expert.trends)
    return found


def stored(room):
    return load_spec(room.session.project.document("forecast", room.spec.id))


def test_a_trend_is_switched_on_damped_and_told(qtbot: QtBot, room) -> None:
    page = room.inner.assume.expert.trends
    assert page.boxes["births"].isVisible()
    assert not page.boxes["arrivals"].isVisible()  # stocks only: moves are not told apart
    weights = method_of(room.spec).trend_weights("births", room.town.years[1:])
    assert page.paces["births"].text() == pace_words(pace(room.town, "births", weights))
    assert not page.kept["births"].isEnabled()
    qtbot.mouseClick(page.boxes["births"], LEFT, pos=QPoint(8, 8))
    assert stored(room).trends == {"births": 0.8}
    page.kept["births"].setValue(50)
    page.kept["births"].editingFinished.emit()
    assert stored(room).trends == {"births": 0.5}
    (told,) = special_words(room.spec)
    assert told == "Geburten: Der Trend geht weiter, vom Tempo bleiben jedes Jahr 50 %"
    qtbot.mouseClick(page.boxes["births"], LEFT, pos=QPoint(8, 8))
    assert stored(room).trends == {}


def test_steps_of_five_years_are_one_choice_and_back(qtbot: QtBot, room) -> None:
    page, window = room.inner.assume.expert.trends, room.bench.window_
    room.change({"years": 12, "draws": 200})
    ready(qtbot, window)

    def choose(step: str) -> None:
        page.step.setCurrentIndex(page.step.findData(step))
        page.step.activated.emit(page.step.currentIndex())
        ready(qtbot, window)

    choose("five")
    assert (room.spec.age_step, room.spec.years, room.spec.draws) == ("five", 15, 0)
    assert room.town.layout.step == 5
    assert not page.trends.isVisible()
    assert not room.inner.assume.years.weights.isVisibleTo(room.inner.assume.years)
    qtbot.mouseClick(room.inner.buttons["run"], LEFT)
    qtbot.mouseClick(room.inner.run.run, LEFT)
    ready(qtbot, window)
    qtbot.mouseClick(room.inner.run.next, LEFT)
    ready(qtbot, window)
    assert room.outcome.results.years == (2028, 2033, 2038)
    choose("single")
    assert (room.spec.age_step, room.spec.draws) == ("single", 200)
    assert room.town.layout.step == 1
