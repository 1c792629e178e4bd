"""The rates panel, driven by clicks and keys; numbers against the tables of the forecast."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt
from PySide6.QtWidgets import QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from monitor_app.core.formats import format_number
from monitor_app.forecast.spec import ForecastSpec, load_spec, make_spec
from monitor_app.ui.ratesmodel import MARK, parse_number
from monitor_app.ui.ratespanel import RatesPanel
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.rate_town import make_rate_project

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def bench_window(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    window.open_path(make_rate_project(tmp_path))
    settle(qtbot, window)
    return window


@pytest.fixture
def panel(qtbot: QtBot, bench_window: MainWindow) -> Iterator[RatesPanel]:
    assert bench_window.workbench is not None
    made = RatesPanel(bench_window.workbench)
    qtbot.addWidget(made)
    made.resize(1200, 680)
    made.show()
    made.show_spec(make_spec({"level": "viertel"}))
    qtbot.waitUntil(lambda: made.book is not None)
    settle(qtbot, bench_window)
    yield made
    made.shutdown()


def stored(panel: RatesPanel) -> ForecastSpec:
    text = panel.session.project.document("forecast", "main")
    assert text is not None
    return load_spec(text)


def choose(qtbot: QtBot, box: QComboBox, text: str) -> None:
    box.setFocus()
    qtbot.keyClicks(box, text)
    box.activated.emit(box.currentIndex())


def click(qtbot: QtBot, panel: RatesPanel, age: int, column: int) -> None:
    table = panel.current()
    assert table is not None
    index = panel.model.index(table.ages.index(age), column)
    panel.view.scrollTo(index)
    qtbot.mouseClick(panel.view.viewport(), LEFT, pos=panel.view.visualRect(index).center())


def text_at(panel: RatesPanel, age: int, column: int) -> str:
    table = panel.current()
    assert table is not None
    return str(panel.model.index(table.ages.index(age), column).data())


def test_without_a_specification_it_says_what_to_do(qtbot: QtBot, window: MainWindow) -> None:
    assert window.workbench is not None
    made = RatesPanel(window.workbench)
    qtbot.addWidget(made)
    made.show()
    assert "Ebene" in made.empty.text()
    assert made.pages.currentIndex() == 0
    made.shutdown()


def test_what_forbids_a_forecast_is_said(qtbot: QtBot, opened: MainWindow) -> None:
    assert opened.workbench is not None
    made = RatesPanel(opened.workbench)
    qtbot.addWidget(made)
    made.show()
    made.show_spec(make_spec({"level": "viertel"}))  # three dates, no three years in a row
    settle(qtbot, opened)
    assert made.book is None
    assert "drei" in made.empty.text(), made.empty.text()
    made.shutdown()


def test_tables_show_the_rates_of_the_forecast(qtbot: QtBot, panel: RatesPanel) -> None:
    book = panel.book
    assert book is not None
    assert [panel.table.itemData(i) for i in range(panel.table.count())] == list(book.tables)
    heads = [panel.model.headerData(i, Qt.Orientation.Horizontal) for i in range(4)]
    assert heads == ["Gesamtstadt", "Altstadt", "Neustadt", "Zell"]
    values = book.tables["births"].values
    assert text_at(panel, 30, 2) == format_number(1000 * values[0, 0, 30, 1], 2)
    choose(qtbot, panel.table, "Sterb")
    choose(qtbot, panel.sex, "Frauen")
    values = book.tables["deaths"].values
    f = book.town.layout.sexes.index("f")
    assert text_at(panel, 80, 3) == format_number(1000 * values[f, 0, 80, 2], 2)


def test_a_click_traces_the_cell_and_shows_measures(qtbot: QtBot, panel: RatesPanel) -> None:
    click(qtbot, panel, 28, 2)
    book, traced = panel.book, panel.trace.trace
    assert book is not None
    assert traced is not None
    assert "Neustadt" in traced.title
    assert "28 Jahre" in traced.title
    tfr = format_number(float(book.tables["births"].values[0, 0, :, 1].sum()), 2)
    assert tfr in panel.measures.text()
    shown = panel.chart.profile
    assert shown is not None
    assert shown.at == 28
    assert text_at(panel, 28, 2) in panel.trace.text()


def test_a_factor_on_a_range_is_marked_kept_undone_and_redone(
    qtbot: QtBot, panel: RatesPanel
) -> None:
    heard: list[ForecastSpec] = []
    panel.spec_changed.connect(heard.append)
    before = parse_number(text_at(panel, 26, 1))
    assert before is not None
    click(qtbot, panel, 25, 1)
    table = panel.current()
    assert table is not None
    block = QItemSelection(
        panel.model.index(table.ages.index(25), 1), panel.model.index(table.ages.index(27), 1)
    )
    panel.view.selectionModel().select(block, QItemSelectionModel.SelectionFlag.ClearAndSelect)
    panel.edit.factor.set_factor(1.5)
    qtbot.keyClicks(panel.edit.reason, "Neubaugebiet")
    qtbot.mouseClick(panel.edit.apply, LEFT)
    after = text_at(panel, 26, 1)
    assert after.startswith(MARK)
    assert parse_number(after.removeprefix(MARK)) == pytest.approx(1.5 * before, abs=0.01)
    assert not text_at(panel, 26, 2).startswith(MARK)
    [edit] = stored(panel).rates
    assert (edit.ages, edit.areas, edit.factor, edit.note) == ((25, 27), ("01",), 1.5,
                                                               "Neubaugebiet")  # fmt: skip
    assert list(heard[-1].rates) == [edit]
    assert panel.changes.list.count() == 1
    qtbot.mouseClick(panel.undo, LEFT)
    assert not text_at(panel, 26, 1).startswith(MARK)
    assert stored(panel).rates == []
    qtbot.mouseClick(panel.redo, LEFT)
    assert text_at(panel, 26, 1) == after
    panel.view.setFocus()
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    assert stored(panel).rates == []


def test_a_typed_value_waits_for_its_reason(qtbot: QtBot, panel: RatesPanel) -> None:
    click(qtbot, panel, 30, 1)
    qtbot.keyClick(panel.view, Qt.Key.Key_F2)
    field = panel.view.viewport().findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    qtbot.keyClicks(field, "55,5")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(panel.notice.isVisible)
    assert panel.session.project.document("forecast", "main") is None
    qtbot.keyClicks(panel.edit.reason, "Befragung")
    qtbot.keyClick(panel.edit.reason, Qt.Key.Key_Return)
    assert text_at(panel, 30, 1) == MARK + "55,50"
    [edit] = stored(panel).rates
    assert edit.value == pytest.approx(0.0555)
    assert not panel.notice.isVisible()


def test_an_impossible_rate_is_refused_in_words(qtbot: QtBot, panel: RatesPanel) -> None:
    click(qtbot, panel, 30, 1)
    before = text_at(panel, 30, 1)
    panel.edit.factor.set_factor(100.0)
    qtbot.keyClicks(panel.edit.reason, "Versehen")
    qtbot.mouseClick(panel.edit.apply, LEFT)
    assert "Mehr als ein Ereignis" in panel.notice.text()
    assert text_at(panel, 30, 1) == before
    assert panel.book is not None
    assert panel.book.spec.rates == []


def test_changes_can_be_taken_back_one_by_one(qtbot: QtBot, panel: RatesPanel) -> None:
    for age in (20, 40):
        click(qtbot, panel, age, 1)
        panel.edit.factor.set_factor(1.2)
        panel.edit.reason.setText(f"mit {age}")
        qtbot.mouseClick(panel.edit.apply, LEFT)
    panel.tabs.setCurrentIndex(1)
    assert [panel.changes.list.item(i).text().split("–")[-1].strip() for i in range(2)] == [
        "mit 20", "mit 40"]  # fmt: skip
    rect = panel.changes.list.visualItemRect(panel.changes.list.item(0))
    qtbot.mouseClick(panel.changes.list.viewport(), LEFT, pos=rect.center())
    qtbot.mouseClick(panel.changes.take_back, LEFT)
    assert [e.note for e in stored(panel).rates] == ["mit 40"]
    qtbot.mouseClick(panel.changes.all, LEFT)
    assert stored(panel).rates == []


def test_undo_of_the_project_reaches_the_panel(
    qtbot: QtBot, bench_window: MainWindow, panel: RatesPanel
) -> None:
    for factor in (1.2, 1.4):
        click(qtbot, panel, 30, 1)
        panel.edit.factor.set_factor(factor)
        panel.edit.reason.setText("Probe")
        qtbot.mouseClick(panel.edit.apply, LEFT)
    assert len(stored(panel).rates) == 2
    assert bench_window.workbench is not None
    bench_window.workbench.run("undo")
    settle(qtbot, bench_window)
    qtbot.waitUntil(lambda: panel.spec is not None and len(panel.spec.rates) == 1)
    settle(qtbot, bench_window)
    assert panel.book is not None
    assert [e.factor for e in panel.book.spec.rates] == [1.2]
    bench_window.workbench.run("undo")
    settle(qtbot, bench_window)
    qtbot.waitUntil(lambda: panel.spec is not None and panel.spec.rates == [])
    settle(qtbot, bench_window)
    assert not panel.current().edited.any()  # type: ignore[union-attr]


def test_a_workbook_of_the_panel_is_taken_back(
    qtbot: QtBot, bench_window: MainWindow, panel: RatesPanel, tmp_path: Path
) -> None:
    from monitor_app.app.rates_file import export_rates, sheet_names
    from tests.app.workbook_cells import rewrite

    assert panel.book is not None
    path = tmp_path / "raten.xlsx"
    export_rates(panel.book, path)

    def change(rows: list[list[object]]) -> None:
        rows[1][4] = 7.0

    rewrite(path, sheet_names(panel.book)["deaths"], change)
    panel.take_file(path)
    settle(qtbot, bench_window)
    [edit] = stored(panel).rates
    assert edit.table == "deaths"
    assert edit.value == pytest.approx(0.007)


def test_another_specification_is_read_only_when_it_needs_to_be(
    qtbot: QtBot, bench_window: MainWindow, panel: RatesPanel
) -> None:
    first = panel.book
    assert first is not None
    panel.show_spec(make_spec({"level": "viertel", "years": 30}))
    assert panel.book is not None
    assert panel.book.base is first.base
    panel.show_spec(make_spec({"level": "viertel", "base_period": 4}))
    qtbot.waitUntil(lambda: panel.book is not None and panel.book.base is not first.base)
    settle(qtbot, bench_window)


def test_numbers_as_typed() -> None:
    cases = {"1.234,5": 1234.5, "12,5": 12.5, "12.5": 12.5, "−3": -3.0, "abc": None, "": None}
    assert {t: parse_number(t) for t in cases} == cases


def test_a_late_refusal_does_not_hide_the_next_specification(
    qtbot: QtBot, bench_window: MainWindow, panel: RatesPanel
) -> None:
    """The level was changed while rates of a wrong one were being estimated."""
    before = panel.book
    panel.show_spec(make_spec({"level": "viertel", "base_period": 40}))  # too few years: refused
    panel.show_spec(make_spec({"level": "viertel", "base_period": 4}))
    settle(qtbot, bench_window)
    qtbot.waitUntil(lambda: panel.book is not None and panel.book is not before)
    assert panel.pages.currentIndex() == 1


def test_rates_of_a_project_that_was_closed_are_not_shown(
    qtbot: QtBot, bench_window: MainWindow, panel: RatesPanel
) -> None:
    from monitor_app.app.session import Event

    book = panel.book
    assert book is not None
    panel._loading = True
    panel._heard(Event.PROJECT)
    panel._loaded(book)  # the job of the old project ends
    assert panel.book is None
    assert panel.spec is None
    assert panel.pages.currentIndex() == 0
    panel._taken(([], ()))  # as does one that read a workbook


def test_a_value_without_reason_is_not_kept_for_another_table(
    qtbot: QtBot, bench_window: MainWindow, panel: RatesPanel
) -> None:
    click(qtbot, panel, 26, 1)
    panel.model.setData(panel.view.currentIndex(), "55")
    assert panel.notice.isVisible()
    choose(qtbot, panel.table, "Sterblichkeit")
    panel.edit.reason.setText("Begründung")
    qtbot.mouseClick(panel.edit.apply, LEFT)
    assert panel.spec is not None
    assert list(panel.spec.rates) == []


def test_a_workbook_that_is_refused_is_not_said_to_be_taken(
    qtbot: QtBot, bench_window: MainWindow, panel: RatesPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitor_app.forecast.rate_edits import RateEdit

    said: list[str] = []
    monkeypatch.setattr(bench_window, "say", said.append)
    panel._taken(([RateEdit(table="deaths", value=5.0, note="x")], ()))
    assert panel.notice.isVisible()
    assert said == []
