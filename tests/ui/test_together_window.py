"""Below the legend stands what the selected areas are together."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from monitor_app.ui.window import MainWindow
from tests.ui.conftest import settle
from tests.ui.town import DAYS, KEYS, PERSONS


def words(window: MainWindow) -> str:
    profile = window.workbench.map.profile
    return "" if profile.together.isHidden() else profile.together.text()


def test_rates_of_several_areas_are_recomputed(qtbot: QtBot, opened: MainWindow) -> None:
    bench = opened.workbench
    bench.change_view(indicator="altenquotient")
    settle(qtbot, opened)
    chosen = [1, 4, 5]
    bench.session.selection.set(KEYS[i] for i in chosen)
    qtbot.waitUntil(lambda: bool(words(opened)))
    _young, middle, old = PERSONS[chosen, 2].sum(axis=0)
    ratio = 100 * old / middle
    assert f"Zusammen: {ratio:.1f}".replace(".", ",") in words(opened)
    city = PERSONS[:, 2].sum(axis=0)
    gap = ratio - 100 * city[2] / city[1]
    assert f"{abs(gap):.1f}".replace(".", ",") in words(opened)
    bench.change_view(day=DAYS[0])  # another date, another value
    settle(qtbot, opened)
    _young, middle, old = PERSONS[chosen, 0].sum(axis=0)
    qtbot.waitUntil(
        lambda: f"Zusammen: {100 * old / middle:.1f}".replace(".", ",") in words(opened)
    )
    bench.session.selection.set(KEYS[:1])
    assert words(opened) == ""


def test_persons_are_added_up_and_late_answers_dropped(qtbot: QtBot, opened: MainWindow) -> None:
    bench = opened.workbench
    bench.change_view(indicator="einwohner")
    settle(qtbot, opened)
    bench.session.selection.set(KEYS[:2])
    qtbot.waitUntil(lambda: bool(words(opened)))
    assert words(opened) == f"Zusammen: {PERSONS[:2, 2].sum():.0f}"
    profile = bench.map.profile
    bench.session.selection.set(KEYS[:3])
    profile.show_together(KEYS[:2], "999")  # of what was selected before
    assert "999" not in words(opened)
    qtbot.waitUntil(lambda: words(opened) == f"Zusammen: {PERSONS[:3, 2].sum():.0f}")
    bench.session.set_view(compare_to=DAYS[0])  # a change is nothing to take together
    settle(qtbot, opened)
    assert words(opened) == ""
