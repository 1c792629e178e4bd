"""Looking back, driven by clicks; numbers against errors computed by hand from the forecasts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from monitor_app.app import backtest_view
from monitor_app.app.forecasting_backtest import ENGINE
from monitor_app.core.formats import format_number
from monitor_app.forecast.spec import ForecastSpec, make_spec
from monitor_app.reports.backtestsheet_spec import Look
from monitor_app.ui.backtestpanel import BEST, BacktestPanel
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
def panel(qtbot: QtBot, bench_window: MainWindow) -> Iterator[BacktestPanel]:
    assert bench_window.workbench is not None
    made = BacktestPanel(bench_window.workbench)
    made.horizons, made.origins = (1, 2), (2019, 2020)
    qtbot.addWidget(made)
    made.resize(1200, 680)
    made.show()
    made.show_spec(make_spec({"level": "viertel"}))
    yield made
    made.shutdown()


_BOARD: list[backtest_view.Board] = []


@pytest.fixture
def tested(
    qtbot: QtBot, bench_window: MainWindow, panel: BacktestPanel, monkeypatch: pytest.MonkeyPatch
) -> BacktestPanel:
    """A test that was run by a click; the numbers of the first one serve the others, too."""
    if _BOARD:
        monkeypatch.setattr("monitor_app.ui.backtestpanel.make_board", lambda *_a, **_k: _BOARD[0])
    qtbot.mouseClick(panel.start, LEFT)
    qtbot.waitUntil(lambda: panel.result is not None)
    settle(qtbot, bench_window)
    assert panel.result is not None
    _BOARD[:] = [panel.result]
    return panel


def median_error(panel: BacktestPanel, method: str, variable: int, horizon: int) -> float:
    assert panel.result is not None
    test = panel.result.test.areas
    h = test.horizons.index(horizon)
    said, came = test.forecasts[method][:, h, variable], test.observed[:, h, variable]
    known = np.isfinite(came) & (came >= 15)
    return float(np.median(np.abs(said[known] / came[known] - 1.0)) * 100)


def test_before_a_test_it_says_what_to_press(panel: BacktestPanel) -> None:
    assert panel.pages.currentIndex() == 0
    assert "An der Vergangenheit prüfen" in panel.empty.text()
    assert panel.start.isEnabled()
    assert not panel.save.isEnabled()


def test_without_a_specification_nothing_can_be_pressed(qtbot: QtBot, window: MainWindow) -> None:
    assert window.workbench is not None
    made = BacktestPanel(window.workbench)
    qtbot.addWidget(made)
    made.show()
    assert not made.start.isEnabled()
    assert "Ebene" in made.empty.text()
    made.shutdown()


def test_errors_stand_beside_each_simple_method_and_the_best_is_marked(
    tested: BacktestPanel,
) -> None:
    board = tested.result
    assert board is not None
    methods = list(board.test.areas.forecasts)
    assert methods[0] == ENGINE
    assert len(methods) >= 9
    assert tested.table.rowCount() == len(methods) + 1
    counts = [tested.table.item(len(methods), j) for j in range(len(board.horizons))]
    assert [c.text() for c in counts if c is not None] == ["2", "2"]
    for j, horizon in enumerate(board.horizons):
        errors = [median_error(tested, m, 0, horizon) for m in methods]
        for i, error in enumerate(errors):
            item = tested.table.item(i, j)
            assert item is not None
            text = format_number(error, 2)
            assert item.text() == (BEST + text if i == int(np.argmin(errors)) else text)


def test_the_words_say_whether_the_program_wins(tested: BacktestPanel) -> None:
    board = tested.result
    assert board is not None
    won = [
        median_error(tested, ENGINE, 0, h)
        < min(median_error(tested, m, 0, h) for m in board.test.naive)
        for h in board.horizons
    ]
    lines = tested.lines.text().split("\n")
    assert ["nicht besser" not in line for line in lines] == won
    every, none = all(won), not any(won)
    head = tested.headline.text()
    assert every == ("in jedem geprüften Zeitraum" in head)
    assert none == ("in keinem der geprüften" in head)


def test_the_keyboard_stays_on_the_page(
    qtbot: QtBot, bench_window: MainWindow, tested: BacktestPanel
) -> None:
    """The button that was pressed is switched off for a while, and takes the focus back."""
    tested.activateWindow()
    qtbot.waitUntil(tested.isActiveWindow)
    tested.start.setFocus()
    qtbot.keyClick(tested.start, Qt.Key.Key_Space)
    assert tested.cancel.hasFocus()
    settle(qtbot, bench_window)
    qtbot.waitUntil(lambda: not tested.running)
    assert tested.start.hasFocus()


def test_age_groups_and_metrics_can_be_chosen(qtbot: QtBot, tested: BacktestPanel) -> None:
    tested.variable.setFocus()
    qtbot.keyClick(tested.variable, Qt.Key.Key_End)
    tested.variable.activated.emit(tested.variable.currentIndex())
    last = tested.variable.count() - 1
    item = tested.table.item(0, 0)
    assert item is not None
    text = item.text().removeprefix(BEST)
    assert text == format_number(median_error(tested, ENGINE, last, 1), 2)
    tested.level.setCurrentIndex(tested.level.findData("city"))
    tested.level.activated.emit(tested.level.currentIndex())
    assert tested.result is not None
    city = tested.result.test.city
    said, came = city.forecasts[ENGINE][:, 0, last, 0], city.observed[:, 0, last, 0]
    item = tested.table.item(0, 0)
    assert item is not None
    error = float(np.median(np.abs(said / came - 1.0)) * 100)
    assert item.text().removeprefix(BEST) == format_number(error, 2)


def test_charts_show_the_program_bold_and_ranges_beside_their_promise(
    tested: BacktestPanel,
) -> None:
    errors, held = tested.errors.plot, tested.held.plot
    assert errors is not None
    assert held is not None
    [own] = [line for line in errors.courses if line.look is Look.OWN]
    assert own.values[0] == pytest.approx(median_error(tested, ENGINE, 0, 1))
    assert sum(line.look is Look.RIVAL for line in errors.courses) == 1
    assert held.promise == 80.0
    assert [line.name for line in held.courses if line.look is Look.TOWN] == ["Gesamtstadt"]
    assert tested.result is not None
    test = tested.result.test.areas
    lower, upper = (b[:, 0, 0] for b in test.intervals[ENGINE])
    inside = (test.observed[:, 0, 0] >= lower) & (test.observed[:, 0, 0] <= upper)
    [own] = [line for line in held.courses if line.look is Look.OWN]
    assert own.values[0] == pytest.approx(100 * inside.mean())


def test_a_test_can_be_cancelled(
    qtbot: QtBot, bench_window: MainWindow, panel: BacktestPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def forever(*_args: Any, progress: Any, **_more: Any) -> None:
        begun.set()
        while True:
            progress.step(0.5, "2019")
            threading.Event().wait(0.01)

    monkeypatch.setattr("monitor_app.ui.backtestpanel.make_board", forever)
    qtbot.mouseClick(panel.start, LEFT)
    qtbot.waitUntil(begun.is_set)
    qtbot.waitUntil(lambda: "2019" in panel.step.text())
    assert not panel.start.isEnabled()
    qtbot.mouseClick(panel.cancel, LEFT)
    settle(qtbot, bench_window)
    assert panel.result is None
    assert panel.start.isEnabled()
    assert not panel.bar.isVisible()


def test_too_short_a_past_is_told(qtbot: QtBot, opened: MainWindow) -> None:
    assert opened.workbench is not None
    made = BacktestPanel(opened.workbench)
    qtbot.addWidget(made)
    made.show()
    made.show_spec(make_spec({"level": "viertel"}))
    qtbot.mouseClick(made.start, LEFT)
    settle(qtbot, opened)
    assert made.result is None
    assert "drei" in made.empty.text()
    made.shutdown()


def test_the_report_is_written_as_pages_text_and_workbook(
    qtbot: QtBot, bench_window: MainWindow, tested: BacktestPanel, tmp_path: Path
) -> None:
    from pypdf import PdfReader
    from python_calamine import CalamineWorkbook

    tested.save_to(tmp_path / "bericht.md")
    tested.save_to(tmp_path / "bericht.xlsx")
    tested.save_to(tmp_path / "bericht.pdf")
    settle(qtbot, bench_window)
    page = PdfReader(tmp_path / "bericht.pdf").pages[0].extract_text()
    assert tested.headline.text() in " ".join(page.split())
    assert tested.headline.text() in (tmp_path / "bericht.md").read_text(encoding="utf-8")
    assert tested.result is not None
    with CalamineWorkbook.from_path(str(tmp_path / "bericht.xlsx")) as book:
        rows = book.get_sheet_by_name("Fehler").to_python()
    row = next(r for r in rows if r[0] == "Stadtviertel" and r[2] == "Insgesamt"
               and r[3].startswith("Mittlerer Fehler") and r[4] == "dieses Programm")  # fmt: skip
    assert row[5] == pytest.approx(median_error(tested, ENGINE, 0, 1))


def test_recommended_settings_are_handed_on_with_their_reasons(
    qtbot: QtBot, bench_window: MainWindow, tested: BacktestPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitor_app.app import forecasting
    from monitor_app.app.forecasting_choose import Choice

    def choose(_session: object, spec: ForecastSpec, _progress: object) -> Choice:
        return Choice(spec.model_copy(update={"base_period": 4}), ("vier Jahre irren weniger",), ())

    monkeypatch.setattr(forecasting, "choose", choose)
    heard: list[ForecastSpec] = []
    tested.spec_changed.connect(heard.append)
    qtbot.mouseClick(tested.take, LEFT)
    settle(qtbot, bench_window)
    qtbot.waitUntil(lambda: bool(heard))
    assert heard[-1].base_period == 4
    assert "vier Jahre irren weniger" in tested.reasons.text()
    assert tested.reasons.isVisible()
    assert tested.step.isVisible()  # the shown test is of other settings


def test_assumptions_changed_during_the_choice_stay(
    qtbot: QtBot, bench_window: MainWindow, panel: BacktestPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitor_app.app import forecasting
    from monitor_app.app.forecasting_choose import Choice

    go_on = threading.Event()

    def choose(_session: object, spec: ForecastSpec, _progress: object) -> Choice:
        go_on.wait(10)
        return Choice(spec.model_copy(update={"base_period": 4}), (), ())

    monkeypatch.setattr(forecasting, "choose", choose)
    heard: list[ForecastSpec] = []
    panel.spec_changed.connect(heard.append)
    qtbot.mouseClick(panel.take, LEFT)
    panel.show_spec(make_spec({"level": "viertel", "years": 9}))
    go_on.set()
    settle(qtbot, bench_window)
    qtbot.waitUntil(lambda: bool(heard))
    assert (heard[-1].base_period, heard[-1].years) == (4, 9)


def test_levels_are_sums_of_their_areas(tested: BacktestPanel) -> None:
    assert tested.result is not None
    test = tested.result.test
    member = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    summed = backtest_view._summed(test.areas, member)
    said = test.areas.forecasts[ENGINE][:, 0, 0]
    came = test.areas.observed[:, 0, 0]
    errors = np.abs((said @ member) / (came @ member) - 1.0) * 100
    assert summed.score(ENGINE, 0, 1).scores.mdape == pytest.approx(float(np.median(errors)))


def test_an_unknown_area_makes_only_its_own_larger_unit_unknown() -> None:
    member = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    values = np.array([[[3.0, np.nan, 5.0], [1.0, 2.0, 4.0]]])
    assert np.array_equal(
        backtest_view._added(values, member), [[[np.nan, 5.0], [3.0, 4.0]]], equal_nan=True
    )
