"""The workspace of profiles follows the selection and writes what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from monitor_app.ui.chartmenu import ChartMenu
from monitor_app.ui.profilefigures import FiguresDialog
from monitor_app.ui.profilepage import ProfilePage
from monitor_app.ui.profileroom import PROFILE, ProfileRoom
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.town import KEYS, NAMES, PERSONS, old_age_ratio


@pytest.fixture
def room(qtbot: QtBot, opened: MainWindow) -> ProfileRoom:
    opened.actions_["profile"].trigger()
    settle(qtbot, opened)
    assert opened.page == PROFILE
    found = opened.workbench.rooms[PROFILE]
    assert isinstance(found, ProfileRoom)
    return found


def page_of(room: ProfileRoom) -> ProfilePage:
    assert room.inner is not None
    return room.inner


def cell(page: ProfilePage, row: int, column: int) -> str:
    return page.figures.item(row, column).text()


def test_without_an_area_it_says_what_to_do(room: ProfileRoom) -> None:
    page = page_of(room)
    assert page.profile is None
    assert "Wählen Sie ein Gebiet" in page.empty.text()
    assert [page.area.itemText(i) for i in range(page.area.count())] == [
        "Ährenfeld", "Altstadt", "Bahnhof", "Ostend", "Süd", "Zell"
    ]  # fmt: skip


def test_the_selected_area_with_its_numbers(
    qtbot: QtBot, opened: MainWindow, room: ProfileRoom
) -> None:
    opened.workbench.session.selection.set((KEYS[3],))
    settle(qtbot, opened)
    page = page_of(room)
    names = [cell(page, r, 0) for r in range(page.figures.rowCount())]
    row = names.index("Einwohnerinnen und Einwohner")
    assert cell(page, row, 1) == f"{PERSONS[3, 2].sum():.0f}"
    totals = PERSONS[:, 2].sum(axis=1)
    rank = 1 + int((totals > totals[3]).sum())
    assert cell(page, row, 2) == f"{rank} von 6"
    assert cell(page, row, 3) == f"{totals.sum():,.0f}".replace(",", ".")
    ratio = names.index("Altenquotient")
    assert cell(page, ratio, 1).startswith(f"{old_age_ratio(3, 2):.1f}".replace(".", ","))
    assert page.neighbours.item(0, 0).text() == NAMES[3]
    near = {page.neighbours.item(r, 0).text() for r in range(1, page.neighbours.rowCount())}
    assert near == {NAMES[0], NAMES[4]}  # squares in two rows of three
    assert page.area.currentText() == NAMES[3]


def test_a_profile_that_comes_late_is_not_shown(
    qtbot: QtBot, opened: MainWindow, room: ProfileRoom
) -> None:
    selection = opened.workbench.session.selection
    selection.set((KEYS[3],))  # asks for the profile in a job …
    selection.clear()  # … that nobody waits for any more
    settle(qtbot, opened)
    assert page_of(room).profile is None
    assert page_of(room).stack.currentIndex() == 0


def test_chosen_in_the_list_it_is_selected_everywhere(
    qtbot: QtBot, opened: MainWindow, room: ProfileRoom
) -> None:
    page = page_of(room)
    page.area.setFocus()
    qtbot.keyClick(page.area, Qt.Key.Key_Down)
    page.area.activated.emit(page.area.currentIndex())
    settle(qtbot, opened)
    assert opened.workbench.session.selection.keys == (page.area.currentData(),)
    assert page.profile is not None
    # a neighbour is a way on
    page.neighbours.setCurrentCell(1, 0)
    other = page.profile.neighbours[0].key
    page.neighbours.cellActivated.emit(1, 0)
    settle(qtbot, opened)
    assert page.profile.key == other
    # and a figure is a way to the map
    page.figures.cellActivated.emit(1, 0)
    settle(qtbot, opened)
    assert opened.page == "map"
    assert opened.workbench.session.view.indicator == page.profile.figures[1].indicator


def test_figures_are_chosen_and_kept(qtbot: QtBot, opened: MainWindow, room: ProfileRoom) -> None:
    opened.workbench.session.selection.set((KEYS[0],))
    settle(qtbot, opened)
    page = page_of(room)
    qtbot.mouseClick(page.figures_wanted, Qt.MouseButton.LeftButton)
    settle(qtbot, opened)
    dialog = next(w for w in QApplication.topLevelWidgets() if isinstance(w, FiguresDialog))
    before = dialog.ticked()
    assert before == tuple(f.indicator for f in page.profile.figures)
    for i in range(dialog.list.count()):
        item = dialog.list.item(i)
        wanted = item.data(Qt.ItemDataRole.UserRole) in ("altenquotient", "einwohner")
        item.setCheckState(Qt.CheckState.Checked if wanted else Qt.CheckState.Unchecked)
    qtbot.mouseClick(dialog.take, Qt.MouseButton.LeftButton)
    settle(qtbot, opened)
    assert {f.indicator for f in page.profile.figures} == {"altenquotient", "einwohner"}
    opened.workbench.run("undo")
    settle(qtbot, opened)
    assert tuple(f.indicator for f in page.profile.figures) == before


def test_the_sheet_says_what_the_panel_says(
    qtbot: QtBot, opened: MainWindow, room: ProfileRoom, tmp_path: Path
) -> None:
    opened.workbench.session.selection.set((KEYS[5],))
    settle(qtbot, opened)
    page = page_of(room)
    room.write((KEYS[5],), tmp_path / "blatt.pdf")
    settle(qtbot, opened)
    text = PdfReader(tmp_path / "blatt.pdf").pages[0].extract_text().replace("\u202f", " ")
    for row in range(page.figures.rowCount()):
        for column in range(1, 6):
            assert cell(page, row, column).strip(" *").replace("\u202f", " ") in text


def test_below_the_legend_is_the_way_here(qtbot: QtBot, opened: MainWindow) -> None:
    opened.workbench.session.selection.set((KEYS[1],))
    settle(qtbot, opened)
    qtbot.mouseClick(opened.workbench.map.profile.open, Qt.MouseButton.LeftButton)
    settle(qtbot, opened)
    assert opened.page == PROFILE
    assert page_of(opened.workbench.rooms[PROFILE]).profile.name == NAMES[1]


def test_expressions_may_name_any_indicator(qtbot: QtBot, opened: MainWindow) -> None:
    opened.actions_["select_by"].trigger()
    bar = opened.workbench.map.table.expression
    assert bar.isVisible()
    bar.line.setText("wert > 0 und altenquotient > 30")
    settle(qtbot, opened)
    qtbot.mouseClick(bar.select, Qt.MouseButton.LeftButton)
    expected = {KEYS[i] for i in range(6) if round(old_age_ratio(i, 2), 1) > 30}
    assert 0 < len(expected) < 6
    assert set(opened.workbench.session.selection.keys) == expected


def test_figures_are_copied_with_headers_and_charts_have_their_menu(
    qtbot: QtBot, opened: MainWindow, room: ProfileRoom
) -> None:
    opened.workbench.session.selection.set((KEYS[2],))
    settle(qtbot, opened)
    page = page_of(room)
    page.figures.setFocus()
    qtbot.keyClick(page.figures, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0].split("\t")[:3] == ["Kennzahl", "Wert", "Rang"]
    assert len(lines) == 1 + page.figures.rowCount()
    assert lines[1].split("\t")[1] == cell(page, 0, 1)
    menu = page.lines[0].findChild(ChartMenu)
    menu.numbers_to_clipboard()
    settle(qtbot, opened)
    assert NAMES[2] in QApplication.clipboard().text()
