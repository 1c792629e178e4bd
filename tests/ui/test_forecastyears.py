"""The table of base years, by clicks and keys: what it writes, what it refuses, what it tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from monitor_app.forecast.spec import load_spec
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.forecasttown import make_forecast_town

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def room(qtbot: QtBot, window: MainWindow, tmp_path: Path):
    window.resize(1366, 768)
    window.open_path(make_forecast_town(tmp_path))
    settle(qtbot, window)
    for wanted in ("rail", "step"):
        found = window.workbench.rooms["forecast"]
        button = window.rail.buttons["forecast"] if wanted == "rail" else (
            found.inner.buttons["assume"])  # fmt: skip
        qtbot.mouseClick(button, LEFT)
        for _round in range(4):
            settle(qtbot, window)
            qtbot.wait(1)
    qtbot.mouseClick(found.inner.assume.past.head, LEFT)
    return found


def click_cell(qtbot: QtBot, table, row: int, column: int, keys=Qt.KeyboardModifier.NoModifier):
    table.scrollToItem(table.item(row, column))
    at = table.visualItemRect(table.item(row, column)).center()
    qtbot.mouseClick(table.viewport(), LEFT, keys, at)


def texts(table, column: int) -> list[str]:
    return [table.item(row, column).text() for row in range(table.rowCount())]


def stored(room):
    return load_spec(room.session.project.document("forecast", room.spec.id))


def test_years_are_left_out_for_migration_by_clicks_and_come_back(qtbot: QtBot, room) -> None:
    page = room.inner.assume.years
    table = page.weights.table
    heads = [table.horizontalHeaderItem(n).text() for n in range(table.columnCount())]
    assert heads == ["Geburten", "Wanderungssaldo"]  # this town knows its stocks only
    years = [table.verticalHeaderItem(n).text() for n in range(table.rowCount())]
    assert years == [str(y) for y in range(2023, 2014, -1)]
    assert texts(table, 0) == ["1"] * 3 + ["0"] * 6  # births rest on three years
    assert not page.weights.out.isEnabled()
    click_cell(qtbot, table, 1, 1)
    click_cell(qtbot, table, 3, 1, Qt.KeyboardModifier.ShiftModifier)
    qtbot.mouseClick(page.weights.out, LEFT)
    kept = [2015, 2016, 2017, 2018, 2019, 2023]
    assert stored(room).base_years == {"arrivals": kept}
    assert texts(table, 0) == ["1"] * 3 + ["0"] * 6
    assert table.item(1, 1).font().bold()
    assert "ausgelassen" in table.item(1, 1).toolTip()
    assert "2015–2023 ohne 2020–2022" in page.words.text()
    assert "geändert" in room.inner.assume.past.head.text()
    qtbot.mouseClick(page.weights.reset, LEFT)
    assert room.spec.base_years == {}
    assert texts(table, 1) == ["1"] * 9
    assert not page.weights.reset.isEnabled()


def test_weights_are_typed_and_bad_ones_told_at_their_cell(qtbot: QtBot, room) -> None:
    page = room.inner.assume.years
    table, spec = page.weights.table, room.spec
    click_cell(qtbot, table, 0, 1)
    table.editItem(table.item(0, 1))
    editor = table.viewport().findChild(QLineEdit)
    qtbot.keyClicks(editor, "0,5")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: room.spec != spec)
    assert stored(room).base_years["arrivals"][2023] == 0.5
    assert "2023 mit Gewicht 0,5" in page.words.text()
    before = room.spec
    for bad in ("2", "−1", "halb"):
        table.item(1, 1).setText(bad)
        assert "Wanderungssaldo 2022" in page.weights.message.text()
        assert room.spec == before
    table.item(1, 1).setText("1")
    assert page.weights.message.isHidden()
    # Delete leaves the marked cells out; all of them would leave nothing.
    click_cell(qtbot, table, 0, 0)
    click_cell(qtbot, table, 2, 0, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert "mindestens" in page.weights.message.text().lower()
    assert room.spec == before
    table.item(4, 0).setText("1")
    assert stored(room).base_years["births"] == [2019]


def test_left_out_years_are_told_before_a_run(qtbot: QtBot, room) -> None:
    room.change({"base_years": {"arrivals": [2018, 2019, 2023]}})
    form = room.inner.run.words
    found = {
        form.itemAt(row, form.ItemRole.LabelRole).widget().text():
        form.itemAt(row, form.ItemRole.FieldRole).widget().text()
        for row in range(form.rowCount())
    }  # fmt: skip
    assert found["Stützjahre"] == (
        "Wanderungssaldo: 2018–2023 ohne 2020–2022; sonst die letzten 10 Jahre,"
        " bei Geburten die letzten 3"
    )


def test_factors_of_components_without_rates_cannot_be_typed(qtbot: QtBot, room) -> None:
    table = room.inner.assume.scenarios.table
    rows = {table.verticalHeaderItem(n).text(): table.item(n, 0) for n in range(table.rowCount())}
    for name in ("Umzüge in der Stadt", "Einbürgerungen"):
        assert rows[name].text() == "–"
        assert not rows[name].flags() & Qt.ItemFlag.ItemIsEditable
        assert "keine Raten" in rows[name].toolTip()
    assert rows["Zuzüge von außen"].flags() & Qt.ItemFlag.ItemIsEditable
