"""What the window exports leaves its definition, and the sheet of the indicator says so."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from monitor_app.app.usedefinitions import used_definitions
from monitor_app.ui.exportdialog import TableDialog
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle

LEFT = Qt.MouseButton.LeftButton


def test_exported_table_is_remembered_on_the_sheet(
    qtbot, opened: MainWindow, monkeypatch, tmp_path
):
    bench = opened.workbench
    path = tmp_path / "einwohner.xlsx"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a: (str(path), ".xlsx"))
    picture = bench.map.picture
    assert picture is not None
    TableDialog(bench, picture).choose()
    settle(qtbot, opened)
    qtbot.waitUntil(path.exists)
    qtbot.waitUntil(lambda: bool(used_definitions(bench.session)))
    (kept,) = used_definitions(bench.session)
    assert kept.indicator == picture.table.indicator
    assert [u.file for u in kept.uses] == ["einwohner.xlsx"]
    qtbot.mouseClick(opened.rail.buttons["catalogue"], LEFT)
    settle(qtbot, opened)
    room = bench.rooms["catalogue"]
    room.show(kept.indicator)
    text = room.page.sheet.text.toPlainText()
    assert "Ausgegebene Seiten und Tabellen" in text
    assert "einwohner.xlsx" in text
    assert "anderer Definition" not in text
