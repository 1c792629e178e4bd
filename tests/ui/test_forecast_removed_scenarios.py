"""Results whose scenarios were all removed: said so, neither an error nor “nothing yet”."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from monitor_app.app.forecastcharts import fan_of_scenarios
from monitor_app.app.forecastexport import notes
from monitor_app.app.forecastresults import read_results
from monitor_app.app.scenarios import left_over, run_key, scenario_of
from monitor_app.core.issues import UserError
from monitor_app.forecast.spec import load_spec
from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.forecasttown import make_forecast_town

LEFT = Qt.MouseButton.LeftButton


def ready(qtbot: QtBot, window: MainWindow) -> None:
    for _round in range(4):
        settle(qtbot, window)
        qtbot.wait(1)


@pytest.mark.slow
def test_it_is_said_that_the_scenarios_are_gone_and_undo_brings_them_back(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    window.open_path(make_forecast_town(tmp_path))
    settle(qtbot, window)
    qtbot.mouseClick(window.rail.buttons["forecast"], LEFT)
    ready(qtbot, window)
    room = window.workbench.rooms["forecast"]
    page, project = room.inner, room.session.project
    odd = {"arrivals": [2018, 2019, 2023]}
    room.change({"years": 2, "draws": 0, "base_years": odd})
    for button in (page.buttons["run"], page.run.run, page.buttons["result"]):
        qtbot.mouseClick(button, LEFT)
        ready(qtbot, window)
    assert page.result.stack.currentIndex() == 0
    assert left_over(project, "main") == ()
    # Charts tell what was assumed at the run, whatever the assumptions are now.
    room.change({"base_years": {}})
    results = read_results(room.session, "main")
    (told,) = fan_of_scenarios(results, "city", "city", 0, ["middle"]).footnotes
    assert "2018–2023 ohne 2020–2022" in told
    assert any(told in line for line in notes(results, None))
    assert results.spec.base_years == {}
    assert load_spec(project.remembered(run_key("main")) or "").base_years == odd
    room.change({"scenarios": [{"key": "frei", "label": "Frei"}]})
    ready(qtbot, window)
    qtbot.mouseClick(page.buttons["assume"], LEFT)
    room.outcome.forget()
    qtbot.mouseClick(page.buttons["result"], LEFT)
    ready(qtbot, window)
    assert page.result.stack.currentIndex() == 1
    assert "Szenarien" in page.result.nothing.text()
    assert "stehen nicht mehr in den Annahmen" in page.result.empty.text()
    assert page.states["result"].text() == "Szenarien entfernt"
    assert set(left_over(project, "main")) == {"lower", "middle", "upper"}
    for ask in (lambda: read_results(room.session, "main"),
                lambda: scenario_of(project, "main/middle")):  # fmt: skip
        with pytest.raises(UserError) as error:
            ask()
        assert error.value.issues[0].code == "scenarios-removed"
    window.actions_["undo"].trigger()
    ready(qtbot, window)
    assert page.result.stack.currentIndex() == 0
    assert page.states["result"].text() == ""
