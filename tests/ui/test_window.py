"""The window with a small town, driven by clicks and keys."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QSpinBox,
    QWidget,
)
from pytestqt.qtbot import QtBot

from monitor_app.core.formats import format_number
from monitor_app.ui.issues import IssueDialog
from monitor_app.ui.theme import Scheme
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.town import KEYS, NAMES, PERSONS, old_age_ratio

LEFT = Qt.MouseButton.LeftButton


def bench(window: MainWindow):
    assert window.workbench is not None
    return window.workbench


def choose(qtbot: QtBot, window: MainWindow, indicator: str) -> None:
    """Choose an indicator as a user does: open the tree, type, Enter."""
    chooser = bench(window).bar.indicator
    qtbot.mouseClick(chooser, LEFT)
    qtbot.keyClicks(chooser.search, indicator)
    qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    settle(qtbot, window)


def press(qtbot: QtBot, window: MainWindow, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
    """A shortcut, with the window in front."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, key, *modifiers)


def area_pixel(window: MainWindow, key: str) -> QPoint:
    view = bench(window).map.map
    i = KEYS.index(key)
    x, y = view.view.to_pixel(565500 + 1000 * (i % 3), 5930500 + 1000 * (i // 3))
    return QPoint(round(x), round(y))


def rows(window: MainWindow, column: int) -> list[str]:
    model = bench(window).map.table.model
    return [model.data(model.index(r, column)) for r in range(model.rowCount())]


def test_only_what_exists_is_offered(window: MainWindow, town: Path, qtbot):
    assert window.page == "start"
    assert not window.rail.buttons["map"].isVisible()
    assert not bench(window).bar.isVisible()
    assert not window.actions_["save"].isEnabled()
    window.open_path(town)
    settle(qtbot, window)
    assert window.page == "map"
    assert set(window.rail.buttons) == {"start", "data", *bench(window).rooms}
    assert bench(window).bar.project.text() == "Probestadt"


def test_old_age_ratio_by_hand(qtbot, opened: MainWindow):
    choose(qtbot, opened, "altenquotient 65")
    assert bench(opened).session.view.day == date(2024, 12, 31)
    expected = {k: format_number(old_age_ratio(i, 2), 1) for i, k in enumerate(KEYS)}
    keys = bench(opened).map.table.model.keys
    assert dict(zip(keys, rows(opened, 2), strict=True)) == expected
    qtbot.mouseMove(bench(opened).map.map, area_pixel(opened, "003"))
    card = bench(opened).map.map.card
    assert card.name.text() == "Bahnhof"
    assert card.value.text().startswith(expected["003"])


def test_city_value_is_the_ratio_of_the_sums(qtbot, opened: MainWindow):
    choose(qtbot, opened, "altenquotient 65")
    city = 100 * PERSONS[:, 2, 2].sum() / PERSONS[:, 2, 1].sum()
    assert format_number(city, 1) in bench(opened).map.legend.city.text()


def test_slider_keys_and_chooser_change_one_date(qtbot, opened: MainWindow):
    page = bench(opened).map
    qtbot.mouseClick(page.slider.back, LEFT)
    assert bench(opened).session.view.day == date(2021, 12, 31)
    assert bench(opened).bar.day.currentText() == "31.12.2021"
    qtbot.keyClick(page.map, Qt.Key.Key_Left)
    assert page.banners.day.text() == "31.12.2020"
    assert rows(opened, 2)[0] == format_number(PERSONS[0, 0].sum())
    press(qtbot, opened, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert bench(opened).session.view.day == date(2021, 12, 31)


def test_selection_is_one_for_map_table_ranking(qtbot, opened: MainWindow):
    page = bench(opened).map
    qtbot.mouseClick(page.map, LEFT, pos=area_pixel(opened, "004"))
    chosen = page.table.view.selectionModel().selectedRows()
    assert [page.table.model.key_at(i.row()) for i in chosen] == ["004"]
    assert "1 Gebiet ausgewählt" in page.banners.banner("selection").label.text()
    assert "Ostend" in {w.text() for w in page.profile.findChildren(QWidget) if hasattr(w, "text")}
    page.raise_dock("table")
    qtbot.waitUntil(page.table.view.isVisible)
    row = page.table.model.row_of("002")
    where = page.table.view.visualRect(page.table.model.index(row, 0)).center()
    qtbot.mouseClick(page.table.view.viewport(), LEFT, pos=where)
    assert bench(opened).session.selection.keys == ("002",)
    qtbot.mouseClick(page.banners.banner("selection").button, LEFT)
    assert bench(opened).session.selection.keys == ()
    assert "selection" not in page.banners.names


def test_ranking_click_selects(qtbot, opened: MainWindow):
    page = bench(opened).map
    page.raise_dock("ranking")
    assert page.ranking.keys[0] == "006"  # most inhabitants
    qtbot.mouseClick(page.ranking.viewport(), LEFT, pos=QPoint(200, 24 + 30))
    assert bench(opened).session.selection.keys == (page.ranking.keys[1],)


def test_filter_narrows_everywhere_and_its_banner_ends_it(qtbot, opened: MainWindow):
    page = bench(opened).map
    press(qtbot, opened, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(page.table.filter.isVisible)
    qtbot.keyClicks(page.table.filter, "> 200")
    expected = {k for i, k in enumerate(KEYS) if PERSONS[i, 2].sum() > 200}
    assert 0 < len(expected) < 6
    assert set(page.table.model.keys) == set(page.ranking.keys) == expected
    assert "> 200" in page.banners.banner("filter").label.text()
    qtbot.mouseClick(page.banners.banner("filter").button, LEFT)
    assert len(page.ranking.keys) == 6
    assert page.table.filter.text() == ""


def test_balance_map_shows_the_difference(qtbot, opened: MainWindow):
    choose(qtbot, opened, "altenquotient 65")
    page = bench(opened).map
    press(qtbot, opened, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert page.picture.spec.base_day == date(2020, 12, 31)
    difference = old_age_ratio(0, 2) - old_age_ratio(0, 0)
    assert rows(opened, 4)[0] == format_number(difference, 1, signed=True)
    qtbot.keyClick(page.legend.kinds.kind, Qt.Key.Key_Down)  # the next kind: change in %
    share = 100 * difference / old_age_ratio(0, 0)
    assert page.picture.spec.unit == "%"
    assert page.picture.spec.values[0] == pytest.approx(share)
    assert "balance" in page.banners.names
    qtbot.mouseClick(page.banners.banner("balance").button, LEFT)
    assert page.picture.spec.base_day is None
    assert not opened.actions_["balance"].isChecked()


def test_legend_is_a_control(qtbot, opened: MainWindow):
    page = bench(opened).map
    legend = page.legend
    qtbot.keyClick(legend.count, Qt.Key.Key_Down)
    assert bench(opened).session.view.k == 4
    assert sum(count for _label, count in legend.rows.rows) == 6
    legend.method.setFocus()
    legend.method.setCurrentIndex(legend.method.findData("equal_interval"))
    legend.method.activated.emit(legend.method.currentIndex())
    assert len(legend.rows.rows) == 4
    legend.method.setCurrentIndex(legend.method.findData("manual"))
    legend.method.activated.emit(legend.method.currentIndex())
    assert legend.breaks.isVisible()
    legend.breaks.clear()
    qtbot.keyClicks(legend.breaks, "150; 200,5")
    qtbot.keyClick(legend.breaks, Qt.Key.Key_Return)
    assert page.picture.spec.classification.breaks == (150.0, 200.5)
    legend.breaks.clear()
    qtbot.keyClicks(legend.breaks, "150; viel")
    qtbot.keyClick(legend.breaks, Qt.Key.Key_Return)
    assert page.picture.spec.classification.breaks == (150.0, 200.5)
    assert "Zahlen" in legend.hint.text()


def test_time_line_click_goes_to_the_date(qtbot, opened: MainWindow):
    page = bench(opened).map
    page.raise_dock("lines")
    qtbot.waitUntil(lambda: bool(page.lines._places))
    x = page.lines._places[0][0]
    qtbot.mouseClick(page.lines, LEFT, pos=QPoint(round(x) + 2, 60))
    assert bench(opened).session.view.day == date(2020, 12, 31)


def test_command_search_finds_command_indicator_and_area(qtbot, opened: MainWindow):
    search = bench(opened).search
    for typed, check in (
        ("zell", lambda: bench(opened).session.selection.keys == ("006",)),
        ("jugendquotient", lambda: bench(opened).session.view.indicator.startswith("jugend")),
        ("vergleichen", lambda: bench(opened).map.picture.spec.base_day is not None),
    ):
        press(qtbot, opened, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        assert search.isVisible()
        qtbot.keyClicks(search.line, typed)
        qtbot.keyClick(search.line, Qt.Key.Key_Return)
        settle(qtbot, opened)
        assert not search.isVisible()
        assert check(), typed


def test_copy_table_has_headers_and_all_areas(qtbot, opened: MainWindow):
    opened.actions_["copy_table"].trigger()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].startswith("Gebiet\tSchlüssel")
    assert len(lines) == 7
    opened.actions_["copy_map"].trigger()
    assert QGuiApplication.clipboard().image().width() > 200


def test_select_all_and_invert_respect_the_filter(qtbot, opened: MainWindow):
    page = bench(opened).map
    page.table.filter.setText("a")
    shown = set(page.table.model.keys)
    assert 0 < len(shown) < 6
    qtbot.keyClick(page.map, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert set(bench(opened).session.selection.keys) == shown
    opened.actions_["select_invert"].trigger()
    assert bench(opened).session.selection.keys == ()


def test_save_undo_redo_and_the_dot(qtbot, opened: MainWindow):
    assert not opened.isWindowModified()
    assert "Probestadt" in opened.actions_["undo"].text()
    press(qtbot, opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, opened)
    assert opened.isWindowModified()
    assert bench(opened).map.picture is None
    assert bench(opened).map.empty.isVisibleTo(bench(opened).map)
    press(qtbot, opened, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, opened)
    assert bench(opened).map.picture is not None
    press(qtbot, opened, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, opened)
    assert not opened.isWindowModified()
    qtbot.mouseClick(opened.rail.buttons["start"], LEFT)
    assert len(opened.settings.recent) == 1


def test_save_keeps_the_view_where_nothing_else_changed(qtbot, opened: MainWindow, town: Path):
    bench(opened).change_view(indicator="altenquotient")
    settle(qtbot, opened)
    bench(opened).session.set_view(day=date(2021, 12, 31))
    settle(qtbot, opened)
    assert not bench(opened).session.project.dirty
    opened.activateWindow()
    qtbot.waitUntil(opened.isActiveWindow)
    qtbot.keyClick(opened, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, opened)
    bench(opened).session.close(discard=True)
    opened.open_path(town)
    settle(qtbot, opened)
    view = bench(opened).session.view
    assert (view.indicator, view.day) == ("altenquotient", date(2021, 12, 31))


def test_lock_is_kept_while_a_project_is_open(qtbot, opened: MainWindow, monkeypatch):
    flow, calls = bench(opened).flow, []
    monkeypatch.setattr(
        type(bench(opened).session.project), "keep_lock", lambda own: calls.append(own)
    )
    assert flow.keeper.isActive()
    flow.keeper.timeout.emit()
    assert len(calls) == 1
    opened.actions_["close"].trigger()
    settle(qtbot, opened)
    assert not flow.keeper.isActive()


@pytest.mark.parametrize("answer", ["Speichern", "Verwerfen", "Abbrechen"])
def test_unsaved_changes_are_asked_about(qtbot, opened: MainWindow, answer: str):
    press(qtbot, opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, opened)
    opened.actions_["close"].trigger()
    box = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox))
    button = next(b for b in box.buttons() if b.text() == answer)
    qtbot.mouseClick(button, LEFT)
    settle(qtbot, opened)
    assert bench(opened).session.has_project is (answer == "Abbrechen")
    assert (opened.page == "start") is (answer != "Abbrechen")


def test_closing_the_window_asks_and_then_closes(qtbot, opened: MainWindow):
    press(qtbot, opened, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, opened)
    opened.close()
    assert opened.isVisible()
    box = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox))
    qtbot.mouseClick(next(b for b in box.buttons() if b.text() == "Verwerfen"), LEFT)
    qtbot.waitUntil(lambda: not opened.isVisible())


def test_a_file_that_is_no_project_is_an_issue_table(qtbot, window: MainWindow, tmp_path: Path):
    broken = tmp_path / "kaputt.gpkg"
    broken.write_bytes(b"no database at all" * 100)
    window.open_path(broken)
    settle(qtbot, window)
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, IssueDialog))
    assert "Traceback" not in "".join(
        w.text() for w in dialog.findChildren(QWidget) if hasattr(w, "text")
    )
    close = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Schließen")
    qtbot.mouseClick(close, LEFT)
    assert not bench(window).session.has_project


def test_dropping_a_project_opens_it(qtbot, window: MainWindow, town: Path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(town))])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, LEFT, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    assert window.start.drop.property("active")
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), copy, data, LEFT, none))
    assert not window.start.drop.property("active")
    settle(qtbot, window)
    assert bench(window).session.project.path == town


def test_recent_projects_open_and_can_be_forgotten(qtbot, opened: MainWindow):
    from monitor_app.ui.startpage import RecentRow

    opened.actions_["close"].trigger()
    settle(qtbot, opened)
    row = opened.start.findChildren(RecentRow)[0]
    qtbot.mouseClick(row, LEFT, pos=QPoint(150, 20))
    settle(qtbot, opened)
    assert bench(opened).session.has_project
    qtbot.mouseClick(opened.rail.buttons["start"], LEFT)
    row = next(r for r in opened.start.findChildren(RecentRow) if r.isVisible())
    forget = row.findChildren(QAbstractButton)[0]
    qtbot.mouseClick(forget, LEFT)
    assert opened.settings.recent == []


def test_leftover_of_a_crash_is_offered_and_restored(qtbot, qapp, theme, town: Path, monkeypatch):
    from monitor_app.app.session import Session
    from monitor_app.app.settings import Settings
    from monitor_app.ui.startpage import Leftover

    session = Session(Settings.load())
    session.open(town)
    session.undo()
    session.close()  # unsaved: what a crash leaves behind
    made = MainWindow(Settings.load(), theme)
    made.show()
    made.load()
    qtbot.waitUntil(lambda: bool(made.start.findChildren(Leftover)))
    offer = made.start.findChildren(Leftover)[0]
    qtbot.mouseClick(offer.restore, LEFT)
    settle(qtbot, made)
    assert bench(made).session.project.redo_label is not None
    bench(made).session.close(discard=True)
    made.close()
    made.deleteLater()


def test_page_is_written_as_previewed(qtbot, opened: MainWindow, tmp_path: Path, monkeypatch):
    from monitor_app.ui.exportdialog import PageDialog

    target = tmp_path / "seite.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(target), ""))
    press(qtbot, opened, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, PageDialog))
    qtbot.keyClicks(dialog.office, "Statistikamt")
    qtbot.waitUntil(lambda: dialog.preview.page is not None)
    qtbot.mouseClick(dialog.write, LEFT)
    settle(qtbot, opened)
    qtbot.waitUntil(lambda: not any(
        isinstance(w, PageDialog) and w.isVisible() for w in QApplication.topLevelWidgets()
    ))  # fmt: skip
    from pypdf import PdfReader

    text = PdfReader(target).pages[0].extract_text()
    assert "Statistikamt" in text
    assert bench(opened).map.picture.spec.title in text


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
def test_table_is_exported(qtbot, opened: MainWindow, tmp_path: Path, monkeypatch, ending: str):
    target = tmp_path / f"tabelle{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(target), ""))
    opened.actions_["table"].trigger()
    settle(qtbot, opened)
    assert target.exists()
    if ending == ".csv":
        text = target.read_text("utf-8-sig")
        assert "Ährenfeld" in text
        assert ";31.12.2024" in text.splitlines()[0]


def test_dark_and_light_leave_the_map_alone(qtbot, opened: MainWindow):
    before = bench(opened).map.map.picture()
    opened.use_scheme(Scheme.DARK)
    settle(qtbot, opened)
    assert bench(opened).map.map.picture() == before
    opened.use_scheme(Scheme.LIGHT)


def test_everything_that_takes_focus_has_a_name(opened: MainWindow):
    kinds = (QAbstractButton, QComboBox, QLineEdit, QSpinBox)
    nameless = [
        w
        for w in opened.findChildren(QWidget)
        if isinstance(w, kinds)
        and w.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not isinstance(w.parent(), QSpinBox | QComboBox)
        and not (w.accessibleName() or getattr(w, "text", str)() or w.toolTip())
        and not w.objectName().startswith("qt_")
    ]
    assert not nameless


def test_help_names_the_place(qtbot, opened: MainWindow):
    press(qtbot, opened, Qt.Key.Key_F1)
    dialog = next(w for w in QApplication.topLevelWidgets() if type(w).__name__ == "HelpDialog")
    text = "".join(w.text() for w in dialog.findChildren(QWidget) if hasattr(w, "text"))
    assert "Mausrad" in text
    assert "Strg+B" in text or "Ctrl+B" in text
    assert isinstance(dialog, QDialog)
    dialog.reject()


def test_every_workspace_is_explained(opened: MainWindow):
    from monitor_app.ui.help import help_text

    assert opened.workbench is not None
    keys = list(opened.workbench.rooms)
    assert len(keys) >= 5
    assert [key for key in keys if len(help_text(key)) < 80] == []


def test_no_english_is_left_over():
    """Every text of the window has a German translation."""
    from babel.messages.pofile import read_po

    from monitor_app.core.resources import resource_path

    path = resource_path("i18n", "de", "LC_MESSAGES", "ui.po")
    with path.open("rb") as stream:
        catalogue = read_po(stream)
    missing = [m.id for m in catalogue if m.id and not m.string]
    assert not missing
    assert NAMES
