"""Tables of the expert page keep what they do not show, whichever row is added or removed."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from monitor_app.forecast.spec import make_spec
from monitor_app.ui.forecastextras import ExtraTables
from monitor_app.ui.theme import Theme

LEFT = Qt.MouseButton.LeftButton
CHANGES: list[dict[str, Any]] = [
    {"component": "births", "factor": 0.9, "areas": ["011"]},
    {"component": "departures", "factor": {2026: 1.0, 2030: 0.8}, "ages": "18-29", "areas": ["021"],
     "gradual": True},
    {"component": "deaths", "factor": 1.1, "note": "Hitze"},
]  # fmt: skip


@pytest.fixture
def heard(qtbot: QtBot, theme: Theme) -> tuple[ExtraTables, list[dict[str, Any]]]:
    tables = ExtraTables(theme)
    for page, _title in tables.pages():
        qtbot.addWidget(page)
    tables.show_spec(make_spec({"level": "teil", "changes": CHANGES}), [("011", "A"), ("021", "B")])
    told: list[dict[str, Any]] = []
    tables.changed.connect(lambda found: told.extend(found["changes"]))
    return tables, told


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_rows_that_stay_keep_their_areas(
    qtbot: QtBot, heard: tuple[ExtraTables, list[dict[str, Any]]], gone: int
) -> None:
    tables, told = heard
    table = tables.tables["changes"]
    table.table.setCurrentCell(gone, 1)
    qtbot.mouseClick(table.remove, LEFT)
    made = make_spec({"level": "teil", "changes": told}).changes
    left = [c for n, c in enumerate(CHANGES) if n != gone]
    assert made == make_spec({"level": "teil", "changes": left}).changes


def test_a_new_row_leaves_the_others_their_areas(
    qtbot: QtBot, heard: tuple[ExtraTables, list[dict[str, Any]]]
) -> None:
    tables, told = heard
    table = tables.tables["changes"]
    qtbot.mouseClick(table.add, LEFT)
    table.table.item(3, 1).setText("95 %")
    made = make_spec({"level": "teil", "changes": told}).changes
    assert made[:3] == make_spec({"level": "teil", "changes": CHANGES}).changes
    assert made[3].areas is None or not made[3].areas
