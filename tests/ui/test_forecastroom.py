"""The forecast workspace, driven by clicks; what it shows against the engine's own numbers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from python_calamine import CalamineWorkbook

from monitor_app.app import forecasting
from monitor_app.app.forecasting_store import rounded_stocks
from monitor_app.core.formats import format_number
from monitor_app.core.planned import DOCUMENT, PlannedHousing, PlannedProject
from monitor_app.forecast.spec import load_spec
from monitor_app.project.project import Project
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.forecasttown import QUARTERS, counts, make_forecast_town

LEFT = Qt.MouseButton.LeftButton


def press(qtbot: QtBot, window: MainWindow, button) -> None:
    qtbot.mouseClick(button, LEFT)
    ready(qtbot, window)


def ready(qtbot: QtBot, window: MainWindow) -> None:
    """Checks and readings follow each other: wait until none does any more."""
    for _round in range(4):
        settle(qtbot, window)
        qtbot.wait(1)


def type_into(qtbot: QtBot, field, text: str) -> None:
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


@pytest.fixture
def window_with_town(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> MainWindow:
    window.open_path(make_forecast_town(tmp_path))
    settle(qtbot, window)
    return window


@pytest.fixture
def room(qtbot: QtBot, window_with_town: MainWindow):
    """The workspace with a forecast of four years and twenty draws."""
    window = window_with_town
    press(qtbot, window, window.rail.buttons["forecast"])
    found = window.workbench.rooms["forecast"]
    press(qtbot, window, found.inner.buttons["assume"])
    found.change({"years": 4, "draws": 20})
    ready(qtbot, window)
    return found


@pytest.fixture
def done(qtbot: QtBot, room):
    press(qtbot, room.bench.window_, room.inner.buttons["run"])
    press(qtbot, room.bench.window_, room.inner.run.run)
    press(qtbot, room.bench.window_, room.inner.run.next)
    return room


def test_data_step_tells_what_the_data_allow(qtbot, window_with_town: MainWindow) -> None:
    window = window_with_town
    room = window.workbench.rooms["forecast"]
    assert room.inner is None  # nothing is built before it is looked at
    press(qtbot, window, window.rail.buttons["forecast"])
    data = room.inner.data
    rows = [[data.table.item(r, c).text() for c in range(4)] for r in range(data.table.rowCount())]
    methods = {row[0]: row[1] for row in rows}
    assert methods["Geburten"].endswith("abgeleitet")
    assert methods["Sterbefälle"].endswith("Vorgaberaten")
    assert methods["Wanderungssaldo"].endswith("abgeleitet")
    assert format_number(counts()[:, -1].sum()) in data.facts.text()
    assert [data.level.itemData(i) for i in range(data.level.count())] == [
        "city", "bezirk", "viertel",
    ]  # fmt: skip


def test_too_short_a_series_is_told_with_its_repair(qtbot, opened: MainWindow) -> None:
    """Three dates with a gap between them are no series that a forecast could rest on."""
    press(qtbot, opened, opened.rail.buttons["forecast"])
    room = opened.workbench.rooms["forecast"]
    data = room.inner.data
    assert data.stack.currentIndex() == 0
    (issue,) = data.issues.issues.issues
    assert issue.code == "forecast-history"
    assert issue.repair
    assert not data.next.isEnabled()
    assert not room.inner.run.run.isEnabled()


def test_a_project_without_population_is_told_what_to_import(
    qtbot, window: MainWindow, tmp_path: Path
) -> None:
    path = tmp_path / "leer.gpkg"
    with Project.create(path, name="leer", working_dir=tmp_path / "work") as project:
        project.save()
    window.open_path(path)
    settle(qtbot, window)
    press(qtbot, window, window.rail.buttons["forecast"])
    page = window.workbench.rooms["forecast"].inner
    assert page.data.stack.currentIndex() == 1
    assert "Bevölkerung nach Alter" in page.data.empty.text()
    assert page.data.empty_import.isVisible()
    assert not page.buttons["run"].isEnabled()


def assumptions_are_kept_in_the_project_and_undone(qtbot, room) -> None:
    window, session = room.bench.window_, room.session
    steps = len(session.project.revisions())
    editor = room.inner.assume.scenarios
    editor.tabs.setCurrentIndex(2)
    assert editor.scenario.key == "upper"
    editor.table.item(0, 0).setText("112,5 %")
    assert room.spec.scenarios[2].factors["births"] == pytest.approx(1.125)
    assert "112,5" in editor.words.text()
    stored = load_spec(session.project.document("forecast", "main"))
    assert stored == room.spec
    assert len(session.project.revisions()) == steps  # changes in a row are one step
    press(qtbot, window, room.inner.buttons["assume"])
    window.actions_["undo"].trigger()
    ready(qtbot, window)
    assert session.project.document("forecast", "main") is None
    assert room.spec.scenarios[-1].factors["births"] == pytest.approx(1.07)


def a_path_of_factors_holds_from_its_year(qtbot, room) -> None:
    editor = room.inner.assume.scenarios
    editor.tabs.setCurrentIndex(0)
    editor.year.setValue(2026)
    qtbot.mouseClick(editor.step, LEFT)
    assert editor.columns() == [2024, 2026]
    editor.table.item(2, 1).setText("80")
    factors = room.spec.scenarios[0].factors["arrivals"]
    assert factors == {2024: pytest.approx(0.95), 2026: pytest.approx(0.8)}
    assert [round(room.spec.scenarios[0].factor("arrivals", y), 2) for y in range(2024, 2028)] == [
        0.95, 0.95, 0.8, 0.8,
    ]  # fmt: skip


def wrong_input_is_said_at_its_field_and_changes_nothing(qtbot, room) -> None:
    page, spec = room.inner.assume, room.spec
    page.deeper.head.setChecked(True)
    expert = page.expert
    expert.tabs.setCurrentIndex(expert.tabs.count() - 1)
    type_into(qtbot, expert.seed, "eins")
    assert expert.errors["seed"].text()
    assert room.spec == spec
    type_into(qtbot, expert.seed, "12")
    assert not expert.errors["seed"].text()
    assert room.spec.seed == 12
    editor = page.scenarios
    editor.table.item(1, 0).setText("viel")
    assert "Sterbefälle" in editor.message.text()
    assert room.spec.scenarios[editor.tabs.currentIndex()].factors.get("deaths") is None
    qtbot.mouseClick(expert.bounds.add, LEFT)
    expert.bounds.table.item(0, 2).setText("500")
    expert.bounds.table.item(0, 1).setText("900")
    assert expert.bounds.message.text()
    assert room.spec.bounds["a1"].lower == 0
    expert.bounds.table.item(0, 2).setText("9000")
    assert (room.spec.bounds["a1"].lower, room.spec.bounds["a1"].upper) == (900, 9000)


def targets_outside_of_the_horizon_are_told(qtbot, room) -> None:
    expert = room.inner.assume.expert
    room.inner.assume.deeper.head.setChecked(True)
    qtbot.mouseClick(expert.targets.add, LEFT)
    expert.targets.table.item(0, 0).setText("2090")
    expert.targets.table.item(0, 2).setText("7000")
    assert "2090" in expert.targets.message.text()
    expert.targets.table.item(0, 0).setText("2027")
    assert not expert.targets.message.text()


def housing_projects_and_presets_change_the_specification(qtbot, room) -> None:
    page = room.inner.assume
    page.projects.head.setChecked(True)
    qtbot.mouseClick(page.housing.add, LEFT)
    page.housing.table.item(0, 0).setText("Neue Aue")
    assert page.housing.message.text()  # dwellings are still missing
    page.housing.table.item(0, 2).setText("2024: 60; 2025: 40")
    project = room.spec.housing[0]
    assert (project.name, project.area, project.dwellings) == (
        "Neue Aue", "a1", {2024: 60.0, 2025: 40.0},
    )  # fmt: skip
    qtbot.mouseClick(page.housing.add, LEFT)
    page.housing.table.item(1, 0).setText("Später")
    room.change({"years": 5})
    assert page.housing.table.item(1, 0).text() == "Später"  # what is being typed stays
    assert len(room.spec.housing) == 1
    room.change({"years": 4})
    page.preset.setCurrentIndex(page.preset.findData("no_housing"))
    page.preset.activated.emit(page.preset.currentIndex())
    assert [s.housing for s in room.spec.scenarios] == [True, False]


def a_type_of_dwelling_tells_what_a_row_does_not(qtbot, room) -> None:
    page = room.inner.assume
    own = {"persons_per_dwelling": 1.4, "share_from_town": 0.2}
    typed = {"name": "Neu", "area": "a1", "dwellings": {2024: 60}, "type": "hall",
             "delay_spread": 2.0}  # fmt: skip
    room.change({"dwelling_types": {"Turm": own}, "housing": [typed]})
    table = page.housing.table
    titles = [table.horizontalHeaderItem(n).text() for n in range(table.columnCount())]
    kind = table.cellWidget(0, titles.index("Wohnungsart"))
    offered = [kind.itemText(n) for n in range(kind.count())]
    assert offered == [
        "keine Angabe", "Ein- und Zweifamilienhaus", "Mehrfamilienhaus", "Turm", "Wohnheim",
    ]  # fmt: skip
    assert kind.currentText() == "Wohnheim"
    each, part = titles.index("Personen je Whg."), titles.index("Aus der Stadt")
    assert (table.item(0, each).text(), table.item(0, part).text()) == ("", "")
    table.item(0, 0).setText("Neue Aue")
    table.item(0, titles.index("Wohnungen nach Jahr")).setText("2024: 70")
    kept = load_spec(room.session.project.document("forecast", room.spec.id)).housing[0]
    assert (kept.name, kept.type, kept.delay_spread) == ("Neue Aue", "hall", 2.0)
    assert (kept.persons_per_dwelling, kept.share_from_town) == (None, None)
    kind.setCurrentIndex(kind.findText("Turm"))
    kind.activated.emit(kind.currentIndex())
    table.item(0, each).setText("2,1")
    kept = load_spec(room.session.project.document("forecast", room.spec.id)).housing[0]
    assert (kept.type, kept.persons_per_dwelling) == ("Turm", 2.1)
    room.change({"dwelling_types": {}, "housing": []})


def projects_of_the_imported_list_can_be_left_out_of_a_scenario(qtbot, room) -> None:
    editor = room.inner.assume.scenarios
    assert editor.housing.isHidden()
    here = PlannedProject("P1", "Feld", "a1", "hall", {2025: 10.0})
    text = PlannedHousing("viertel", "Projekte", (here,)).dump()
    room.session.project.put_document(DOCUMENT, "planned_housing", text, "Liste")
    room.change({"draws": 30})
    assert not editor.housing.isHidden()
    assert "Neubauprojekte wie geplant" in editor.words.text()
    editor.housing.click()
    assert not room.spec.scenarios[editor.tabs.currentIndex()].housing
    assert "ohne Neubauprojekte" in editor.words.text()
    room.inner.assume.planned.click()
    assert editor.housing.isHidden()
    room.inner.assume.planned.click()
    editor.housing.click()


def test_a_cancelled_run_leaves_the_project_as_it_was(qtbot, room, monkeypatch) -> None:
    window, session = room.bench.window_, room.session
    before, steps = session.project.content_hash(), len(session.project.revisions())
    real = forecasting.run

    def slow(session, spec, progress):  # type: ignore[no-untyped-def]
        qtbot_seen.append(1)
        while True:
            progress.step(0.3, "")  # raises when the user has cancelled
            found = real(session, spec.model_copy(update={"draws": 0}), progress)
            assert found.results

    qtbot_seen: list[int] = []
    monkeypatch.setattr(forecasting, "run", slow)
    press_button = room.inner.run.run
    room.show_step("run")
    qtbot.mouseClick(press_button, LEFT)
    qtbot.waitUntil(lambda: bool(qtbot_seen))
    qtbot.waitUntil(lambda: room.inner.run.cancel.isVisible())
    assert not room.inner.run.run.isEnabled()
    qtbot.mouseClick(room.inner.run.cancel, LEFT)
    ready(qtbot, window)
    assert session.project.content_hash() == before
    assert len(session.project.revisions()) == steps
    assert "unverändert" in room.inner.run.step.text()
    assert room.inner.run.run.isEnabled()


def a_run_is_one_step_and_the_page_shows_the_engines_numbers(qtbot, done) -> None:
    window, session = done.bench.window_, done.session
    expected = forecasting.run(session, done.spec)
    results = done.outcome.results
    assert results.base == 2023
    assert results.years == (2024, 2025, 2026, 2027)
    for result in expected.results:
        key = result.scenario.key
        people = rounded_stocks(result.projection.stocks[1:]).sum(axis=(1, 2, 3))
        assert np.array_equal(results.ahead(key, "viertel"), people)
        assert np.array_equal(results.ahead(key, "city")[:, 0], people.sum(axis=1))
        assert np.array_equal(
            results.ahead(key, "bezirk"), np.stack([people[:, :2].sum(1), people[:, 2]], axis=1)
        )
        change = sum(results.components(key, "viertel").values())
        start = counts()[:, -1].sum(axis=(1, 2))
        whole = np.concatenate([start[None], people])
        assert np.array_equal(np.diff(whole, axis=0), change)
        # The page of the run names the whole persons that are kept.
        run = done.inner.run.table
        row = [r.scenario.key for r in expected.results].index(key)
        assert run.item(row, 2).text() == format_number(people[-1].sum())
    # The table shows what the results say, rows and all.
    step = done.inner.result
    step.tabs.setCurrentIndex(4)
    grid = step.table.grid.grid
    middle = results.ahead("middle", "viertel")
    at = grid.titles.index("31.12.2027")
    assert grid.rows[0][at] == format_number(middle[-1].sum())
    assert [row[at] for row in grid.rows[1:4]] == [format_number(v) for v in middle[-1]]
    # One step of undo takes everything back, and what was read is forgotten.
    window.actions_["undo"].trigger()
    ready(qtbot, window)
    assert not session.scenarios()
    assert step.stack.currentIndex() == 1


def fans_start_at_what_was_observed_and_are_nested(qtbot, done) -> None:
    results = done.outcome.results
    for level in ("city", "bezirk", "viertel"):
        for unit in results.level(level).units:
            for group in range(len(results.groups) + 1):
                fan = results.fan("middle", level, unit, group).values
                at = results.level(level).units.index(unit)
                assert (np.diff(fan, axis=0) >= 0).all()
                assert np.allclose(fan[:, 0], results.seen(level, group)[-1, at], atol=0.5)
                # Whole persons of a small group lie a few away from its exact sum.
                middle = results.ahead("middle", level, group)[:, at]
                assert np.abs(fan[3, 1:] - middle).max() <= (6 if group else 1)
    wide = results.fan("middle", "city", "city").values
    narrow = sum(results.fan("middle", "viertel", u).values for u in QUARTERS)
    # What areas do not share cancels out in the town: its range is smaller than their sum.
    assert (wide[-1] - wide[0])[-1] < (narrow[-1] - narrow[0])[-1]


def results_follow_the_selection_and_the_map_the_results(qtbot, done) -> None:
    window, session, step = done.bench.window_, done.session, done.inner.result
    assert step.level == "viertel"
    session.selection.set(("a2",))
    assert step.area.currentData() == "a2"
    step.tabs.setCurrentIndex(0)
    spec = step.chart()
    assert "Auenviertel" in spec[0]
    step.tabs.setCurrentIndex(4)
    row = step.table.grid.grid.units.index("b1")
    place = step.table.visualRect(step.table.grid.index(row, step.table.grid.grid.shown)).center()
    qtbot.mouseClick(step.table.viewport(), LEFT, pos=place)
    assert session.selection.keys == ("b1",)
    step.year.setCurrentIndex(1)
    press(qtbot, window, step.to_map)
    settle(qtbot, window)
    assert window.page == "map"
    assert session.view.scenario == "main/middle"
    assert session.view.day == date(2025, 12, 31)
    shown = dict(zip(window.workbench.map.picture.spec.keys,
                     window.workbench.map.picture.spec.values, strict=True))  # fmt: skip
    expected = done.outcome.results
    assert expected is None or shown["b1"] == expected.ahead("middle", "viertel")[1, 2]


def charts_and_tables_become_files(qtbot, done, tmp_path: Path, monkeypatch) -> None:
    window, step = done.bench.window_, done.inner.result
    chosen: list[Path] = []
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", staticmethod(lambda *_a, **_k: (str(chosen[-1]), ""))
    )
    for tab, ending in ((0, ".svg"), (1, ".png"), (2, ".pdf")):
        step.tabs.setCurrentIndex(tab)
        qtbot.waitUntil(lambda at=tab: (step.fan, step.pyramid, step.components)[at].picture
                        is not None)  # fmt: skip
        chosen.append(tmp_path / f"bild{ending}")
        press(qtbot, window, step.save_chart)
        assert chosen[-1].stat().st_size > 3000
    chosen.append(tmp_path / "tabellen.xlsx")
    press(qtbot, window, step.save_tables)
    book = CalamineWorkbook.from_path(chosen[-1])
    values = {cell for row in book.get_sheet_by_index(0).to_python() for cell in row}
    last = done.outcome.results.ahead("middle", "viertel")[-1]
    assert {float(v) for v in last} <= {v for v in values if isinstance(v, (int, float))}
    chosen.append(tmp_path / "gebiete.csv")
    press(qtbot, window, step.save_tables)
    assert format_number(last[0], grouping=False) in chosen[-1].read_text(encoding="utf-8-sig")


def changed_assumptions_mark_the_results_as_older(qtbot, done) -> None:
    window = done.bench.window_
    assert not done.inner.result.outdated.isVisible()
    done.change({"years": 3})
    ready(qtbot, window)
    assert done.inner.result.outdated.isVisible()
    assert "seither" in done.inner.states["run"].text()
    window.actions_["undo"].trigger()  # the change, not the run
    ready(qtbot, window)
    assert done.spec.years == 4
    assert done.session.scenarios()
    assert not done.inner.result.outdated.isVisible()


def a_second_forecast_stands_beside_the_first(qtbot, room) -> None:
    window = room.bench.window_
    press(qtbot, window, room.inner.new)
    assert room.spec.id == "forecast_2"
    assert set(room.session.project.documents("forecast")) == {"main", "forecast_2"}
    room.inner.choice.setCurrentIndex(room.inner.choice.findData("main"))
    room.inner.choice.activated.emit(room.inner.choice.currentIndex())
    ready(qtbot, window)
    assert room.spec.years == 4
    press(qtbot, window, room.inner.remove)
    assert set(room.session.project.documents("forecast")) == {"forecast_2"}


def test_scenarios_are_edited_kept_and_undone(qtbot, room) -> None:
    a_path_of_factors_holds_from_its_year(qtbot, room)
    assumptions_are_kept_in_the_project_and_undone(qtbot, room)


def test_wrong_input_is_told_where_it_stands(qtbot, room) -> None:
    targets_outside_of_the_horizon_are_told(qtbot, room)
    wrong_input_is_said_at_its_field_and_changes_nothing(qtbot, room)


def test_the_rest_of_the_assumptions_is_kept(qtbot, room) -> None:
    a_type_of_dwelling_tells_what_a_row_does_not(qtbot, room)
    projects_of_the_imported_list_can_be_left_out_of_a_scenario(qtbot, room)
    housing_projects_and_presets_change_the_specification(qtbot, room)
    a_second_forecast_stands_beside_the_first(qtbot, room)


@pytest.mark.slow
def test_a_run_from_the_button_to_undo(qtbot, done) -> None:
    fans_start_at_what_was_observed_and_are_nested(qtbot, done)
    changed_assumptions_mark_the_results_as_older(qtbot, done)
    a_run_is_one_step_and_the_page_shows_the_engines_numbers(qtbot, done)


@pytest.mark.slow
def test_results_are_handed_on(qtbot, done, tmp_path: Path, monkeypatch) -> None:
    charts_and_tables_become_files(qtbot, done, tmp_path, monkeypatch)
    results_follow_the_selection_and_the_map_the_results(qtbot, done)
