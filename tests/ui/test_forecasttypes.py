"""Own types of dwellings, edited beside the housing projects that use them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from monitor_app.app.forecasting_housing import residents, type_of
from monitor_app.forecast.dwellings import shipped_types
from monitor_app.forecast.spec import load_spec
from monitor_app.ui.window import MainWindow
from tests.ui.forecasttown import open_assumptions

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def room(qtbot: QtBot, window: MainWindow, tmp_path: Path):
    found = open_assumptions(qtbot, window, tmp_path)
    found.inner.assume.projects.head.setChecked(True)
    return found


def stored(room):
    return load_spec(room.session.project.document("forecast", room.spec.id))


def test_a_type_is_added_copied_renamed_and_used(qtbot: QtBot, room) -> None:
    page = room.inner.assume
    rows, table = page.types.table, page.types.table.table
    qtbot.mouseClick(rows.add, LEFT)
    table.item(0, 0).setText("Turm")
    kind = stored(room).dwelling_types["Turm"]
    assert (kind.persons_per_dwelling, kind.share_from_town, kind.ages) == (2.1, 0.6, {})
    # The age profile of a shipped type is copied, then changed: from then on it is an own one.
    box = table.cellWidget(0, 3)
    box.setCurrentIndex(box.findText("wie Wohnheim"))
    box.activated.emit(box.currentIndex())
    assert stored(room).dwelling_types["Turm"].ages == shipped_types()["hall"].ages
    assert table.item(0, 4).text() == "18-24: 72; 25-34: 28"
    table.item(0, 4).setText("18-29: 90; 30-44: 10")
    assert stored(room).dwelling_types["Turm"].ages == {"18-29": 90.0, "30-44": 10.0}
    assert table.cellWidget(0, 3).currentText() == "eigene Anteile"
    table.item(0, 1).setText("1,4")
    table.item(0, 2).setText("25 %")
    # A project takes it; a new name of the type is its new name in the project as well.
    project = {"name": "Neu", "area": "a1", "dwellings": {2024: 60}, "type": "Turm"}
    room.change({"housing": [project]})
    assert residents(type_of(room.spec, room.spec.housing[0]), room.spec.housing[0]) == (1.4, 0.25)
    table.item(0, 0).setText("Hochhaus")
    kept = stored(room)
    assert (list(kept.dwelling_types), kept.housing[0].type) == (["Hochhaus"], "Hochhaus")
    assert kept.dwelling_types["Hochhaus"].ages == {"18-29": 90.0, "30-44": 10.0}
    offered = page.housing.table.cellWidget(0, 3)
    assert offered.currentText() == "Hochhaus"
    # Without it the project is told that nobody knows its type.
    table.setCurrentCell(0, 0)
    qtbot.mouseClick(rows.remove, LEFT)
    assert stored(room).dwelling_types == {}
    assert "Hochhaus" in page.housing.message.text()


def test_an_own_type_of_a_shipped_name_takes_its_place(qtbot: QtBot, room) -> None:
    page = room.inner.assume
    table = page.types.table.table
    qtbot.mouseClick(page.types.table.add, LEFT)
    table.item(0, 0).setText("Mehrfamilienhaus")
    assert list(stored(room).dwelling_types) == ["large"]
    assert table.item(0, 0).text() == "Mehrfamilienhaus"  # no key is shown
    room.change({"housing": [{"name": "N", "area": "a1", "dwellings": {2024: 1}, "type": "large"}]})
    box = page.housing.table.cellWidget(0, 3)
    assert box.currentText() == "Mehrfamilienhaus"
    assert "large" not in [box.itemText(n) for n in range(box.count())]
    assert residents(type_of(room.spec, room.spec.housing[0]), room.spec.housing[0])[0] == 2.1


def test_wrong_types_are_told_where_they_stand(qtbot: QtBot, room) -> None:
    page = room.inner.assume
    rows, table = page.types.table, page.types.table.table
    qtbot.mouseClick(rows.add, LEFT)
    assert rows.message.isHidden()
    table.item(0, 0).setText("Turm")
    before = room.spec
    for column, bad in ((1, "viele"), (1, "12"), (2, "140 %"), (4, "jung: 3")):
        good = table.item(0, column).text()
        table.item(0, column).setText(bad)
        assert rows.message.text(), bad
        assert room.spec == before, bad
        table.item(0, column).setText(good)
        assert rows.message.isHidden()
    qtbot.mouseClick(rows.add, LEFT)
    table.item(1, 0).setText("Turm")
    assert "eigenen Namen" in rows.message.text()
    assert room.spec == before
