"""Select by expression, with real keys and clicks; large tables stay quick."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from monitor_app.core.selection import Selection
from monitor_app.core.status import Status
from monitor_app.ui.attributetable import AttributePanel
from monitor_app.ui.tablemodel import NumberColumn, TableData, TextColumn, parse_filter
from monitor_app.ui.theme import Theme

VALUES = np.array([10.0, 25.0, np.nan, 30.0])
STATUS = np.array([0, 0, Status.SECRET, 0], dtype=np.uint8)
KEYS = ("01", "02", "03", "04")
DATA = TableData(
    KEYS,
    (
        TextColumn("Gebiet", ("Altstadt", "Süd", "Nord", "Ost")),
        TextColumn("Schlüssel", KEYS),
        NumberColumn("Wert", VALUES, STATUS, 1, unit="%"),
    ),
    2,
)
PEOPLE = NumberColumn("einwohner", np.array([900.0, 400.0, 700.0, 600.0]), np.zeros(4, np.uint8))


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme) -> Iterator[AttributePanel]:
    made = AttributePanel(theme, Selection())
    qtbot.addWidget(made)
    made.set_table(DATA)
    made.resize(900, 300)
    made.show()
    yield made
    made.shutdown()


def shown(panel: AttributePanel) -> list[str]:
    return list(panel.model.keys)


def test_typed_and_entered_it_selects(qtbot: QtBot, panel: AttributePanel) -> None:
    qtbot.mouseClick(panel.by_expression, Qt.MouseButton.LeftButton)
    bar = panel.expression
    assert bar.isVisible()
    assert "wert" in bar.says.text()
    qtbot.keyClicks(bar.line, "wert > 20")
    assert bar.says.text() == "2 Gebiete"
    qtbot.keyClick(bar.line, Qt.Key.Key_Return)
    assert panel._selection.keys == ("02", "04")
    rows = panel.view.selectionModel().selectedRows()
    assert sorted(panel.model.key_at(i.row()) for i in rows) == ["02", "04"]
    qtbot.keyClick(bar.line, Qt.Key.Key_Escape)
    assert not bar.isVisible()


def test_a_fault_is_told_with_a_way_out_and_selects_nothing(
    qtbot: QtBot, panel: AttributePanel
) -> None:
    panel.open_expression()
    bar = panel.expression
    bar.line.setText("wet > 20")
    assert "Meinten Sie" in bar.says.text()
    assert "Wert" in bar.says.text()
    assert bar.says.property("role") == "error"
    assert not bar.select.isEnabled()
    qtbot.keyClick(bar.line, Qt.Key.Key_Return)
    assert panel._selection.keys == ()


def test_show_these_only_filters_and_the_filter_line_says_so(
    qtbot: QtBot, panel: AttributePanel
) -> None:
    panel.open_expression()
    panel.expression.line.setText("nicht wert > 20")
    qtbot.mouseClick(panel.expression.only, Qt.MouseButton.LeftButton)
    assert shown(panel) == ["01"]
    assert panel.filter.text() == "nicht wert > 20"
    panel.clear_filter()
    assert shown(panel) == list(KEYS)


def test_the_filter_line_understands_expressions(panel: AttributePanel) -> None:
    panel.filter.setText('wert > 20 und nicht gebiet = "Ost"')
    assert shown(panel) == ["02"]
    panel.filter.setText("> 20")
    assert shown(panel) == ["02", "04"]
    panel.filter.setText("süd")
    assert shown(panel) == ["02"]
    panel.filter.setText("wert fehlt")
    assert shown(panel) == ["03"]


def test_indicators_that_are_no_columns_are_fetched_once(panel: AttributePanel) -> None:
    asked: list[list[str]] = []

    def fetch(names, done, _failed) -> None:
        asked.append(list(names))
        done({n: PEOPLE for n in names if n == "einwohner"})

    bar = panel.expression
    bar.fetch = fetch
    bar.offer = lambda: ("einwohner", "altenquotient")
    panel.open_expression()
    bar.line.setText("wert > 5 und einwohner >= 500")
    assert bar.says.text() == "2 Gebiete"
    bar.line.setText("wert > 5 und einwohner >= 700")
    assert bar.says.text() == "1 Gebiet"
    assert asked == [["einwohner"]]
    bar.line.setText("einwoner > 5")
    assert "einwohner" in bar.says.text()
    # another date: asked again
    panel.set_table(TableData(KEYS, DATA.columns, 2))
    bar.line.setText("einwohner >= 700")
    assert asked[-1] == ["einwohner"]
    assert bar.says.text() == "2 Gebiete"


def test_a_fetch_that_fails_is_told_and_can_be_repeated(panel: AttributePanel) -> None:
    waiting: list = []
    bar = panel.expression
    bar.fetch = lambda names, done, failed: waiting.append((done, failed))
    bar.offer = lambda: ("einwohner",)
    panel.open_expression()
    bar.line.setText("einwohner >= 700")
    waiting[-1][1]("Das Projekt ist gesperrt.")
    assert bar.says.text() == "Das Projekt ist gesperrt."
    assert bar.says.property("role") == "error"
    assert not bar.select.isEnabled()
    bar.line.setText("einwohner >= 600")
    assert len(waiting) == 2
    bar.line.setText("wert > 20")
    waiting[-1][1]("zu spät")  # the line needs it no more
    assert bar.says.text() == "2 Gebiete"
    bar.line.setText("einwohner >= 600")
    waiting[-1][0]({"einwohner": PEOPLE})
    assert bar.says.text() == "3 Gebiete"


def test_words_are_offered_while_typing(qtbot: QtBot, panel: AttributePanel) -> None:
    bar = panel.expression
    bar.offer = lambda: ("altenquotient",)
    panel.open_expression()
    qtbot.keyClicks(bar.line, "alt")
    popup = bar.line.completions.popup()
    assert popup is not None
    assert popup.isVisible()
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert bar.line.text() == "altenquotient"
    popup.hide()


def large(n: int) -> TableData:
    rng = np.random.default_rng(3)
    names = tuple(f"Baublock {i}" for i in rng.permutation(n))
    values = rng.normal(size=n)
    status = np.zeros(n, dtype=np.uint8)
    keys = tuple(f"{i:06d}" for i in range(n))
    columns = (TextColumn("Gebiet", names), NumberColumn("Wert", values, status, 2))
    return TableData(keys, columns, 1)


def test_no_cell_is_touched_when_a_large_table_is_sorted_or_filtered(
    panel: AttributePanel, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitor_app.ui import tablemodel

    panel.set_table(large(50_000))
    qapp.processEvents()
    calls: list[int] = []
    real = tablemodel.cell_text
    monkeypatch.setattr(
        tablemodel, "cell_text", lambda *a, **k: (calls.append(1), real(*a, **k))[1]
    )
    model = panel.model
    model.sort(0, Qt.SortOrder.DescendingOrder)
    model.sort(1, Qt.SortOrder.AscendingOrder)
    panel.set_filter(parse_filter("wert > 0 und gebiet enthält 'block 1'", ("Gebiet", "Wert")))
    expected = [
        i for i, (n, v) in enumerate(
            zip(model.table.columns[0].values, model.table.columns[1].values, strict=True))
        if round(v, 2) > 0 and "block 1" in n.casefold()
    ]  # fmt: skip
    assert sorted(model._order.tolist()) == expected
    values = model.table.columns[1].values[model._order]
    assert (np.diff(values) >= 0).all()
    qapp.processEvents()
    assert len(calls) < 400  # what is on the screen


def test_a_large_selection_comes_and_goes(panel: AttributePanel) -> None:
    panel.set_table(large(5_000))
    keys = panel.model.table.keys
    panel._selection.set(keys[::3])
    assert panel._selected_rows().tolist() == list(range(0, 5_000, 3))
    panel.view.selectAll()
    assert set(panel._selection.keys) == set(keys)


def test_copied_numbers_are_those_of_the_cells(panel: AttributePanel) -> None:
    values = np.array([1234.567, -0.04, -2.55, np.nan, 0.0, 1e7])
    status = np.array([0, 0, Status.ESTIMATED, Status.SECRET, 0, 0], dtype=np.uint8)
    keys = tuple("abcdef")
    column = NumberColumn("Wert", values, status, 1, True)
    panel.set_table(TableData(keys, (TextColumn("Gebiet", keys), column), 1))
    panel.copy_rows(everything=True)
    lines = QApplication.clipboard().text().splitlines()
    cells = [line.split("\t")[1] for line in lines[1:]]
    assert cells == ["+1234,6", "0,0", "-2,5", ".", "0,0", "+10000000,0"]
