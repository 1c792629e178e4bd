"""What the window exports leaves its definition, and the sheet of the indicator says so."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from shiboken6 import isValid

from monitor_app.app.usedefinitions import used_definitions
from monitor_app.ui.exportdialog import PageDialog, TableDialog
from monitor_app.ui.seriesdialog import SeriesDialog
from monitor_app.ui.sheetform import remember
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


def test_a_dialog_closed_while_it_writes_does_no_harm(qtbot, opened: MainWindow, tmp_path):
    bench = opened.workbench
    picture = bench.map.picture
    assert picture is not None
    dialog = PageDialog(bench, picture)
    dialog.open()
    dialog._write(tmp_path / "seite.png")
    dialog.reject()
    qtbot.waitUntil(lambda: not isValid(dialog))
    settle(qtbot, opened)
    (kept,) = used_definitions(bench.session)
    assert [u.file for u in kept.uses] == ["seite.png"]


def test_nothing_is_kept_in_a_project_that_was_opened_meanwhile(opened: MainWindow, tmp_path):
    bench = opened.workbench
    other = object()
    remember(bench, other, ["einwohner"], "alt.pdf", "viertel")  # type: ignore[arg-type]
    assert used_definitions(bench.session) == ()


def test_series_and_sheets_are_remembered(qtbot, opened: MainWindow, tmp_path):
    bench = opened.workbench
    dialog = SeriesDialog(bench)
    settle(qtbot, opened)
    dialog.save(tmp_path / "reihe.png")
    settle(qtbot, opened)
    bench.window_.show_page("profile")
    settle(qtbot, opened)
    room = bench.rooms["profile"]
    room.write(("001",), tmp_path / "blatt.png")
    settle(qtbot, opened)
    files = {u.file: k.indicator for k in used_definitions(bench.session) for u in k.uses}
    assert files["reihe.png"] == bench.session.view.indicator
    assert "blatt.png" in files
