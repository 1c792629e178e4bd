"""Five steps from files to a map, driven by clicks."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog
from pytestqt.qtbot import QtBot

from monitor_app.cartography.legend import legend_entries
from monitor_app.core.formats import format_number
from monitor_app.core.issues import Severity
from monitor_app.ui.importpage import CHECK, CONFIRM, FILE, MAP, READ, ImportPage
from monitor_app.ui.issues import IssueDialog
from monitor_app.ui.recipeedit import ColumnRole
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.town import KEYS, PERSONS, write_boundaries, write_population

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch) -> ImportPage:
    """The import page of a new, empty project."""
    target = str(tmp_path / "Neu.gpkg")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (target, ""))
    qtbot.mouseClick(window.start.new, LEFT)
    settle(qtbot, window)
    assert window.page == "data"
    return window.workbench.import_


def begin(qtbot: QtBot, window: MainWindow, monkeypatch, *paths: Path) -> None:
    """The button for importing, and the files in the file dialog."""
    chosen = [str(p) for p in paths]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_a, **_k: (chosen, ""))
    window.show_page("data")
    qtbot.mouseClick(window.workbench.data.add, LEFT)
    settle(qtbot, window)


def forward(qtbot: QtBot, window: MainWindow, page: ImportPage) -> None:
    assert page.forward.isEnabled()
    qtbot.mouseClick(page.forward, LEFT)
    settle(qtbot, window)


def choose(qtbot: QtBot, combo: QComboBox, value: object) -> None:
    """Choose an entry as with the keyboard."""
    combo.setCurrentIndex(combo.findData(value))
    combo.activated.emit(combo.currentIndex())


def test_from_files_to_the_map(qtbot, window: MainWindow, page, tmp_path: Path, monkeypatch):
    bench = window.workbench
    begin(qtbot, window, monkeypatch, write_boundaries(tmp_path))
    assert page.step == READ
    assert page.read.model.rowCount() == 6
    forward(qtbot, window, page)
    assert page.step == MAP
    assert page.map.role_combo("schluessel").currentData() == ColumnRole.AREA
    page.map.level_name.selectAll()
    qtbot.keyClicks(page.map.level_name, "Stadtviertel")
    forward(qtbot, window, page)
    assert page.step == CHECK
    assert not page.batch.blocked
    forward(qtbot, window, page)
    assert page.step == CONFIRM
    forward(qtbot, window, page)
    assert [lv.name for lv in bench.session.map_levels()] == ["Stadtviertel"]

    begin(qtbot, window, monkeypatch, write_population(tmp_path))
    forward(qtbot, window, page)
    roles = {c: page.map.role_combo(c).currentData() for c in ("Stadtviertel", "Stichtag",
             "Altersgruppe", "Einwohner")}  # fmt: skip
    assert list(roles.values()) == [
        ColumnRole.AREA, ColumnRole.DATE, ColumnRole.AGE, ColumnRole.VALUE,
    ]  # fmt: skip
    shown = page.map.result
    assert shown.data(shown.index(0, 0)) == "001"
    forward(qtbot, window, page)
    assert page.check.totals.topLevelItemCount() >= 3
    forward(qtbot, window, page)
    forward(qtbot, window, page)
    assert window.page == "map"
    picture = bench.map.picture
    assert picture.spec.day == date(2024, 12, 31)
    assert dict(zip(picture.spec.keys, picture.spec.values, strict=True)) == {
        key: PERSONS[i, 2].sum() for i, key in enumerate(KEYS)
    }
    assert len(bench.session.project.revisions()) == 2
    window.actions_["undo"].trigger()
    settle(qtbot, window)
    assert not bench.session.project.datasets()


def test_boundaries_and_table_in_one_go(qtbot, window, page, tmp_path: Path, monkeypatch):
    begin(qtbot, window, monkeypatch, write_boundaries(tmp_path), write_population(tmp_path))
    forward(qtbot, window, page)
    assert page.map.group.count() == 2
    page.map.group.setCurrentIndex(1)
    page.map.group.activated.emit(1)
    coming = [page.map.level.itemData(i) for i in range(page.map.level.count())]
    choose(qtbot, page.map.level, next(key for key in coming if key == "viertel"))
    settle(qtbot, window)
    forward(qtbot, window, page)
    assert page.step == CHECK
    assert not page.batch.blocked, [i.message for i in page.batch.issues]
    forward(qtbot, window, page)
    forward(qtbot, window, page)
    assert window.page == "map"
    assert window.workbench.map.picture.spec.values.sum() == PERSONS[:, 2].sum()


def test_finding_jumps_to_its_cell_and_blocks(qtbot, window, page, tmp_path, monkeypatch):
    bench = window.workbench
    begin(qtbot, window, monkeypatch, write_boundaries(tmp_path))
    for _step in range(4):
        forward(qtbot, window, page)
    begin(qtbot, window, monkeypatch, write_population(tmp_path, wrong_key="999"))
    forward(qtbot, window, page)
    forward(qtbot, window, page)
    assert page.step == CHECK
    assert page.batch.blocked
    assert not page.forward.isEnabled()
    view = page.check.issues
    assert view.issues.issue_at(0).severity is Severity.ERROR
    where = view.visualRect(view.issues.index(0, 3)).center()
    qtbot.mouseClick(view.viewport(), LEFT, pos=where)
    shown = page.check.cells.currentIndex()
    assert page.check.model.data(shown) == "999"
    # the way out: keep the area without boundary
    qtbot.mouseClick(page.steps.buttons[MAP], LEFT)
    assert page.step == MAP
    page.map.keep.click()
    forward(qtbot, window, page)
    assert not page.batch.blocked
    assert bench.session.project.datasets() == ()


def test_wrong_assignment_is_said_beside_it(qtbot, window, page, tmp_path, monkeypatch):
    begin(qtbot, window, monkeypatch, write_population(tmp_path))
    forward(qtbot, window, page)
    choose(qtbot, page.map.role_combo("Einwohner"), ColumnRole.UNUSED)
    qtbot.waitUntil(lambda: bool(page.map.problem.text()))
    assert not page.forward.isEnabled()
    choose(qtbot, page.map.role_combo("Einwohner"), ColumnRole.VALUE)
    qtbot.waitUntil(page.forward.isEnabled)
    assert page.map.problem.text() == ""
    assert page.map.recipe.currentText() == "Eigene Zuordnung"


def test_cancel_leaves_the_project_alone(qtbot, window, page, tmp_path, monkeypatch):
    before = window.workbench.session.project.content_hash()
    begin(qtbot, window, monkeypatch, write_boundaries(tmp_path))
    forward(qtbot, window, page)
    forward(qtbot, window, page)
    qtbot.mouseClick(page.cancel, LEFT)
    settle(qtbot, window)
    assert window.workbench.data.stack.currentIndex() == 0
    assert window.workbench.session.project.content_hash() == before


def test_a_file_that_is_no_table_is_a_finding(qtbot, window, page, tmp_path, monkeypatch):
    broken = tmp_path / "kaputt.xlsx"
    broken.write_bytes(b"PK\x03\x04 but no more")
    begin(qtbot, window, monkeypatch, broken)
    found = page.read.issues.issues.issues
    dialogs = [w for w in QApplication.topLevelWidgets() if isinstance(w, IssueDialog)]
    assert page.step in (FILE, READ)
    assert any(i.severity is Severity.ERROR for i in found) or dialogs
    assert not page.forward.isEnabled() or page.step == FILE
    for dialog in dialogs:
        dialog.reject()


def test_dropped_file_without_project_makes_one(qtbot, window, tmp_path, monkeypatch):
    target = str(tmp_path / "Wurf.gpkg")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (target, ""))
    window.workbench.open_paths([write_population(tmp_path), write_boundaries(tmp_path)])
    settle(qtbot, window)
    assert window.workbench.session.project.name == "Wurf"
    assert window.workbench.import_.step == READ
    qtbot.mouseClick(window.workbench.import_.cancel, LEFT)


@pytest.mark.slow
@pytest.mark.realdata
def test_vienna_from_raw_files(qtbot, window, page, realdata: Path, monkeypatch):
    raw = realdata / "wien" / "raw"
    begin(
        qtbot, window, monkeypatch,
        raw / "shp" / "BEZIRKSGRENZEOGDPolygon.shp",
        raw / "vie-bez-pop-sex-age5-stk-nat-geo4-2002f.csv",
    )  # fmt: skip
    for _step in range(4):
        forward(qtbot, window, page)
    bench = window.workbench
    assert len(bench.map.picture.spec.keys) == 23
    assert bench.map.picture.spec.city_value == 2_028_289
    bench.change_view(indicator="altenquotient")
    settle(qtbot, window)
    assert bench.session.dates()[0] == date(2002, 1, 1)


@pytest.mark.slow
def test_sample_town_from_files_to_a_printed_page(
    qtbot, window, page, sample_town: Path, tmp_path: Path, monkeypatch
):
    """Start page, new project, files of the office, five steps, map, date, page: all by clicks."""
    from monitor_app.ui.exportdialog import PageDialog

    begin(
        qtbot, window, monkeypatch,
        sample_town / "grenzen" / "gebietsgliederung.gpkg",
        *sorted((sample_town / "bevoelkerung").glob("*.csv")),
    )  # fmt: skip
    assert page.step == READ
    for step in (MAP, CHECK, CONFIRM):
        forward(qtbot, window, page)
        assert page.step == step
    forward(qtbot, window, page)
    bench = window.workbench
    assert window.page == "map"
    assert len(bench.map.picture.spec.keys) == 60
    chooser = bench.bar.indicator
    qtbot.mouseClick(chooser, LEFT)
    qtbot.keyClicks(chooser.search, "altenquotient 65")
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    settle(qtbot, window)
    slider = bench.map.slider
    for _year in range(4):
        qtbot.mouseClick(slider.back, LEFT)
    settle(qtbot, window)
    assert bench.map.picture.spec.day == date(2020, 12, 31)
    target = tmp_path / "altenquotient.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(target), ""))
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, PageDialog))
    qtbot.waitUntil(lambda: dialog.preview.page is not None)
    qtbot.mouseClick(dialog.write, LEFT)
    settle(qtbot, window)
    (sheet,) = PdfReader(target).pages
    words = " ".join(sheet.extract_text().split())
    assert "Altenquotient" in words
    assert "31.12.2020" in words
    for entry in legend_entries(bench.map.picture.spec):
        assert entry.label in words
    city = town_ratio(sample_town, date(2020, 12, 31))
    assert format_number(city, 1) in words


def town_ratio(folder: Path, day: date) -> float:
    """Persons of 65 and older per 100 from 20 to 64 in the whole town, from the files alone."""
    old = middle = 0
    for path in sorted((folder / "bevoelkerung").glob("*.csv")):
        lines = path.read_text("cp1252").splitlines()
        table = list(csv.reader(lines[4:], delimiter=";"))
        ages = {
            i: int(h.split()[1].rstrip("+")) for i, h in enumerate(table[0]) if h[:5] == "Alter"
        }
        for row in table[1:]:
            if row and row[0] == f"{day:%d.%m.%Y}":
                old += sum(int(row[i]) for i, age in ages.items() if age >= 65)
                middle += sum(int(row[i]) for i, age in ages.items() if 20 <= age < 65)
    return 100 * old / middle
