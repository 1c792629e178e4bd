"""What is built anyway, chosen in the window; its effect against dwellings counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from monitor_app.app import forecasting
from monitor_app.app.forecasting_words import run_words
from monitor_app.forecast.spec import load_spec
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.forecasttown import make_forecast_town

LEFT = Qt.MouseButton.LeftButton
PROJECT = {"name": "Feld", "area": "a1", "dwellings": {2024: 40}, "persons_per_dwelling": 2.5,
           "share_from_town": 0.0}  # fmt: skip


@pytest.fixture
def room(qtbot: QtBot, window: MainWindow, tmp_path: Path):
    window.open_path(make_forecast_town(tmp_path))
    settle(qtbot, window)
    qtbot.mouseClick(window.rail.buttons["forecast"], LEFT)
    settle(qtbot, window)
    found = window.workbench.rooms["forecast"]
    qtbot.mouseClick(found.inner.buttons["assume"], LEFT)
    settle(qtbot, window)
    return found


def choose(qtbot: QtBot, room, key: str) -> None:
    box = room.inner.assume.usual.way
    box.setCurrentIndex(box.findData(key))
    box.activated.emit(box.currentIndex())
    settle(qtbot, room.bench.window_)


def kept(room):
    return load_spec(room.session.project.document("forecast", room.spec.id))


def test_usual_building_is_chosen_in_the_window_and_counts_once(qtbot: QtBot, room) -> None:
    first = room.spec.base or room.town.years[-1]
    project = {**PROJECT, "dwellings": {first + 1: 40}}
    room.change({"housing": [project], "draws": 0, "control": 0.0, "years": 2})
    usual = room.inner.assume.usual
    assert usual.number.isHidden()
    assert usual.less.isHidden()
    full = forecasting.run(room.session, room.spec).results[0].projection.totals[1].sum()

    choose(qtbot, room, "all")
    assert not usual.number.isHidden()
    usual.number.setFocus()
    usual.number.selectAll()
    qtbot.keyClicks(usual.number, "15")
    qtbot.keyClick(usual.number, Qt.Key.Key_Return)
    settle(qtbot, room.bench.window_)
    assert kept(room).usual_housing == {"all": 15.0}
    held = forecasting.run(room.session, room.spec).results[0].projection.totals[1].sum()
    assert full - held == pytest.approx(15 * 2.5)
    words = dict(run_words(room.spec, room.town, "Viertel"))
    assert words["Übliche Bautätigkeit"].startswith("15 Wohnungen im Jahr sind üblich")

    usual.less.click()
    assert kept(room).housing_shortfall
    choose(qtbot, room, "none")
    assert kept(room).usual_housing == "none"
    assert not kept(room).housing_shortfall


def test_numbers_by_area_stay_until_something_else_is_chosen(qtbot: QtBot, room) -> None:
    room.change({"usual_housing": {"a1": 12.0, "all": 30.0}})
    settle(qtbot, room.bench.window_)
    usual = room.inner.assume.usual
    assert usual.way.currentText() == "üblich je Gebiet, 42 Wohnungen im Jahr"
    assert usual.number.isHidden()
    choose(qtbot, room, "areas")
    assert kept(room).usual_housing == {"a1": 12.0, "all": 30.0}
    choose(qtbot, room, "completions")
    assert kept(room).usual_housing == "completions"
    # The town has no completed dwellings: the field says what to do.
    assert usual.error.text().startswith("Das Projekt hat keine fertiggestellten Wohnungen")
    choose(qtbot, room, "none")
    assert usual.error.text() == ""
