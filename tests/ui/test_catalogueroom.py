"""Sheet, editor and favourites of indicators, driven by clicks and keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from monitor_app.core.formats import format_number
from monitor_app.indicators.catalogue import Catalogue
from monitor_app.ui.indicatorwords import formula_words
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.town import KEYS, NAMES, PERSONS, old_age_ratio

LEFT = Qt.MouseButton.LeftButton
OWN = """id: junge
name: {de: "Anteil der unter 20-Jährigen", en: "Share under 20"}
description: {de: "Personen unter 20 in Prozent.", en: "Persons under 20 in per cent."}
unit: percent
formula: 100 * pop(age < 20) / pop()
sources: ["Eigene Festlegung"]
"""


@pytest.fixture
def room(qtbot, opened: MainWindow):
    qtbot.mouseClick(opened.rail.buttons["catalogue"], LEFT)
    settle(qtbot, opened)
    return opened.workbench.catalogue


def find(qtbot: QtBot, room, words: str) -> None:
    """Search as a user does: type, Enter."""
    search = room.page.tree.search
    search.clear()
    qtbot.keyClicks(search, words)
    qtbot.keyClick(search, Qt.Key.Key_Return)


def rest(qtbot: QtBot, room) -> None:
    """Wait until the check after the last key has run, and the preview with it."""
    editor = room.page.editor
    qtbot.waitUntil(lambda: not editor._rest.isActive(), timeout=5000)
    settle(qtbot, room._bench.window_)


def write(qtbot: QtBot, room, text: str) -> None:
    room.page.editor.text.setPlainText(text)
    rest(qtbot, room)


def test_sheet_tells_formula_inputs_and_sources(qtbot, room):
    find(qtbot, room, "altenquotient 65")
    text = room.page.sheet.text.toPlainText()
    definition = Catalogue.shipped().get(room.current)
    assert definition.name.de in text
    assert definition.formulas[-1].formula in text
    assert "ab 65 Jahren" in text
    assert "geteilt durch" in text
    assert all(source in text for source in definition.sources)
    assert room.page.sheet.why.isEnabled()


def test_what_is_missing_is_named(qtbot, room):
    find(qtbot, room, "kinderarmut")
    text = room.page.sheet.text.toPlainText()
    assert "Was dem Projekt fehlt" in text
    assert "SGB-II-Leistungen unter 15" in text
    assert not room.page.sheet.map.isEnabled()


def test_every_shipped_formula_has_words():
    for definition in Catalogue.shipped():
        for tree in definition.trees:
            words = formula_words(tree, lambda key: key)
            assert words.strip()
            assert "None" not in words


def test_how_a_value_was_computed(qtbot, room):
    find(qtbot, room, "altenquotient 65")
    room.session.selection.set(("003",))
    qtbot.mouseClick(room.page.sheet.why, LEFT)
    settle(qtbot, room._bench.window_)
    text = room.page.sheet.text.toPlainText()
    i = KEYS.index("003")
    assert f"{NAMES[i]} (003), 31.12.2024" in text
    assert f"Ergebnis: {format_number(old_age_ratio(i, 2), 1)}" in text
    assert f"= {PERSONS[i, 2, 2]:.0f}" in text
    assert f"= {PERSONS[i, 2, 1]:.0f}" in text


def test_show_on_the_map(qtbot, room):
    find(qtbot, room, "altenquotient 65")
    wanted = room.current
    qtbot.mouseClick(room.page.sheet.map, LEFT)
    settle(qtbot, room._bench.window_)
    assert room._bench.window_.page == "map"
    assert room.session.view.indicator == wanted


def test_favourites_stand_first_and_survive(qtbot, room):
    find(qtbot, room, "altenquotient 65")
    wanted = room.current
    qtbot.mouseClick(room.page.sheet.star, LEFT)
    assert type(room.session.settings).load().favourites == [wanted]
    head = room.page.tree.tree.topLevelItem(0)
    assert head.text(0) == "★ Favoriten"
    assert head.childCount() == 1
    chooser = room._bench.bar.indicator.tree
    assert chooser.topLevelItem(0).text(0) == "★ Favoriten"
    qtbot.mouseClick(room.page.sheet.star, LEFT)
    assert room.page.tree.tree.topLevelItem(0).text(0) != "★ Favoriten"


def test_new_indicator_is_previewed_kept_shown_and_undone(qtbot, room):
    window = room._bench.window_
    qtbot.mouseClick(room.page.tree.add, LEFT)
    write(qtbot, room, OWN)
    editor = room.page.editor
    assert editor.keep.isEnabled()
    first = 100 * PERSONS[0, 2, 0] / PERSONS[0, 2].sum()
    assert editor.preview.rowCount() == 6
    assert editor.preview.item(0, 2).text().startswith(format_number(first, 1))
    qtbot.mouseClick(editor.keep, LEFT)
    settle(qtbot, window)
    assert room.session.project.documents("indicator")["junge"] == OWN
    assert room.current == "junge"
    assert "Anteil der unter 20-Jährigen" in room.page.sheet.text.toPlainText()
    qtbot.mouseClick(room.page.sheet.map, LEFT)
    settle(qtbot, window)
    assert room._bench.map.picture.spec.title == "Anteil der unter 20-Jährigen"
    assert room._bench.map.picture.spec.values[0] == pytest.approx(first)
    window.workbench.run("undo")
    settle(qtbot, window)
    assert "junge" not in room.session.catalogue


def test_errors_say_line_and_column_and_jump_there(qtbot, room):
    qtbot.mouseClick(room.page.tree.add, LEFT)
    write(qtbot, room, OWN.replace("/ pop()", "/ popp()"))
    editor = room.page.editor
    assert not editor.keep.isEnabled()
    item = editor.issues.item(0)
    assert item.text().startswith("Zeile 5, Spalte")
    assert "pop" in item.text()
    qtbot.mouseClick(
        editor.issues.viewport(), LEFT, pos=editor.issues.visualItemRect(item).center()
    )
    assert editor.text.textCursor().blockNumber() == 4
    assert editor.preview.rowCount() == 0
    assert not room.session.project.documents("indicator")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("unit: percent", "unit: euro_m2"),
        ("pop(age < 20)", "junge"),
        ("100 * pop(age < 20) / pop()", "gibt_es_nicht"),
    ],
)
def test_units_circles_and_unknown_names_are_refused(qtbot, room, before, after):
    qtbot.mouseClick(room.page.tree.add, LEFT)
    write(qtbot, room, OWN.replace(before, after))
    assert room.page.editor.issues.count()
    assert not room.page.editor.keep.isEnabled()


def test_completion_writes_the_name(qtbot, room):
    qtbot.mouseClick(room.page.tree.add, LEFT)
    text = room.page.editor.text
    text.setPlainText("formula: 100 * ")
    text.moveCursor(QTextCursor.MoveOperation.End)
    qtbot.keyClicks(text, "birt")
    assert text.list.isVisible()
    shown = text.completer.completionModel()
    assert shown.data(shown.index(0, 0)) == "births()"
    qtbot.keyClick(text.list, Qt.Key.Key_Return)
    assert text.toPlainText() == "formula: 100 * births()"
    assert not text.list.isVisible()
    rest(qtbot, room)


def test_copy_has_an_id_of_its_own(qtbot, room):
    find(qtbot, room, "altenquotient 65")
    original = room.current
    qtbot.mouseClick(room.page.sheet.again, LEFT)
    rest(qtbot, room)
    copied = Catalogue().with_documents([room.page.editor.text.toPlainText()])
    assert copied.ids == (f"{original}_kopie",)
    assert copied.get(copied.ids[0]).formula == Catalogue.shipped().get(original).formula
    assert room.page.editor.keep.isEnabled()
    qtbot.mouseClick(room.page.editor.back, LEFT)
    assert room.page.stack.currentWidget() is room.page.sheet


def test_to_a_file_and_back(qtbot, room, tmp_path: Path, monkeypatch):
    path = tmp_path / "junge.yaml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a, **_k: (str(path), ""))
    qtbot.mouseClick(room.page.tree.add, LEFT)
    write(qtbot, room, OWN)
    qtbot.mouseClick(room.page.editor.write, LEFT)
    assert path.read_text(encoding="utf-8") == OWN
    write(qtbot, room, "")
    qtbot.mouseClick(room.page.editor.open, LEFT)
    rest(qtbot, room)
    assert room.page.editor.text.toPlainText() == OWN
    path.write_bytes(b"\xff\xfe\x00bad")
    qtbot.mouseClick(room.page.editor.open, LEFT)
    assert "UTF-8" in room.page.editor.state.text()


def test_removed_from_the_project(qtbot, room):
    qtbot.mouseClick(room.page.tree.add, LEFT)
    write(qtbot, room, OWN)
    qtbot.mouseClick(room.page.editor.keep, LEFT)
    settle(qtbot, room._bench.window_)
    qtbot.mouseClick(room.page.sheet.edit, LEFT)
    rest(qtbot, room)
    assert room.page.editor.drop.isVisible()
    qtbot.mouseClick(room.page.editor.drop, LEFT)
    settle(qtbot, room._bench.window_)
    assert not room.session.project.documents("indicator")
    assert room.current != "junge"
